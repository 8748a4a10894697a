//! After Eq. 6: the normalized information amount I′.

/// Three interpretations of the paper's formula for I′, with x_i = I_i/(Ī√C).
///
/// ```
/// use igam_analyze::Normalization;
///
/// let normalized = Normalization::Softmax.normalize(&[12.0, 3.0]);
/// // ln(I′₀/I′₁) is above 0: the first class has more information.
/// assert!(normalized.log_ratio(0, 1) > 0.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Normalization {
    /// I′_i = C·e^{e^{x_i}} / Σ_j e^{x_j} + 1 with Ī = Σ_j I_j, as it is printed.
    #[default]
    Printed,
    /// The same with Ī the mean of the I_j, as its bar suggests.
    PrintedMean,
    /// I′_i = C·e^{x_i} / Σ_j e^{x_j} + 1 with Ī the mean: a softmax.
    Softmax,
}

impl Normalization {
    /// All values.
    pub const ALL: &'static [Normalization] =
        &[Normalization::Printed, Normalization::PrintedMean, Normalization::Softmax];

    /// The name on the command line and in the files.
    pub fn name(self) -> &'static str {
        match self {
            Normalization::Printed => "printed",
            Normalization::PrintedMean => "printed-mean",
            Normalization::Softmax => "softmax",
        }
    }

    /// Normalizes the information amounts of C classes, in bits. Classes that have none take no part
    /// in Ī, the sum or C: leave them out. Where all amounts are 0, x is 0/0: they are equal, and I′
    /// is what it is for any other equal amounts.
    pub fn normalize(self, information: &[f64]) -> Normalized {
        let classes = information.len() as f64;
        let mut information = information.to_vec();
        if information.iter().all(|&i| i == 0.0) {
            information.fill(1.0);
        }
        let total: f64 = information.iter().sum();
        let mean = if self == Normalization::Printed { total } else { total / classes };
        let per_bit = 1.0 / (mean * classes.sqrt());
        let doubly = self != Normalization::Softmax;

        let x: Vec<f64> = information.iter().map(|i| i * per_bit).collect();
        let top = x.iter().copied().fold(0.0, f64::max);
        let log_sum = top + x.iter().map(|x| (x - top).exp()).sum::<f64>().ln();
        let exponent = |x: f64| if doubly { x.exp() } else { x };
        let log_excess = x.iter().map(|&x| classes.ln() + exponent(x) - log_sum).collect();
        Normalized { doubly, per_bit, information, log_excess }
    }
}

/// The normalized information amounts I′ of C classes, stored as logarithms: e^{e^x} overflows when
/// one class dominates.
#[derive(Clone, Debug)]
pub struct Normalized {
    /// Whether the numerator is e^{e^x}, not e^x.
    doubly: bool,
    /// x of one bit.
    per_bit: f64,
    information: Vec<f64>,
    /// ln(I′−1).
    log_excess: Vec<f64>,
}

impl Normalized {
    /// Number of classes C.
    pub fn len(&self) -> usize {
        self.information.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.information.is_empty()
    }

    /// I′ of each class; infinite where f64 cannot hold it.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        self.log_excess.iter().map(|log| log.exp() + 1.0)
    }

    /// ln(I′_i / I′_j), to full relative precision also where the two are all but equal.
    pub fn log_ratio(&self, i: usize, j: usize) -> f64 {
        let (greater, lesser) = (self.information[i], self.information[j]);
        if greater < lesser {
            return -self.log_ratio(j, i);
        }
        // From ln(I′_j−1) = a to ln(I′_i−1) = a + rise.
        let step = (greater - lesser) * self.per_bit;
        let rise = if self.doubly { (lesser * self.per_bit).exp() * step.exp_m1() } else { step };
        let (above, below) = (self.log_excess[i], self.log_excess[j]);
        if rise > 1.0 {
            return softplus(above) - softplus(below);
        }
        // (1+e^{a+rise})/(1+e^a) = 1 + (e^rise−1)/(1+e^−a)
        (rise.exp_m1() / (1.0 + (-below).exp())).ln_1p()
    }
}

/// ln(1+e^a).
fn softplus(a: f64) -> f64 {
    a.max(0.0) + (-a.abs()).exp().ln_1p()
}
