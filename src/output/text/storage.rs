//! What covariances take to store, for the terminal.

use bytesize::ByteSize;

use super::columns::{Column, in_columns, limit, wrapped};
use crate::analysis::{Fit, Replay, Storage};
use crate::storage::{Store, Strategy, mib};
use crate::words::memory;

/// What each strategy takes, and which takes least.
pub fn storage(data_sets: &[Storage], bytes: u64) -> String {
    let columns = [
        Column::words("strategy"),
        Column::number("queue length d").rank(2),
        Column::number("R").rank(1),
        Column::number("MiB"),
        Column::words("memory"),
    ];
    let mut text = String::new();
    for storage in data_sets {
        let rows: Vec<_> = storage.stores.iter().map(|store| row(storage, store, bytes)).collect();
        text += &format!("{}\n{}\n", storage.title, least(storage, bytes));
        text += &in_columns(&columns, &rows);
        text.push('\n');
    }
    text
}

fn row(storage: &Storage, store: &Store, bytes: u64) -> Vec<String> {
    let ratio = storage.ratio(store);
    let number = |value: Option<f64>, digits: usize| {
        value.map_or("n/a".into(), |value| format!("{value:.digits$}"))
    };
    let words = match (store.strategy, ratio) {
        (Strategy::Original, _) => "keeps every embedding".into(),
        (_, Some(ratio)) => memory(ratio),
        (_, None) => "n/a".into(),
    };
    vec![
        store.strategy.name().to_owned(),
        store.queue_length.map_or(String::new(), |d| d.to_string()),
        number(ratio, 6),
        number(store.values.map(|values| mib(values, bytes)), 2),
        words,
    ]
}

/// The strategy that takes least.
fn least(storage: &Storage, bytes: u64) -> String {
    let known = storage.stores.iter().filter_map(|store| Some((store, store.values?)));
    let least = known.min_by(|(_, a), (_, b)| a.total_cmp(b));
    let Some((store, values)) = least else { return String::new() };
    let name = store.strategy.name();
    let words = match (store.strategy, storage.ratio(store)) {
        (Strategy::Original, _) | (_, None) => "no strategy saves memory".to_owned(),
        (_, Some(ratio)) => memory(ratio),
    };
    format!("least memory: {name}, {:.2} MiB ({words})", mib(values, bytes))
}

/// What fits into a memory.
pub fn budget(fits: &[Fit], budget: ByteSize) -> String {
    let row = |fit: &Fit| {
        let fits = match (fit.fits, fit.longest) {
            (None, _) => "n/a".into(),
            (Some(false), _) => "no".into(),
            (Some(true), None) => "yes".into(),
            (Some(true), Some(longest)) => format!("up to d = {longest}"),
        };
        vec![fit.storage.title.clone(), fit.strategy.name().to_owned(), fits]
    };
    let head = format!("fits into {budget}");
    let columns = ["data set", "strategy", &head].map(Column::words);
    let mut text = in_columns(&columns, &fits.iter().map(row).collect::<Vec<_>>());
    if fits.iter().all(|fit| fit.fits != Some(true)) {
        text += &format!("no strategy is known to fit into {budget}\n");
    }
    text + "\n"
}

/// An epoch through the queue.
pub fn replay(replay: &Replay, bytes: u64) -> String {
    let row = |&(strategy, held, formula): &(Strategy, u64, u64)| {
        let [held, formula] = [held, formula].map(|values| (values * bytes).to_string());
        vec![strategy.name().to_owned(), held, formula]
    };
    let columns = [
        Column::words("replayed"),
        Column::number("bytes stored"),
        Column::number("by the formula"),
    ];
    let mut text = in_columns(&columns, &replay.stores.iter().map(row).collect::<Vec<_>>());
    let (taken, slots) = replay.covariances;
    let words = format!(
        "one epoch replayed with queue length d = {}: I changes by at most {:.1e} bits (relative {:.1e}); \
         {taken} of {slots} covariances are of a class that was in the queue",
        replay.length, replay.difference, replay.relative
    );
    text += &wrapped(&words, limit(), 0);
    text + "\n"
}
