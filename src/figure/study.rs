//! The figures of a study: its numbers, drawn.

use super::draw::{
    self, Figure1Class, Figure1Panel, Figure2Run, Figure4Run, ScatterPanel, ScatterPoint,
    SensitivityPanel, SensitivityRow,
};
use crate::analysis::{Bias, Correlated, Part, Study, parts};
use crate::detector::{Class, Run};
use crate::error::Result;

/// A figure with what it shows.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The name of its file, without extension.
    pub name: &'static str,
    /// What it shows.
    pub caption: &'static str,
    /// The drawing.
    pub svg: String,
}

/// All figures that there are of a study.
///
/// # Errors
/// If one cannot be drawn.
pub fn all(study: &Study) -> Result<Vec<Drawn>> {
    let mut figures = Vec::new();
    if !study.analysed().is_empty() {
        figures.push(Drawn {
            name: "figure2",
            caption: "Correlation of information amount and of instance count with AP, by run",
            svg: figure2(study)?,
        });
        figures.push(Drawn {
            name: "scatter",
            caption: "Information amount against AP, a point per class",
            svg: scatter(study)?,
        });
        if study.detectors().iter().any(|detector| detector.len() > 1) {
            figures.push(Drawn {
                name: "sensitivity",
                caption: "How the correlations depend on the covariance estimator",
                svg: sensitivity(study)?,
            });
        }
    }
    if study.analysed().iter().any(|one| !parts(one).is_empty()) {
        figures.push(Drawn {
            name: "commonality",
            caption: "How much of AP's variance goes with instance count, information amount and covariates",
            svg: commonality(study)?,
        });
    }
    figures.push(Drawn {
        name: "figure1",
        caption: "Instance counts and AP by class",
        svg: figure1(study)?,
    });
    figures.push(Drawn {
        name: "figure4",
        caption: "Model bias: variance of the class APs, by run",
        svg: figure4(study)?,
    });
    Ok(figures)
}

/// What makes AP of a run into percent, in which all figures have it.
pub(super) fn percent(run: &Run) -> f64 {
    100.0 / run.ap_scale().unwrap_or_default().full()
}

/// The name of the estimator of a run's information amounts; empty where there are none.
fn estimator(run: &Run) -> String {
    run.estimator().map_or(String::new(), |estimator| estimator.name().to_owned())
}

/// Figure 1: instance counts and AP by class.
///
/// # Errors
/// If the study has no run.
pub fn figure1(study: &Study) -> Result<String> {
    let class = |class: Class, percent: f64| {
        let (name, ap) = (class.name.to_owned(), class.ap.map(|ap| percent * ap));
        class.instances.map(|instances| Figure1Class { name, instances, ap })
    };
    let panel = |one: &Correlated| Figure1Panel {
        title: one.run.name().to_owned(),
        ap_column: one.run.ap_column().to_owned(),
        enough_classes: one.has_enough_classes(),
        pearson: one.count(),
        log_pearson: one.log_count(),
        classes: one.run.classes().filter_map(|each| class(each, percent(&one.run))).collect(),
    };
    Ok(draw::figure1(&study.first().into_iter().map(panel).collect::<Vec<_>>())?)
}

/// Figure 2: the correlations of information amount and of instance count with AP, by run.
///
/// # Errors
/// If the study has no run.
pub fn figure2(study: &Study) -> Result<String> {
    let bars = |one: &Correlated| {
        let (backbone, loss) = one.run.bars();
        Figure2Run {
            backbone: backbone.to_owned(),
            loss: loss.to_owned(),
            estimator: estimator(&one.run),
            information: one.information(),
            instances: one.count(),
            log_instances: one.log_count(),
            enough_classes: one.has_enough_classes(),
        }
    };
    Ok(draw::figure2(&study.first().into_iter().map(bars).collect::<Vec<_>>())?)
}

/// Figure 4: the model bias, by run, and the mean AP by group of classes.
///
/// # Errors
/// If the study has no run.
pub fn figure4(study: &Study) -> Result<String> {
    let bars = |bias: &Bias| {
        let (backbone, loss) = bias.run.bars();
        Figure4Run {
            backbone: backbone.to_owned(),
            loss: loss.to_owned(),
            bias: bias.all.bias,
            group_means: bias.groups.iter().map(|(_, ap)| ap.mean).collect(),
        }
    };
    let groups = study.bias().first().map_or(&[][..], |bias| &bias.groups);
    let names: Vec<_> = groups.iter().map(|(name, _)| name.clone()).collect();
    Ok(draw::figure4(&study.bias().iter().map(bars).collect::<Vec<_>>(), &names)?)
}

/// Information amount against AP, a point per class, a panel per run. [`figure1`](super::figure1), which needs
/// no embeddings, is asked for in the same way:
///
/// ```
/// use igam_analyze::{ApColumn, Classes, Detector, figure};
///
/// let ap = ApColumn::by_name([("bolt", 0.41), ("nut", 0.22), ("key", 0.35)])?;
/// let detector = Detector::new("R-50", Classes::from_names(["bolt", "nut", "key"])?);
/// let study = detector.instances(&[120, 40, 75])?.average_precision(&ap)?.correlate()?;
/// assert!(figure::figure1(&study)?.starts_with("<svg"));
/// assert!(figure::scatter(&study).is_err());
/// # Ok::<(), igam_analyze::Error>(())
/// ```
///
/// # Errors
/// If no run has information amounts.
pub fn scatter(study: &Study) -> Result<String> {
    let point = |class: Class, percent: f64| {
        Some(ScatterPoint {
            name: class.name.to_owned(),
            information: class.amount()?.bits,
            ap: percent * class.ap?,
            instances: class.instances?,
        })
    };
    let panel = |one: &Correlated| ScatterPanel {
        title: one.run.name().to_owned(),
        points: one.run.classes().filter_map(|each| point(each, percent(&one.run))).collect(),
        pearson: one.information(),
        estimator: estimator(&one.run),
        line: one.line.map(|line| line.times(percent(&one.run))),
        ap_column: one.run.ap_column().to_owned(),
        enough_classes: one.has_enough_classes(),
    };
    Ok(draw::scatter(&study.analysed().into_iter().map(panel).collect::<Vec<_>>())?)
}

/// How the correlations depend on the covariance estimator.
///
/// # Errors
/// If no run has information amounts.
pub fn sensitivity(study: &Study) -> Result<String> {
    let row = |one: &Correlated| {
        one.evidence.as_ref()?;
        Some(SensitivityRow {
            estimator: one.run.estimator()?.name().to_owned(),
            raw: one.information().map(Into::into),
            partial: one.partial().map(Into::into),
        })
    };
    let panel = |detector: &Vec<Correlated>| {
        Some(SensitivityPanel {
            title: detector.first()?.run.name().to_owned(),
            rows: detector.iter().filter_map(row).collect(),
            enough_classes: detector.first()?.has_enough_classes(),
        })
    };
    Ok(draw::sensitivity(&study.detectors().iter().filter_map(panel).collect::<Vec<_>>())?)
}

/// How much of AP's variance goes with instance count, information amount and covariates, by run.
///
/// # Errors
/// If no run has enough classes for that.
pub fn commonality(study: &Study) -> Result<String> {
    let parts = study.analysed().into_iter().map(|one| (one.run.name().to_owned(), parts(one)));
    let parts: Vec<(String, Vec<Part>)> = parts.filter(|(_, parts)| !parts.is_empty()).collect();
    Ok(draw::commonality(&parts)?)
}
