//! Embeddings whose label may be wrong: they lie nearer to another class than to their own.

/// Suspects of a class that are listed.
pub const LISTED: usize = 20;

/// An embedding that lies nearer to the mean of another class than to that of its own, made without it.
/// Distances are Mahalanobis's under the pooled within-class covariance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Suspect {
    /// Its row.
    pub row: u64,
    /// The class that it is nearest to, a place among the classes.
    pub nearer_to: usize,
    /// Distance from the mean of the others of its own class.
    pub own: f64,
    /// Distance from that class's mean.
    pub distance: f64,
}

impl Suspect {
    /// How much nearer it lies to the other class.
    pub fn margin(&self) -> f64 {
        self.own - self.distance
    }
}

/// The suspects of a class. Classes that overlap have many without any wrong label.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suspects {
    /// How many there are.
    pub count: u64,
    /// Those with the largest margins, [`LISTED`] at most, the largest first.
    pub worst: Vec<Suspect>,
}

impl Suspects {
    /// Takes in one more.
    pub fn add(&mut self, suspect: Suspect) {
        self.count += 1;
        self.worst.push(suspect);
        if self.worst.len() >= 2 * LISTED {
            self.finish();
        }
    }

    /// Leaves the worst, in order; of equal margins the first that came.
    pub fn finish(&mut self) {
        self.worst.sort_by(|a, b| b.margin().total_cmp(&a.margin()));
        self.worst.truncate(LISTED);
    }
}
