//! Checks the given last layer of a classifier on the embeddings.

use std::path::Path;

use ndarray::{Array2, Axis};

use crate::error::{Error, Result};
use crate::observer::Observer;
use crate::recognition::{BackgroundRow, Classifier};
use crate::row_mapping::{Recalls, RowMapping, unequal_lengths};
use crate::rows::Rows;
use crate::stream;
use crate::warning::Warning;

/// A classifier's last layer as it is given.
#[derive(Clone, Debug)]
pub struct LastLayer {
    /// C or C+1 rows of p values, row = class in order of id.
    pub weights: Array2<f64>,
    /// As many values.
    pub bias: Option<Vec<f64>>,
    /// The row of the background, where that is not to be recognized.
    pub background: Option<BackgroundRow>,
    /// Whether it takes features and weights at unit length.
    pub cosine: bool,
}

/// Some of the embeddings that a layer is shown, with the class of each.
pub struct Shown(Array2<f64>, Vec<u32>);

impl Shown {
    /// Some of these, of each class.
    ///
    /// # Errors
    /// If reading fails.
    pub fn of(rows: &impl Rows, labels: &[u32]) -> Result<Shown> {
        let (embeddings, labels) = stream::sample(rows, labels)?;
        Ok(Shown(embeddings, labels))
    }
}

/// Where a layer is from, for sentences on it: its weights and its bias.
pub type Files<'a> = [&'a Path; 2];

impl LastLayer {
    /// The classifier of so many classes and dimensions.
    ///
    /// Where there is a row more than classes and nothing says which is the background's, the embeddings
    /// `shown` decide; and they tell where another mapping of the layer recognizes far more of them.
    ///
    /// # Errors
    /// If it is of others, weights and bias do not go together, a value is not finite, or it is doubtful
    /// which row is the background's.
    pub fn classifier(
        self,
        (classes, dim): (usize, usize),
        files: Files,
        shown: Option<&Shown>,
        observer: &mut dyn Observer,
    ) -> Result<Classifier> {
        let asked = self.check((classes, dim), self.cosine, files)?;
        let background = match shown {
            Some(shown) => {
                let (background, sound) =
                    self.held_against(shown, asked, classes, files[0], observer)?;
                if sound {
                    self.check_kind(shown, background, classes, files[0], observer);
                }
                background
            }
            None => asked.ok_or_else(|| self.unknown(files[0], None))?,
        };
        Classifier::new(self.weights, self.bias.as_deref(), background, self.cosine)
            .map_err(|problem| Error::content(files[1], problem))
    }

    /// The weights of the classes alone, for losses of cosines: the bias has no part in these, nor has
    /// `cosine`. Warnings say that the layer was trained otherwise, where that is seen, and, where the classes
    /// are not `named`, that a row of none may be the background's.
    ///
    /// # Errors
    /// As for [`LastLayer::classifier`].
    pub fn for_cosines(
        self,
        (classes, dim): (usize, usize),
        named: bool,
        files: Files,
        shown: &Shown,
        observer: &mut dyn Observer,
    ) -> Result<Array2<f64>> {
        let asked = self.check((classes, dim), false, files)?;
        let layer = LastLayer { cosine: true, ..self };
        let (background, _) = layer.held_against(shown, asked, classes, files[0], observer)?;
        let weights = layer.without(background);
        let biased = layer.biased();
        let mappings = [false, true].map(|cosine| layer.whole(background, classes, cosine));
        let recalls = layer.judged(shown, &mappings);
        // That there is no bias, though one is given, says that it is none; and so does the background's row.
        let unbiased = layer.bias.is_some() && !biased;
        let linear = !unbiased && recalls.knows(0) && !recalls.other_kind(1, 0);
        let lengths = unequal_lengths(&weights).filter(|_| linear);
        if biased || lengths.is_some() {
            let path = files[0].to_owned();
            observer.warn(Warning::NotItsLoss { path, biased, lengths });
        }
        if let Some(row) =
            layer.unlabelled_end(shown).filter(|_| !named && layer.background.is_none())
        {
            observer.warn(Warning::UnlabelledRow { path: files[0].to_owned(), row });
        }
        Ok(weights)
    }

    /// The first or the last row, where it alone has no embeddings, and the others are recognized as they
    /// stand.
    fn unlabelled_end(&self, shown: &Shown) -> Option<usize> {
        let rows = self.weights.nrows();
        let mut of_row = vec![false; rows];
        shown.1.iter().for_each(|&label| of_row[label as usize] = true);
        let without: Vec<usize> = (0..rows).filter(|&row| !of_row[row]).collect();
        let [row] = without[..] else { return None };
        let [after, before] = [1, -1].map(|by| RowMapping::shifted(by, rows, self.cosine));
        let mappings = [RowMapping::without(None, rows, self.cosine), after, before];
        let recalls = self.judged(shown, &mappings);
        let as_they_stand = recalls.other_rows(0, 1) && recalls.other_rows(0, 2);
        (as_they_stand && (row == 0 || row + 1 == rows)).then_some(row)
    }

    /// Which row is the background's, as far as it is known without any embedding. A classifier of cosines has
    /// no bias.
    fn check(
        &self,
        (classes, dim): (usize, usize),
        cosine: bool,
        [weights, bias]: Files,
    ) -> Result<Option<BackgroundRow>> {
        let wrong = |problem: String| Error::content(weights, problem);
        let (rows, of) = self.weights.dim();
        let asked = BackgroundRow::of(self.background, rows, classes).map_err(wrong)?;
        if of != dim {
            let problem = format!("holds weights in {of} dimensions, the embeddings have {dim}");
            return Err(wrong(problem));
        }
        finite(self.weights.iter(), weights)?;
        finite(self.bias.iter().flatten(), bias)?;
        Classifier::check(rows, self.bias.as_deref(), cosine)
            .map_err(|problem| Error::content(bias, problem))?;
        Ok(asked)
    }

    /// Which row is the background's, `asked` or by what the layer recognizes, and whether that is sound; warns
    /// where what is asked for recognizes far less than another mapping.
    fn held_against(
        &self,
        shown: &Shown,
        asked: Option<BackgroundRow>,
        classes: usize,
        path: &Path,
        observer: &mut dyn Observer,
    ) -> Result<(BackgroundRow, bool)> {
        let kinds = [self.cosine, !self.cosine];
        let Some(asked) = asked else {
            let ends = [BackgroundRow::First, BackgroundRow::Last];
            let of_kind = |cosine: bool| ends.map(|end| self.mapping(end, classes, cosine));
            let recalls = self.judged(shown, &kinds.map(of_kind).concat());
            let clear = |&(better, other): &(usize, usize)| recalls.other_rows(better, other);
            let Some((better, other)) = [(0, 1), (1, 0), (2, 3), (3, 2)].into_iter().find(clear)
            else {
                let recall = [recalls.recall(0), recalls.recall(1)];
                return Err(self.unknown(path, Some(recall)));
            };
            let background = ends[better % 2];
            observer.note(&format!(
                "{}: the {background} of its {} rows is read as the background: mean recall of the \
                 classes is {:.0}% without it, and {:.0}% without the {} (--background-row)",
                path.display(),
                self.weights.nrows(),
                100.0 * recalls.recall(better),
                100.0 * recalls.recall(other),
                ends[other % 2]
            ));
            return Ok((background, true));
        };
        let elsewhere = self.elsewhere(shown, asked, classes, path);
        let sound = elsewhere.is_none();
        elsewhere.into_iter().for_each(|warning| observer.warn(warning));
        Ok((asked, sound))
    }

    /// That classes are in other rows than is said.
    fn elsewhere(
        &self,
        shown: &Shown,
        asked: BackgroundRow,
        classes: usize,
        path: &Path,
    ) -> Option<Warning> {
        let path = path.to_owned();
        let others: Vec<Other> = match asked {
            // Of two classes, one alone has a row after a shift, and is then always found.
            BackgroundRow::None if classes < 3 => Vec::new(),
            BackgroundRow::None => vec![Other::Shifted(1), Other::Shifted(-1)],
            _ => {
                let ends = [BackgroundRow::First, BackgroundRow::Last];
                let rows = self.weights.nrows();
                let ends = ends.into_iter().filter(|end| end.place(rows) != asked.place(rows));
                ends.map(Other::Without).collect()
            }
        };
        for cosine in [self.cosine, !self.cosine] {
            let mut mappings = vec![self.mapping(asked, classes, cosine)];
            mappings.extend(others.iter().map(|other| match *other {
                Other::Shifted(by) => RowMapping::shifted(by, classes, cosine),
                Other::Without(end) => self.mapping(end, classes, cosine),
            }));
            let recalls = self.judged(shown, &mappings);
            let clear = |&at: &usize| recalls.other_rows(at, 0);
            if let Some(better) = (1..mappings.len()).find(clear) {
                let recall = (recalls.recall(0), recalls.recall(better));
                return Some(match others[better - 1] {
                    Other::Shifted(by) => Warning::ShiftedRows { path, after: by > 0, recall },
                    Other::Without(end) => {
                        let [asked, better] = [asked, end].map(|row| row.to_string());
                        Warning::OtherBackground { path, asked, better, recall }
                    }
                });
            }
            // What is read as said is recognized: there is nothing to explain.
            if (1..mappings.len()).all(|at| recalls.other_rows(0, at)) {
                return None;
            }
        }
        None
    }

    /// Warns where a layer that is taken as a linear one recognizes far more by cosines, or the other way. One
    /// with a bias is known to be linear.
    fn check_kind(
        &self,
        shown: &Shown,
        background: BackgroundRow,
        classes: usize,
        path: &Path,
        observer: &mut dyn Observer,
    ) {
        if self.biased() {
            return;
        }
        let kinds = [self.cosine, !self.cosine];
        let mappings = kinds.map(|cosine| self.whole(background, classes, cosine));
        let recalls = self.judged(shown, &mappings);
        if recalls.other_kind(1, 0) {
            let recall = (recalls.recall(0), recalls.recall(1));
            let (path, cosine) = (path.to_owned(), self.cosine);
            observer.warn(Warning::OtherKind { path, cosine, recall });
        }
    }

    fn biased(&self) -> bool {
        self.bias.iter().flatten().any(|&bias| bias != 0.0)
    }

    fn mapping(&self, background: BackgroundRow, classes: usize, cosine: bool) -> RowMapping {
        RowMapping::without(background.place(self.weights.nrows()), classes, cosine)
    }

    /// The same, where boxes can be taken for background: its row tells a linear classifier from one of cosines
    /// best, as its length is another.
    fn whole(&self, background: BackgroundRow, classes: usize, cosine: bool) -> RowMapping {
        RowMapping::with(background.place(self.weights.nrows()), classes, cosine)
    }

    fn judged(&self, Shown(embeddings, labels): &Shown, mappings: &[RowMapping]) -> Recalls {
        Recalls::of((embeddings, labels), (&self.weights, self.bias.as_deref()), mappings)
    }

    fn without(&self, background: BackgroundRow) -> Array2<f64> {
        let rows = self.weights.nrows();
        let background = background.place(rows);
        let kept: Vec<usize> = (0..rows).filter(|&row| Some(row) != background).collect();
        self.weights.select(Axis(0), &kept)
    }

    fn unknown(&self, path: &Path, recall: Option<[f64; 2]>) -> Error {
        Error::content(path, BackgroundRow::unknown(self.weights.nrows(), recall))
    }
}

/// A mapping other than the given one.
#[derive(Clone, Copy)]
enum Other {
    Shifted(isize),
    Without(BackgroundRow),
}

/// Checks that all of the values are finite; `of` stands for their file.
fn finite<'a>(mut values: impl Iterator<Item = &'a f64>, of: &Path) -> Result<()> {
    match values.position(|value| !value.is_finite()) {
        Some(at) => Err(Error::content(of, format!("number {at} (from 0) is NaN or infinite"))),
        None => Ok(()),
    }
}
