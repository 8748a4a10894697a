//! The median.

/// The median; the mean of the two in the middle where their number is even. None of nothing.
pub fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let even = values.len().is_multiple_of(2);
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = if even { below.iter().copied().fold(f64::MIN, f64::max) } else { upper };
    Some((lower + upper) / 2.0)
}
