//! Shares of AP's variance that instance count, information amount and covariates explain.

use super::correlated::Correlated;
use crate::correlation::Share;
use crate::evidence::part_name;

/// A part of AP's variance.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The predictors that it goes with, such as "count + information".
    pub name: String,
    /// Whether it goes with one predictor, with several, or with none.
    pub kind: PartKind,
    /// Its share, 0–1; a shared part may be below 0.
    pub share: f64,
    /// The share that noise would have instead of it, if known.
    pub by_chance: Option<f64>,
}

/// The kind of a part of AP's variance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// It goes with one predictor alone.
    Unique,
    /// It goes with several predictors, which cannot be separated.
    Shared,
    /// It goes with no predictor.
    Rest,
}

impl PartKind {
    /// Its name in `commonality.csv`.
    pub fn name(self) -> &'static str {
        match self {
            PartKind::Unique => "unique",
            PartKind::Shared => "shared",
            PartKind::Rest => "unexplained",
        }
    }
}

/// The parts of the variance of a run's AP; empty if there are too few classes.
pub fn parts(one: &Correlated) -> Vec<Part> {
    let shares = one.evidence.as_ref().map_or(&[][..], |evidence| &evidence.shares);
    let part = |share: &Share| Part {
        name: part_name(share),
        kind: if share.blocks.len() == 1 { PartKind::Unique } else { PartKind::Shared },
        share: share.share,
        by_chance: share.by_chance,
    };
    let mut parts: Vec<_> = shares.iter().map(part).collect();
    if !parts.is_empty() {
        let share = 1.0 - shares.iter().map(|share| share.share).sum::<f64>();
        parts.push(Part { name: "none".into(), kind: PartKind::Rest, share, by_chance: None });
    }
    parts
}
