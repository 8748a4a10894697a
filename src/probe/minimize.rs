//! L-BFGS (Liu and Nocedal, Mathematical Programming 45, 1989): the optimum of a smooth function.

use crate::error::{Error, Result};

/// Steps that the curvature is learnt from.
const HISTORY: usize = 10;

/// Vectors as long as `at` that are in memory together: two of each step; where the search is and goes, with the
/// gradients there, the direction, and what `function` works with.
pub const VECTORS: usize = 2 * HISTORY + 8;

/// A step must have at least this share of the fall that the slope promises (Armijo).
const SUFFICIENT: f64 = 1e-4;

/// Steps in a row that must each lower the value by less than the tolerance before it counts as found.
const STILL: usize = 3;

/// What was found.
#[derive(Clone, Debug)]
pub struct Minimum {
    /// Where.
    pub at: Vec<f64>,
    /// The value there.
    pub value: f64,
    /// How often the function was computed.
    pub evaluations: usize,
    /// Whether the value had ceased to fall; else the evaluations were used up, or no step lowers it as its
    /// gradient promises.
    pub converged: bool,
}

struct Step {
    s: Vec<f64>,
    y: Vec<f64>,
    /// 1/(sᵀy)
    rho: f64,
}

/// Minimizes a function that gives its value and gradient, from `start`, with at most `most` evaluations. It is
/// found where three steps in a row lower the value by less than `tolerance`·(10⁻⁴ + the value).
///
/// # Errors
/// What the function returns; or if it is not finite at the start.
pub fn minimize(
    start: Vec<f64>,
    most: usize,
    tolerance: f64,
    mut function: impl FnMut(&[f64]) -> Result<(f64, Vec<f64>)>,
) -> Result<Minimum> {
    let (mut at, mut history) = (start, Vec::<Step>::new());
    let (mut value, mut gradient) = function(&at)?;
    if !(value.is_finite() && gradient.iter().all(|g| g.is_finite())) {
        return Err(Error::Input(
            "the loss is not finite: values of the embeddings are too large; scale them".into(),
        ));
    }
    let (mut evaluations, mut still, mut stuck) = (1, 0, false);
    while evaluations < most && still < STILL {
        let mut direction = towards(&gradient, &history);
        let mut slope = dot(&direction, &gradient);
        if slope >= 0.0 {
            // No descent: what was learnt does not hold here.
            history.clear();
            direction = towards(&gradient, &history);
            slope = dot(&direction, &gradient);
        }
        if slope == 0.0 {
            break;
        }
        let mut length =
            if history.is_empty() { 1.0 / dot(&gradient, &gradient).sqrt() } else { 1.0 };
        let mut taken = None;
        while evaluations < most && length > 1e-12 {
            let next: Vec<f64> = at.iter().zip(&direction).map(|(x, d)| x + length * d).collect();
            let (next_value, next_gradient) = function(&next)?;
            evaluations += 1;
            if next_value <= value + SUFFICIENT * length * slope
                && next_gradient.iter().all(|g| g.is_finite())
            {
                taken = Some((next, next_value, next_gradient));
                break;
            }
            // The parabola through value, slope and the new value has its least here.
            let best = -slope * length * length / (2.0 * (next_value - value - slope * length));
            length = if best.is_finite() {
                best.clamp(0.1 * length, 0.5 * length)
            } else {
                0.1 * length
            };
        }
        let Some((next, next_value, next_gradient)) = taken else {
            if evaluations < most {
                // What the slope promises may be less than rounding: then this is the minimum.
                let little = -slope < 20.0 * tolerance * (1e-4 + value);
                if !history.is_empty() && !little {
                    history.clear();
                    continue;
                }
                stuck = !little;
            }
            break;
        };
        let s: Vec<f64> = next.iter().zip(&at).map(|(next, at)| next - at).collect();
        let y: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(next, g)| next - g).collect();
        let sy = dot(&s, &y);
        // Only steps along which the function curves upwards teach its curvature.
        if sy > 1e-10 * (dot(&s, &s) * dot(&y, &y)).sqrt() {
            if history.len() == HISTORY {
                history.remove(0);
            }
            history.push(Step { s, y, rho: 1.0 / sy });
        }
        let small = value - next_value < tolerance * (1e-4 + next_value);
        still = if small { still + 1 } else { 0 };
        (at, value, gradient) = (next, next_value, next_gradient);
    }
    Ok(Minimum {
        at,
        value,
        evaluations,
        converged: still >= STILL || evaluations < most && !stuck,
    })
}

/// The direction −H·gradient, H the inverse curvature that the steps teach (the two loops of L-BFGS).
fn towards(gradient: &[f64], history: &[Step]) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut alphas = Vec::with_capacity(history.len());
    for Step { s, y, rho } in history.iter().rev() {
        let alpha = rho * dot(s, &direction);
        add(&mut direction, -alpha, y);
        alphas.push(alpha);
    }
    if let Some(Step { y, rho, .. }) = history.last() {
        let scale = 1.0 / (rho * dot(y, y));
        direction.iter_mut().for_each(|d| *d *= scale);
    }
    for (Step { s, y, rho }, alpha) in history.iter().zip(alphas.iter().rev()) {
        let beta = rho * dot(y, &direction);
        add(&mut direction, alpha - beta, s);
    }
    direction
}

fn add(to: &mut [f64], factor: f64, of: &[f64]) {
    to.iter_mut().zip(of).for_each(|(to, of)| *to += factor * of);
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
