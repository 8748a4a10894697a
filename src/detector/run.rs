//! A run: a detector with one AP and one estimator. Each result belongs to a run.

use std::sync::Arc;

use super::{ALL_RUNS, Amounts, ClassAp, Covariate, Detector, NoInformation};
use crate::ap::ApScale;
use crate::detections::ClassDetections;
use crate::geometry::Geometry;
use crate::groups::Frequency;
use crate::information::Information;
use crate::shrinkage::Estimator;

/// A detector with one of its APs, and its information amounts under one estimator.
#[derive(Clone, Debug)]
pub struct Run {
    name: String,
    detector: Arc<Detector>,
    ap: Option<usize>,
    amounts: Option<usize>,
}

/// One class of a run.
#[derive(Clone, Copy, Debug)]
pub struct Class<'a> {
    /// Class id.
    pub id: i64,
    /// Class name.
    pub name: &'a str,
    /// From a file of counts, or else the number of embeddings.
    pub instances: Option<u64>,
    /// Number of embeddings m, of which the information amount is made.
    pub embeddings: Option<u64>,
    /// How often it occurs, where a file of counts says so.
    pub frequency: Option<Frequency>,
    /// The group of similar classes that it belongs to.
    pub group: Option<&'a str>,
    /// Its information amount, or why it has none; `None` if the run has no embeddings.
    pub information: Option<Result<Information, NoInformation>>,
    /// I′ as printed.
    pub normalized: Option<f64>,
    /// On the run's scale.
    pub ap: Option<f64>,
}

impl Class<'_> {
    /// Its information amount, where it has one.
    pub fn amount(&self) -> Option<Information> {
        self.information?.ok()
    }
}

impl Run {
    pub(super) fn new(detector: &Arc<Detector>, ap: Option<usize>, amounts: Option<usize>) -> Run {
        let column = ap.map_or("", |ap| &detector.aps[ap].column);
        // A column such as `map_per_class` says nothing of the run: only several need it, to be told apart.
        let unnamed = match &detector.aps[..] {
            [only] => &only.file,
            _ => column,
        };
        let name = if detector.name.is_empty() && unnamed == ALL_RUNS {
            format!("AP {ALL_RUNS}")
        } else if detector.name.is_empty() {
            unnamed.to_owned()
        } else if detector.aps.len() > 1 {
            format!("{} {column}", detector.name)
        } else {
            detector.name.clone()
        };
        Run { name, detector: detector.clone(), ap, amounts }
    }

    /// Its name: the detector's, with the AP column where there are several; unless it has one, that of the AP file
    /// or, of several columns, that of the column.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The detector's backbone; may be empty.
    pub fn backbone(&self) -> &str {
        &self.detector.backbone
    }

    /// The detector's loss; may be empty.
    pub fn loss(&self) -> &str {
        &self.detector.loss
    }

    /// Backbone and loss, its labels in figures; its name, if it has neither.
    pub fn bars(&self) -> (&str, &str) {
        let unnamed = self.backbone().is_empty() && self.loss().is_empty();
        (self.backbone(), if unnamed { &self.name } else { self.loss() })
    }

    /// Its information amounts, where there are embeddings.
    pub fn amounts(&self) -> Option<&Amounts> {
        self.amounts.map(|at| &self.detector.amounts[at])
    }

    /// The covariance estimator, where there are embeddings.
    pub fn estimator(&self) -> Option<Estimator> {
        self.amounts().map(Amounts::estimator)
    }

    /// Number of dimensions p, where there are embeddings.
    pub fn dim(&self) -> Option<usize> {
        self.amounts().map(Amounts::dim)
    }

    fn ap(&self) -> Option<&ClassAp> {
        self.ap.map(|at| &self.detector.aps[at])
    }

    /// The scale of AP, where there is AP.
    pub fn ap_scale(&self) -> Option<ApScale> {
        self.ap().map(|ap| ap.scale)
    }

    /// The column that AP is from; empty where there is none.
    pub fn ap_column(&self) -> &str {
        self.ap().map_or("", |ap| &ap.column)
    }

    /// What embeddings show of the classes beyond information amounts, where that was asked.
    pub fn geometry(&self) -> Option<&Geometry> {
        self.detector.geometry().map(|geometry| &**geometry)
    }

    /// What is wrong with the detections of a class, by its index, where there are detections.
    pub fn detections(&self, class: usize) -> Option<&ClassDetections> {
        self.detector.detections()?[class].as_ref()
    }

    /// Numbers of the classes, in their order, that can be held constant.
    pub fn covariates(&self) -> &[Covariate] {
        &self.detector.covariates
    }

    /// One of the classes, by its index.
    pub fn class(&self, at: usize) -> Class<'_> {
        let detector = &*self.detector;
        let counted = detector.counted.as_ref();
        let embeddings = detector.embeddings.as_ref().map(|counts| counts[at]);
        let amounts = self.amounts();
        Class {
            id: detector.classes.ids()[at],
            name: &detector.classes.names()[at],
            instances: counted.map_or(embeddings, |counted| counted.instances[at]),
            embeddings,
            frequency: counted.and_then(|counted| counted.frequencies[at]),
            group: detector.groups[at].as_deref(),
            information: amounts.map(|amounts| amounts.of_classes()[at]),
            normalized: amounts.and_then(|amounts| amounts.normalized()[at]),
            ap: self.ap().and_then(|ap| ap.values[at]),
        }
    }

    /// The classes, in order of id.
    pub fn classes(&self) -> impl ExactSizeIterator<Item = Class<'_>> {
        (0..self.detector.classes.len()).map(|at| self.class(at))
    }
}
