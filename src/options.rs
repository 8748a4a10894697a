//! How information amounts are computed.

use crate::kernel::product::Precision;
use crate::shrinkage::Estimator;

/// How information amounts are computed.
///
/// ```
/// use igam_analyze::{Estimator, Options};
///
/// let options = Options::new().estimator(Estimator::Sample).memory_limit(512 << 20);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    pub(crate) estimators: Vec<Estimator>,
    pub(crate) precision: Precision,
    pub(crate) memory_limit: Option<u64>,
}

impl Default for Options {
    /// The paper's estimator, in f64, without a limit.
    fn default() -> Options {
        let estimators = vec![Estimator::default()];
        Options { estimators, precision: Precision::default(), memory_limit: None }
    }
}

impl Options {
    /// The paper's estimator, in f64, without a limit.
    pub fn new() -> Options {
        Options::default()
    }

    /// The covariance estimator.
    pub fn estimator(self, estimator: Estimator) -> Options {
        self.estimators(&[estimator])
    }

    /// Several covariance estimators, each once, from one pass over the embeddings; as before, if none is
    /// given.
    pub fn estimators(mut self, estimators: &[Estimator]) -> Options {
        let mut each: Vec<Estimator> = Vec::new();
        for &estimator in estimators {
            if !each.contains(&estimator) {
                each.push(estimator);
            }
        }
        if !each.is_empty() {
            self.estimators = each;
        }
        self
    }

    /// The number type of sums of products: f32 is faster for classes of more than a thousand
    /// embeddings at about a thousand dimensions, and right to about six digits.
    pub fn precision(mut self, precision: Precision) -> Options {
        self.precision = precision;
        self
    }

    /// Most bytes to use. Files are read in as many passes as needed; results do not depend on it.
    pub fn memory_limit(mut self, bytes: u64) -> Options {
        self.memory_limit = Some(bytes);
        self
    }
}
