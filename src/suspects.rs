//! Embeddings whose label may be wrong: they lie nearer to another class than to their own.

/// Suspects of a class that are listed.
pub const LISTED: usize = 20;

/// An embedding is suspect if it is so many times as likely under another class as under its own, were both
/// normal with the pooled within-class covariance. Of two classes, however much they overlap, at most 1 in 800
/// embeddings are so by chance: Φ(−√(2 ln 100)).
pub const TIMES_AS_LIKELY: f64 = 100.0;

/// An embedding that lies much nearer to the mean of another class than to that of its own, made without it.
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
    /// How much likelier it is under the other class: the logarithm of the ratio, ½(D²_own − D²).
    pub fn margin(&self) -> f64 {
        0.5 * (self.own * self.own - self.distance * self.distance)
    }

    /// Whether it is suspect.
    pub fn is_suspect(&self) -> bool {
        self.margin() > TIMES_AS_LIKELY.ln()
    }
}

/// The suspects of a class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suspects {
    /// Embeddings of the class.
    pub of: u64,
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

    /// The class that most of those listed lie nearer to; of several the lowest place.
    pub fn nearer_to(&self) -> Option<usize> {
        let mut places: Vec<usize> = self.worst.iter().map(|suspect| suspect.nearer_to).collect();
        places.sort_unstable();
        let runs = places.chunk_by(|a, b| a == b);
        runs.rev().max_by_key(|run| run.len()).map(|run| run[0])
    }

    /// Leaves the worst, in order; of equal margins the first that came.
    pub fn finish(&mut self) {
        self.worst.sort_by(|a, b| b.margin().total_cmp(&a.margin()));
        self.worst.truncate(LISTED);
    }
}
