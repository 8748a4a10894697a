//! Does information amount explain AP beyond the instance count? The statistics of one run, or of several
//! runs, and the verdict in words.
//!
//! [`Evidence::of`] computes all for one run, [`Pooled::of`] for several. `docs/evidence.md` says
//! what each statistic is for, and tests the rule on simulated classes.

mod basis;
mod control;
mod expectation;
mod pooled;
mod statistics;
mod verdict;
mod words;

pub use basis::{Basis, Left, groups_tell};
pub use control::Control;
pub use expectation::expectation;
pub use pooled::{Agreement, Pooled, Run};
pub use statistics::{Association, Statistics};
pub use verdict::{Caveat, Failure, Finding, LEAST_CLASSES, Power, TOKENS, Verdict};

use crate::correlation::{Share, commonality};

/// The numbers of one class, all finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Class<'a> {
    /// Its name; the same in every run.
    pub name: &'a str,
    /// Information amount I, bits.
    pub information: f64,
    /// Bits of I that come from the eigenvalue floor, where the estimator has one.
    pub floor_bits: Option<f64>,
    /// Number of embeddings behind I; 0, which a class with I cannot have, is taken as 1.
    pub embeddings: u64,
    /// Instance count m, which the embeddings may be a part of; log 0 is taken as 0.
    pub instances: u64,
    /// Other numbers to be held constant, such as the size of its objects: the same ones for every
    /// class, where they are known.
    pub covariates: &'a [Option<f64>],
    /// The group of similar classes that it belongs to, such as its supercategory.
    pub group: Option<&'a str>,
    /// Average precision, on any scale.
    pub ap: f64,
}

/// log m, or 0 where m is 0.
pub fn logarithm(instances: u64) -> f64 {
    (instances.max(1) as f64).ln()
}

/// I, m and AP of each class.
fn columns(classes: &[Class]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let column = |number: fn(&Class) -> f64| classes.iter().map(number).collect();
    (
        column(|class| class.information),
        column(|class| class.instances as f64),
        column(|class| class.ap),
    )
}

/// The classes of which every covariate is known.
fn complete<'a>(classes: &[Class<'a>]) -> Vec<Class<'a>> {
    let known = |class: &&Class| class.covariates.iter().all(Option::is_some);
    classes.iter().filter(known).copied().collect()
}

/// The classes without their covariates.
fn without_covariates<'a>(classes: &[Class<'a>]) -> Vec<Class<'a>> {
    classes.iter().map(|class| Class { covariates: &[], ..*class }).collect()
}

fn has_covariates(classes: &[Class]) -> bool {
    classes.iter().any(|class| !class.covariates.is_empty())
}

/// What the rule uses, and its result.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The numbers.
    pub basis: Basis,
    /// The verdict from these numbers.
    pub verdict: Verdict,
}

impl Judged {
    /// Applies the rule to the classes of one run, of which all covariates are known, with embeddings of
    /// dimension p = `dim`.
    ///
    /// # Panics
    /// If the classes have covariates of different number.
    pub fn of(classes: &[Class], dim: usize) -> Judged {
        let basis = Basis::of(classes, dim);
        let verdict = Verdict::of(classes, dim, &basis);
        Judged { basis, verdict }
    }

    fn with(mut self, caveats: &[Caveat]) -> Judged {
        if self.verdict.finding.is_judged() {
            self.verdict.caveats.extend_from_slice(caveats);
        }
        self
    }
}

/// The evidence of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Over all classes.
    pub all: Statistics,
    /// Over the classes with as many embeddings as dimensions alone, whose sample covariance is not
    /// singular; `None` where they are all or none.
    pub large: Option<Statistics>,
    /// With the count and all covariates held constant, over the classes of which they are known.
    pub judged: Judged,
    /// With the count alone held constant, over the same classes; `None` where there are no covariates.
    pub without_covariates: Option<Judged>,
    /// How AP's variance is divided among the blocks [`BLOCKS`]; empty where the rule has too little to go
    /// by.
    pub shares: Vec<Share>,
}

/// The blocks of predictors among which AP's variance is divided: the curve of the count, the information amount, and the
/// covariates, where there are any.
pub const BLOCKS: [&str; 3] = ["count", "information", "covariates"];

/// The blocks of a share, such as "count + information".
pub fn part_name(share: &Share) -> String {
    let names: Vec<_> = share.blocks.iter().map(|&block| BLOCKS[block]).collect();
    names.join(" + ")
}

impl Evidence {
    /// The evidence of classes with embeddings of dimension p = `dim`.
    ///
    /// # Panics
    /// If the classes have covariates of different number.
    pub fn of(classes: &[Class], dim: usize) -> Evidence {
        let all = Statistics::of(classes);
        let is_large = |class: &&Class| class.embeddings >= dim as u64;
        let large: Vec<Class> = classes.iter().filter(is_large).copied().collect();
        let some = !large.is_empty() && large.len() < classes.len();
        let large = some.then(|| Statistics::of(&large));
        let others = Caveat::of_information(classes, &all, large.as_ref());
        let judged = |classes: &[Class]| Judged::of(classes, dim).with(&others);
        let complete = complete(classes);
        let plain = || judged(&without_covariates(&complete));
        let with = judged(&complete);
        let enough = with.verdict.finding.is_judged();
        Evidence {
            judged: with,
            without_covariates: has_covariates(classes).then(plain),
            shares: if enough { shares(&complete, dim) } else { Vec::new() },
            all,
            large,
        }
    }
}

fn shares(classes: &[Class], dim: usize) -> Vec<Share> {
    let (information, _, ap) = columns(classes);
    let mut blocks = vec![basis::count(classes, dim), vec![information]];
    blocks.extend(has_covariates(classes).then(|| control::covariates(classes)));
    commonality(&ap, &blocks).unwrap_or_default()
}
