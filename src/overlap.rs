//! Distances between classes in the space of the embeddings, and their overlap.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use crate::kernel::product::square_distance;
use crate::pooled::{Pooled, WithinClasses};

/// Number of closest classes that are listed for a class.
pub const CLOSEST: usize = 3;

/// A class near another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Its index among the classes.
    pub class: usize,
    /// Mahalanobis distance D of the means under the pooled within-class covariance.
    pub distance: f64,
}

impl Neighbour {
    /// Φ(−D/2): the share of instances that the best boundary between two normal classes of this distance
    /// and one covariance gets wrong (Fisher's linear discriminant).
    pub fn overlap(&self) -> f64 {
        use statrs::distribution::{ContinuousCDF, Normal};
        Normal::standard().cdf(-self.distance / 2.0)
    }
}

/// The distances of all classes from one another.
#[derive(Clone, Debug)]
pub struct Overlap {
    /// D, C×C; NaN where a class has no embeddings.
    distances: Array2<f64>,
    closest: Vec<Vec<Neighbour>>,
    variability: Vec<Option<f64>>,
    /// The intensity ρ of the shrinkage of W, 0 to 1.
    pub intensity: f64,
}

impl Overlap {
    /// D²_ij = (μ_i−μ_j)ᵀ W⁻¹ (μ_i−μ_j) for all classes, where W is `pooled`.
    pub fn of(within: &WithinClasses, pooled: &Pooled) -> Overlap {
        let centre = within.centre();
        let whitened = pooled.whitened(&within.means, &centre);
        let distances = distances(within, |class| whitened.col_as_slice(class));
        let plain = distances_of_means(within);
        let classes = 0..within.classes();
        Overlap {
            closest: classes.clone().map(|class| closest(&distances, class)).collect(),
            variability: classes.map(|class| variability(within, &plain, class)).collect(),
            intensity: pooled.intensity,
            distances,
        }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.closest.len()
    }

    /// D of all, C×C; NaN where a class has no embeddings.
    pub fn distances(&self) -> ArrayView2<'_, f64> {
        self.distances.view()
    }

    /// D between two classes, if both have embeddings.
    pub fn distance(&self, i: usize, j: usize) -> Option<f64> {
        Some(self.distances[(i, j)]).filter(|distance| distance.is_finite())
    }

    /// The classes closest to one, [`CLOSEST`] at most, the closest first; of equal distances the lower index
    /// first.
    pub fn closest(&self, class: usize) -> &[Neighbour] {
        &self.closest[class]
    }

    /// The largest class-distance normalized variance (v_i+v_j)/(2‖μ_i−μ_j‖²) of a class with another,
    /// where v is the mean square distance from the mean: Galanti, György and Hutter, "On the role of neural
    /// collapse in transfer learning" (ICLR 2022). None where it is the only class, or the means of two are
    /// the same.
    pub fn variability(&self, class: usize) -> Option<f64> {
        self.variability[class]
    }
}

/// Euclid's distances of all classes that have embeddings, by a point each.
fn distances<'a>(within: &WithinClasses, point: impl Fn(usize) -> &'a [f64] + Sync) -> Array2<f64> {
    let classes = within.classes();
    let mut distances = Array2::from_elem((classes, classes), f64::NAN);
    let rows = distances.as_slice_mut().unwrap_or_default().par_chunks_mut(classes.max(1));
    rows.enumerate().filter(|&(i, _)| within.has(i)).for_each(|(i, row)| {
        for j in (0..=i).filter(|&j| within.has(j)) {
            row[j] = square_distance(point(i), point(j)).sqrt();
        }
    });
    for i in 0..classes {
        for j in 0..i {
            distances[(j, i)] = distances[(i, j)];
        }
    }
    distances
}

fn distances_of_means(within: &WithinClasses) -> Array2<f64> {
    let (means, dim) = (within.means.as_slice().unwrap_or_default(), within.dim());
    distances(within, |class| &means[class * dim..(class + 1) * dim])
}

fn closest(distances: &Array2<f64>, class: usize) -> Vec<Neighbour> {
    let row = distances.row(class);
    let others = row.iter().enumerate().filter(|&(j, distance)| j != class && distance.is_finite());
    let mut all: Vec<_> = others.map(|(class, &distance)| Neighbour { class, distance }).collect();
    all.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    all.truncate(CLOSEST);
    all
}

fn variability(within: &WithinClasses, distances: &Array2<f64>, class: usize) -> Option<f64> {
    let own = within.variance(class)?;
    let others = (0..within.classes()).filter(|&j| j != class);
    let with = |j| Some((own + within.variance(j)?) / (2.0 * distances[(class, j)].powi(2)));
    others.filter_map(with).max_by(f64::total_cmp).filter(|largest| largest.is_finite())
}

/// The shift of a class between its training and its held-out embeddings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// Mahalanobis distance of its two means under the pooled covariance W of training.
    pub distance: f64,
    /// The root of the mean square of that distance were the means of all instances the same: two means of
    /// few embeddings differ by chance. a_t/m_t + a_h/m_h is its square, with a = tr(W⁻¹V) for the pooled
    /// covariance V of training (t) and of what is held out (h).
    pub by_chance: f64,
}

impl Shift {
    /// √(D² − D²₀), or 0 if D is not above D₀, the distance by chance.
    pub fn beyond_chance(&self) -> f64 {
        (self.distance.powi(2) - self.by_chance.powi(2)).max(0.0).sqrt()
    }
}

/// The shift of each class that has embeddings of both kinds; `pooled` is the covariance of `training`.
///
/// # Panics
/// If the two are of other numbers of classes or dimensions.
pub fn shifts(
    training: &WithinClasses,
    pooled: &Pooled,
    held_out: &WithinClasses,
) -> Vec<Option<Shift>> {
    let inverse = pooled.inverse();
    let share = |of: &WithinClasses| of.scatter.inner(&inverse) / of.freedom() as f64;
    let of_training = share(training);
    // Without two embeddings of a class nothing is known of their spread.
    let of_held_out = if held_out.freedom() > 0 { share(held_out) } else { of_training };
    let of_class = |class: usize| {
        let [m_t, m_h] = [training, held_out].map(|within| within.counts[class] as f64);
        if m_t == 0.0 || m_h == 0.0 {
            return None;
        }
        let means = [training, held_out].map(|within| within.means.row(class));
        Some(Shift {
            distance: pooled.square_distance(means[0], means[1]).sqrt(),
            by_chance: (of_training / m_t + of_held_out / m_h).sqrt(),
        })
    };
    (0..training.classes()).into_par_iter().map(of_class).collect()
}
