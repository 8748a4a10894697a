//! Embeddings whose label may be wrong: they are nearer to another class than to their own.

use std::cmp::Reverse;

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
    /// The class that it is nearest to, an index among the classes.
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

/// The embeddings of a class that lie nearer to another class than to their own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suspects {
    /// Embeddings of the class.
    pub of: u64,
    /// The classes that embeddings lie nearest to, other than their own, and how many; most often first. Of
    /// classes that overlap there are many without any wrong label.
    pub nearer: Vec<(usize, u64)>,
    /// The same of suspects alone.
    pub suspected: Vec<(usize, u64)>,
    /// The suspects with the largest margins, [`LISTED`] at most, the largest first.
    pub worst: Vec<Suspect>,
}

impl Suspects {
    /// Takes in one more that lies nearer to another class.
    pub fn add(&mut self, suspect: Suspect) {
        count(&mut self.nearer, suspect.nearer_to);
        if !suspect.is_suspect() {
            return;
        }
        count(&mut self.suspected, suspect.nearer_to);
        self.worst.push(suspect);
        if self.worst.len() >= 2 * LISTED {
            self.finish();
        }
    }

    /// How many suspects there are.
    pub fn count(&self) -> u64 {
        self.suspected.iter().map(|(_, count)| count).sum()
    }

    /// The share of the embeddings that lie nearer to this class than to any other and their own.
    pub fn share_nearer_to(&self, class: usize) -> f64 {
        let found = self.nearer.iter().find(|(nearer, _)| *nearer == class);
        found.map_or(0.0, |&(_, count)| count as f64 / self.of as f64)
    }

    /// Leaves the worst, in order; of equal margins the first that came.
    pub fn finish(&mut self) {
        self.worst.sort_by(|a, b| b.margin().total_cmp(&a.margin()));
        self.worst.truncate(LISTED);
        for counts in [&mut self.nearer, &mut self.suspected] {
            counts.sort_by_key(|&(class, count)| (Reverse(count), class));
        }
    }
}

fn count(counts: &mut Vec<(usize, u64)>, class: usize) {
    match counts.iter_mut().find(|(counted, _)| *counted == class) {
        Some((_, count)) => *count += 1,
        None => counts.push((class, 1)),
    }
}
