//! A smooth curve, as columns of a regression: a natural cubic spline.

/// The columns beyond x itself of a natural cubic spline of x: with them, a regression on x may bend
/// between the knots and is straight beyond them (restricted cubic spline, Harrell 2015, §2.4.5).
///
/// The knots, at most `knots`, are values of x, evenly spaced in rank from the 5th to the 95th
/// percentile; where they fall together there are fewer, and below three no column.
pub fn natural_spline(x: &[f64], knots: usize) -> Vec<Vec<f64>> {
    let mut sorted = x.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut at: Vec<f64> = (0..knots)
        .filter(|_| !sorted.is_empty())
        .map(|k| 0.05 + 0.9 * k as f64 / (knots.max(2) - 1) as f64)
        .map(|rank| sorted[(rank * (sorted.len() - 1) as f64).round() as usize])
        .collect();
    at.dedup();
    let [inner @ .., before, last] = at.as_slice() else { return Vec::new() };
    let cube = |x: f64, knot: f64| (x - knot).max(0.0).powi(3);
    let column = |&knot: &f64| {
        let (to_last, to_before) = (last - knot, before - knot);
        let bend = |&x: &f64| {
            let ends = cube(x, *before) * to_last - cube(x, *last) * to_before;
            (cube(x, knot) - ends / (last - before)) / (last - at[0]).powi(2)
        };
        x.iter().map(bend).collect()
    };
    inner.iter().map(column).collect()
}
