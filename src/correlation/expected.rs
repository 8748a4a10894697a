//! What others lead to expect of one: leave-one-out prediction, and who deviates from it.

/// What the other classes lead to expect of a class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// The prediction ŷ of the regression without the class.
    pub value: f64,
    /// Its 95% prediction interval.
    pub interval: (f64, f64),
    /// y − ŷ, in units of y.
    pub residual: f64,
    /// The externally studentized (deleted) residual.
    pub deleted_residual: f64,
    /// Whether it is flagged by Benjamini and Hochberg's rule over all classes.
    pub flagged: bool,
}
