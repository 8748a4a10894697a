//! What one class does to a correlation.

use super::regression::LeftOver;
use super::{Pearson, Refusal, pearson};

/// The class whose removal moves r most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Influence {
    /// Its place among the classes, from 0.
    pub class: usize,
    /// The correlation over the other classes.
    pub without: Pearson,
    /// Whether it moves Fisher's z = atanh r by more than one standard error 1/√(n−3).
    pub strong: bool,
}

/// The class whose removal moves Pearson's r most; `None` with fewer than 4 classes, or where there
/// is no correlation with all classes or without any one.
///
/// # Panics
/// If the slices differ in length.
pub fn influence(x: &[f64], y: &[f64]) -> Option<Influence> {
    let all = pearson(x, y).ok().filter(|all| all.classes > 3)?;
    let others = leave_one_out(x, y, &[] as &[&[f64]]).ok()?;
    let shift = |without: &Pearson| (without.r - all.r).abs();
    let (class, without) = (others.into_iter().enumerate())
        .filter_map(|(class, without)| Some((class, without?)))
        .max_by(|(_, a), (_, b)| shift(a).total_cmp(&shift(b)))?;
    let strong =
        (without.r.atanh() - all.r.atanh()).abs() > 1.0 / (all.classes as f64 - 3.0).sqrt();
    Some(Influence { class, without, strong })
}

/// The partial correlation without each class in turn; `None` where there is none without it.
///
/// With e and u what the controls leave of x and y, and h the controls' leverage, removing class i
/// takes e_i·u_i/(1−h_i) from Σeu, and likewise from Σe² and Σu² (Cook and Weisberg 1982, §2.2).
///
/// # Errors
/// As [`partial`](super::partial).
///
/// # Panics
/// If the numbers of classes differ.
pub fn leave_one_out<C: AsRef<[f64]>>(
    x: &[f64],
    y: &[f64],
    controls: &[C],
) -> Result<Vec<Option<Pearson>>, Refusal> {
    let LeftOver { x: e, y: u, leverage } = LeftOver::of(x, y, controls)?;
    let (xx, xy, yy) = (e.norm_squared(), e.dot(&u), u.norm_squared());
    let without = |i: usize| {
        let rest = 1.0 - leverage[i];
        let (xx_left, yy_left) = (xx - e[i] * e[i] / rest, yy - u[i] * u[i] / rest);
        // Where only rounding is left, the others are all the same.
        (rest > 1e-10 && xx_left > 1e-10 * xx && yy_left > 1e-10 * yy).then(|| {
            let r = (xy - e[i] * u[i] / rest) / xx_left.sqrt() / yy_left.sqrt();
            Pearson::with_controls(r.clamp(-1.0, 1.0), x.len() - 1, controls.len())
        })
    };
    Ok((0..x.len()).map(without).collect())
}
