//! How much of y's variance goes with what.

use super::{Refusal, independent, r_squared};

/// A share of y's variance that goes with some blocks of columns and no other.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// The blocks, in their order.
    pub blocks: Vec<usize>,
    /// The share, of 1. That of several blocks is below 0 where one hides what another explains.
    pub share: f64,
}

/// Commonality analysis (Newton and Spurrell 1967): y's R² on all blocks of columns, divided into what
/// goes with each block alone (unique), and with each set of blocks together (shared). The sum over all
/// is R².
///
/// Columns that those before determine are left out.
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
        r_squared(y, &independent(columns))
    };
    let explained: Vec<f64> = (0..sets).map(explained).collect::<Result<_, _>>()?;
    // All that no block outside of S explains goes with the sets within S: Möbius inversion over them.
    let share = |set: usize| {
        let within = (0..sets).filter(|part| part & !set == 0);
        let term = |part: usize| {
            let odd = (set ^ part).count_ones() % 2 == 1;
            let sign = if odd { 1.0 } else { -1.0 };
            sign * explained[sets - 1 - part]
        };
        within.map(term).sum()
    };
    Ok((1..sets).map(|set| Share { blocks: members(set).collect(), share: share(set) }).collect())
}
