//! The pooled within-class covariance W: the unit in which distances between classes are measured.

use faer::linalg::solvers::{DenseSolveCore, Llt};
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{Mat, MatMut, Par, Scale, Side};
use ndarray::{Array2, ArrayView1};

use crate::kernel::SpectrumError;
use crate::kernel::product::Symmetric;
use crate::shrinkage::ledoit_wolf_intensity;

/// The least intensity of shrinkage that helps a matrix which cannot be inverted.
const LEAST: f64 = 1e-12;

/// Classes whose distances take 8 GiB.
const MOST_CLASSES: usize = 1 << 15;

/// Checks that the distances between so many classes fit into memory.
///
/// # Errors
/// A sentence, if not.
pub fn check_size(classes: usize) -> Result<(), String> {
    if classes <= MOST_CLASSES {
        return Ok(());
    }
    Err(format!(
        "distances between {classes} classes need a matrix that is too large (at most \
         {MOST_CLASSES} classes): check that the labels are class labels"
    ))
}

/// Means of classes, and the pooled scatter about them.
#[derive(Clone, Debug)]
pub struct WithinClasses {
    /// Embeddings m of each class.
    pub counts: Vec<u64>,
    /// Mean μ of each, C×p; of a class without embeddings zeros.
    pub means: Array2<f64>,
    /// Σ‖x−μ‖² of each.
    pub squares: Vec<f64>,
    /// The pooled scatter S = Σ(x−μ)(x−μ)ᵀ over the embeddings of all classes, each about the mean of its
    /// own.
    pub scatter: Symmetric,
    /// Q = Σ‖x−μ‖⁴ over the same.
    pub fourth: f64,
}

impl WithinClasses {
    /// No embeddings, of so many classes and dimensions.
    pub fn new(classes: usize, dim: usize) -> WithinClasses {
        WithinClasses {
            counts: vec![0; classes],
            means: Array2::zeros((classes, dim)),
            squares: vec![0.0; classes],
            scatter: Symmetric::zeros(dim),
            fourth: 0.0,
        }
    }

    /// Number of classes C.
    pub fn classes(&self) -> usize {
        self.counts.len()
    }

    /// Number of dimensions p.
    pub fn dim(&self) -> usize {
        self.means.ncols()
    }

    /// Whether a class has embeddings.
    pub fn has(&self, class: usize) -> bool {
        self.counts[class] > 0
    }

    /// Mean square distance of a class's embeddings from their mean, which is the trace of S/m.
    pub fn variance(&self, class: usize) -> Option<f64> {
        self.has(class).then(|| self.squares[class] / self.counts[class] as f64)
    }

    /// The same classes with these indices among `classes`.
    pub fn placed(self, places: &[usize], classes: usize) -> WithinClasses {
        let mut placed = WithinClasses {
            counts: vec![0; classes],
            means: Array2::zeros((classes, self.dim())),
            squares: vec![0.0; classes],
            scatter: self.scatter,
            fourth: self.fourth,
        };
        for (at, &place) in places.iter().enumerate() {
            placed.counts[place] = self.counts[at];
            placed.squares[place] = self.squares[at];
            placed.means.row_mut(place).assign(&self.means.row(at));
        }
        placed
    }

    /// Degrees of freedom N − C of S, counting the classes that have embeddings.
    pub fn freedom(&self) -> u64 {
        self.counts.iter().map(|count| count.saturating_sub(1)).sum()
    }

    /// W, the pooled covariance S/(N−C), shrunk: (1−ρ)·S/(N−C) + ρ·w̄·1, where w̄ is the mean of its
    /// eigenvalues. ρ is that of Ledoit and Wolf, "A well-conditioned estimator for large-dimensional
    /// covariance matrices" (2004), for N embeddings less the means of their classes. There is none where
    /// no class has two embeddings that differ.
    ///
    /// # Errors
    /// If the covariance is not finite.
    pub fn pooled(&self) -> Result<Option<Pooled>, SpectrumError> {
        let (rows, dim) = (self.counts.iter().sum::<u64>() as f64, self.dim() as f64);
        let (freedom, trace) = (self.freedom() as f64, self.scatter.diagonal().sum::<f64>());
        if !trace.is_finite() {
            return Err(SpectrumError::NotFinite);
        }
        if freedom == 0.0 || trace <= 0.0 {
            return Ok(None);
        }
        // All over the mean eigenvalue, so that no square over- or underflows.
        let scale = dim / trace;
        let fourth = (self.fourth * scale * rows) * (scale * rows);
        let squares = self.scatter.square_norm(scale, 0.0);
        let spread = self.scatter.square_norm(scale, 1.0);
        if !(fourth.is_finite() && squares.is_finite()) {
            return Err(SpectrumError::NotFinite);
        }
        let mean = trace / freedom / dim;
        let mut intensity = ledoit_wolf_intensity(fourth, squares, spread, rows);
        loop {
            let mut matrix = self.scatter.to_matrix();
            matrix *= Scale((1.0 - intensity) / freedom);
            for i in 0..self.dim() {
                matrix[(i, i)] += intensity * mean;
            }
            match matrix.llt(Side::Lower) {
                Ok(factor) => return Ok(Some(Pooled { factor, intensity })),
                Err(_) if intensity >= 1.0 => return Err(SpectrumError::NotFinite),
                Err(_) => intensity = (10.0 * intensity).clamp(LEAST, 1.0),
            }
        }
    }

    /// The mean of the means of the classes that have embeddings.
    pub fn centre(&self) -> Vec<f64> {
        let present = (0..self.classes()).filter(|&class| self.has(class));
        let (mut sum, mut count) = (vec![0.0; self.dim()], 0.0);
        for class in present {
            count += 1.0;
            for (sum, mean) in sum.iter_mut().zip(self.means.row(class)) {
                *sum += (mean - *sum) / count;
            }
        }
        sum
    }
}

/// W = LLᵀ, by its Cholesky factor.
#[derive(Clone, Debug)]
pub struct Pooled {
    factor: Llt<f64>,
    /// The intensity ρ of its shrinkage, 0 to 1.
    pub intensity: f64,
}

impl Pooled {
    /// L⁻¹v for each column v: in what comes out, Euclid's distance is Mahalanobis's.
    pub fn whiten(&self, columns: MatMut<f64>) {
        solve_lower_triangular_in_place(self.factor.L(), columns, Par::Seq);
    }

    /// The means of all classes less `centre`, whitened: p×C.
    pub fn whitened(&self, means: &Array2<f64>, centre: &[f64]) -> Mat<f64> {
        let (classes, dim) = means.dim();
        let mut columns = Mat::from_fn(dim, classes, |i, class| means[(class, i)] - centre[i]);
        self.whiten(columns.as_mut());
        columns
    }

    /// (a−b)ᵀW⁻¹(a−b).
    pub fn square_distance(&self, a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
        let mut step = Mat::from_fn(a.len(), 1, |i, _| a[i] - b[i]);
        self.whiten(step.as_mut());
        step.col_as_slice(0).iter().map(|value| value * value).sum()
    }

    /// W⁻¹.
    pub fn inverse(&self) -> Mat<f64> {
        self.factor.inverse()
    }
}
