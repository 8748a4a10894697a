//! All that is found of detectors, on one page.

use super::page::{self, Part};
use super::tables::{self, left_out, verdicts_in_short};
use super::{Cell, Table, explained, probed};
use crate::analysis::explain::Explanation;
use crate::analysis::probe::Probe;
use crate::analysis::{Said, Study};
use crate::error::Result;
use crate::figure;

const TITLE: &str = "Why is my detector bad on this class?";

/// A report: the whole page, and a summary.
#[derive(Clone, Debug)]
pub struct Report {
    /// The whole, a file that needs nothing but itself.
    pub html: String,
    /// The verdict, the warnings and the bias, for the summary of a CI job.
    pub markdown: String,
}

/// How to do it again.
#[derive(Clone, Debug)]
pub struct Again {
    /// The command.
    pub command: String,
    /// The files that it reads.
    pub files: Table,
}

/// The report of a study: first what is known of the classes of its runs, where that is `explained`; with its
/// warnings, and `further` ones of what it was made of. `probes` are what other losses do to the classes, each
/// with the name of its run.
///
/// ```
/// use igam_analyze::{ApColumn, Classes, Detector, report};
///
/// let ap = ApColumn::by_name([("bolt", 0.41), ("nut", 0.22), ("key", 0.35)])?;
/// let detector = Detector::new("R-50", Classes::from_names(["bolt", "nut", "key"])?);
/// let study = detector.instances(&[120, 40, 75])?.average_precision(&ap)?.correlate()?;
/// let report = report(&study, &[], &[], &[], None)?;
/// assert!(report.html.starts_with("<!DOCTYPE html>"));
/// # Ok::<(), igam_analyze::Error>(())
/// ```
///
/// # Errors
/// If a figure cannot be drawn.
pub fn report(
    study: &Study,
    explained: &[Explanation],
    probes: &[(String, Probe)],
    further: &[String],
    again: Option<Again>,
) -> Result<Report> {
    let beginning = beginning(study, further);
    let mut summary = explained::summary(explained);
    summary.extend(beginning.clone());
    let mut all = explained::whole(explained)?;
    all.extend(beginning);
    for (run, probe) in probes {
        let parts = probed::parts(probe, Some(run).filter(|_| probes.len() > 1))?;
        summary.extend(parts.clone());
        all.extend(parts);
    }
    all.push(heading("Figures"));
    for figure in figure::all(study)? {
        all.push(Part::Figure { caption: figure.caption.into(), svg: figure.svg });
    }
    for (name, table) in tables::study(study) {
        let table = without_doubtful(study, table);
        if name == "bias" {
            summary.extend(tabulated(name, table.clone()));
        }
        all.extend(tabulated(name, table));
    }
    let end = end(study, again);
    all.extend(end.clone());
    summary.extend(end);
    Ok(Report { html: page::html(TITLE, &all), markdown: page::markdown(TITLE, &summary) })
}

fn heading(text: &str) -> Part {
    Part::Heading(text.into())
}

/// The question, what is said of it, and warnings.
fn beginning(study: &Study, warnings: &[String]) -> Vec<Part> {
    let question = "Does AP go with the classes' information amounts ½ log₂ det(I+Σ) (arXiv 2502.03852), \
                    or with their instance counts? And does information amount say anything of AP beyond \
                    the count?";
    let mut parts = vec![Part::Text(question.into())];
    parts.extend(said(study, warnings));
    parts
}

/// What a study comes to, with its warnings and `further` ones, as HTML for a page that is
/// there already, such as a notebook.
pub fn brief(study: &Study, further: &[String]) -> String {
    page::fragment(&said(study, further))
}

/// The verdict, in words and in short, and warnings.
fn said(study: &Study, further: &[String]) -> Vec<Part> {
    let mut parts = vec![heading("Verdict")];
    for Said { subject, finding, points } in study.verdict.0.iter().cloned() {
        parts.push(Part::Words(vec![(subject, finding)]));
        parts.extend((!points.is_empty()).then_some(Part::List(points)));
    }
    parts.push(Part::Table(verdicts_in_short(study)));
    let mut warnings = further.to_vec();
    let runs = study.detectors().len();
    for warning in study.warnings.iter() {
        let forms = [warning.among(runs), warning.to_string()];
        if !forms.iter().any(|form| warnings.contains(form)) {
            warnings.extend(forms.into_iter().next());
        }
    }
    if !warnings.is_empty() {
        parts.extend([heading("Warnings"), Part::List(warnings)]);
    }
    parts
}

/// Columns that say nothing of too few classes.
const DOUBTFUL: [&str; 22] = [
    "p_value",
    "permutation_p",
    "partial_pearson",
    "partial_ci_low",
    "partial_ci_high",
    "coefficient_p_value",
    "partial_line",
    "partial_line_low",
    "partial_line_high",
    "partial_curve",
    "partial_curve_low",
    "partial_curve_high",
    "robust_p",
    "robust_df",
    "by_group",
    "by_group_low",
    "by_group_high",
    "left_share",
    "residual_df",
    "detectable",
    "largest_share",
    "by_chance",
];

/// A table without the numbers that say nothing, in rows of runs with too few classes.
fn without_doubtful(study: &Study, mut table: Table) -> Table {
    let too_few = |run: &str| match study.first().iter().find(|one| one.run.name() == run) {
        Some(one) => !one.has_enough_classes(),
        None => study.main().is_some_and(|judged| judged.verdict.finding.is_of_too_few()),
    };
    let doubtful: Vec<usize> =
        (0..table.columns.len()).filter(|&at| DOUBTFUL.contains(&table.columns[at])).collect();
    for row in table.rows.iter_mut().filter(|row| too_few(&row[0].csv())) {
        doubtful.iter().for_each(|&at| row[at] = Cell::Missing);
    }
    for at in doubtful.into_iter().rev() {
        if table.rows.iter().all(|row| row[at] == Cell::Missing) {
            let name = table.columns[at];
            table.remove(name);
        }
    }
    table
}

/// A table with its heading, without what the page says elsewhere.
fn tabulated(name: &str, mut table: Table) -> [Part; 3] {
    let (title, note) = match name {
        "correlations" => ("Correlations with AP", "AP against x over the classes; ci is 95%."),
        "verdict" => (
            "The numbers that decide",
            "Partial correlations of information amount and AP, given the count as a line and as a curve, and \
             the covariates.",
        ),
        "commonality" => (
            "What explains the variance of AP",
            "Shares of R²: what each explains alone (unique), and what several explain together \
             (shared).",
        ),
        "evidence" => (
            "Evidence beyond the instance count",
            "The same with the regression of AP on information amount and log count.",
        ),
        "bias" => ("Mean AP and model bias", "Bias is the variance of the class APs."),
        _ => ("Information amount of each class", "In bits, with those of the eigenvalue floor."),
    };
    ["backbone", "loss", "verdict"].into_iter().for_each(|column| table.remove(column));
    [heading(title), Part::Text(note.into()), Part::Table(table)]
}

/// Warnings, and how to reproduce the report.
fn end(study: &Study, again: Option<Again>) -> Vec<Part> {
    let mut parts = Vec::new();
    let left_out = left_out(study.detectors());
    if !left_out.is_empty() {
        parts.extend([heading("Skipped"), Part::Words(left_out)]);
    }
    const MADE: &str = concat!("With igam-analyze ", env!("CARGO_PKG_VERSION"));
    let Some(Again { command, files }) = again else {
        parts.push(Part::Text(format!("{MADE}.")));
        return parts;
    };
    parts.extend([
        heading("How to reproduce this"),
        Part::Text(format!("{MADE}:")),
        Part::Command(command),
        Part::Text("from these files:".into()),
        Part::Table(files),
    ]);
    parts
}
