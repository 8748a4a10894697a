//! Eq. 2: the information amount of a class.

use std::f64::consts::LN_2;

use serde::{Deserialize, Serialize};

use crate::kernel::SpectrumError;
use crate::kernel::Value;
use crate::moments::Moments;
use crate::shrinkage::{Estimator, Floor, Refusal, Shrunk, mp_floor, mp_lower_edge};
use crate::spectrum::{Spectrum, log_det};
use crate::spread::Spread;

/// Eq. 2: I = ½ Σ log₂(1+λ) in bits, which is ½ log₂ det(I+Σ) without the determinant: that
/// overflows at p = 1024.
pub fn bits(eigenvalues: &[f64]) -> f64 {
    eigenvalues.iter().map(|value| value.ln_1p()).sum::<f64>() / (2.0 * LN_2)
}

/// The information amount of a class, with the numbers behind it.
///
/// ```
/// use igam_analyze::{Classes, Information, Options, information};
/// use ndarray::array;
///
/// let x = array![[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]];
/// let classes = Classes::from_names(["cross"])?;
/// let amounts = information(x.view(), &[0, 0, 0, 0], classes, &Options::new())?;
/// let Information { instances, dim_per_instance, floor, .. } = amounts[0].of_classes()[0].unwrap();
/// assert_eq!((instances, dim_per_instance), (4, 0.5));
/// // `mp-floor` raises no eigenvalue here: both are 0.5, the floor is (1−√0.5)² = 0.086.
/// assert_eq!(floor.map(|floor| floor.fraction), Some(0.0));
/// # Ok::<(), igam_analyze::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Information {
    /// I in bits.
    pub bits: f64,
    /// Number of embeddings m that it was computed from.
    pub instances: u64,
    /// Dimensions per embedding p/m: above 1 the sample covariance is singular.
    pub dim_per_instance: f64,
    /// The effect of the eigenvalue floor, if the estimator has one.
    pub floor: Option<FloorShare>,
    /// The spread of the embeddings, the same for each estimator; `None` if all embeddings are equal.
    pub spread: Option<Spread>,
}

/// The floor's part in an information amount.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FloorShare {
    /// The floor λ₋.
    pub level: f64,
    /// Share of the p eigenvalues that were raised to λ₋, 0 to 1.
    pub fraction: f64,
    /// Bits of I that come from the floor alone, ½ log₂(1+λ₋) for each eigenvalue raised to it:
    /// they depend on p and m, not on the embeddings.
    pub bits: f64,
}

impl Information {
    /// The information amount of a class with this spectrum, under `estimator`.
    ///
    /// # Errors
    /// If the estimator does not exist for this class.
    pub fn of(spectrum: &Spectrum, estimator: Estimator) -> Result<Information, Refusal> {
        let spread = Spread::of(&spectrum.eigenvalues);
        Ok(Information::of_shrunk(estimator.shrink(spectrum)?, spectrum.instances, spread))
    }

    /// The same from the moments of a class, under each of `estimators`; a class without embeddings
    /// has none. One estimator alone may not need all eigenvalues: `mp-floor` those above its floor,
    /// `sample` none.
    ///
    /// # Errors
    /// If the covariance overflows, or the eigenvalue iteration fails; for an estimator, if it does
    /// not exist for this class.
    pub fn of_moments<T: Value>(
        moments: Moments<T>,
        estimators: &[Estimator],
    ) -> Result<Option<Vec<Result<Information, Refusal>>>, SpectrumError> {
        let (dim, instances) = (moments.dim(), moments.count());
        if instances == 0 {
            return Ok(None);
        }
        let product = |moments: Moments<T>| {
            let (product, _) = moments.into_product();
            let spread = Spread::of_product(&product, instances);
            (product, spread)
        };
        let one = match estimators {
            [Estimator::MpFloor] => {
                let (product, spread) = product(moments);
                let level = mp_lower_edge(dim, instances);
                let eigenvalues = Spectrum::above(product, instances, level)?;
                Information::of_shrunk(mp_floor(dim, instances, &eigenvalues), instances, spread)
            }
            [Estimator::Sample] => {
                let (product, spread) = product(moments);
                let dim_per_instance = dim as f64 / instances as f64;
                let bits = log_det(product, instances)? / (2.0 * LN_2);
                Information { bits, instances, dim_per_instance, floor: None, spread }
            }
            _ => {
                let Some(spectrum) = Spectrum::of(moments)? else { return Ok(None) };
                let each =
                    estimators.iter().map(|&estimator| Information::of(&spectrum, estimator));
                return Ok(Some(each.collect()));
            }
        };
        Ok(Some(vec![Ok(one)]))
    }

    fn of_shrunk(shrunk: Shrunk, instances: u64, spread: Option<Spread>) -> Information {
        let dim = shrunk.eigenvalues.len();
        let share = |floor: Floor| FloorShare {
            level: floor.level,
            fraction: floor.floored as f64 / dim as f64,
            bits: floor.floored as f64 * bits(&[floor.level]),
        };
        Information {
            bits: bits(&shrunk.eigenvalues),
            instances,
            dim_per_instance: dim as f64 / instances as f64,
            floor: shrunk.floor.map(share),
            spread,
        }
    }
}
