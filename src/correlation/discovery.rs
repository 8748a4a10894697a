//! Outliers among many tests, at a fixed false discovery rate.

/// Which of the p-values are significant so that among those at most `level` are so by chance, on average:
/// the rule of Benjamini and Hochberg 1995. All up to the largest p₍ᵢ₎ ≤ i·level/n of the sorted n are.
pub fn benjamini_hochberg(p_values: &[f64], level: f64) -> Vec<bool> {
    let mut sorted = p_values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let step = level / p_values.len() as f64;
    let holds = |&(at, p): &(usize, &f64)| *p <= step * (at + 1) as f64;
    let last = sorted.iter().enumerate().rev().find(holds).map(|(_, p)| *p);
    p_values.iter().map(|p| last.is_some_and(|last| *p <= last)).collect()
}
