//! AP per class in the results of an evaluator: the objects of a JSON file, or one that a program holds.

use std::path::Path;

use super::layout::{Group, Layout};
use super::{ApColumn, ApFormat, ap_of_class, detectron2, mmdetection, table, torchmetrics};
use crate::error::{Error, Result};
use crate::input::json::{self, Field, Record};
use crate::words::{check_name, list, trimmed};

/// Lines of a file that a note names.
const MOST_LINES: usize = 5;

static LAYOUTS: [Layout; 3] = [torchmetrics::LAYOUT, detectron2::LAYOUT, mmdetection::LAYOUT];

/// AP per class as the last object gives it that has it under this name.
struct Evaluation {
    layout: &'static Layout,
    line: usize,
    /// Where in the training it was made, where the object says so.
    step: String,
    group: Group,
    /// The line and the classes of the one before, if those were more.
    more_before: Option<(usize, usize)>,
}

/// Where in the training an object was written.
fn step(record: &Record) -> String {
    let of = |key: &&str| match record.find(key) {
        Some(Field::Number(Some(number))) => Some(format!(", {key} {number}")),
        _ => None,
    };
    ["iteration", "epoch", "iter", "step"].iter().filter_map(of).collect()
}

/// Reads the last objects of a JSON file that hold AP per class.
///
/// # Errors
/// If the file cannot be used, holds none under the `wanted` names, or a value is no AP.
pub fn read(path: &Path, wanted: &[String], format: Option<ApFormat>) -> Result<Vec<ApColumn>> {
    let mut results = Results::new(path, format, true);
    let read = json::records(path, |record| results.take(&record));
    let cut = read.map_err(|error| table::printed(path).unwrap_or(error))?;
    results.columns(wanted, &cut)
}

/// The same of an evaluator's results that a program holds, flattened.
///
/// # Errors
/// If they hold none under the `wanted` names, or a value is no AP.
pub fn of_fields(
    origin: &Path,
    fields: Vec<(String, Field)>,
    wanted: &[String],
    format: Option<ApFormat>,
) -> Result<Vec<ApColumn>> {
    let mut results = Results::new(origin, format, false);
    results.take(&Record { line: 1, fields });
    results.columns(wanted, &[])
}

/// Whether flat numbers are an evaluator's results, not classes with their AP. Evaluators write AP of all
/// classes beside that of each, under keys that are no class's, such as `AP50` beside `AP-person`: such a
/// key decides. Without one, keys that look like an evaluator's can be names of classes, as `AP-7` can.
///
/// # Errors
/// If they could be both.
pub fn are_results(origin: &Path, fields: &[(String, Field)]) -> Result<bool> {
    if fields.iter().any(|(key, _)| LAYOUTS.iter().any(|layout| (layout.of_all)(key))) {
        return Ok(true);
    }
    let record = Record { line: 1, fields: fields.to_vec() };
    for layout in &LAYOUTS {
        let groups = (layout.groups)(&record).map_err(|problem| Error::content(origin, problem))?;
        if let Some((class, _)) = groups.first().and_then(|group| group.classes.first()) {
            let format = layout.format.name();
            let problem = format!(
                "has a key as {format} writes it for a class {class:?}, and none of all classes beside \
                 it: give ap_format {format:?} if it is that, or \"table\" if each key is a class"
            );
            return Err(Error::content(origin, problem));
        }
    }
    Ok(false)
}

/// That something holds no AP per class as these formats have it.
pub fn none_found(path: &Path, format: Option<ApFormat>) -> Error {
    let names: Vec<_> = layouts(format).map(|layout| layout.format.name()).collect();
    let problem = format!(
        "holds no AP per class as {} writes it: evaluate by class (docs/formats.md says how), \
         or give a csv table",
        names.join(", ")
    );
    Error::content(path, problem)
}

fn layouts(format: Option<ApFormat>) -> impl Iterator<Item = &'static Layout> {
    LAYOUTS.iter().filter(move |layout| format.is_none_or(|one| one == layout.format))
}

/// What one object after the other shows.
struct Results<'a> {
    path: &'a Path,
    format: Option<ApFormat>,
    /// Whether the objects are lines of a file.
    lines: bool,
    found: Vec<Evaluation>,
    /// What is wrong with the last object, if it has AP per class.
    problem: Option<Error>,
    annotations: bool,
    objects: usize,
}

impl Results<'_> {
    fn new(path: &Path, format: Option<ApFormat>, lines: bool) -> Results<'_> {
        let (found, problem) = (Vec::new(), None);
        Results { path, format, lines, found, problem, annotations: false, objects: 0 }
    }

    fn at(&self, line: usize, problem: String) -> Error {
        let problem = if self.lines { format!("line {line}: {problem}") } else { problem };
        Error::content(self.path, problem)
    }

    fn take(&mut self, record: &Record) {
        self.objects += 1;
        self.annotations |= record.find("annotations").is_some();
        // One class of one project may look like another's: what explains most keys is meant.
        let classes =
            |groups: &Vec<Group>| -> usize { groups.iter().map(|group| group.classes.len()).sum() };
        let best = layouts(self.format)
            .map(|layout| (layout, (layout.groups)(record)))
            .filter(|(_, groups)| !groups.as_ref().is_ok_and(Vec::is_empty))
            .max_by_key(|(_, groups)| groups.as_ref().map_or(0, classes));
        let Some((layout, groups)) = best else { return };
        match groups {
            Err(wrong) => self.problem = Some(self.at(record.line, wrong)),
            Ok(groups) => {
                self.problem = None;
                for group in groups {
                    let (line, step) = (record.line, step(record));
                    let before = self.found.iter().position(|one| one.group.name == group.name);
                    let before = before.map(|at| self.found.remove(at));
                    let more_before = before
                        .map(|before| (before.line, before.group.classes.len()))
                        .filter(|&(_, classes)| classes > group.classes.len());
                    self.found.push(Evaluation { layout, line, step, group, more_before });
                }
            }
        }
    }

    /// The columns of what was found; `cut` are the lines that were passed over.
    fn columns(mut self, wanted: &[String], cut: &[usize]) -> Result<Vec<ApColumn>> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        let Results { path, ref found, .. } = self;
        let Some(last) = found.last().map(|one| one.line) else {
            return Err(match self.annotations {
                true => Error::content(
                    path,
                    "is an annotation file, which holds no AP: give what an evaluator writes",
                ),
                false => none_found(path, self.format),
            });
        };
        let names: Vec<_> = found.iter().map(|one| one.group.name.as_str()).collect();
        let chosen: Vec<usize> = if wanted.is_empty() {
            let boxes = |name: &str| name == "bbox" || name.starts_with("bbox_");
            let of_boxes = || found.iter().filter(|one| boxes(&one.group.name));
            let line = of_boxes().map(|one| one.line).max();
            let default =
                found.iter().position(|one| Some(one.line) == line && boxes(&one.group.name));
            let mut latest = (0..found.len()).filter(|&at| found[at].line == last);
            let only = latest.next().filter(|_| latest.next().is_none());
            vec![default.or(only).ok_or_else(|| {
                self.at(last, format!("has AP of {}: choose with --ap-column", list(&names)))
            })?]
        } else {
            let find = |name: &String| {
                names.iter().position(|one| one == name).ok_or_else(|| {
                    self.at(last, format!("has no AP of {name:?}, but of {}", list(&names)))
                })
            };
            wanted.iter().map(find).collect::<Result<_>>()?
        };
        chosen.into_iter().map(|at| self.column(&found[at], last, cut)).collect()
    }

    fn column(&self, one: &Evaluation, last: usize, cut: &[usize]) -> Result<ApColumn> {
        let Evaluation { layout, line, step, group, more_before } = one;
        let at = |problem| self.at(*line, problem);
        let mut values = Vec::new();
        for (class, value) in &group.classes {
            let class = trimmed(class);
            check_name(class).map_err(at)?;
            if class.is_empty() {
                return Err(at(format!("a class of {:?} has no name", group.name)));
            }
            values.push(ap_of_class(class, *value, layout.scale).map_err(at)?);
        }
        let (mut notes, mut doubts) = (Vec::new(), Vec::new());
        let file = self.path.display();
        if self.objects > 1 || !cut.is_empty() {
            notes.push(format!("{file}: AP is that of line {line}{step}, the last that has it"));
        }
        if !cut.is_empty() {
            let lines: Vec<_> = cut.iter().take(MOST_LINES).map(usize::to_string).collect();
            notes.push(format!(
                "{file}: cut off and passed over: line {}{}",
                lines.join(", "),
                if cut.len() > MOST_LINES { ", …" } else { "" }
            ));
        }
        if let Some((before, more)) = more_before {
            doubts.push(format!(
                "{file}: the evaluation of line {line}{step} has AP of {} classes, that of line {before} \
                 had it of {more}: is it the one that is meant?",
                group.classes.len()
            ));
        }
        if *line != last {
            let later = self.found.iter().filter(|one| one.line == last);
            let later: Vec<_> = later.map(|one| &one.group.name).collect();
            doubts.push(format!(
                "{file}: AP of {:?} is that of line {line}{step}; line {last} has a later one, of {}",
                group.name,
                list(&later)
            ));
        }
        Ok(ApColumn {
            path: self.path.to_owned(),
            format: layout.format,
            name: group.name.clone(),
            keys: group.keys(),
            values,
            scale: layout.scale,
            notes,
            doubts,
        })
    }
}
