//! Which row of a classifier is which class. Several mappings are compared by the recall that they give. With a
//! wrong one, every class is shifted and recall is near chance.

use ndarray::{Array2, ArrayView1};

/// A mapping of the rows of a classifier's last layer to classes.
#[derive(Clone, Debug, PartialEq)]
pub struct RowMapping {
    /// The row of each class, if it has one.
    rows: Vec<Option<usize>>,
    /// The background's row, if boxes can be classified as background. Other rows are not used.
    background: Option<usize>,
    /// Whether features and weights are taken at unit length, without the bias.
    cosine: bool,
}

impl RowMapping {
    /// Rows in the order of the classes, without that of the background.
    pub fn without(background: Option<usize>, classes: usize, cosine: bool) -> RowMapping {
        let after = |class: usize| background.is_some_and(|background| class >= background);
        let rows = (0..classes).map(|class| Some(class + usize::from(after(class)))).collect();
        RowMapping { rows, background: None, cosine }
    }

    /// The same, but boxes can be taken for background.
    pub fn with(background: Option<usize>, classes: usize, cosine: bool) -> RowMapping {
        RowMapping { background, ..RowMapping::without(background, classes, cosine) }
    }

    /// As many rows as classes, each class in the row after its own (`by` 1) or before it (−1): what is left
    /// where the background's row is at one end and the row at the other end was removed. One class has no row.
    pub fn shifted(by: isize, classes: usize, cosine: bool) -> RowMapping {
        let row = |class: usize| class.checked_add_signed(by).filter(|&row| row < classes);
        RowMapping { rows: (0..classes).map(row).collect(), background: None, cosine }
    }

    /// Whether features and weights are taken at unit length.
    pub fn cosine(&self) -> bool {
        self.cosine
    }

    /// Whether the largest logit among the rows of classes, of equal ones the first, is that of the class.
    fn right(&self, class: usize, logits: ArrayView1<f64>) -> bool {
        let mut largest: Option<(usize, f64)> = None;
        for (class, row) in self.rows.iter().enumerate() {
            if let Some(row) = *row
                && largest.is_none_or(|(_, logit)| logits[row] > logit)
            {
                largest = Some((class, logits[row]));
            }
        }
        let background = self.background.map_or(f64::NEG_INFINITY, |row| logits[row]);
        largest.is_some_and(|(found, logit)| found == class && logit >= background)
    }
}

/// The recall of a last layer under several mappings.
#[derive(Clone, Debug)]
pub struct Recalls {
    /// The class of each embedding.
    labels: Vec<u32>,
    /// For each mapping, whether each embedding is recognized.
    right: Vec<Vec<bool>>,
    /// Embeddings of each class.
    counts: Vec<u64>,
}

impl Recalls {
    /// Embeddings (n×p) of these classes, indices among so many as the mappings have, shown to weights (R×p)
    /// with their bias, R values, where there is one.
    pub fn of(
        (embeddings, labels): (&Array2<f64>, &[u32]),
        (weights, bias): (&Array2<f64>, Option<&[f64]>),
        mappings: &[RowMapping],
    ) -> Recalls {
        let products = embeddings.dot(&weights.t());
        let lengths: Vec<f64> = weights.outer_iter().map(|row| row.dot(&row).sqrt()).collect();
        // The length of an embedding changes no order among its cosines.
        let logit = |(row, product): (usize, &f64), cosine: bool| match (cosine, bias) {
            (true, _) if lengths[row] > 0.0 => product / lengths[row],
            (false, Some(bias)) => product + bias[row],
            _ => *product,
        };
        let logits = |cosine: bool| {
            let of_row = |row: ArrayView1<f64>| {
                row.iter().enumerate().map(|one| logit(one, cosine)).collect()
            };
            products.outer_iter().map(of_row).collect::<Vec<ndarray::Array1<f64>>>()
        };
        let [linear, cosine] = [logits(false), logits(true)];
        let right = |mapping: &RowMapping| {
            let logits = if mapping.cosine { &cosine } else { &linear };
            let pairs = labels.iter().zip(logits);
            pairs.map(|(&class, logits)| mapping.right(class as usize, logits.view())).collect()
        };
        let classes = mappings.iter().map(|mapping| mapping.rows.len()).max().unwrap_or_default();
        let mut counts = vec![0; classes];
        labels.iter().for_each(|&class| counts[class as usize] += 1);
        Recalls { labels: labels.to_vec(), right: mappings.iter().map(right).collect(), counts }
    }

    /// Number of classes that have embeddings.
    fn classes(&self) -> usize {
        self.counts.iter().filter(|&&count| count > 0).count()
    }

    /// Mean of the recall of each class that has embeddings, 0–1: a layer that knows nothing has 1/C,
    /// however unequal the classes are.
    pub fn recall(&self, mapping: usize) -> f64 {
        let right = self.labels.iter().zip(&self.right[mapping]).filter(|&(_, &right)| right);
        let shares = right.map(|(&class, _)| 1.0 / self.counts[class as usize] as f64);
        shares.fold(0.0, |sum, share| sum + share) / self.classes().max(1) as f64
    }

    /// Whether recall under a mapping is above chance.
    pub fn knows(&self, mapping: usize) -> bool {
        self.recall(mapping) > 1.0 / self.classes().max(1) as f64
    }

    /// Whether recall under one mapping is so much better than under another as no accident is: by `least`,
    /// and by two standard errors of the sign test on the embeddings that one of them alone recognizes.
    fn better_by(&self, least: f64, better: usize, other: usize) -> bool {
        let pairs = self.right[better].iter().zip(&self.right[other]);
        let (mut wins, mut losses) = (0.0, 0.0);
        for (&ours, &theirs) in pairs {
            wins += f64::from(u8::from(ours && !theirs));
            losses += f64::from(u8::from(theirs && !ours));
        }
        let sure = wins - losses > 2.0 * f64::sqrt(wins + losses);
        sure && self.recall(better) - self.recall(other) >= least
    }

    /// Whether classes are clearly in the rows of one mapping rather than of another. Where a layer has no
    /// part in its classes, each is recognized by chance or not, and the difference of two recalls spreads by
    /// √2/C: four times that are asked for, and never more than 0.5.
    pub fn other_rows(&self, better: usize, other: usize) -> bool {
        let least = (6.0 / self.classes().max(1) as f64).clamp(0.1, 0.5);
        self.better_by(least, better, other)
    }

    /// Whether a layer is clearly taken as it was trained under one of two mappings that differ in that one
    /// takes features and weights at unit length.
    pub fn other_kind(&self, better: usize, other: usize) -> bool {
        self.better_by(0.2, better, other)
    }
}

/// Above this standard deviation of the lengths of its rows by their mean, a layer is taken for a linear one.
/// Where cosines were trained, lengths have no part, but differ too: 0.13 in nine such heads on FOD-A, against
/// 0.17 to 0.23 in ten linear ones (0.13 with a sigmoid for each class, on `data/shapes`).
const LINEAR: f64 = 0.15;

/// The least and the greatest length of the rows of weights (C×p), if they differ as those of a linear
/// classifier do.
pub fn unequal_lengths(weights: &Array2<f64>) -> Option<(f64, f64)> {
    let lengths: Vec<f64> = weights.outer_iter().map(|row| row.dot(&row).sqrt()).collect();
    let count = lengths.len() as f64;
    let mean = lengths.iter().sum::<f64>() / count;
    let variance = lengths.iter().map(|length| (length - mean).powi(2)).sum::<f64>() / count;
    let least = lengths.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = lengths.iter().copied().fold(0.0, f64::max);
    (variance.sqrt() > LINEAR * mean).then_some((least, greatest))
}
