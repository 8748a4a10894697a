//! An order of things that has close ones side by side.

use ndarray::ArrayView2;

/// The largest distance there is in a block, in which nothing is farther than this.
const FAR: f64 = 1e9;

/// Such an order: chains are joined two at a time, the two of least mean distance first (average linkage), each
/// turned so that their closest ends meet. Where distances are the same, the first in the order given is taken.
pub fn seriation(distances: ArrayView2<f64>) -> Vec<usize> {
    let distance = |a: usize, b: usize| {
        let distance = distances[(a, b)];
        if distance.is_finite() { distance.min(FAR) } else { FAR }
    };
    let mut chains: Vec<Vec<usize>> = (0..distances.nrows()).map(|at| vec![at]).collect();
    while chains.len() > 1 {
        let mean = |a: &[usize], b: &[usize]| {
            let all = a.iter().flat_map(|&a| b.iter().map(move |&b| distance(a, b)));
            all.sum::<f64>() / (a.len() * b.len()) as f64
        };
        let pairs = (0..chains.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        let pairs = pairs.map(|(a, b)| (mean(&chains[a], &chains[b]), a, b));
        let Some((_, a, b)) = pairs.min_by(|one, other| one.0.total_cmp(&other.0)) else { break };
        let second = chains.remove(b);
        let first = std::mem::take(&mut chains[a]);
        chains[a] = joined(first, second, distance);
    }
    chains.pop().unwrap_or_default()
}

/// Two chains as one, the closest ends together.
fn joined(
    mut first: Vec<usize>,
    mut second: Vec<usize>,
    distance: impl Fn(usize, usize) -> f64,
) -> Vec<usize> {
    let ends = |chain: &[usize]| [chain[chain.len() - 1], chain[0]];
    let (mut best, mut turned) = (f64::INFINITY, (false, false));
    for (turn_first, &a) in [false, true].into_iter().zip(&ends(&first)) {
        for (turn_second, &b) in [true, false].into_iter().zip(&ends(&second)) {
            if distance(a, b) < best {
                (best, turned) = (distance(a, b), (turn_first, turn_second));
            }
        }
    }
    if turned.0 {
        first.reverse();
    }
    if turned.1 {
        second.reverse();
    }
    first.append(&mut second);
    first
}
