//! The AP of each class that is expected from its instance count.

use super::{Class, columns, logarithm};
use crate::ap::ApScale;
use crate::correlation::{Expected, Refusal, expected, independent, natural_spline};

/// Knots of the curve of log m for so many classes; without knots it is a straight line.
///
/// They are fewer than those of [`super::Control::Curve`], which must leave nothing of the count: a
/// prediction pays for each column. `docs/explain.md` has the errors of prediction on real detectors.
fn knots(classes: usize) -> usize {
    match classes {
        ..20 => 0,
        20..50 => 3,
        50.. => 4,
    }
}

/// The AP of each class expected from its count, by the curve of the other classes, and with
/// `by_information` by their information amounts too; `None` where the others do not tell.
///
/// The curve is a natural cubic spline of log m: [`expected()`] with noise that may depend on log m. Its
/// knots are those of all classes when one is removed. Values and intervals are cut off at the ends
/// of the scale of AP.
///
/// # Errors
/// With fewer than 4 classes, or k+3 for k columns; where AP is the same for all, or is determined by the
/// columns.
pub fn expectation(
    classes: &[Class],
    by_information: bool,
    scale: ApScale,
) -> Result<Vec<Option<Expected>>, Refusal> {
    let (information, _, ap) = columns(classes);
    let log: Vec<f64> = classes.iter().map(|class| logarithm(class.instances)).collect();
    let mut predictors = vec![log.clone()];
    predictors.extend(natural_spline(&log, knots(classes.len())));
    predictors.extend(by_information.then_some(information));
    let all = expected(&ap, &independent(predictors), Some(&log))?;
    Ok(all.into_iter().map(|one| Some(one?.within(0.0, scale.full()))).collect())
}
