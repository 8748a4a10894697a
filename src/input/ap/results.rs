//! The evaluations in a file, in order: which one is used, and the notes about it.

use std::path::Path;

use super::layout::{Group, IOUS};
use super::{ApColumn, ApFormat, ApIou, ap_of_class, check_iou};
use crate::ap::ApScale;
use crate::detector::scaled;
use crate::error::{Error, Result};
use crate::words::{check_name, list, trimmed};

/// Lines of a file that a note names.
const MOST_LINES: usize = 5;

/// AP per class as one evaluation gives it, and who wrote it.
pub struct Found {
    pub format: ApFormat,
    /// The scale, where it is known.
    pub scale: Option<ApScale>,
    /// The line of the file.
    pub line: usize,
    /// Where in the training it was made, where the file says so.
    pub step: String,
    pub group: Group,
}

/// The last of this name.
struct Last {
    found: Found,
    /// The line and the classes of the one before, if those were more.
    more_before: Option<(usize, usize)>,
    /// How many of this name there were.
    nth: usize,
}

/// What is wanted of the evaluations.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Names of columns; those that are meant unless another is asked for, where there is none.
    pub columns: &'a [String],
    pub iou: Option<ApIou>,
    pub scale: Option<ApScale>,
}

/// The evaluations of a file.
pub struct Results<'a> {
    path: &'a Path,
    /// Whether the file has lines to be named.
    lines: bool,
    /// Whether boxes and masks stand apart, as in what is printed.
    apart: bool,
    last: Vec<Last>,
    /// What is wrong with the last one.
    problem: Option<Error>,
    /// Objects or tables, with AP or without.
    objects: usize,
}

impl<'a> Results<'a> {
    /// Those of a file, or of what stands for one.
    pub fn new(path: &'a Path, lines: bool, apart: bool) -> Results<'a> {
        Results { path, lines, apart, last: Vec::new(), problem: None, objects: 0 }
    }

    /// That a sentence is about a line.
    pub fn at(&self, line: usize, problem: String) -> Error {
        let problem = if self.lines { format!("line {line}: {problem}") } else { problem };
        Error::content(self.path, problem)
    }

    /// Counts an object.
    pub fn count(&mut self) {
        self.objects += 1;
    }

    /// How many were counted.
    pub fn objects(&self) -> usize {
        self.objects
    }

    /// Whether none has AP per class, nor was meant to have it.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty() && self.problem.is_none()
    }

    /// Takes what is wrong with an evaluation; a later one without fault makes up for it.
    pub fn spoil(&mut self, line: usize, problem: String) {
        self.problem = Some(self.at(line, problem));
    }

    /// Takes an evaluation.
    pub fn add(&mut self, found: Found) {
        self.problem = None;
        let name = found.group.name();
        let before = self.last.iter().position(|one| one.found.group.name() == name);
        let before = before.map(|at| self.last.remove(at));
        let nth = before.as_ref().map_or(1, |before| before.nth + 1);
        let more_before = before
            .map(|before| (before.found.line, before.found.group.classes.len()))
            .filter(|&(_, classes)| classes > found.group.classes.len());
        self.last.push(Last { found, more_before, nth });
    }

    /// The columns that are wanted; `cut` are the lines that were skipped. None if there is no
    /// evaluation.
    ///
    /// # Errors
    /// If the last evaluation is wrong, or there is no such column.
    pub fn columns(mut self, wanted: Wanted, cut: &[usize]) -> Result<Option<Vec<ApColumn>>> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        let Some(line) = self.last.iter().map(|one| one.found.line).max() else { return Ok(None) };
        let by_iou = self.last.iter().any(|one| IOUS.contains(&one.found.group.column.as_str()));
        if !by_iou {
            check_iou(self.path, wanted.iou)?;
        }
        let names: Vec<String> = match (wanted.columns, wanted.iou) {
            ([], Some(iou)) => vec![iou.name().into()],
            (columns, _) => columns.to_vec(),
        };
        let chosen: Vec<usize> = match &names[..] {
            [] => vec![self.main(line)?],
            names => names.iter().map(|name| self.named(name, line)).collect::<Result<_>>()?,
        };
        let columns = chosen.into_iter().map(|at| self.column(at, line, wanted.scale, cut));
        columns.collect::<Result<_>>().map(Some)
    }

    /// The one that is meant where none is asked for.
    fn main(&self, line: usize) -> Result<usize> {
        let all = 0..self.last.len();
        let main: Vec<usize> = all.clone().filter(|&at| self.group(at).main).collect();
        let only = |of: &[usize]| -> Option<usize> {
            let latest = of.iter().map(|&at| self.last[at].found.line).max()?;
            let mut of = of.iter().filter(|&&at| self.last[at].found.line == latest);
            of.next().filter(|_| of.next().is_none()).copied()
        };
        let boxes: Vec<usize> =
            main.iter().copied().filter(|&at| self.group(at).of_boxes()).collect();
        let bbox: Vec<usize> =
            boxes.iter().copied().filter(|&at| self.group(at).task == "bbox").collect();
        let found = match (&boxes[..], &main[..]) {
            ([_, ..], _) => only(&bbox).or_else(|| only(&boxes)),
            ([], [_, ..]) => only(&main),
            _ => only(&all.collect::<Vec<_>>()),
        };
        found.ok_or_else(|| {
            let problem = format!(
                "has several kinds of AP, {}: choose one with --ap-column",
                list(&self.names())
            );
            self.at(line, problem)
        })
    }

    /// The one of a name; or of a column, of boxes where it is not said of what; or what is meant of a
    /// task.
    fn named(&self, name: &str, line: usize) -> Result<usize> {
        let all = 0..self.last.len();
        let whole = all.clone().find(|&at| self.group(at).name() == name);
        let parts: Vec<usize> = all
            .filter(|&at| {
                let group = self.group(at);
                group.column == name || group.task == name && group.main
            })
            .collect();
        let of_boxes = || parts.iter().copied().filter(|&at| self.group(at).of_boxes());
        let only = |mut of: Box<dyn Iterator<Item = usize> + '_>| {
            of.next().filter(|_| of.next().is_none())
        };
        whole
            .or_else(|| only(Box::new(parts.iter().copied())))
            .or_else(|| only(Box::new(of_boxes())))
            .ok_or_else(|| {
                let names = list(&self.names());
                self.at(line, format!("has no AP of {name:?}, but of {names}"))
            })
    }

    fn group(&self, at: usize) -> &Group {
        &self.last[at].found.group
    }

    fn names(&self) -> Vec<String> {
        self.last.iter().map(|one| one.found.group.name()).collect()
    }

    fn column(
        &self,
        at: usize,
        latest: usize,
        scale: Option<ApScale>,
        cut: &[usize],
    ) -> Result<ApColumn> {
        let Last { found, more_before, nth } = &self.last[at];
        let Found { format, scale: known, line, step, group } = found;
        let at = |problem| self.at(*line, problem);
        for (class, _) in &group.classes {
            let class = trimmed(class);
            check_name(class).map_err(at)?;
            if class.is_empty() {
                return Err(at(format!("a class of {:?} has no name", group.name())));
            }
        }
        let values_on = |scale: ApScale| -> Result<Vec<Option<f64>>> {
            let read = |(class, value): &(String, Option<f64>)| {
                ap_of_class(trimmed(class), *value, scale).map_err(at)
            };
            group.classes.iter().map(read).collect()
        };
        let whose = format!("AP of {:?} ", group.name());
        let (scale, values) = scaled(self.path, &whose, known.or(scale), values_on)?;
        Ok(ApColumn {
            path: self.path.to_owned(),
            format: *format,
            name: group.name(),
            keys: group.keys(),
            values,
            scale,
            notes: self.notes(*line, step, cut),
            doubts: self.doubts(found, *more_before, *nth, latest),
        })
    }

    fn notes(&self, line: usize, step: &str, cut: &[usize]) -> Vec<String> {
        let mut notes = Vec::new();
        let file = self.path.display();
        if self.objects > 1 || !cut.is_empty() {
            notes.push(format!("{file}: AP is from line {line}{step}, the last that has it"));
        }
        if !cut.is_empty() {
            let lines: Vec<_> = cut.iter().take(MOST_LINES).map(usize::to_string).collect();
            notes.push(format!(
                "{file}: skipped cut-off line {}{}",
                lines.join(", "),
                if cut.len() > MOST_LINES { ", …" } else { "" }
            ));
        }
        notes
    }

    fn doubts(
        &self,
        found: &Found,
        more_before: Option<(usize, usize)>,
        nth: usize,
        latest: usize,
    ) -> Vec<String> {
        let Found { line, step, group, .. } = found;
        let file = self.path.display();
        let mut doubts: Vec<String> =
            group.doubts.iter().map(|doubt| format!("{file}: {doubt}")).collect();
        if let Some((before, more)) = more_before {
            doubts.push(format!(
                "{file}: the evaluation of line {line}{step} has AP of {} classes, but that of \
                 line {before} had {more}: check that it is the one you mean",
                group.classes.len()
            ));
        }
        let later: Vec<_> = self.last.iter().filter(|one| one.found.line == latest).collect();
        let as_often = self.apart && later.iter().all(|one| one.nth <= nth);
        if *line != latest && !as_often {
            let later: Vec<_> = later.iter().map(|one| one.found.group.name()).collect();
            doubts.push(format!(
                "{file}: AP of {:?} is from line {line}{step}; line {latest} has a later one, of {}",
                group.name(),
                list(&later)
            ));
        }
        doubts
    }
}
