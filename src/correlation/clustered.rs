//! A partial correlation with a robust standard error: classes may differ in noise, and may be dependent.

use nalgebra::{DMatrix, DVector, SymmetricEigen};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::regression::two_sided_p;
use super::{Pearson, Residuals};

/// The mean partial correlation over runs, with the cluster-robust standard error CR2 and the degrees of
/// freedom that go with it.
///
/// It is the coefficient of x in the regression of y on x, a constant and the controls of each run. First,
/// x and y are scaled so that their residuals have length 1 in each run. CR2 and its degrees of freedom
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

        let runs: Vec<Scaled> = runs.iter().map(|run| Scaled::of(run)).collect();
        let total = runs.len() as f64;
        let r = runs.iter().map(|run| run.x.dot(&run.y)).sum::<f64>() / total;
        // Where the columns of each run begin: 1 and its controls; the column of x is the last.
        let starts: Vec<usize> = runs
            .iter()
            .scan(0, |next, run| Some(std::mem::replace(next, *next + run.basis.ncols())))
            .collect();
        let width = runs.iter().map(|run| run.basis.ncols()).sum::<usize>() + 1;
        let mut weights = DMatrix::<f64>::zeros(width, members.len());
        let (mut meat, mut own) = (0.0, Vec::new());
        for (mut projected, members) in weights.column_iter_mut().zip(&members) {
            let x = members.iter().map(|&(run, row)| runs[run].x[row]);
            let x = DVector::from_iterator(members.len(), x);
            let noise = members.iter().map(|&(run, row)| runs[run].y[row] - r * runs[run].x[row]);
            let noise = DVector::from_iterator(members.len(), noise);
            // The hat matrix of the cluster is this times its transpose.
            let mut hat = DMatrix::<f64>::zeros(members.len(), width);
            for (at, &(run, row)) in members.iter().enumerate() {
                let basis = runs[run].basis.row(row);
                hat.view_mut((at, starts[run]), (1, basis.ncols())).copy_from(&basis);
                hat[(at, width - 1)] = runs[run].x[row] / total.sqrt();
            }
            let (weight, length) = weigh(&hat, &x, total)?;
            meat += weight.dot(&noise).powi(2);
            projected.copy_from(&hat.tr_mul(&weight));
            own.push(length);
        }
        // G = (1−H) between the weights of two clusters: their own on the diagonal, −zᵢ·zⱼ elsewhere.
        let trace: f64 = own.iter().sum();
        let mut between = weights.tr_mul(&weights);
        between.fill_diagonal(0.0);
        let squares = own.iter().map(|own| own * own).sum::<f64>() + between.norm_squared();
        let freedom = trace * trace / squares;
        let standard_error = meat.sqrt() / total;
        let is_some = standard_error > 0.0 && freedom.is_finite() && freedom > 0.0;
        is_some.then_some(Clustered { r, standard_error, freedom, clusters: members.len() })
    }

    /// 95% interval r ± t·error, clipped to −1 and 1.
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

/// (1−H)^−½ x of a cluster with H = UUᵀ, U being `hat`, and xᵀ(1−H)^−½(1−H)(1−H)^−½x, which is x's length
/// without the directions that the fit takes up. `None` where it is x itself, of length² `total` in all
/// clusters, that takes one up: nothing then tells the noise in the direction that r hangs on.
fn weigh(hat: &DMatrix<f64>, x: &DVector<f64>, total: f64) -> Option<(DVector<f64>, f64)> {
    let (members, width) = hat.shape();
    let taken_up = |left: f64, along: f64| -> Option<bool> {
        let taken_up = left <= TAKEN_UP;
        (!taken_up || along * along <= TAKEN_UP * total).then_some(taken_up)
    };
    let mut length = x.norm_squared();
    if members <= width {
        let left = DMatrix::identity(members, members) - hat * hat.transpose();
        let SymmetricEigen { eigenvectors, eigenvalues } = left.symmetric_eigen();
        let mut along = eigenvectors.tr_mul(x);
        for (along, &left) in along.iter_mut().zip(&eigenvalues) {
            if taken_up(left, *along)? {
                length -= *along * *along;
                *along = 0.0;
            } else {
                *along /= left.sqrt();
            }
        }
        return Some((eigenvectors * along, length));
    }
    // Many members: 1−UUᵀ is 1 but for the span of U, whose eigenvectors are U·e/√s with UᵀU e = s e.
    let SymmetricEigen { eigenvectors, eigenvalues } = hat.tr_mul(hat).symmetric_eigen();
    let mut along = eigenvectors.tr_mul(&hat.tr_mul(x));
    for (along, &square) in along.iter_mut().zip(&eigenvalues) {
        if square <= TAKEN_UP {
            *along = 0.0;
            continue;
        }
        let (left, component) = (1.0 - square, *along / square.sqrt());
        if taken_up(left, component)? {
            length -= component * component;
            *along /= -square;
        } else {
            *along *= (left.sqrt().recip() - 1.0) / square;
        }
    }
    Some((x + hat * (eigenvectors * along), length))
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
}
