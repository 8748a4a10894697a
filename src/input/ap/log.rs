//! AP per class from tables that were printed, mostly into a log.

use std::path::Path;

use super::column_names::{default, may_be_ap};
use super::layout::{Group, Naming};
use super::results::{Found, Results, Wanted};
use super::sheet::{Kind, Print, Sheet};
use super::{
    ApColumn, ApFormat, darknet, detectron2, mmdetection, nanodet, no_ap, ultralytics, yolox,
};
use crate::ap::ApScale;
use crate::error::{Error, Result};
use crate::input::table::is_absent;

static PRINTS: [Print; 10] = [
    mmdetection::PRINT,
    mmdetection::PRINT_PAIRS,
    mmdetection::PRINT_VOC,
    detectron2::PRINT,
    nanodet::PRINT,
    yolox::PRINT,
    ultralytics::PRINT,
    ultralytics::PRINT_OLD,
    darknet::PRINT,
    ANY,
];

/// A table that no project is known to print.
const ANY: Print = Print { format: ApFormat::Table, scale: None, is: |_| true, main: "" };

/// Reads the last whole table of each name.
///
/// # Errors
/// If none has what is wanted, or a value is no AP.
pub fn read(
    path: &Path,
    sheets: &[Sheet],
    wanted: Wanted,
    format: Option<ApFormat>,
) -> Result<Vec<ApColumn>> {
    let mut results = Results::new(path, true, true);
    let mut cut = Vec::new();
    for sheet in sheets {
        let fits = |print: &&Print| match format {
            Some(format) => print.format == format && (print.is)(sheet),
            None => (print.is)(sheet),
        };
        let Some(print) = PRINTS.iter().find(fits) else { continue };
        if !sheet.whole {
            cut.push(sheet.line);
            continue;
        }
        results.count();
        match groups(sheet, print, wanted.scale) {
            Err(problem) => results.spoil(sheet.line, problem),
            Ok(groups) => {
                for group in groups {
                    let (format, line, step) = (print.format, sheet.line, String::new());
                    // A scale that is given stands for one that is doubtful.
                    let scale =
                        print.scale.filter(|&scale| !is_doubtful(&group, scale, sheet.kind));
                    results.add(Found { format, scale, line, step, group });
                }
            }
        }
    }
    let none = || match cut.first() {
        Some(line) => {
            let problem = format!(
                "line {line}: the table of classes is cut off, and there is no complete one"
            );
            Error::content(path, problem)
        }
        None => no_ap::none(path, format, None),
    };
    results.columns(wanted, &cut)?.ok_or_else(none)
}

/// The columns of a table that may be AP.
///
/// # Errors
/// If the scale is doubtful and not given.
fn groups(
    sheet: &Sheet,
    print: &Print,
    scale: Option<ApScale>,
) -> std::result::Result<Vec<Group>, String> {
    let mut groups = Vec::new();
    for (at, (of, name)) in sheet.columns.iter().enumerate() {
        if !may_be_ap(name) {
            continue;
        }
        let Some(values) = numbers(sheet, at) else { continue };
        let parts = [sheet.task.as_str(), of.as_str()];
        let task: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let mut group = Group::new(task.join("/"), name);
        group.main = name == print.main;
        group.naming = if print.format == ApFormat::Table { Naming::Texts } else { Naming::Names };
        group.classes = sheet.rows.iter().map(|(class, _)| class.clone()).zip(values).collect();
        if let Some(known) = print.scale
            && scale.is_none()
            && is_doubtful(&group, known, sheet.kind)
        {
            return Err(format!(
                "no value of {name:?} is above 1, but {} prints percentages: give --ap-scale \
                 percent if they are percentages, or fraction",
                print.format.name()
            ));
        }
        groups.push(group);
    }
    if print.main.is_empty() {
        let names: Vec<String> = groups.iter().map(|group| group.column.clone()).collect();
        let main = default(&names.iter().map(String::as_str).collect::<Vec<_>>());
        for (at, group) in groups.iter_mut().enumerate() {
            group.main = main.is_none_or(|main| main == at);
        }
    }
    Ok(groups)
}

/// Whether values that should be percentages may be none: a table of pipes with these columns may be
/// anybody's.
fn is_doubtful(group: &Group, scale: ApScale, kind: Kind) -> bool {
    let values = group.classes.iter().filter_map(|(_, ap)| *ap);
    let is_pipes = matches!(kind, Kind::Pipes { .. });
    let highest = values.fold(0.0, f64::max);
    is_pipes && scale == ApScale::Percent && highest > 0.0 && highest <= 1.0
}

/// The numbers of a column, if it has nothing else. Where a table counts the ground truth, a class without
/// any has no AP.
fn numbers(sheet: &Sheet, at: usize) -> Option<Vec<Option<f64>>> {
    let truth = sheet.columns.iter().position(|(_, name)| name == "gts");
    let number = |(_, cells): &(String, Vec<String>)| {
        let cell = &cells[at];
        let without_truth = truth.is_some_and(|truth| cells[truth] == "0");
        match cell.parse::<f64>() {
            _ if is_absent(cell) || without_truth => Some(None),
            Ok(number) => Some(Some(number)),
            Err(_) => None,
        }
    };
    sheet.rows.iter().map(number).collect()
}
