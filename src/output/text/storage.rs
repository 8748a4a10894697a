//! What covariances take to store, for the terminal.

use bytesize::ByteSize;

use super::in_columns;
use crate::analysis::{Fit, Replay, Storage};
use crate::storage::{Store, Strategy, mib};

/// What each strategy takes.
pub fn storage(data_sets: &[Storage], bytes: u64) -> String {
    let mut text = String::new();
    for storage in data_sets {
        let row = |store: &Store| {
            let ratio = storage.ratio(store);
            let number = |value: Option<f64>, digits: usize| {
                value.map_or("n/a".into(), |value| format!("{value:.digits$}"))
            };
            vec![
                store.strategy.name().to_owned(),
                store.queue_length.map_or(String::new(), |d| d.to_string()),
                number(ratio, 6),
                number(store.values.map(|values| mib(values, bytes)), 2),
                ratio.map_or("n/a".into(), |ratio| format!("{:.1}%", 100.0 * (1.0 - ratio))),
            ]
        };
        let columns = ["strategy", "queue length d", "R", "MiB", "saving"];
        text += &format!("{}\n", storage.title);
        text += &in_columns(&columns, 1, storage.stores.iter().map(row).collect());
        text.push('\n');
    }
    text
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
    let mut text = in_columns(&["data set", "strategy", &head], 3, fits.iter().map(row).collect());
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
    let columns = ["replayed", "bytes held", "by the formula"];
    let mut text = in_columns(&columns, 1, replay.stores.iter().map(row).collect());
    let (taken, slots) = replay.covariances;
    text += &format!(
        "an epoch through a queue of d = {}: max |ΔI| = {:.1e} bits, relative {:.1e}; \
         {taken} of {slots} covariances are of a class that was in the queue\n",
        replay.length, replay.difference, replay.relative
    );
    text
}
