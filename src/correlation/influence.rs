//! The influence of one class on a correlation.

use super::{Pearson, Refusal, Residuals, partial, pearson};

/// The class whose removal moves r most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Influence {
    /// Its index among the classes, from 0.
    pub class: usize,
    /// The correlation over the other classes; `None` where they all have the same number, so that
    /// this class is all there is to it.
    pub without: Option<Pearson>,
    /// Whether it moves Fisher's z = atanh r by more than one standard error 1/√(n−3), or leaves none.
    pub strong: bool,
}

/// The class whose removal moves Pearson's r most: one that leaves none, if there is one. `None` with
/// fewer than 4 classes, or where there is no correlation with all classes.
///
/// # Panics
/// If the slices differ in length.
pub fn influence(x: &[f64], y: &[f64]) -> Option<Influence> {
    let all = pearson(x, y).ok().filter(|all| all.classes > 3)?;
    let others = leave_one_out(x, y, &[] as &[&[f64]]).ok()?;
    let shift = |without: &Option<Pearson>| {
        without.map_or(f64::INFINITY, |without| (without.r - all.r).abs())
    };
    let (class, without) =
        (others.into_iter().enumerate()).max_by(|(_, a), (_, b)| shift(a).total_cmp(&shift(b)))?;
    let strong = without.is_none_or(|without| {
        (without.r.atanh() - all.r.atanh()).abs() > 1.0 / (all.classes as f64 - 3.0).sqrt()
    });
    Some(Influence { class, without, strong })
}

/// Where removing a class leaves less than this of a sum of squares, the difference is inexact.
const EXACT: f64 = 1e-6;

/// The partial correlation without each single class; `None` where the others leave nothing of x or of
/// y.
///
/// Let e and u be the residuals of x and y given the controls, and h the leverage of the controls. Removing
/// class i takes e_i·u_i/(1−h_i) from Σeu, and likewise from Σe² and Σu² (Cook and Weisberg 1982, §2.2).
///
/// # Errors
/// As [`partial()`].
///
/// # Panics
/// If the numbers of classes differ.
pub fn leave_one_out<C: AsRef<[f64]>>(
    x: &[f64],
    y: &[f64],
    controls: &[C],
) -> Result<Vec<Option<Pearson>>, Refusal> {
    let residuals = Residuals::of(x, y, controls)?;
    let (e, u, leverage) = (&residuals.x, &residuals.y, residuals.leverage());
    let (xx, xy, yy) = (e.norm_squared(), e.dot(u), u.norm_squared());
    let without = |i: usize| {
        let rest = 1.0 - leverage[i];
        // A class that a control has to itself adds nothing: it goes, and the control with it.
        if rest <= 1e-10 {
            let r = (xy / xx.sqrt() / yy.sqrt()).clamp(-1.0, 1.0);
            return Some(Pearson::with_controls(r, x.len() - 1, controls.len() - 1));
        }
        let (xx_left, yy_left) = (xx - e[i] * e[i] / rest, yy - u[i] * u[i] / rest);
        if xx_left < EXACT * xx || yy_left < EXACT * yy {
            let others = |values: &[f64]| [&values[..i], &values[i + 1..]].concat();
            let controls: Vec<_> = controls.iter().map(|each| others(each.as_ref())).collect();
            return partial(&others(x), &others(y), &controls).ok();
        }
        let r = (xy - e[i] * u[i] / rest) / xx_left.sqrt() / yy_left.sqrt();
        Some(Pearson::with_controls(r.clamp(-1.0, 1.0), x.len() - 1, controls.len()))
    };
    Ok((0..x.len()).map(without).collect())
}
