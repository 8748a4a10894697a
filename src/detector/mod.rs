//! A detector: its classes, with counts, AP and information amounts, joined by class.

mod amounts;
mod assign;
mod given;
mod join;
mod run;
mod summary;

use std::path::Path;
use std::sync::Arc;

pub use amounts::{Amounts, NoInformation};
pub use assign::{Extent, LeftOut, assign, background};
pub use given::{
    ApColumn, ApFormat, ClassGroups, Counts, Covariate, Covariates, Evaluated, Parts, ap_of_class,
    scaled,
};
pub use join::{Side, ap_without_summary, counts_without_summary};
pub use run::{Class, Run};
pub use summary::{ClassSummary, RunSummary, chosen};

use crate::ap::ApScale;
use crate::classes::{Classes, Keys, Numbering, Rows};
use crate::detections::ClassDetections;
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::observer::Observer;
use crate::warning::{Warning, Warnings};
use crate::words::check_name;
use join::Counted;

/// The name of the results over all runs; no run may have it.
pub const ALL_RUNS: &str = "all";

/// Checks the name of a run, of its backbone and of its loss.
///
/// # Errors
/// A sentence, if it cannot be a name.
pub fn check_run_names(names: [&str; 3]) -> std::result::Result<(), String> {
    names.into_iter().try_for_each(check_name)?;
    if names[0] == ALL_RUNS {
        return Err("is called \"all\", as the results over all runs are: rename it".into());
    }
    Ok(())
}

/// The classes that instance counts name.
///
/// # Errors
/// If there are none, or a name or id stands twice.
pub fn counted_classes(counts: Option<&Counts>) -> Result<Arc<Classes>> {
    let Some(counts) = counts else {
        return Err(Error::Usage(
            "give --embeddings, or --counts for a correlation of instance counts".into(),
        ));
    };
    let classes = Classes::of_keys(&counts.keys);
    Ok(classes.map_err(|problem| Error::content(&counts.path, problem))?.into())
}

/// A detector: its classes with counts, AP and information amounts. It is one run for each AP and each
/// covariance estimator.
#[derive(Clone, Debug)]
pub struct Detector {
    name: String,
    backbone: String,
    loss: String,
    classes: Arc<Classes>,
    /// From a file of counts.
    counted: Option<Counted>,
    /// Numbers to be held constant, a value per class.
    covariates: Vec<Covariate>,
    /// The group of similar classes that each class belongs to, such as its supercategory.
    groups: Vec<Option<String>>,
    /// Embeddings of each class, of which the information amounts are made.
    embeddings: Option<Arc<[u64]>>,
    amounts: Vec<Amounts>,
    /// What embeddings show of each class beyond those.
    geometry: Option<Arc<Geometry>>,
    aps: Vec<ClassAp>,
    /// What is wrong with the detections of each class, where there are detections.
    detections: Option<Vec<Option<ClassDetections>>>,
    warnings: Warnings,
}

/// AP of each class.
#[derive(Clone, Debug)]
struct ClassAp {
    column: String,
    /// The name of its file, without extension.
    file: String,
    scale: ApScale,
    values: Vec<Option<f64>>,
}

impl Detector {
    /// A detector with these classes, without counts, AP and information amounts.
    ///
    /// ```
    /// use igam_analyze::{ApColumn, Classes, Detector};
    ///
    /// let classes = Classes::from_names(["bolt", "nut", "key"])?;
    /// let ap = ApColumn::by_name([("bolt", 0.41), ("nut", 0.22), ("key", 0.35)])?;
    /// let counts = [120, 40, 75];
    /// let detector = Detector::new("R-50", classes).instances(&counts)?.average_precision(&ap)?;
    /// # Ok::<(), igam_analyze::Error>(())
    /// ```
    pub fn new(name: impl Into<String>, classes: impl Into<Arc<Classes>>) -> Detector {
        let classes = classes.into();
        Detector {
            name: name.into(),
            backbone: String::new(),
            loss: String::new(),
            groups: vec![None; classes.len()],
            classes,
            counted: None,
            covariates: Vec::new(),
            embeddings: None,
            amounts: Vec::new(),
            geometry: None,
            aps: Vec::new(),
            detections: None,
            warnings: Warnings::default(),
        }
    }

    /// Sets its backbone and its loss, which label it in Figures 2 and 4.
    pub fn trained(mut self, backbone: impl Into<String>, loss: impl Into<String>) -> Detector {
        (self.backbone, self.loss) = (backbone.into(), loss.into());
        self
    }

    /// A detector of information amounts under several estimators, and of all that is given beside them;
    /// where there are none, of instance counts alone. The classes are `listed`, or what labels name.
    ///
    /// # Errors
    /// If the amounts are not of the same embeddings, or two are by one estimator. If there are neither
    /// amounts nor counts, or it is doubtful which class a row is of.
    pub fn of_parts(
        amounts: Vec<Amounts>,
        listed: bool,
        mut parts: Parts,
        observer: &mut dyn Observer,
    ) -> Result<Detector> {
        if parts.name.is_empty() {
            parts.name = format!("{} {}", parts.backbone, parts.loss).trim().to_owned();
        }
        check_run_names([&parts.name, &parts.backbone, &parts.loss])
            .map_err(|problem| Error::Content { path: "name".into(), problem })?;
        parts.say_ap(observer);
        let notes = parts.covariates.iter().flat_map(|table| &table.notes);
        notes.for_each(|note| observer.note(note));
        let classes = amounts.first().map(|first| first.classes().clone());
        let known = classes.as_deref().filter(|_| listed);
        let counts = parts.counts.take();
        parts.counts =
            counts.map(|counts| counts_without_summary(counts, known, observer)).transpose()?;
        let counted = parts.counts.as_ref();
        let of_detections = || parts.detections.as_ref().map(|evaluated| &evaluated.classes);
        let own = || counted.and_then(|counted| counted.classes.as_ref()).or_else(of_detections);
        let own = || own().cloned().map(Arc::new);
        let listed = listed || (classes.is_none() && own().is_some());
        let classes = classes.or_else(own).map_or_else(|| counted_classes(counted), Ok)?;
        let mut detector =
            Detector::new(&parts.name, classes).trained(&parts.backbone, &parts.loss);
        if let Some(counts) = parts.counts.as_ref().filter(|_| listed) {
            detector.join_counts(counts, observer)?;
        }
        if let Some(label) = parts.no_background.take() {
            observer.warn(Warning::NoBackground { runs: vec![parts.name.clone()], label });
        }
        if let Some(first) = amounts.first() {
            detector.set_embeddings(first.embeddings().clone());
        }
        detector.join(parts, observer)?;
        for amounts in amounts {
            detector.check_amounts(&amounts)?;
            detector.add_amounts(amounts, observer);
        }
        Ok(detector)
    }

    /// The instance counts, given in the order of the classes; without them, those of the embeddings.
    ///
    /// # Errors
    /// If their number is not the number of classes.
    pub fn instances(mut self, counts: &[u64]) -> Result<Detector> {
        let counts = Counts::in_order(counts.to_vec());
        self.watched(|detector, observer| {
            detector.join_counts(&counts, observer)?;
            detector.check_counts(false, observer)
        })?;
        Ok(self)
    }

    /// Adds the information amounts by one estimator; those by others are separate runs. Give them, and
    /// the instance counts, before AP: how many instances a class has helps to tell which one a row of AP
    /// means.
    ///
    /// # Errors
    /// If they are of other classes or embeddings than those before, or by the same estimator.
    pub fn information(mut self, amounts: Amounts) -> Result<Detector> {
        self.check_amounts(&amounts)?;
        self.watched(|detector, observer| {
            detector.set_embeddings(amounts.embeddings().clone());
            detector.check_counts(false, observer)?;
            detector.add_amounts(amounts, observer);
            Ok(())
        })?;
        Ok(self)
    }

    /// That information amounts are of the detector's classes and embeddings, and the first under their
    /// estimator.
    fn check_amounts(&self, amounts: &Amounts) -> Result<()> {
        let (ours, theirs) = (&self.classes, amounts.classes());
        if ours.ids() != theirs.ids() || ours.names() != theirs.names() {
            let problem = format!(
                "the information amounts are of {} classes, the detector has {}, or others: give both the same",
                theirs.len(),
                ours.len()
            );
            return Err(Error::Input(problem));
        }
        let estimator = amounts.estimator();
        if self.embeddings.as_ref().is_some_and(|ours| ours != amounts.embeddings()) {
            return Err(Error::Input(format!(
                "the information amounts by {} come from other numbers of embeddings than those \
                 before: give those of one detector",
                estimator.name()
            )));
        }
        if self.amounts.iter().any(|ours| ours.estimator() == estimator) {
            return Err(Error::Input(format!(
                "two of the information amounts are by the estimator {}: give one of each",
                estimator.name()
            )));
        }
        Ok(())
    }

    /// Adds AP by class; each further one is a separate run.
    ///
    /// # Errors
    /// If it is doubtful which class a value is of.
    pub fn average_precision(mut self, ap: &ApColumn) -> Result<Detector> {
        self.watched(|detector, observer| {
            let doubts = ap.doubts.iter().cloned();
            doubts.for_each(|doubt| observer.warn(Warning::Ap { doubt }));
            detector.join_ap(ap.clone(), None, observer)
        })?;
        Ok(self)
    }

    /// Detections that were evaluated, and AP of the first of their columns.
    ///
    /// # Errors
    /// If it is doubtful which class a category is.
    pub fn evaluated(mut self, evaluated: &Evaluated) -> Result<Detector> {
        self.watched(|detector, observer| {
            for column in evaluated.columns(&[])? {
                detector.join_ap(column, None, observer)?;
            }
            detector.join_detections(evaluated, None)
        })?;
        Ok(self)
    }

    /// Numbers to be held constant beside the instance count, and the groups of similar classes.
    ///
    /// # Errors
    /// If it is doubtful which class a row is of.
    pub fn covariates(
        mut self,
        covariates: Option<&Covariates>,
        groups: Option<&ClassGroups>,
    ) -> Result<Detector> {
        self.watched(|detector, observer| detector.join_covariates(covariates, groups, observer))?;
        Ok(self)
    }

    /// Does what may warn; keeps the warnings.
    fn watched(
        &mut self,
        step: impl FnOnce(&mut Detector, &mut dyn Observer) -> Result<()>,
    ) -> Result<()> {
        let mut warnings = std::mem::take(&mut self.warnings);
        let done = step(self, &mut warnings);
        self.warnings = warnings;
        done
    }

    /// Its name; may be empty.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The classes.
    pub fn classes(&self) -> &Arc<Classes> {
        &self.classes
    }

    /// The information amounts, under each estimator.
    pub fn amounts(&self) -> &[Amounts] {
        &self.amounts
    }

    /// What embeddings show of each class beyond information amounts.
    ///
    /// # Errors
    /// If it is of another number of classes.
    pub fn with_geometry(self, geometry: Arc<Geometry>) -> Result<Detector> {
        let (ours, theirs) = (self.classes.len(), geometry.counts.len());
        if ours != theirs {
            return Err(Error::Input(format!(
                "the geometry is of {theirs} classes, the detector has {ours}: give both the same"
            )));
        }
        Ok(Detector { geometry: Some(geometry), ..self })
    }

    /// What embeddings show of each class beyond information amounts, where that was asked.
    pub fn geometry(&self) -> Option<&Arc<Geometry>> {
        self.geometry.as_ref()
    }

    /// What is wrong with the detections of each class, in the order of the classes, where there are
    /// detections: nothing where the ground truth has no such category.
    pub fn detections(&self) -> Option<&[Option<ClassDetections>]> {
        self.detections.as_deref()
    }

    /// Warnings about its input.
    pub fn warnings(&self) -> &Warnings {
        &self.warnings
    }

    /// What is known of how many instances each class has, to check joins with.
    pub fn known(&self) -> Option<Vec<Option<u64>>> {
        let counted = self.counted.as_ref().map(|counted| counted.instances.clone());
        let boxes = || self.classes.boxes().map(<[_]>::to_vec);
        let embeddings = || Some(self.embeddings.as_ref()?.iter().copied().map(Some).collect());
        counted.or_else(boxes).or_else(embeddings)
    }

    /// Joins instance counts, without a row over all classes.
    ///
    /// # Errors
    /// If it is doubtful which class a row is of.
    pub fn join_counts(&mut self, counts: &Counts, observer: &mut dyn Observer) -> Result<()> {
        let known = self.known();
        let counted = join::counts(&self.classes, counts, known.as_deref(), observer)?;
        self.counted = Some(counted);
        Ok(())
    }

    /// Joins what is wrong with detections, as AP is joined, which says how.
    fn join_detections(&mut self, evaluated: &Evaluated, asked: Option<Numbering>) -> Result<()> {
        let keys = evaluated.keys();
        let has_ap = |class: &ClassDetections| class.ap[0].is_some().into();
        let weights: Vec<u64> = evaluated.detections.iter().map(has_ap).collect();
        let silent = &mut Warnings::default();
        let places = self.places_of_ap(&evaluated.path, &keys, &weights, asked, silent)?;
        self.detections = Some(join::detections(&self.classes, evaluated, &places));
        Ok(())
    }

    /// The class of each row of AP.
    fn places_of_ap(
        &self,
        path: &Path,
        keys: &Keys,
        weights: &[u64],
        asked: Option<Numbering>,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Option<usize>>> {
        let known = self.known();
        let known = known.as_deref();
        let rows = Rows { keys, weights, asked, whole: true, once: true, counted: false, known };
        Side { path, option: Some("--ap-numbering") }.join(&self.classes, &rows, observer)
    }

    /// Joins AP.
    ///
    /// # Errors
    /// If it is doubtful which class a row is of.
    fn join_ap(
        &mut self,
        column: ApColumn,
        asked: Option<Numbering>,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let column = ap_without_summary(column, &self.classes, observer)?;
        let weights: Vec<_> = column.values.iter().map(|ap| ap.is_some().into()).collect();
        let places = self.places_of_ap(&column.path, &column.keys, &weights, asked, observer)?;
        let values = join::by_class(&column.values, &places, &self.classes);
        let file = column.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.aps.push(ClassAp { column: column.name, file, scale: column.scale, values });
        Ok(())
    }

    /// Joins the numbers that can be held constant, and the groups of similar classes: of tables, and of an
    /// annotation file that was counted.
    ///
    /// # Errors
    /// If it is doubtful which class a row is of.
    fn join_covariates(
        &mut self,
        covariates: Option<&Covariates>,
        groups: Option<&ClassGroups>,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let (counted, known) = (self.counted.as_ref(), self.known());
        let (classes, known) = (&self.classes, known.as_deref());
        self.covariates = join::covariates(classes, counted, covariates, known, observer)?;
        self.groups = join::groups(classes, counted, groups, known, observer)?;
        Ok(())
    }

    /// Joins all that is given, each before what it may tell how to read: counts, unless they are joined,
    /// then AP, then what is held constant.
    ///
    /// # Errors
    /// If it is doubtful which class a row is of.
    pub fn join(&mut self, parts: Parts, observer: &mut dyn Observer) -> Result<()> {
        let Parts {
            ap, ap_numbering, detections, counts, covariates, groups, has_own_list, ..
        } = parts;
        if let Some(counts) = counts.filter(|_| self.counted.is_none()) {
            self.join_counts(&counts, observer)?;
        }
        let has_ap = !ap.is_empty();
        for column in ap {
            self.join_ap(column, ap_numbering, observer)?;
        }
        if let Some(evaluated) = detections {
            self.join_detections(&evaluated, ap_numbering)?;
        }
        if self.embeddings.is_none() {
            let covariates = covariates.iter().map(|table| &table.path);
            for path in covariates.chain(groups.iter().map(|table| &table.path)) {
                observer.warn(Warning::NoEmbeddings { path: path.clone() });
            }
        }
        if has_ap {
            self.join_covariates(covariates.as_ref(), groups.as_ref(), observer)?;
        }
        self.check_counts(has_own_list, observer)
    }

    /// Sets the number of embeddings of each class.
    pub fn set_embeddings(&mut self, counts: Arc<[u64]>) {
        self.embeddings = Some(counts);
    }

    /// Warns where a file of counts and the embeddings say different numbers.
    ///
    /// # Errors
    /// If they are the same numbers in another order of the classes.
    fn check_counts(&self, has_own_list: bool, observer: &mut dyn Observer) -> Result<()> {
        let (Some(counted), Some(embeddings)) = (&self.counted, &self.embeddings) else {
            return Ok(());
        };
        let both = counted.instances.iter().zip(embeddings.iter());
        let differing = self.classes.names().iter().zip(both);
        let differing = differing.filter_map(|(name, (&file, &labels))| {
            file.filter(|&file| file != labels).map(|file| (name.clone(), file, labels))
        });
        let classes: Vec<_> = differing.collect();
        let sorted = |of: fn(&(String, u64, u64)) -> u64| {
            let mut counts: Vec<u64> = classes.iter().map(of).collect();
            counts.sort_unstable();
            counts
        };
        let path = &counted.path;
        match &classes[..] {
            [] => Ok(()),
            [(first, file, labels), ..]
                if has_own_list && sorted(|one| one.1) == sorted(|one| one.2) =>
            {
                let problem = format!(
                    "has the counts of the labels, but for other classes, such as {file} and not {labels} for \
                     {first:?}: the class names are in another order than in training; correct their order"
                );
                Err(Error::content(path, problem))
            }
            _ => {
                observer.warn(Warning::Counts { path: path.clone(), classes });
                Ok(())
            }
        }
    }

    /// Sets what embeddings show of each class beyond information amounts.
    pub fn set_geometry(&mut self, geometry: Option<Geometry>) {
        self.geometry = geometry.map(Arc::new);
    }

    /// Adds the information amounts under an estimator.
    pub fn add_amounts(&mut self, amounts: Amounts, observer: &mut dyn Observer) {
        amounts.warnings(&self.name).into_iter().for_each(|warning| observer.warn(warning));
        self.amounts.push(amounts);
    }

    /// For each AP, or once if there is none, a run under each estimator, or one if there is no embedding.
    pub fn runs(self) -> Vec<Vec<Run>> {
        let detector = Arc::new(self);
        let at = |count: usize| match count {
            0 => vec![None],
            count => (0..count).map(Some).collect(),
        };
        let under = |ap| {
            let amounts = at(detector.amounts.len()).into_iter();
            amounts.map(|amounts| Run::new(&detector, ap, amounts)).collect()
        };
        at(detector.aps.len()).into_iter().map(under).collect()
    }
}
