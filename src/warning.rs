//! All warnings: what was seen, what it means, and what to do.

use std::fmt;
use std::path::PathBuf;
use std::{slice, vec};

use bytesize::ByteSize;

use crate::shrinkage::{Estimator, Refusal};
use crate::words::{list, memory};

/// Something the user should know about a result.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// Much of the information amount comes from the eigenvalue floor.
    Floor {
        /// The runs, where they have names.
        runs: Vec<String>,
        /// Classes of which more than half of the bits come from the floor.
        classes: usize,
        /// All classes with an information amount.
        of: usize,
        /// The floor's share of all bits, 0 to 1: the least and the greatest of the runs.
        share: (f64, f64),
    },
    /// Rows that were skipped because they are not finite.
    Invalid {
        /// The runs, where they have names.
        runs: Vec<String>,
        /// How many.
        rows: usize,
        /// Rows in the files.
        of: usize,
    },
    /// A parquet row group that takes much memory.
    RowGroup {
        /// The file.
        path: PathBuf,
        /// Bytes of embeddings in it.
        bytes: u64,
    },
    /// No label is the background's.
    NoBackground {
        /// The runs, where they have names.
        runs: Vec<String>,
        /// The background's label.
        label: String,
    },
    /// Classes without any instance.
    Empty {
        /// Their names.
        classes: Vec<String>,
    },
    /// Classes that the covariance estimator does not take.
    Refused {
        /// The runs, where they have names.
        runs: Vec<String>,
        /// The estimator.
        estimator: Estimator,
        /// Why not.
        refusal: Refusal,
        /// Their names.
        classes: Vec<String>,
    },
    /// Classes without information amount in a margin matrix.
    NoMargins {
        /// Their names.
        classes: Vec<String>,
    },
    /// Margins that training will hardly feel.
    SmallMargins {
        /// The chosen formula of the normalization.
        formula: &'static str,
        /// Its largest margin, radians.
        largest: f64,
        /// The formula with the largest margins and its largest, if that can be felt.
        better: Option<(&'static str, f64)>,
    },
    /// Counts that a command does not need.
    NoPart {
        /// The counts file.
        path: PathBuf,
    },
    /// Files of information amounts that do not say by which estimator.
    UnknownEstimator {
        /// The files.
        paths: Vec<PathBuf>,
    },
    /// One AP that most classes have.
    EqualAp {
        /// The runs, where they have names.
        runs: Vec<String>,
        /// The AP.
        ap: f64,
        /// Classes that have it.
        classes: usize,
        /// All classes that are correlated.
        of: usize,
    },
    /// Rows of a table whose class is not among the classes.
    Unmatched {
        /// The table.
        path: PathBuf,
        /// What it calls them.
        classes: Vec<String>,
    },
    /// A covariate that some classes lack.
    UnknownCovariate {
        /// The runs, where they have names.
        runs: Vec<String>,
        /// Its name.
        covariate: String,
        /// The classes.
        classes: Vec<String>,
    },
    /// A covariate that most classes lack, or that is the same for all.
    UselessCovariate {
        /// The runs, where they have names.
        runs: Vec<String>,
        /// Its name.
        covariate: String,
        /// Classes of which it is known.
        classes: usize,
        /// All classes that are correlated.
        of: usize,
    },
    /// Two runs are explained from different things.
    UnlikeInputs,
    /// A classifier that recognizes no more boxes than chance would.
    ByChance {
        /// The runs, where they have names.
        runs: Vec<String>,
        /// Its recall over all boxes, 0 to 1.
        recall: f64,
        /// Classes that have boxes.
        classes: usize,
    },
    /// Classes that are recognized far better where another row of the classifier is the background's.
    OtherBackground {
        /// The weights.
        path: PathBuf,
        /// The row that is asked for.
        asked: String,
        /// The row without which recall is better.
        better: String,
        /// Mean recall of the classes without each, 0 to 1.
        recall: (f64, f64),
    },
    /// Classes that are recognized far better by the rows after or before their own.
    ShiftedRows {
        /// The weights.
        path: PathBuf,
        /// Whether by the rows after their own.
        after: bool,
        /// Mean recall of the classes by their own rows, and by those, 0 to 1.
        recall: (f64, f64),
    },
    /// A classifier that recognizes far more as a linear one than as one of cosines, or the other way.
    OtherKind {
        /// The weights.
        path: PathBuf,
        /// Whether it is taken as one of cosines.
        cosine: bool,
        /// Mean recall of the classes as it is taken, and the other way, 0 to 1.
        recall: (f64, f64),
    },
    /// Losses of cosines of a classifier that was trained as a linear one.
    NotItsLoss {
        /// The weights.
        path: PathBuf,
        /// Whether it has a bias.
        biased: bool,
        /// The least and the greatest length of its rows, where they differ.
        lengths: Option<(f64, f64)>,
    },
    /// A row of a classifier, the first or the last, that is the only one of which there are no labels.
    UnlabelledRow {
        /// The weights.
        path: PathBuf,
        /// The row, from 0.
        row: usize,
    },
    /// Counts that are those of the evaluated images.
    ValidationCounts {
        /// The file.
        path: PathBuf,
    },
    /// Groups that do not tell which of the classes that are correlated are similar.
    UselessGroups {
        /// The runs, where they have names.
        runs: Vec<String>,
    },
    /// Covariates or groups of a run without embeddings.
    NoEmbeddings {
        /// The file.
        path: PathBuf,
    },
    /// Classes that a file of groups puts into none.
    NoGroup {
        /// The file.
        path: PathBuf,
        /// Their names.
        classes: Vec<String>,
    },
    /// Groups that do not say which classes are similar.
    NoGroups {
        /// The file.
        path: PathBuf,
    },
    /// A counts file and the labels say different things.
    Counts {
        /// The counts file.
        path: PathBuf,
        /// Class, count in the file, count in the labels.
        classes: Vec<(String, u64, u64)>,
    },
    /// What was read as AP may be none, or not the one that is meant.
    Ap {
        /// The file, and why.
        doubt: String,
    },
    /// Stores whose size is not known.
    UnknownStore {
        /// The data sets.
        titles: Vec<String>,
        /// Each with the reason.
        stores: Vec<&'static str>,
    },
    /// The paper's store takes more than the embeddings themselves, at every queue length.
    NeverSaves {
        /// The data set.
        title: String,
        /// The least R(d).
        least: f64,
        /// Stores that do save, and their R.
        others: Vec<(&'static str, f64)>,
    },
    /// Classes that have AP in one of two compared runs alone.
    ApInOne {
        /// The run.
        run: String,
        /// The classes.
        classes: Vec<String>,
    },
    /// A condition on a number that does not exist.
    NoResult {
        /// The condition.
        condition: String,
        /// What the number is of.
        of: String,
    },
    /// Rows of a probe whose images are not known.
    NoImages {
        /// Whether held-out embeddings are given.
        held_out: bool,
    },
    /// Losses that are compared by cross-validation.
    CrossValidated,
    /// Images of which both training and held-out embeddings are.
    SharedImages {
        /// How many.
        images: usize,
    },
    /// Classes that a probe cannot judge.
    NotJudged {
        /// Whether held-out embeddings are given.
        held_out: bool,
        /// Their names.
        classes: Vec<String>,
    },
    /// Classes that are judged on few images, where they are most of the classes.
    FewImages {
        /// How many.
        classes: usize,
        /// The least images that are enough.
        least: u64,
    },
    /// Layers that recognize no more than chance.
    NothingLearnt {
        /// Mean recall of the cosine softmax, 0 to 1.
        recall: f64,
        /// Classes that are judged.
        classes: usize,
    },
    /// Layers that were still improving when training ended.
    Unfinished {
        /// How many.
        layers: usize,
        /// All that were trained.
        of: usize,
        /// The most epochs.
        epochs: usize,
    },
    /// A correlation that does not exist.
    NoCorrelation {
        /// The runs, where they have names.
        runs: Vec<String>,
        /// Which correlation.
        between: String,
        /// Why not.
        why: String,
    },
}

/// Warnings, each once, and in one sentence for all runs of which it is true.
///
/// ```
/// use igam_analyze::{Warning, Warnings};
///
/// let empty = || Warning::Empty { classes: vec!["nut".into()] };
/// let mut warnings = Warnings::default();
/// warnings.extend([empty(), empty()]);
/// let sentences: Vec<String> = warnings.iter().map(Warning::to_string).collect();
/// assert_eq!(sentences, ["classes without instances have no information amount: \"nut\""]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Warnings(Vec<Warning>);

impl Warnings {
    /// Takes in a warning, unless it is there.
    pub fn add(&mut self, warning: Warning) {
        if !self.0.iter_mut().any(|other| other.absorb(&warning)) {
            self.0.push(warning);
        }
    }

    /// In the order in which they came.
    pub fn iter(&self) -> slice::Iter<'_, Warning> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Extend<Warning> for Warnings {
    fn extend<I: IntoIterator<Item = Warning>>(&mut self, warnings: I) {
        warnings.into_iter().for_each(|warning| self.add(warning));
    }
}

impl IntoIterator for Warnings {
    type Item = Warning;
    type IntoIter = vec::IntoIter<Warning>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Warnings {
    type Item = &'a Warning;
    type IntoIter = slice::Iter<'a, Warning>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Warning::Floor { runs, classes, of, share: (least, greatest) } => {
                let [least, greatest] =
                    [least, greatest].map(|share| format!("{:.0}", 100.0 * share));
                let share = if least == greatest { least } else { format!("{least}–{greatest}") };
                write!(
                    f,
                    "{}in {classes} of {of} classes, more than half of the information amount \
                     comes from the eigenvalue floor ({share}% of the bits of all classes); there \
                     it measures the instance count, not the embeddings: compare with \
                     --estimator sample",
                    prefix(runs)
                )
            }
            Warning::Invalid { runs, rows, of } => write!(
                f,
                "{}skipped {rows} of {of} embeddings, which hold NaN or infinite values: find out \
                 where they come from",
                prefix(runs)
            ),
            Warning::RowGroup { path, bytes } => write!(
                f,
                "{}: one row group holds {} of embeddings, and a row group is in memory as a \
                 whole: write smaller row groups (row_group_size in pyarrow)",
                path.display(),
                ByteSize::b(*bytes)
            ),
            Warning::NoBackground { runs, label } => write!(
                f,
                "{}no row has the label {label}, the --background-label: no row is skipped",
                prefix(runs)
            ),
            Warning::Empty { classes } => {
                write!(f, "classes without instances have no information amount: {}", list(classes))
            }
            Warning::Refused { runs, estimator, refusal, classes } => write!(
                f,
                "{}{} classes have no information amount under --estimator {}, because they have \
                 {refusal}: {}; {}",
                prefix(runs),
                classes.len(),
                estimator.name(),
                list(classes),
                match refusal {
                    Refusal::TooFew { needed: ..=2 } => "--estimator sample works for every class",
                    _ => "--estimator oas works for every class with at least two instances",
                }
            ),
            Warning::NoMargins { classes } => write!(
                f,
                "classes without information amount have no margins (0 in margins.npy) and are not \
                 used in the normalization: {}",
                list(classes)
            ),
            Warning::SmallMargins { formula, largest, better } => {
                write!(
                    f,
                    "the largest margin of --normalization {formula} is {largest:.2e} rad: \
                     training will hardly differ from the cosine softmax; "
                )?;
                match better {
                    Some((name, margin)) => {
                        write!(f, "--normalization {name} reaches {margin:.2e} rad")
                    }
                    None => f.write_str(
                        "no other --normalization reaches 0.01 rad, because the information \
                         amounts are too similar",
                    ),
                }
            }
            Warning::NoPart { path } => write!(
                f,
                "{}: its counts are not used, because the labels are counted: remove --counts",
                path.display()
            ),
            Warning::UnknownEstimator { paths } => {
                let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
                write!(
                    f,
                    "{}: no estimator is given for the information amounts; differences mean \
                     something only if both files used the same estimator",
                    names.join(", ")
                )
            }
            Warning::EqualAp { runs, ap, classes, of } => write!(
                f,
                "{}AP is {ap} in {classes} of {of} classes: the correlations depend on the other \
                 {} alone",
                prefix(runs),
                of - classes
            ),
            Warning::Unmatched { path, classes } => {
                write!(f, "{}: skipped rows that match no class: {}", path.display(), list(classes))
            }
            Warning::UnknownCovariate { runs, covariate, classes } => write!(
                f,
                "{}{covariate:?} is not known for these classes, so the verdict does not use them: \
                 {}",
                prefix(runs),
                list(classes)
            ),
            Warning::UselessCovariate { runs, covariate, classes, of } if 2 * classes < *of => {
                write!(
                    f,
                    "{}{covariate:?} is known for {classes} of {of} classes only, so it is not \
                     held constant",
                    prefix(runs)
                )
            }
            Warning::UselessCovariate { runs, covariate, .. } => write!(
                f,
                "{}{covariate:?} is the same for all correlated classes, so it is not held constant",
                prefix(runs)
            ),
            Warning::UselessGroups { runs } => write!(
                f,
                "{}the groups are not used: the correlated classes are all in one group, or each \
                 in its own group",
                prefix(runs)
            ),
            Warning::UnlikeInputs => f.write_str(
                "the two runs have different inputs (held-out embeddings, weights or detections): \
                 a reason may appear or disappear for that alone",
            ),
            Warning::ByChance { runs, recall, classes } => write!(
                f,
                "{}the classifier recognizes {:.0}% of the boxes of {classes} classes, no more \
                 than chance: check that its rows are in the order of the class ids, and that \
                 labels and embeddings belong to the same boxes",
                prefix(runs),
                100.0 * recall
            ),
            Warning::OtherBackground { path, asked, better, recall } => write!(
                f,
                "{}: with --background-row {asked}, mean recall of the classes is {:.0}%; with \
                 {better} it is {:.0}%: check --background-row (torchvision has the background \
                 first; detectron2, mmdetection and DETR last)",
                path.display(),
                100.0 * recall.0,
                100.0 * recall.1
            ),
            Warning::ShiftedRows { path, after, recall } => {
                let (beside, wrong, right) =
                    if *after { ("after", "last", "first") } else { ("before", "first", "last") };
                write!(
                    f,
                    "{}: mean recall is {:.0}% if each class uses the row {beside} its own, and {:.0}% \
                     with its own row: if the {wrong} row was removed as the background's, \
                     remove the {right} row instead; otherwise the labels are off by one",
                    path.display(),
                    100.0 * recall.1,
                    100.0 * recall.0
                )
            }
            Warning::OtherKind { path, cosine, recall } => {
                let kinds = ["a linear classifier", "a cosine classifier"];
                let [taken, other] = if *cosine { [kinds[1], kinds[0]] } else { kinds };
                write!(
                    f,
                    "{}: as {taken} it recognizes {:.0}% of the boxes (mean over the classes), as \
                     {other} {:.0}%: {} --cosine",
                    path.display(),
                    100.0 * recall.0,
                    100.0 * recall.1,
                    if *cosine { "remove" } else { "give" }
                )
            }
            Warning::NotItsLoss { path, biased, lengths } => {
                write!(f, "{}: ", path.display())?;
                if *biased {
                    f.write_str("it has a bias, which the cosine loss ignores")?;
                }
                if let Some((least, greatest)) = lengths {
                    let and = if *biased { ", and " } else { "" };
                    write!(f, "{and}its rows have lengths from {least:.2} to {greatest:.2}")?;
                }
                f.write_str(if *biased {
                    ": it was trained as a linear classifier, so the cosine loss is not the loss \
                     of its training"
                } else {
                    ", as in a linear classifier: if it is one, the cosine loss is not the loss of \
                     its training"
                })
            }
            Warning::UnlabelledRow { path, row } => write!(
                f,
                "{}: no label belongs to its row {row}: if this row is the background's, give \
                 --background-row {}",
                path.display(),
                if *row == 0 { "first" } else { "last" }
            ),
            Warning::ValidationCounts { path } => write!(
                f,
                "{}: is also the ground truth, so its counts are those of the evaluated images: \
                 give the training set as --counts",
                path.display()
            ),
            Warning::NoEmbeddings { path } => write!(
                f,
                "{}: is not used: it is for the verdict on information amounts, which needs \
                 --embeddings or --moments",
                path.display()
            ),
            Warning::NoGroup { path, classes } => {
                write!(f, "{}: gives no group for: {}", path.display(), list(classes))
            }
            Warning::NoGroups { path } => write!(
                f,
                "{}: is not used: its classes are all in one group, or each in its own group",
                path.display()
            ),
            Warning::Counts { path, classes } => {
                let pairs: Vec<_> = classes
                    .iter()
                    .map(|(name, file, labels)| format!("{name}: {file}, {labels}"))
                    .collect();
                write!(
                    f,
                    "{}: the counts differ from the labels in {} classes (file, labels): {}; \
                     correlations use the counts of the file, information amounts those of the \
                     labels",
                    path.display(),
                    classes.len(),
                    list(&pairs)
                )
            }
            Warning::Ap { doubt } => f.write_str(doubt),
            Warning::UnknownStore { titles, stores } => write!(
                f,
                "{}: the size is not known for these strategies: {}",
                titles.join("; "),
                stores.join("; ")
            ),
            Warning::NeverSaves { title, least, others } => {
                write!(
                    f,
                    "{title}: the paper's strategy never saves memory: at its best length it {} as the \
                     embeddings (R = {least:.4}); ",
                    memory(*least)
                )?;
                let saving: Vec<_> = others
                    .iter()
                    .map(|(name, ratio)| format!("{name} {}", memory(*ratio)))
                    .collect();
                match saving[..] {
                    [] => f.write_str("no other known strategy saves memory: store the embeddings"),
                    _ => write!(f, "these strategies save memory: {}", saving.join(", ")),
                }
            }
            Warning::ApInOne { run, classes } => write!(
                f,
                "{} {} AP only in {run}: {}; no difference includes {}",
                classes.len(),
                if classes.len() == 1 { "class has" } else { "classes have" },
                list(classes),
                if classes.len() == 1 { "it" } else { "them" },
            ),
            Warning::NoResult { condition, of } => write!(
                f,
                "--fail-if {condition} is not checked for {of:?}, because this number does not \
                 exist there"
            ),
            Warning::NoImages { held_out } => {
                f.write_str(
                    "it is not known which embeddings are of one image, so each counts as an image of its own: \
                     the intervals are too narrow",
                )?;
                if !held_out {
                    f.write_str(
                        ", and a class is judged on images that it was trained on, too: recall and AP are too high",
                    )?;
                }
                f.write_str("; give --group-column")
            }
            Warning::CrossValidated => f.write_str(
                "the losses are compared by cross-validation: if the detector was trained on these boxes, its \
                 features already separate them, and the differences come out too small; give \
                 --validation-embeddings",
            ),
            Warning::SharedImages { images } => write!(
                f,
                "{images} of the images have both training and held-out embeddings, as --group-column says: held-out \
                 embeddings must be of other images"
            ),
            Warning::NotJudged { held_out, classes } => {
                let why = match (classes.len(), held_out) {
                    (1, true) => {
                        "is not judged, because it has no training embeddings, or no held-out ones"
                    }
                    (1, false) => {
                        "is not judged, because all its embeddings are of one image, or it has none"
                    }
                    (_, true) => {
                        "are not judged, because they have no training embeddings, or no held-out ones"
                    }
                    (_, false) => {
                        "are not judged, because all their embeddings are of one image, or they have none"
                    }
                };
                let number = if classes.len() == 1 { "class" } else { "classes" };
                write!(f, "{} {number} {why}: {}", classes.len(), list(classes))
            }
            Warning::FewImages { classes, least } => write!(
                f,
                "{classes} of the judged classes have fewer than {least} images, too few to say that a loss helps or \
                 hurts: give more held-out embeddings"
            ),
            Warning::NothingLearnt { recall, classes } => write!(
                f,
                "the cosine softmax recognizes {:.0}% of the boxes of {classes} classes, no more than chance, so no \
                 loss can be judged: check that labels and embeddings belong to the same boxes, and that held-out \
                 embeddings are from the same layer",
                100.0 * recall
            ),
            Warning::Unfinished { layers, of, epochs } => write!(
                f,
                "{layers} of {of} layers were still improving after {epochs} epochs, or no step improved them: give \
                 more --epochs, or embeddings in float64 if their values are far from 0"
            ),
            Warning::NoCorrelation { runs, between, why } => {
                write!(f, "{}there is no correlation of {between}: {why}", prefix(runs))
            }
        }
    }
}

/// Before a sentence on these runs.
fn prefix(runs: &[String]) -> String {
    /// So many are named.
    const NAMED: usize = 3;
    match runs {
        [] => String::new(),
        [run] if run.is_empty() => String::new(),
        [run] => format!("{run}: "),
        few if few.len() <= NAMED => format!("in the runs {}: ", few.join(", ")),
        [first, .., last] => format!("in {} runs ({first} to {last}): ", runs.len()),
    }
}

impl Warning {
    /// The sentence, where there are so many runs in all: says "in all 6 runs" where it is true of each.
    pub fn among(&self, all: usize) -> String {
        let mut whole = self.clone();
        match whole.runs() {
            Some(runs) if all > 1 && runs.len() == all && !self.is_of_stores() => {
                *runs = vec![format!("in all {all} runs")];
                whole.to_string()
            }
            _ => self.to_string(),
        }
    }

    fn is_of_stores(&self) -> bool {
        matches!(self, Warning::UnknownStore { .. })
    }

    /// Takes in a warning that says the same of other runs; whether it does.
    fn absorb(&mut self, other: &Warning) -> bool {
        let mut other = other.clone();
        if self.bare() != other.bare() {
            return false;
        }
        if let (Warning::Floor { share: a, .. }, Warning::Floor { share: b, .. }) =
            (&mut *self, &other)
        {
            *a = (a.0.min(b.0), a.1.max(b.1));
        }
        let (Some(runs), Some(others)) = (self.runs(), other.runs()) else { return true };
        others.retain(|run| !runs.contains(run));
        runs.append(others);
        true
    }

    /// Without what may differ from run to run.
    fn bare(&self) -> Warning {
        let mut bare = self.clone();
        bare.runs().map(Vec::clear);
        if let Warning::Floor { share, .. } = &mut bare {
            *share = (0.0, 0.0);
        }
        bare
    }

    /// The runs it is about.
    fn runs(&mut self) -> Option<&mut Vec<String>> {
        match self {
            Warning::Floor { runs, .. }
            | Warning::Invalid { runs, .. }
            | Warning::NoBackground { runs, .. }
            | Warning::Refused { runs, .. }
            | Warning::EqualAp { runs, .. }
            | Warning::UnknownCovariate { runs, .. }
            | Warning::UselessCovariate { runs, .. }
            | Warning::UselessGroups { runs }
            | Warning::ByChance { runs, .. }
            | Warning::NoCorrelation { runs, .. } => Some(runs),
            // Said of several, it is one sentence too.
            Warning::UnknownStore { titles, .. } => Some(titles),
            _ => None,
        }
    }
}
