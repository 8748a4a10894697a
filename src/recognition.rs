//! Whether the classifier knows an object when it is shown its box: recall by class, localization taken out
//! of the question.

/// What the classifier takes the embeddings of one class for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recognition {
    /// Embeddings of the class.
    pub rows: u64,
    /// Those whose largest logit is that of their class.
    pub right: u64,
    /// Classes that the others are taken for, places among the classes, and how often; most often first.
    pub taken_for: Vec<(usize, u64)>,
}

impl Recognition {
    /// Recall, 0–1; none without embeddings.
    pub fn recall(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.right as f64 / self.rows as f64)
    }
}
