//! `information.csv`.

use crate::ap::ApScale;
use crate::detector::{Amounts, Class, Detector, Run};
use crate::error::Result;
use crate::output::{Cell, Table};
use crate::shrinkage::Estimator;

const INFORMATION_COLUMNS: [&str; 13] = [
    "run",
    "class_id",
    "class",
    "instances",
    "information",
    "normalized_information",
    "floor",
    "floored_fraction",
    "floor_bits",
    "ap",
    "ap_scale",
    "estimator",
    "dim_per_instance",
];

/// A row per run and class: the columns of `information.csv`, and p/m.
pub fn information_and_ratio(runs: &[&Run]) -> Table {
    let row = |run: &Run, class: Class| {
        let information = class.amount();
        let floor = information.and_then(|information| information.floor);
        vec![
            run.name().into(),
            Cell::Integer(class.id),
            class.name.into(),
            class.instances.into(),
            information.map(|information| information.bits).into(),
            class.normalized.into(),
            floor.map(|floor| floor.level).into(),
            floor.map(|floor| floor.fraction).into(),
            floor.map(|floor| floor.bits).into(),
            class.ap.into(),
            run.ap_scale().map(ApScale::name).into(),
            run.estimator().map(Estimator::name).into(),
            information.map(|information| information.dim_per_instance).into(),
        ]
    };
    let rows =
        runs.iter().flat_map(|run| run.classes().map(move |class| row(run, class))).collect();
    Table { columns: INFORMATION_COLUMNS.to_vec(), rows }
}

/// The columns of `information.csv`: all but p/m.
pub fn information(runs: &[&Run]) -> Table {
    let mut table = information_and_ratio(runs);
    table.remove("dim_per_instance");
    table
}

/// The same of information amounts alone.
///
/// # Errors
/// None in fact: they are of their own classes.
pub fn amounts(amounts: &Amounts) -> Result<Table> {
    let detector = Detector::new("", amounts.classes().clone()).information(amounts.clone())?;
    let runs = detector.runs();
    Ok(information_and_ratio(&runs.iter().flatten().collect::<Vec<_>>()))
}
