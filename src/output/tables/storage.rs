//! `storage.csv`, `budget.csv` and `replay.csv`.

use crate::analysis::{Fit, Replay, Storage};
use crate::output::Table;
use crate::storage::{Store, Strategy, mib};

/// What each strategy takes.
pub fn storage(data_sets: &[Storage], bytes: u64) -> Table {
    let row = |storage: &Storage, store: &Store| {
        let ratio = storage.ratio(store);
        vec![
            storage.name.as_str().into(),
            storage.shape.instances().into(),
            storage.shape.dim().into(),
            storage.shape.classes().into(),
            store.strategy.name().into(),
            store.queue_length.into(),
            ratio.into(),
            store.values.map(|values| mib(values, bytes)).into(),
            ratio.map(|ratio| 1.0 - ratio).into(),
        ]
    };
    let columns = vec![
        "dataset",
        "instances",
        "dim",
        "classes",
        "strategy",
        "queue_length",
        "ratio",
        "mib",
        "saving",
    ];
    let rows = data_sets
        .iter()
        .flat_map(|storage| storage.stores.iter().map(move |store| row(storage, store)))
        .collect();
    Table { columns, rows }
}

/// What fits into a memory.
pub fn budget(fits: &[Fit]) -> Table {
    let row = |fit: &Fit| {
        vec![
            fit.storage.name.as_str().into(),
            fit.strategy.name().into(),
            fit.fits.map(|fits| if fits { "yes" } else { "no" }).into(),
            fit.longest.into(),
        ]
    };
    let columns = vec!["dataset", "strategy", "fits", "longest_queue"];
    Table { columns, rows: fits.iter().map(row).collect() }
}

/// What each store held in an epoch, in bytes of so many a value.
pub fn replay(replay: &Replay, bytes: u64) -> Table {
    let row = |&(strategy, held, formula): &(Strategy, u64, u64)| {
        let paper = strategy == Strategy::Paper;
        let queue = paper || strategy == Strategy::Running;
        vec![
            strategy.name().into(),
            queue.then_some(replay.length).into(),
            (held * bytes).into(),
            (formula * bytes).into(),
            paper.then_some(replay.covariances.0).into(),
            paper.then_some(replay.covariances.1).into(),
            paper.then_some(replay.difference).into(),
            paper.then_some(replay.relative).into(),
        ]
    };
    let columns = vec![
        "strategy",
        "queue_length",
        "held_bytes",
        "formula_bytes",
        "covariances",
        "covariance_slots",
        "max_information_difference",
        "max_relative_difference",
    ];
    Table { columns, rows: replay.stores.iter().map(row).collect() }
}
