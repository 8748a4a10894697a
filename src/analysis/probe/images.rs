//! Which image each embedding is of.

use std::collections::HashSet;

use crate::classes::Labels;
use crate::observer::Observer;
use crate::warning::Warning;

/// The image that each row is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// Of each row, below `count`.
    pub of_row: Vec<u32>,
    /// How many there are.
    pub count: usize,
}

impl Images {
    /// Of anything that is equal for the rows of one image.
    pub fn of<K: std::hash::Hash + Eq>(keys: impl IntoIterator<Item = K>) -> Images {
        let mut numbers = std::collections::HashMap::new();
        let number = |key| {
            let next = numbers.len() as u32;
            *numbers.entry(key).or_insert(next)
        };
        let of_row: Vec<u32> = keys.into_iter().map(number).collect();
        let count = numbers.len();
        Images { of_row, count }
    }

    /// Of a name or number of each row, without the rows that are skipped (ascending).
    pub fn of_labels(labels: &Labels, skipped: &[usize]) -> Images {
        Images::of(labels.kept(skipped).map(|(_, code)| code))
    }
}

/// Warns of images that have both training and held-out embeddings.
pub fn check_shared(training: &Labels, held_out: &Labels, observer: &mut dyn Observer) {
    let texts = |labels: &Labels| -> HashSet<String> {
        (0..labels.keys().len()).map(|key| labels.keys().text(key)).collect()
    };
    let images = texts(training).intersection(&texts(held_out)).count();
    if images > 0 {
        observer.warn(Warning::SharedImages { images });
    }
}
