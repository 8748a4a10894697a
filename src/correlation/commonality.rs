//! Commonality analysis: which share of y's variance goes with which predictors.

use super::{Refusal, independent, r_squared};

/// A share of y's variance that goes with some blocks of columns and no other.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// The blocks, in their order.
    pub blocks: Vec<usize>,
    /// The share, of 1. That of several blocks is below 0 where one hides what another explains.
    pub share: f64,
    /// The share that as many columns of noise would have on average in place of a single block:
    /// k(1−R²)/(n−1−k′), with R² and k′ of the other blocks.
    pub by_chance: Option<f64>,
}

/// Commonality analysis (Newton and Spurrell 1967): y's R² on all blocks of columns, divided into what
/// goes with each block alone (unique), and with each set of blocks together (shared), small sets first. The
/// sum over all is R².
///
/// Columns that are linear combinations of those before are skipped.
///
/// # Errors
/// With too few classes for all columns, or where y is a constant.
///
/// # Panics
/// If the numbers of classes differ.
pub fn commonality(y: &[f64], blocks: &[Vec<Vec<f64>>]) -> Result<Vec<Share>, Refusal> {
    let sets = 1_usize << blocks.len();
    let members = |set: usize| (0..blocks.len()).filter(move |block| set >> block & 1 == 1);
    let explained = |set: usize| {
        let columns = members(set).flat_map(|block| blocks[block].iter().cloned()).collect();
        let columns = independent(columns);
        Ok((r_squared(y, &columns)?, columns.len()))
    };
    let explained: Vec<(f64, usize)> = (0..sets).map(explained).collect::<Result<_, _>>()?;
    // All that no block outside of S explains goes with the sets within S: Möbius inversion over them.
    let share = |set: usize| {
        let within = (0..sets).filter(|part| part & !set == 0);
        let term = |part: usize| {
            let odd = (set ^ part).count_ones() % 2 == 1;
            let sign = if odd { 1.0 } else { -1.0 };
            sign * explained[sets - 1 - part].0
        };
        within.map(term).sum()
    };
    let by_chance = |set: usize| {
        let ((others, columns), (_, all)) = (explained[sets - 1 - set], explained[sets - 1]);
        let left = y.len().checked_sub(columns + 1).filter(|&left| left > 0)?;
        Some((all - columns) as f64 * (1.0 - others) / left as f64)
    };
    let share = |set: usize| Share {
        blocks: members(set).collect(),
        share: share(set),
        by_chance: set.is_power_of_two().then(|| by_chance(set)).flatten(),
    };
    let mut shares: Vec<Share> = (1..sets).map(share).collect();
    shares.sort_by_key(|share| share.blocks.len());
    Ok(shares)
}
