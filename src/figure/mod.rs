//! Figures as SVG text: what is computed, drawn.
//!
//! A figure gives the same bytes on every machine: coordinates are whole units of a fine canvas, labels are
//! rounded, and no system font is asked for its metrics. [`draw`] has one file per figure.

pub mod draw;
mod explain;
mod seriation;
mod study;

pub use draw::Theme;
pub use explain::{Placed, expected, overlap};
pub use study::{Drawn, all, commonality, figure1, figure2, figure4, scatter, sensitivity};

use crate::analysis::probe::{self, Probe, ProbedLoss};
use crate::analysis::{Comparison, Margins, NUMBERS, Number, Pair, Storage, both};
use crate::error::Result;
use crate::probe::Difference;
use crate::storage::{Store, mib};
use draw::{
    Figure3Panel, Figure3Store, MarginsFigure, ProbeBar, ProbePanel, SlopeClass, SlopePanel,
};

/// The sentence that a figure of this crate carries on how to read it, escaped as in XML; empty where it
/// carries none.
pub fn how_to_read(svg: &str) -> &str {
    let sentence = svg.split_once("<desc>").and_then(|(_, rest)| rest.split_once("</desc>"));
    sentence.map_or("", |(sentence, _)| sentence)
}

/// Figure 3: how the store of the covariances depends on the queue length, a panel per data set; MiB are
/// for values of so many bytes.
///
/// # Errors
/// If there is no data set.
pub fn figure3(data_sets: &[Storage], bytes: u64) -> Result<String> {
    let panel = |storage: &Storage| {
        let store = |store: &Store| {
            let values = store.values?;
            Some(Figure3Store {
                strategy: store.strategy,
                queue_length: store.queue_length,
                ratio: storage.shape.ratio(values),
                mib: mib(values, bytes),
            })
        };
        Figure3Panel {
            title: storage.title.clone(),
            sawtooth: storage.shape.sawtooth(),
            stores: storage.stores.iter().filter_map(store).collect(),
        }
    };
    Ok(draw::figure3(&data_sets.iter().map(panel).collect::<Vec<_>>())?)
}

/// What a change did to each class: information amount, and AP where both runs have it.
///
/// # Errors
/// If the two runs have no number in common.
pub fn slope(comparison: &Comparison) -> Result<String> {
    let panel = |(title, unit, number): (&str, f64, Number)| {
        let class = |pair: &Pair| {
            let values = both(number(pair))?.map(|value| unit * value);
            Some(SlopeClass { name: pair.name.clone(), values })
        };
        let classes: Vec<_> = comparison.pairs.iter().filter_map(class).collect();
        SlopePanel { title: title.into(), runs: comparison.names.clone(), classes }
    };
    let [(_, information), (_, ap)] = NUMBERS;
    let percent = 100.0 / comparison.ap_scale.full();
    let panels =
        [("information amount I (bits)", 1.0, information), ("AP (%)", percent, ap)].map(panel);
    let known: Vec<_> = panels.into_iter().filter(|panel| !panel.classes.is_empty()).collect();
    Ok(draw::slope(&known)?)
}

/// The change of recall of each class by each loss, most information first.
///
/// # Errors
/// If there is no class or no loss to compare.
pub fn probe(probe: &Probe) -> Result<String> {
    let mut order: Vec<usize> = (0..probe.classes.len()).collect();
    order.retain(|&class| probe.classes[class].judged);
    let bits = |class: usize| probe.classes[class].information.unwrap_or(f64::NEG_INFINITY);
    order.sort_by(|&a, &b| bits(b).total_cmp(&bits(a)));
    let names: Vec<String> = order.iter().map(|&class| probe.classes[class].name.clone()).collect();
    let panel = |one: &ProbedLoss| {
        let compared = one.compared.as_ref()?;
        let change = |&class: &usize| {
            let change = compared.classes[class].as_ref()?;
            let Difference { mean, low, high, .. } = change.recall;
            Some(ProbeBar {
                points: [mean, low, high].map(|one| 100.0 * one),
                shows: change.recall_shows,
            })
        };
        let changes = order.iter().map(change).collect();
        let mean = probe::points(&compared.recall);
        Some(ProbePanel { title: one.name.clone(), mean, changes })
    };
    let panels: Vec<ProbePanel> = probe.losses.iter().filter_map(panel).collect();
    Ok(draw::probe(&names, &panels)?)
}

/// The angular margins between classes, as a matrix.
///
/// # Errors
/// If it cannot be drawn.
pub fn margins(margins: &Margins) -> Result<String> {
    let Margins { chosen, signed, names, information, known, .. } = margins;
    let title = format!(
        "margins, {} normalization{}",
        chosen.name(),
        if *signed { ", signed" } else { "" }
    );
    Ok(draw::margins(&MarginsFigure { names, information, margins: known.view(), title })?)
}
