//! Average precision of one class against all others.

/// The scores that a class's own rows have for it, best first, and how much weight of all rows ranks as high.
///
/// AP = Σ_k w_k·P(s_k) / Σ_k w_k over the class's rows k, where P(s) is the share of the class among all rows
/// that score at least s. It is the area under the precision-recall curve without interpolation, as
/// scikit-learn's `average_precision_score` has it.
#[derive(Clone, Debug)]
pub struct RankedScores {
    /// Descending.
    scores: Vec<f64>,
    /// Of each.
    weights: Vec<f64>,
    /// Weight of all rows whose score lies below the one before and not below this one.
    ranked: Vec<f64>,
}

impl RankedScores {
    /// Of the scores and weights of a class's own rows.
    pub fn new(mut own: Vec<(f64, f64)>) -> RankedScores {
        own.sort_by(|a, b| b.0.total_cmp(&a.0));
        let ranked = vec![0.0; own.len()];
        let (scores, weights) = own.into_iter().unzip();
        RankedScores { scores, weights, ranked }
    }

    /// Number of the class's own rows.
    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    /// Where a row of any class with this score ranks, if not below all of the class's own.
    pub fn place(&self, score: f64) -> Option<usize> {
        let place = self.scores.partition_point(|&own| own > score);
        (place < self.scores.len()).then_some(place)
    }

    /// Adds weights of rows, by the rank that they have.
    pub fn add(&mut self, weights: &[f64]) {
        self.ranked.iter_mut().zip(weights).for_each(|(ranked, weight)| *ranked += weight);
    }

    /// The average precision, 0 to 1, once all rows are added; none without own rows.
    pub fn average_precision(&self) -> Option<f64> {
        let total: f64 = self.weights.iter().sum();
        if total <= 0.0 {
            return None;
        }
        let (mut own, mut all, mut area, mut at) = (0.0, 0.0, 0.0, 0);
        while at < self.scores.len() {
            // Own rows with one score share their rank.
            let tied = self.scores[at..].partition_point(|&score| score >= self.scores[at]);
            let end = at + tied.max(1);
            let tied: f64 = self.weights[at..end].iter().sum();
            own += tied;
            all += self.ranked[at..end].iter().sum::<f64>();
            area += tied * own / all;
            at = end;
        }
        Some(area / total)
    }
}
