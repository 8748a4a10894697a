//! AP per class in the results of an evaluator: the objects of a JSON file, or one that a program holds.

use std::path::Path;

use super::layout::{Group, Layout};
use super::results::{Found, Results, Wanted};
use super::{
    ApColumn, ApFormat, detectron2, faster_coco_eval, fiftyone, hotcoco, mmdetection, no_ap, plain,
    roboflow, steps, supervision, tensorflow, torchmetrics, transformers, ultralytics,
};
use crate::ap::ApScale;
use crate::error::{Error, Result};
use crate::input::json::{self, Field, Fields, Record};

static LAYOUTS: [Layout; 11] = [
    torchmetrics::LAYOUT,
    detectron2::LAYOUT,
    mmdetection::LAYOUT,
    transformers::LAYOUT,
    hotcoco::LAYOUT,
    tensorflow::LAYOUT,
    supervision::LAYOUT,
    fiftyone::LAYOUT,
    ultralytics::LAYOUT,
    roboflow::LAYOUT,
    faster_coco_eval::LAYOUT,
];

/// Most objects in which no project's layout was found that are stored, to be read later as records of classes.
const MOST_OTHERS: usize = 100_000;

/// Reads the last objects of a JSON file that hold AP per class.
///
/// # Errors
/// If the file cannot be used, holds none of what is wanted, or a value is no AP.
pub fn read(path: &Path, wanted: Wanted, format: Option<ApFormat>) -> Result<Vec<ApColumn>> {
    let mut objects = Objects::new(path, format, true);
    let cut = json::records(path, |record| objects.take(record))?;
    objects.columns(wanted, &cut)
}

/// The same of an evaluator's results that a program holds, flattened.
///
/// # Errors
/// If they hold none of what is wanted, or a value is no AP.
pub fn of_fields(
    origin: &Path,
    fields: Fields,
    wanted: Wanted,
    format: Option<ApFormat>,
) -> Result<Vec<ApColumn>> {
    let mut objects = Objects::new(origin, format, false);
    objects.take(Record { line: 1, fields });
    objects.columns(wanted, &[])
}

/// The same of the rows of a table, each with its line, whose columns are keys: a row per step.
///
/// # Errors
/// As for [`of_fields`]. None where no row has AP per class.
pub fn of_steps(
    path: &Path,
    rows: Vec<Record>,
    wanted: Wanted,
    format: Option<ApFormat>,
) -> Result<Option<Vec<ApColumn>>> {
    let mut objects = Objects::new(path, format, true);
    rows.into_iter().for_each(|row| objects.take(row));
    if objects.results.is_empty() && format.is_none() {
        objects.by_prefix();
    }
    objects.results.columns(wanted, &[])
}

/// Whether flat numbers are an evaluator's results, not classes with their AP. Evaluators write AP of all
/// classes beside that of each, under keys that are no class's, such as `AP50` beside `AP-person`: such a
/// key decides. Without one, keys that resemble an evaluator's can be names of classes, as `AP-7` can.
///
/// # Errors
/// If they could be both.
pub fn are_results(origin: &Path, fields: &Fields) -> Result<bool> {
    if fields.iter().any(|(key, _)| LAYOUTS.iter().any(|layout| (layout.of_all)(key))) {
        return Ok(true);
    }
    let record = Record { line: 1, fields: fields.clone() };
    for layout in &LAYOUTS {
        let groups = (layout.groups)(&record).map_err(|problem| Error::content(origin, problem))?;
        if let Some((class, _)) = groups.first().and_then(|group| group.classes.first()) {
            let format = layout.format.name();
            let problem = format!(
                "has a key that {format} would write for a class {class:?}, and none for all \
                 classes: give ap_format {format:?} if {format} wrote it, or \"table\" if each key \
                 is a class"
            );
            return Err(Error::content(origin, problem));
        }
    }
    Ok(false)
}

/// What one object after the other shows.
struct Objects<'a> {
    path: &'a Path,
    format: Option<ApFormat>,
    results: Results<'a>,
    /// Those without any project's layout.
    others: Vec<Record>,
    /// Why one of them has no AP per class, where that is known.
    why: Option<String>,
}

impl Objects<'_> {
    fn new(path: &Path, format: Option<ApFormat>, lines: bool) -> Objects<'_> {
        let results = Results::new(path, lines, false);
        Objects { path, format, results, others: Vec::new(), why: None }
    }

    fn take(&mut self, record: Record) {
        self.results.count();
        if self.by_layout(&record) {
            return;
        }
        // Lists of what was logged, such as `log_history`.
        let mut logged = Vec::new();
        for (_, field) in &record.fields {
            let Field::Records(records) = field else { continue };
            let steps = match steps::by_step(records) {
                Some(steps) => steps.into_iter().map(|(_, fields)| fields).collect(),
                None => records.clone(),
            };
            logged.extend(steps.into_iter().map(|fields| Record { line: record.line, fields }));
        }
        let mut any = false;
        for record in &logged {
            if self.by_layout(record) {
                any = true;
                self.results.count();
            }
        }
        if !any && self.others.len() < MOST_OTHERS {
            self.why = self.why.take().or_else(|| no_ap::why(&record));
            self.others.push(record);
        }
    }

    /// Takes what one project's layout finds in an object. One class of one project may resemble
    /// another's: what explains most is meant.
    fn by_layout(&mut self, record: &Record) -> bool {
        let classes = |groups: &Vec<Group>| -> usize {
            groups.iter().filter(|group| group.main).map(|group| group.classes.len()).sum()
        };
        let best = LAYOUTS
            .iter()
            .filter(|layout| self.format.is_none_or(|one| one == layout.format))
            .map(|layout| (layout, (layout.groups)(record)))
            .filter(|(_, groups)| !groups.as_ref().is_ok_and(Vec::is_empty))
            .max_by_key(|(_, groups)| groups.as_ref().map_or(0, classes));
        let Some((layout, groups)) = best else { return false };
        if let Some(problem) = self.doubtful(record, layout, &groups) {
            self.results.spoil(record.line, problem);
            return true;
        }
        match groups {
            Err(wrong) => self.results.spoil(record.line, wrong),
            Ok(groups) => self.add(layout.format, layout.scale, record, groups),
        }
        true
    }

    /// That an object of numbers alone may be classes with their AP, of which some are called as an evaluator's
    /// keys are: no key of all classes is there, and others stand beside them.
    fn doubtful(
        &self,
        record: &Record,
        layout: &Layout,
        groups: &std::result::Result<Vec<Group>, String>,
    ) -> Option<String> {
        let of_all = |key: &str| LAYOUTS.iter().any(|layout| (layout.of_all)(key));
        let is_flat = |(key, field): &(String, Field)| {
            matches!(field, Field::Number(_)) && !key.contains('/') && !of_all(key)
        };
        let found: usize = groups.iter().flatten().map(|group| group.classes.len()).sum();
        if self.format.is_some()
            || found == 0
            || found >= record.fields.len()
            || !record.fields.iter().all(is_flat)
        {
            return None;
        }
        let format = layout.format.name();
        Some(format!(
            "has {found} of {} keys as {format} writes them, and none for all classes: give \
             --ap-format {format} if {format} wrote it, or table if each key is a class",
            record.fields.len()
        ))
    }

    fn add(
        &mut self,
        format: ApFormat,
        scale: Option<ApScale>,
        record: &Record,
        groups: Vec<Group>,
    ) {
        for group in groups {
            let (line, step) = (record.line, step(record));
            self.results.add(Found { format, scale, line, step, group });
        }
    }

    /// Takes keys whose beginning says that they are AP: `val/AP/cat`.
    fn by_prefix(&mut self) {
        for record in std::mem::take(&mut self.others) {
            self.add(ApFormat::Table, None, &record, plain::by_prefix(&record));
        }
    }

    /// The columns of what was found; `cut` are the lines that were skipped.
    fn columns(mut self, wanted: Wanted, cut: &[usize]) -> Result<Vec<ApColumn>> {
        let table = self.format.is_none_or(|format| format == ApFormat::Table);
        if self.results.is_empty() && table && self.why.is_none() {
            self.plain()?;
        }
        let Objects { path, format, results, why, .. } = self;
        let none = || no_ap::none(path, format, why);
        results.columns(wanted, cut)?.ok_or_else(none)
    }

    /// Takes objects without any project's layout: one of classes, a list of records, or one a line.
    fn plain(&mut self) -> Result<()> {
        let evaluator = |record: &Record| {
            let of_all = |key: &str| LAYOUTS.iter().any(|layout| (layout.of_all)(key));
            !plain::is_by_class(record) && record.fields.iter().any(|(key, _)| of_all(key))
        };
        let mut others = std::mem::take(&mut self.others);
        if others.len() != self.results.objects() || others.iter().any(evaluator) {
            return Ok(());
        }
        let record = match others.len() {
            0 => return Ok(()),
            1 => others.remove(0),
            _ => {
                let line = others.last().map_or(1, |record| record.line);
                let records = others.into_iter().map(|record| record.fields).collect();
                Record { line, fields: vec![(String::new(), Field::Records(records))] }
            }
        };
        match plain::groups(&record) {
            Err(problem) => return Err(Error::content(self.path, problem)),
            Ok(groups) => self.add(ApFormat::Table, None, &record, groups),
        }
        Ok(())
    }
}

/// Where in the training an object was written.
fn step(record: &Record) -> String {
    let of = |key: &&str| {
        let found = record.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        match found {
            Some((_, Field::Number(Some(number)))) => Some(format!(", {key} {number}")),
            _ => None,
        }
    };
    ["iteration", "epoch", "iter", "step"].iter().filter_map(of).collect()
}
