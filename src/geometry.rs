//! What embeddings show of classes beyond information amounts: overlap, confusion by the classifier, shift of
//! held-out embeddings, and doubtful labels.

use crate::error::{Error, Result};
use crate::kernel::SpectrumError;
use crate::observer::{Observer, Unit};
use crate::options::Options;
use crate::overlap::{Overlap, Shift, shifts};
use crate::pooled::{Pooled, WithinClasses, check_size};
use crate::recognition::{Classifier, Recognition};
use crate::rows::{Element, Rows};
use crate::stream;
use crate::suspects::Suspects;
use crate::warning::Warning;

/// The embeddings that a number is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Embeddings of held-out boxes.
    HeldOut,
    /// Training embeddings: the detector is fitted to them, so they show little.
    Training,
}

impl Of {
    /// Its word in tables.
    pub fn name(self) -> &'static str {
        match self {
            Of::HeldOut => "held-out",
            Of::Training => "training",
        }
    }
}

/// Embeddings with the class of each.
#[derive(Debug)]
pub struct Labelled<'a, R> {
    /// The embeddings.
    pub rows: &'a R,
    /// The class of each, an index among the classes.
    pub labels: &'a [u32],
    /// Number of embeddings of each class.
    pub counts: &'a [u64],
    /// Rows of the files that are not among them, ascending: rows are named by their numbers there.
    pub left_out: &'a [usize],
}

/// Overlap, recall, shift and doubtful labels of classes, from held-out embeddings if they are given.
#[derive(Clone, Debug)]
pub struct Geometry {
    /// The embeddings that all fields except `shift` are computed from.
    pub of: Of,
    /// Number of these embeddings of each class.
    pub counts: Vec<u64>,
    /// The distances of the classes, under the pooled covariance of the same embeddings; none where no two
    /// of a class differ.
    pub overlap: Option<Overlap>,
    /// What the classifier takes them for, where it is given, and the embeddings are there.
    pub recognized: Option<Vec<Recognition>>,
    /// The shift of each class between training and held-out embeddings.
    pub shift: Vec<Option<Shift>>,
    /// For each class, which of these are nearer to another class; `None` if only moments are given.
    pub nearer: Option<Vec<Suspects>>,
    /// The same of the embeddings of training, whose labels the detector has learnt, where they are there.
    pub in_training: Option<Vec<Suspects>>,
}

impl Geometry {
    /// Of the embeddings of training alone. Where they are there only as moments, no single one can be shown
    /// to a classifier.
    ///
    /// # Errors
    /// If reading fails, or the covariance is not finite.
    ///
    /// # Panics
    /// If the embeddings or the classifier are of other classes or dimensions.
    pub fn of_training<R: Rows>(
        within: WithinClasses,
        rows: Option<&Labelled<R>>,
        classifier: Option<&Classifier>,
        observer: &dyn Observer,
    ) -> Result<Geometry> {
        match rows {
            Some(rows) => rows.judge(within, Of::Training, classifier, observer),
            None => {
                let pooled = pooled(&within)?;
                Ok(Geometry::new(Of::Training, within, pooled.as_ref()))
            }
        }
    }

    /// Of held-out embeddings, and how they have moved from those of training: what these have inside, and
    /// they themselves where they are there.
    ///
    /// # Errors
    /// If reading fails, or the covariance is not finite.
    ///
    /// # Panics
    /// If those of training or the classifier are of other classes or dimensions.
    pub fn of_held_out<T: Rows, H: Rows>(
        training: Option<(&WithinClasses, Option<&Labelled<T>>)>,
        held_out: &Labelled<H>,
        classifier: Option<&Classifier>,
        options: &Options,
        observer: &dyn Observer,
    ) -> Result<Geometry> {
        let within = held_out.measure(options, observer)?;
        let (mut shift, mut in_training) = (None, None);
        if let Some((training, rows)) = training
            && let Some(pooled) = pooled(training)?
        {
            shift = Some(shifts(training, &pooled, &within));
            if let Some(rows) = rows {
                in_training = Some(rows.suspects(training, &pooled, observer)?);
            }
        }
        let geometry = held_out.judge(within, Of::HeldOut, classifier, observer)?;
        let shift = shift.unwrap_or_else(|| geometry.shift.clone());
        Ok(Geometry { shift, in_training, ..geometry })
    }

    /// The classes that the classifier gives the embeddings of a class, by its index.
    pub fn recognition(&self, class: usize) -> Option<&Recognition> {
        Some(&self.recognized.as_ref()?[class])
    }

    /// A warning if the classifier recognizes no more boxes than by chance, by three standard errors: it, or
    /// their labels, may be of another order.
    pub fn doubt(&self, run: &str) -> Option<Warning> {
        let known: Vec<&Recognition> =
            self.recognized.as_ref()?.iter().filter(|class| class.rows > 0).collect();
        let (rows, right) = known
            .iter()
            .fold((0, 0), |(rows, right), class| (rows + class.rows, right + class.right));
        let (recall, chance) = (right as f64 / rows as f64, 1.0 / known.len() as f64);
        let error = (chance * (1.0 - chance) / rows as f64).sqrt();
        let (runs, classes) = (vec![run.to_owned()], known.len());
        let by_chance = classes > 1 && recall <= chance + 3.0 * error;
        by_chance.then_some(Warning::ByChance { runs, recall, classes })
    }

    fn new(of: Of, within: WithinClasses, pooled: Option<&Pooled>) -> Geometry {
        Geometry {
            of,
            overlap: pooled.map(|pooled| Overlap::of(&within, pooled)),
            recognized: None,
            shift: vec![None; within.classes()],
            nearer: None,
            in_training: None,
            counts: within.counts,
        }
    }
}

impl<R: Rows> Labelled<'_, R> {
    /// The means of the classes, and the pooled scatter about them.
    ///
    /// # Errors
    /// If reading fails, or one class alone does not fit into the memory limit.
    pub fn measure(&self, options: &Options, observer: &dyn Observer) -> Result<WithinClasses> {
        if self.rows.double() {
            self.measure_as::<f64>(options, observer)
        } else {
            self.measure_as::<f32>(options, observer)
        }
    }

    fn measure_as<T: Element>(
        &self,
        options: &Options,
        observer: &dyn Observer,
    ) -> Result<WithinClasses> {
        let Labelled { rows, labels, counts, .. } = *self;
        check_size(counts.len()).map_err(Error::Input)?;
        let passes = stream::passes::<T>(rows, counts, options.memory_limit)?;
        let progress = observer.progress((passes.len() * rows.rows()) as u64, Unit::Rows);
        let precision = options.precision;
        let all =
            stream::within_classes::<T>(&passes, rows, labels, counts, &[], precision, &progress)?;
        Ok(all.0)
    }

    /// What can be said of them, of which the means and the spread are known.
    fn judge(
        &self,
        within: WithinClasses,
        of: Of,
        classifier: Option<&Classifier>,
        observer: &dyn Observer,
    ) -> Result<Geometry> {
        let pooled = pooled(&within)?;
        let progress = observer
            .progress(u64::from(classifier.is_some()) * self.rows.rows() as u64, Unit::Rows);
        let recognized =
            |classifier| stream::recognized(self.rows, self.labels, classifier, &progress);
        let recognized = classifier.map(recognized).transpose()?;
        let nearer = match &pooled {
            Some(pooled) => Some(self.suspects(&within, pooled, observer)?),
            None => None,
        };
        let geometry = Geometry::new(of, within, pooled.as_ref());
        let in_training = nearer.clone().filter(|_| of == Of::Training);
        Ok(Geometry { recognized, nearer, in_training, ..geometry })
    }

    /// Which of them lie nearer to another class.
    fn suspects(
        &self,
        within: &WithinClasses,
        pooled: &Pooled,
        observer: &dyn Observer,
    ) -> Result<Vec<Suspects>> {
        let progress = observer.progress(self.rows.rows() as u64, Unit::Rows);
        let all = stream::suspects(self.rows, self.labels, within, pooled, &progress)?;
        Ok(all.into_iter().map(|of| self.numbered(of)).collect())
    }

    /// The same suspects by their numbers in the files.
    fn numbered(&self, mut suspects: Suspects) -> Suspects {
        for suspect in &mut suspects.worst {
            // The row before which as many are skipped as in all before it.
            let (mut low, mut high) = (0, self.left_out.len());
            while low < high {
                let middle = low.midpoint(high);
                let before = (self.left_out[middle] - middle) as u64;
                if before <= suspect.row { low = middle + 1 } else { high = middle }
            }
            suspect.row += low as u64;
        }
        suspects
    }
}

fn pooled(within: &WithinClasses) -> Result<Option<Pooled>> {
    within.pooled().map_err(|source: SpectrumError| Error::Input(source.to_string()))
}
