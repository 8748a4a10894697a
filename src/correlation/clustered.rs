//! A partial correlation whose error does not ask the classes to be equally noisy, nor independent.

use nalgebra::{DMatrix, DVector, SymmetricEigen};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::regression::two_sided_p;
use super::{Pearson, Residuals};

/// The mean partial correlation over runs, with the cluster-robust standard error CR2 and the degrees of
/// freedom that go with it.
///
/// It is the coefficient of x in the regression of y on x, a constant and the controls of each run, x
/// and y being scaled so that their residuals have length 1 in each run. CR2 and its degrees of freedom
/// (Satterthwaite's) are those of Bell and McCaffrey 2002, as Pustejovsky and Tipton 2018 have them, with
/// equal and independent noise as the working model. With one run and each class a cluster they are
/// White's standard error in its HC2 form and the degrees of freedom of Bell and McCaffrey.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clustered {
    /// The mean partial r.
    pub r: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Degrees of freedom ν of Student's t.
    pub freedom: f64,
    /// Number of clusters.
    pub clusters: usize,
}

/// Directions in which a cluster's noise is all taken up by the fit: below this of 1.
const TAKEN_UP: f64 = 1e-9;

impl Clustered {
    /// Of runs with a cluster's number, from 0 on, for each class of each run: classes of one cluster, in
    /// one run or several, may be alike. `None` with fewer than two clusters, or nothing to see the noise by.
    ///
    /// # Panics
    /// If the numbers of runs or of classes differ.
    pub fn of(runs: &[&Residuals], clusters: &[Vec<usize>]) -> Option<Clustered> {
        assert_eq!(runs.len(), clusters.len(), "clusters for every run");
        let count = clusters.iter().flatten().max()? + 1;
        let mut members = vec![Vec::new(); count];
        for (run, clusters) in clusters.iter().enumerate() {
            assert_eq!(runs[run].classes(), clusters.len(), "a cluster for every class");
            clusters.iter().enumerate().for_each(|(row, &at)| members[at].push((run, row)));
        }
        members.retain(|members| !members.is_empty());
        if members.len() < 2 {
            return None;
        }

        let runs: Vec<Scaled> = runs.iter().map(|run| Scaled::of(run)).collect();
        let total = runs.len() as f64;
        let r = runs.iter().map(|run| run.x.dot(&run.y)).sum::<f64>() / total;
        // Columns of 1 and the controls of each run, then the one of x.
        let width = runs.iter().map(|run| run.basis.ncols()).sum::<usize>() + 1;
        let mut weights = DMatrix::<f64>::zeros(width, members.len());
        let (mut meat, mut lengths) = (0.0, Vec::new());
        for (mut projected, members) in weights.column_iter_mut().zip(&members) {
            let x = DVector::from_iterator(
                members.len(),
                members.iter().map(|&(run, row)| runs[run].x[row]),
            );
            let noise = DVector::from_iterator(
                members.len(),
                members.iter().map(|&(run, row)| runs[run].y[row] - r * runs[run].x[row]),
            );
            let left = DMatrix::from_fn(members.len(), members.len(), |i, j| {
                let ((run, a), (other, b)) = (members[i], members[j]);
                let within = if run == other { runs[run].hat(a, b) } else { 0.0 };
                f64::from(i == j) - within - x[i] * x[j] / total
            });
            // (1−H)^−½ of this cluster, times x.
            let SymmetricEigen { eigenvectors, eigenvalues } = left.symmetric_eigen();
            let mut along = eigenvectors.tr_mul(&x);
            along.zip_apply(&eigenvalues, |along, value| {
                *along *= if value > TAKEN_UP { value.sqrt().recip() } else { 0.0 };
            });
            let weight = eigenvectors * along;
            meat += weight.dot(&noise).powi(2);
            lengths.push(weight.norm_squared());
            for (&weight, &(run, row)) in weight.iter().zip(members) {
                let before: usize = runs[..run].iter().map(|run| run.basis.ncols()).sum();
                for (at, value) in runs[run].basis.row(row).iter().enumerate() {
                    projected[before + at] += weight * value;
                }
                projected[width - 1] += weight * runs[run].x[row] / total.sqrt();
            }
        }
        // G has these on its diagonal, and −zᵢ·zⱼ elsewhere, with z the columns of the weights.
        let projected: Vec<f64> = weights.column_iter().map(|z| z.norm_squared()).collect();
        let pairs = || lengths.iter().zip(&projected);
        let trace: f64 = pairs().map(|(length, projected)| length - projected).sum();
        let gram: DMatrix<f64> = &weights * weights.transpose();
        let squares = pairs().map(|(length, projected)| length * length - 2.0 * length * projected);
        let freedom = trace * trace / (squares.sum::<f64>() + gram.norm_squared());
        let standard_error = meat.sqrt() / total;
        let is_some = standard_error > 0.0 && freedom.is_finite() && freedom > 0.0;
        is_some.then_some(Clustered { r, standard_error, freedom, clusters: members.len() })
    }

    /// 95% interval r ± t·error, cut off at −1 and 1.
    pub fn interval(&self) -> (f64, f64) {
        let half = self.quantile(0.975) * self.standard_error;
        ((self.r - half).max(-1.0), (self.r + half).min(1.0))
    }

    /// Two-sided p-value of 0.
    pub fn p_value(&self) -> f64 {
        two_sided_p(self.r / self.standard_error, self.freedom)
    }

    /// The least |r| that is told from 0 at 5% in 80% of such sets (Bloom 1995); `None` where not even 1 is.
    pub fn detectable(&self) -> Option<f64> {
        let least = (self.quantile(0.975) + self.quantile(0.8)) * self.standard_error;
        (least < 1.0).then_some(least)
    }

    /// With its interval and p-value, as the correlation of `classes` classes.
    pub fn pearson(&self, classes: usize) -> Pearson {
        let (interval, p_value) = (Some(self.interval()), Some(self.p_value()));
        Pearson { r: self.r, interval, p_value, classes }
    }

    /// Of Student's t.
    fn quantile(&self, probability: f64) -> f64 {
        StudentsT::new(0.0, 1.0, self.freedom).map_or(f64::INFINITY, |t| t.inverse_cdf(probability))
    }
}

/// A run's residuals, of length 1 each.
struct Scaled<'a> {
    x: DVector<f64>,
    y: DVector<f64>,
    basis: &'a DMatrix<f64>,
}

impl Scaled<'_> {
    fn of(run: &Residuals) -> Scaled<'_> {
        Scaled { x: run.x.normalize(), y: run.y.normalize(), basis: &run.basis }
    }

    /// Of the constant and the controls.
    fn hat(&self, a: usize, b: usize) -> f64 {
        self.basis.row(a).dot(&self.basis.row(b))
    }
}
