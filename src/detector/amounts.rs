//! The information amounts of classes under one estimator, each as a value or the reason why not.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::classes::{Classes, IdsFrom, Union};
use crate::error::{Error, Result};
use crate::information::Information;
use crate::normalization::Normalization;
use crate::shrinkage::{Estimator, Refusal};
use crate::stream::ClassInformation;
use crate::warning::Warning;

/// Why a class has no information amount.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum NoInformation {
    /// The class has no embeddings.
    Empty,
    /// The estimator refuses its embeddings.
    Refused(Refusal),
}

impl fmt::Display for NoInformation {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            NoInformation::Empty => f.write_str("no embeddings"),
            NoInformation::Refused(refusal) => refusal.fmt(f),
        }
    }
}

/// What is stored for information amounts: the estimator; the classes as they were listed, who gave them ids,
/// and their boxes; p, embeddings and amount of each.
type Kept = (
    Estimator,
    Vec<(i64, String)>,
    IdsFrom,
    Option<Vec<u64>>,
    usize,
    Vec<u64>,
    Vec<std::result::Result<Information, NoInformation>>,
);

/// The information amounts of classes under one estimator (Eq. 1–2).
#[derive(Clone, Debug)]
pub struct Amounts {
    estimator: Estimator,
    classes: Arc<Classes>,
    dim: usize,
    embeddings: Arc<[u64]>,
    of_classes: Vec<std::result::Result<Information, NoInformation>>,
    normalized: Vec<Option<f64>>,
}

impl Amounts {
    /// Under each of `estimators`, what was computed of the classes, which have so many `embeddings` of
    /// `dim` dimensions.
    ///
    /// # Errors
    /// If a class has no spectrum.
    pub fn of(
        classes: &Arc<Classes>,
        dim: usize,
        embeddings: &Arc<[u64]>,
        computed: Vec<ClassInformation>,
        estimators: &[Estimator],
    ) -> Result<Vec<Amounts>> {
        let of_class = |(name, class): (&String, ClassInformation)| {
            class.map_err(|source| Error::Spectrum { class: name.clone(), source })
        };
        let computed = classes.names().iter().zip(computed).map(of_class);
        let computed: Vec<_> = computed.collect::<Result<_>>()?;
        let under = |(at, &estimator): (usize, &Estimator)| {
            let amounts = computed.iter().map(|class| match class {
                None => Err(NoInformation::Empty),
                Some(each) => each[at].map_err(NoInformation::Refused),
            });
            let of_classes: Vec<_> = amounts.collect();
            Amounts {
                estimator,
                classes: classes.clone(),
                dim,
                embeddings: embeddings.clone(),
                normalized: normalized(&of_classes),
                of_classes,
            }
        };
        Ok(estimators.iter().enumerate().map(under).collect())
    }

    /// Those of all the classes of `parts`, no two of which have a class in common: computed on several
    /// machines, say.
    ///
    /// # Errors
    /// If there are no parts, they differ in estimator or dimension, two have a class in common, or one has
    /// classes with ids and another classes without.
    pub fn joined(parts: &[Amounts]) -> Result<Amounts> {
        let refused = |problem: String| Error::Input(problem);
        let Some(first) = parts.first() else {
            return Err(refused("there are no information amounts to join".into()));
        };
        let (estimator, dim) = (first.estimator, first.dim);
        let mut union = Union::default();
        let mut joined = Vec::new();
        for part in parts {
            if part.dim != dim {
                return Err(refused(format!(
                    "some embeddings have {} dimensions, others {dim}: they do not belong together",
                    part.dim
                )));
            }
            if part.estimator != estimator {
                let [theirs, ours] = [part.estimator, estimator].map(Estimator::name);
                return Err(refused(format!("some amounts are by {theirs}, others by {ours}")));
            }
            let classes = part.classes.lasting_ids().zip(part.classes.names());
            for ((id, name), values) in classes.zip(part.embeddings.iter().zip(&part.of_classes)) {
                if union.place(id, name.clone()).map_err(refused)? < joined.len() {
                    return Err(refused(format!("the class {name:?} is in two of the parts")));
                }
                joined.push(values);
            }
        }
        let (classes, index) = union.classes().map_err(refused)?;
        let mut in_order = vec![(&0, &Err(NoInformation::Empty)); joined.len()];
        index.into_iter().zip(joined).for_each(|(class, values)| in_order[class] = values);
        let (embeddings, of_classes): (Vec<u64>, Vec<_>) = in_order.into_iter().unzip();
        Ok(Amounts {
            estimator,
            classes: classes.into(),
            dim,
            embeddings: embeddings.into(),
            normalized: normalized(&of_classes),
            of_classes,
        })
    }

    /// All of it as text, exact to the last bit, for [`Amounts::from_text`].
    ///
    /// # Errors
    /// If memory runs out.
    pub fn to_text(&self) -> Result<String> {
        let Amounts { estimator, classes, dim, embeddings, of_classes, .. } = self;
        let listed = classes.listed();
        let (listed, from, boxes) = (listed, classes.ids_from(), classes.boxes_in_order());
        let kept = (estimator, listed, from, boxes, dim, &embeddings[..], of_classes);
        serde_json::to_string(&kept).map_err(|error| Error::Input(error.to_string()))
    }

    /// Reads the text that [`Amounts::to_text`] wrote.
    ///
    /// # Errors
    /// If the text is something else.
    pub fn from_text(text: &str) -> Result<Amounts> {
        let foreign = || Error::Input("this holds no information amounts, or is damaged".into());
        let kept: Kept = serde_json::from_str(text).map_err(|_| foreign())?;
        let (estimator, listed, ids_from, boxes, dim, embeddings, of_classes) = kept;
        let count = listed.len();
        let classes = match count {
            0 => Classes::default(),
            _ => Classes::new(listed, ids_from).map_err(|_| foreign())?,
        };
        let boxes_fit = boxes.as_ref().is_none_or(|boxes| boxes.len() == count);
        if embeddings.len() != count || of_classes.len() != count || !boxes_fit {
            return Err(foreign());
        }
        let classes = match boxes {
            Some(boxes) => classes.with_boxes(&boxes),
            None => classes,
        };
        Ok(Amounts {
            estimator,
            classes: classes.into(),
            dim,
            embeddings: embeddings.into(),
            normalized: normalized(&of_classes),
            of_classes,
        })
    }

    /// The classes, in order of id.
    pub fn classes(&self) -> &Arc<Classes> {
        &self.classes
    }

    /// Number of dimensions p.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Number of embeddings m of each class.
    pub fn embeddings(&self) -> &Arc<[u64]> {
        &self.embeddings
    }

    /// The covariance estimator.
    pub fn estimator(&self) -> Estimator {
        self.estimator
    }

    /// The information amount of each class, in the order of the classes.
    pub fn of_classes(&self) -> &[std::result::Result<Information, NoInformation>] {
        &self.of_classes
    }

    /// The normalized information amount I′ of each class, as the paper prints it.
    pub fn normalized(&self) -> &[Option<f64>] {
        &self.normalized
    }

    /// Warnings: classes without information amount, and amounts that come from the
    /// eigenvalue floor. `run` is named in the sentences, unless it is empty.
    pub fn warnings(&self, run: &str) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let mut empty = Vec::new();
        let mut refused: Vec<(Refusal, Vec<String>)> = Vec::new();
        for (name, amount) in self.classes.names().iter().zip(&self.of_classes) {
            match amount {
                Ok(_) => {}
                Err(NoInformation::Empty) => empty.push(name.clone()),
                Err(NoInformation::Refused(why)) => {
                    match refused.iter_mut().find(|(refusal, _)| refusal == why) {
                        Some((_, classes)) => classes.push(name.clone()),
                        None => refused.push((*why, vec![name.clone()])),
                    }
                }
            }
        }
        if !empty.is_empty() {
            warnings.push(Warning::Empty { classes: empty });
        }
        let runs = || vec![run.to_owned()];
        warnings.extend(refused.into_iter().map(|(refusal, classes)| Warning::Refused {
            runs: runs(),
            estimator: self.estimator,
            refusal,
            classes,
        }));
        let (mut classes, mut of, mut floor_bits, mut bits) = (0, 0, 0.0, 0.0);
        for information in self.of_classes.iter().flatten() {
            let from_floor = information.floor.map_or(0.0, |floor| floor.bits);
            of += 1;
            classes += usize::from(from_floor > 0.5 * information.bits);
            floor_bits += from_floor;
            bits += information.bits;
        }
        if classes > 0 {
            let share = floor_bits / bits;
            warnings.push(Warning::Floor { runs: runs(), classes, of, share: (share, share) });
        }
        warnings
    }
}

/// I′ as printed, of the classes that have an information amount.
fn normalized(amounts: &[std::result::Result<Information, NoInformation>]) -> Vec<Option<f64>> {
    let bits: Vec<f64> = amounts.iter().flatten().map(|amount| amount.bits).collect();
    let normalized = Normalization::Printed.normalize(&bits);
    let mut normalized = normalized.values();
    amounts.iter().map(|amount| amount.is_ok().then(|| normalized.next()).flatten()).collect()
}
