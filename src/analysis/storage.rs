//! The memory for the covariances of a data set, and what fits into a budget (Eq. 9–10, Figure 3).

use crate::error::{Error, Result};
use crate::storage::{Shape, Store, Strategy};
use crate::warning::{Warning, Warnings};
use crate::words::grouped;

/// The numbers of instances and classes of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// Number of instances N.
    pub instances: u64,
    /// Number of classes C.
    pub classes: u64,
    /// Instances of each class, where they are known.
    pub counts: Option<Vec<u64>>,
}

impl Population {
    /// The numbers for classes with these counts.
    ///
    /// # Errors
    /// If they sum to more than 64 bits can count.
    pub fn of(counts: Vec<u64>) -> Result<Population> {
        let sum = counts.iter().try_fold(0_u64, |sum, &count| sum.checked_add(count));
        let instances = sum.ok_or_else(|| {
            Error::Input("the instance counts sum to more than 64 bits can count".into())
        })?;
        Ok(Population { instances, classes: counts.len() as u64, counts: Some(counts) })
    }
}

/// The memory for the covariances of a data set (Eq. 9–10).
///
/// ```
/// use igam_analyze::{Population, Storage};
///
/// // Listing 2 of the paper: Pascal VOC.
/// let voc = Population { instances: 55_800, classes: 20, counts: None };
/// let storage = Storage::of("voc", "Pascal VOC", 128, voc)?;
/// assert!(storage.shape.best_length() > 1000);
/// # Ok::<(), igam_analyze::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Storage {
    /// The name; may be empty.
    pub name: String,
    /// The name as in a sentence.
    pub title: String,
    /// N, p and C.
    pub shape: Shape,
    /// Instances of each class, where they are known.
    pub counts: Option<Vec<u64>>,
    /// The memory for each strategy.
    pub stores: Vec<Store>,
}

impl Storage {
    /// The memory for a data set with embeddings of `dim` dimensions; `name` is short, `title` for sentences.
    ///
    /// # Errors
    /// If a number is 0, or the stores are too large to be counted.
    pub fn of(
        name: impl Into<String>,
        title: &str,
        dim: u64,
        Population { instances, classes, counts }: Population,
    ) -> Result<Storage> {
        let shape = Shape::new(instances, dim, classes)?;
        let stores = shape.stores(counts.as_deref());
        let comma = if title.is_empty() { "" } else { ", " };
        let title = format!(
            "{title}{comma}N = {}, p = {}, C = {}",
            grouped(instances),
            grouped(dim),
            grouped(classes)
        );
        Ok(Storage { name: name.into(), title, shape, counts, stores })
    }

    /// R and the saving, where the size of the store is known.
    pub fn ratio(&self, store: &Store) -> Option<f64> {
        store.values.map(|values| self.shape.ratio(values))
    }

    /// Stores of unknown size, and a paper's store that never saves.
    pub fn warnings(&self) -> Warnings {
        let mut warnings = Warnings::default();
        let mut unknown = Vec::new();
        if self.shape.grid_length().is_none() {
            unknown.push("paper-grid (the grid of Listing 2 begins at d = 1000, above N)");
        }
        if self.counts.is_none() {
            unknown.push("hybrid (needs the instances of each class: give --counts or --labels instead of totals)");
        }
        if !unknown.is_empty() {
            warnings
                .add(Warning::UnknownStore { titles: vec![self.title.clone()], stores: unknown });
        }
        let least = self.shape.ratio(self.shape.paper(self.shape.best_length()) as f64);
        if least >= 1.0 {
            let saves = |store: &&Store| {
                store.strategy != Strategy::Original
                    && self.ratio(store).is_some_and(|ratio| ratio < 1.0)
            };
            let saving = self.stores.iter().filter(saves);
            let named = |store: &Store| Some((store.strategy.name(), self.ratio(store)?));
            warnings.add(Warning::NeverSaves {
                title: self.title.clone(),
                least,
                others: saving.filter_map(named).collect(),
            });
        }
        warnings
    }
}

/// Whether a strategy fits into the memory, and the longest queue with which it does.
#[derive(Clone, Debug)]
pub struct Fit<'a> {
    /// The data set.
    pub storage: &'a Storage,
    /// The strategy.
    pub strategy: Strategy,
    /// Whether it fits; `None` if the size of the store is not known.
    pub fits: Option<bool>,
    /// The longest queue with which it fits.
    pub longest: Option<u64>,
}

/// Each strategy in a memory of `values`; the paper's once, because its queue length is free here.
pub fn fits(data_sets: &[Storage], values: u64) -> Vec<Fit<'_>> {
    let fit = |storage, store: &Store| {
        let Storage { shape, .. }: &Storage = storage;
        let strategy = store.strategy;
        let longest = match strategy {
            Strategy::PaperGrid => return None,
            Strategy::Paper => shape.longest_paper_queue(values),
            Strategy::Running => shape.longest_running_queue(values),
            Strategy::Original | Strategy::Hybrid => None,
        };
        let fits = match strategy {
            Strategy::Paper | Strategy::Running => Some(longest.is_some()),
            Strategy::Original | Strategy::PaperGrid | Strategy::Hybrid => {
                store.values.map(|needed| needed <= values as f64)
            }
        };
        Some(Fit { storage, strategy, fits, longest })
    };
    data_sets
        .iter()
        .flat_map(|storage| storage.stores.iter().filter_map(move |store| fit(storage, store)))
        .collect()
}
