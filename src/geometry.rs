//! What embeddings tell of classes beyond information amounts: which overlap, which the classifier takes for
//! which, which have moved, which labels are doubtful.

use crate::error::{Error, Result};
use crate::kernel::SpectrumError;
use crate::observer::Observer;
use crate::options::Options;
use crate::overlap::{Overlap, Shift, shifts};
use crate::pooled::{Pooled, WithinClasses};
use crate::recognition::{Classifier, Recognition, Recognized};
use crate::rows::{Element, Rows};
use crate::stream::{self, MomentsSource};
use crate::suspects::Suspects;

/// Which embeddings a number is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Those of held-out boxes.
    HeldOut,
    /// Those that the detector was trained with: they are fitted, and tell little.
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
    /// The class of each, a place among the classes.
    pub labels: &'a [u32],
    /// How many each class has.
    pub counts: &'a [u64],
    /// Rows of the files that are not among them, ascending: rows are named by their numbers there.
    pub left_out: &'a [usize],
}

/// What embeddings tell of classes, held-out ones where they are given.
#[derive(Clone, Debug)]
pub struct Geometry {
    /// What all but `shift` is of.
    pub of: Of,
    /// How many embeddings of these each class has.
    pub counts: Vec<u64>,
    /// The distances of the classes, under the pooled covariance of the same embeddings; none where no two
    /// of a class differ.
    pub overlap: Option<Overlap>,
    /// What the classifier takes them for, where it is given, and the embeddings are there.
    pub recognized: Option<Recognized>,
    /// How far each class has moved from training to what is held out.
    pub shift: Vec<Option<Shift>>,
    /// Those that lie nearer to another class, of each class, where the embeddings are there.
    pub suspects: Option<Vec<Suspects>>,
}

impl Geometry {
    /// Of the embeddings of training, and of held-out ones if there are some.
    ///
    /// # Errors
    /// If reading fails, or the covariance is not finite.
    ///
    /// # Panics
    /// If the two, or the classifier, are of other classes or dimensions.
    pub fn of_rows<R: Rows, H: Rows>(
        training: &Labelled<R>,
        held_out: Option<&Labelled<H>>,
        classifier: Option<&Classifier>,
        options: &Options,
        observer: &dyn Observer,
    ) -> Result<Geometry> {
        let before = training.measure(options, observer)?;
        match held_out {
            Some(held_out) => Geometry::moved(&before, held_out, classifier, options, observer),
            None => training.judge(before, Of::Training, classifier, observer),
        }
    }

    /// Of the moments of training, whose classes have these places among so many, and of held-out
    /// embeddings. Without those there are no single embeddings that a classifier could be shown.
    ///
    /// # Errors
    /// If reading fails, or the covariance is not finite.
    ///
    /// # Panics
    /// As for [`Geometry::of_rows`].
    pub fn of_moments<H: Rows>(
        (source, places, classes): (&impl MomentsSource, &[usize], usize),
        held_out: Option<&Labelled<H>>,
        classifier: Option<&Classifier>,
        options: &Options,
        observer: &dyn Observer,
    ) -> Result<Geometry> {
        let before = if source.double() {
            within_classes_of::<f64>(source, options, observer)?
        } else {
            within_classes_of::<f32>(source, options, observer)?
        };
        let before = before.placed(places, classes);
        match held_out {
            Some(held_out) => Geometry::moved(&before, held_out, classifier, options, observer),
            None => {
                let pooled = pooled(&before)?;
                Ok(Geometry::new(Of::Training, before, pooled.as_ref()))
            }
        }
    }

    /// Of held-out embeddings alone.
    ///
    /// # Errors
    /// If reading fails, or the covariance is not finite.
    ///
    /// # Panics
    /// As for [`Geometry::of_rows`].
    pub fn of_held_out<H: Rows>(
        held_out: &Labelled<H>,
        classifier: Option<&Classifier>,
        options: &Options,
        observer: &dyn Observer,
    ) -> Result<Geometry> {
        let within = held_out.measure(options, observer)?;
        held_out.judge(within, Of::HeldOut, classifier, observer)
    }

    /// Of held-out embeddings, and how they have moved from those of training.
    fn moved<H: Rows>(
        training: &WithinClasses,
        held_out: &Labelled<H>,
        classifier: Option<&Classifier>,
        options: &Options,
        observer: &dyn Observer,
    ) -> Result<Geometry> {
        let within = held_out.measure(options, observer)?;
        let shift = pooled(training)?.map(|pooled| shifts(training, &pooled, &within));
        let mut geometry = held_out.judge(within, Of::HeldOut, classifier, observer)?;
        geometry.shift = shift.unwrap_or(geometry.shift);
        Ok(geometry)
    }

    /// What the classifier takes the embeddings of a class for, by its place.
    pub fn recognition(&self, class: usize) -> Option<&Recognition> {
        Some(&self.recognized.as_ref()?.of_classes[class])
    }

    fn new(of: Of, within: WithinClasses, pooled: Option<&Pooled>) -> Geometry {
        Geometry {
            of,
            overlap: pooled.map(|pooled| Overlap::of(&within, pooled)),
            recognized: None,
            shift: vec![None; within.classes()],
            suspects: None,
            counts: within.counts,
        }
    }
}

impl<R: Rows> Labelled<'_, R> {
    fn measure(&self, options: &Options, observer: &dyn Observer) -> Result<WithinClasses> {
        let progress = observer.progress(2 * self.rows.rows() as u64);
        stream::within_classes(self.rows, self.labels, self.counts, options.precision, &progress)
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
        let passes = u64::from(classifier.is_some()) + u64::from(pooled.is_some());
        let progress = observer.progress(passes * self.rows.rows() as u64);
        let recognized = |classifier| {
            stream::recognized(self.rows, self.labels, classifier, &progress)
        };
        let recognized = classifier.map(recognized).transpose()?;
        let suspects = |pooled| {
            let suspects =
                stream::suspects(self.rows, self.labels, &within, pooled, &progress)?;
            Ok::<_, Error>(suspects.into_iter().map(|of| self.numbered(of)).collect())
        };
        let suspects = pooled.as_ref().map(suspects).transpose()?;
        Ok(Geometry { recognized, suspects, ..Geometry::new(of, within, pooled.as_ref()) })
    }

    /// The same suspects by their numbers in the files.
    fn numbered(&self, mut suspects: Suspects) -> Suspects {
        for suspect in &mut suspects.worst {
            // The row before which as many are left out as in all before it.
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

fn within_classes_of<T: Element>(
    source: &impl MomentsSource,
    options: &Options,
    observer: &dyn Observer,
) -> Result<WithinClasses> {
    let passes = stream::passes_of_moments::<T>(source, options.memory_limit)?;
    let progress = observer.progress(source.counts().iter().sum());
    stream::within_classes_of_moments::<T>(&passes, source, &progress)
}

fn pooled(within: &WithinClasses) -> Result<Option<Pooled>> {
    within.pooled().map_err(|source: SpectrumError| Error::Input(source.to_string()))
}
