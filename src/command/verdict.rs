//! The verdicts, as `verdict.csv` and in words: one over all runs, then those of each.

use super::analysis::{Analysis, Correlated, OverRuns};
use super::condition::Named;
use super::run::ALL_RUNS;
use crate::correlation::{Clustered, Pearson};
use crate::evidence::{Caveat, Grounds, Judged, Pooled};
use crate::output::{self, Cell, Table};
use crate::shrinkage::Estimator;
use crate::words;

/// A verdict of one run, or of all.
struct Row<'a> {
    run: &'a str,
    estimator: Estimator,
    /// Number of runs that it is of.
    runs: usize,
    /// How many independent ones they are worth.
    effective: Option<f64>,
    /// What is held constant beside the count.
    covariates: &'a [String],
    /// Whether it is the one to quote, and not another without what it holds constant.
    main: bool,
    judged: &'a Judged,
}

/// The verdicts over all runs, then those of each run; each without its covariates behind it.
fn rows(analysis: &Analysis) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for over in analysis.over_runs() {
        let with = over.with.as_ref().map(|pooled| (pooled, &over.covariates[..], true));
        let without = over.without.as_ref().map(|pooled| (pooled, &[][..], over.with.is_none()));
        rows.extend(with.into_iter().chain(without).map(|(pooled, covariates, main)| Row {
            run: ALL_RUNS,
            estimator: over.estimator,
            runs: pooled.runs.len(),
            effective: pooled.agreement.map(|agreement| agreement.effective),
            covariates,
            main,
            judged: &pooled.judged,
        }));
    }
    for one in analysis.detectors().iter().flatten() {
        let (Some(evidence), Some(estimator)) = (&one.evidence, one.run.estimator) else {
            continue;
        };
        let row = |judged, covariates, main| Row {
            run: &one.run.name,
            estimator,
            runs: 1,
            effective: None,
            covariates,
            main,
            judged,
        };
        rows.push(row(&evidence.judged, &one.run.covariates, true));
        rows.extend(evidence.without_covariates.as_ref().map(|judged| row(judged, &[], false)));
    }
    rows
}

const COLUMNS: [&str; 27] = [
    "run",
    "estimator",
    "covariates",
    "runs",
    "effective_runs",
    "classes",
    "finding",
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
    "groups",
    "floor_share",
    "count_share",
    "left_share",
    "controls",
    "residual_df",
    "detectable",
    "largest_share",
    "verdict",
];

/// The columns of `verdict.csv`.
pub fn table(analysis: &Analysis) -> Table {
    Table { columns: COLUMNS.to_vec(), rows: rows(analysis).iter().map(Row::cells).collect() }
}

/// Columns that say what a row is of.
const HEAD: usize = 6;

/// What a condition can name: the columns of the rows with all that is known held constant, such as
/// `finding`, and with `.all` those of the verdict over all runs alone, which is that of a single run.
pub fn named(analysis: &Analysis) -> Vec<Named> {
    let rows = rows(analysis);
    let mut results = Vec::new();
    let mut add = |suffix: &str, of: String, cells: Option<Vec<Cell>>| {
        for (at, column) in COLUMNS.into_iter().enumerate().skip(HEAD) {
            if column != "verdict" {
                let name = format!("{column}{suffix}");
                let value = cells.as_ref().map_or(Cell::Missing, |cells| cells[at].clone());
                results.push(Named { name, of: of.clone(), value, word: column == "finding" });
            }
        }
    };
    let mut estimators: Vec<Estimator> = Vec::new();
    for row in rows.iter().filter(|row| row.main) {
        add("", row.subject(), Some(row.cells()));
        if !estimators.contains(&row.estimator) {
            estimators.push(row.estimator);
        }
    }
    let single = analysis.detectors().len() == 1;
    for estimator in estimators {
        let over =
            |row: &&Row| row.main && row.estimator == estimator && (row.run == ALL_RUNS || single);
        let of = format!("{ALL_RUNS} ({})", estimator.name());
        match rows.iter().find(over) {
            Some(row) => add(".all", row.subject(), Some(row.cells())),
            None => add(".all", of, None),
        }
    }
    results
}

impl Row<'_> {
    fn subject(&self) -> String {
        format!("{} ({})", self.run, self.estimator.name())
    }

    fn cells(&self) -> Vec<Cell> {
        let grounds = &self.judged.grounds;
        let Grounds { given_line, given_curve, robust, by_group, .. } = grounds;
        let by_group = by_group.as_ref().map(|group| group.pearson(grounds.classes));
        let mut cells = vec![
            self.run.into(),
            self.estimator.name().into(),
            self.covariates.join("; ").as_str().into(),
            (self.runs as u64).into(),
            self.effective.into(),
            (grounds.classes as u64).into(),
            self.judged.verdict.finding.token().into(),
        ];
        cells.extend(pearson_cells(given_line.ok()));
        cells.extend(pearson_cells(given_curve.ok()));
        cells.push(robust.as_ref().map(Clustered::p_value).into());
        cells.push(robust.map(|robust| robust.freedom).into());
        cells.extend(pearson_cells(by_group));
        cells.extend([
            grounds.groups.map(|groups| groups as u64).into(),
            grounds.floor_share.into(),
            grounds.count_share.into(),
            grounds.left.as_ref().map(|left| left.share).into(),
            (grounds.controls as u64).into(),
            grounds.residual_df.into(),
            grounds.detectable.into(),
            grounds.largest_share().into(),
            self.judged.verdict.to_string().as_str().into(),
        ]);
        cells
    }
}

/// r and the ends of its interval.
pub fn pearson_cells(pearson: Option<Pearson>) -> [Cell; 3] {
    let interval = pearson.and_then(|pearson| pearson.interval);
    [
        pearson.map(|pearson| pearson.r).into(),
        interval.map(|(low, _)| low).into(),
        interval.map(|(_, high)| high).into(),
    ]
}

/// A verdict for reading.
pub struct Said {
    /// What it is of.
    pub subject: String,
    /// The finding in a sentence.
    pub finding: String,
    /// What to know beside it, a sentence each.
    pub points: Vec<String>,
}

/// What is to be said first: the verdict over all runs, or, where there is none, that of each; under the
/// first estimator.
pub fn lead(analysis: &Analysis) -> Vec<Said> {
    let mut lead: Vec<Said> = Vec::new();
    let over_runs = analysis.over_runs().first();
    let said = match over_runs.and_then(|over| Some((over, over.main()?))) {
        Some((over, pooled)) => vec![said_of_all(over, pooled)],
        None => analysis.first().into_iter().filter_map(said_of_run).collect(),
    };
    // Runs may have the same said of them, such as that they have too few classes.
    for said in said {
        let same = |other: &&mut Said| other.finding == said.finding && other.points == said.points;
        match lead.iter_mut().find(same) {
            Some(other) => other.subject += &format!(", {}", said.subject),
            None => lead.push(said),
        }
    }
    if let ([only], Some(looks)) = (&mut lead[..], looks(analysis)) {
        only.points.push(looks);
    }
    lead
}

fn said_of_all(over: &OverRuns, pooled: &Pooled) -> Said {
    let Judged { grounds, verdict } = &pooled.judged;
    let mut points = verdict.points();
    points.extend(match (&over.with, &over.without) {
        (Some(_), Some(_)) if over.covariates.is_empty() => Some(
            "the runs with covariates have too few classes of which they are known, and no say".into(),
        ),
        (Some(with), Some(without)) => {
            let classes = with.judged.grounds.classes;
            covariates_said(&over.covariates, (classes, classes), Some(&without.judged))
        }
        (None, Some(_)) => Some(
            "no verdict over all runs holds more than the count constant: fewer than two runs have enough \
             classes of which the covariates are known"
                .into(),
        ),
        _ => None,
    });
    points.extend(lost_groups(over.has_groups, grounds));
    points.extend(pooled.agreement.map(|agreement| agreement.to_string()));
    let (runs, classes) = (pooled.runs.len(), grounds.classes);
    Said {
        subject: format!("{runs} runs of {classes} classes ({})", over.estimator.name()),
        finding: verdict.finding.to_string(),
        points,
    }
}

fn said_of_run(one: &Correlated) -> Option<Said> {
    let subject = |of: &str| format!("{} ({of})", one.run.name).trim().to_owned();
    let (Some(evidence), Some(estimator)) = (&one.evidence, one.run.estimator) else {
        let name = |at| one.used().nth(at).map_or("", |class| &class.name);
        let caveat = Caveat::hangs_on(one.instances.as_ref()?, name)?;
        let (subject, finding) = (subject("instances"), caveat.to_string());
        return Some(Said { subject, finding, points: Vec::new() });
    };
    let verdict = &evidence.judged.verdict;
    let mut points = verdict.points();
    let without = evidence.without_covariates.as_ref();
    let has_groups = one.used().any(|class| class.group.is_some());
    points.extend(lost_groups(has_groups, &evidence.judged.grounds));
    let classes = (evidence.judged.grounds.classes, one.used().count());
    points.extend(covariates_said(&one.run.covariates, classes, without));
    let (subject, finding) = (subject(estimator.name()), verdict.finding.to_string());
    Some(Said { subject, finding, points })
}

/// What is held constant beside the count, of how many of the classes it is known, and what is found without
/// that.
fn covariates_said(
    covariates: &[String],
    (known, all): (usize, usize),
    without: Option<&Judged>,
) -> Option<String> {
    let (names, finding) = (covariates.join(", "), &without?.verdict.finding);
    let of =
        if known < all { format!(" (known for {known} of {all} classes)") } else { String::new() };
    Some(format!("held constant beside the count: {names}{of}; without it: {finding}"))
}

/// That groups are known and do not tell, where that is so.
fn lost_groups(known: bool, grounds: &Grounds) -> Option<String> {
    let lost = known && grounds.groups.is_none();
    let words = "the groups of these classes do not tell which are alike, and are left aside";
    lost.then(|| words.to_owned())
}

/// How many verdicts were looked at, where they are more than one.
fn looks(analysis: &Analysis) -> Option<String> {
    let judged = |run: &&Vec<Correlated>| run.iter().any(|one| one.evidence.is_some());
    let runs = analysis.detectors().iter().filter(judged).count();
    let estimators = analysis.detectors().iter().map(Vec::len).max().unwrap_or(0);
    let s = |count: usize| if count == 1 { "" } else { "s" };
    (runs * estimators > 1).then(|| {
        format!(
            "looked at: {runs} run{}, {estimators} estimator{}; report this verdict, not the one that suits \
             best",
            s(runs),
            s(estimators)
        )
    })
}

/// The verdicts in short, one over all runs before those of each: correlations with AP, the partial one
/// given the count, the finding.
pub fn short_table(analysis: &Analysis) -> Table {
    let columns =
        vec!["run", "finding", "r(I, AP)", "r(m, AP)", "r(log m, AP)", "partial r", "95% CI"];
    let several = analysis.detectors().iter().any(|run| run.len() > 1);
    let row = |name: &str, of: Option<Estimator>, r: [Option<f64>; 3], judged: Option<&Judged>| {
        let name = match of.filter(|_| several) {
            Some(estimator) => format!("{name} ({})", estimator.name()),
            None => name.to_owned(),
        };
        let partial = judged.and_then(|judged| judged.grounds.given_curve.ok());
        let interval = partial.and_then(|partial| partial.interval);
        let mut cells = vec![name.as_str().into()];
        cells.push(judged.map(|judged| judged.verdict.finding.token()).into());
        cells.extend(r.map(Cell::from));
        cells.push(partial.map(|partial| partial.r).into());
        let text = interval.map(|(low, high)| format!("{}…{}", signed(low), signed(high)));
        cells.push(text.as_deref().into());
        cells
    };
    let correlations = |judged: &Judged| {
        let Grounds { information, instances, log_instances, .. } = &judged.grounds;
        [information, instances, log_instances].map(|r| r.as_ref().ok().map(|r| r.r))
    };
    let over_runs = analysis.over_runs().iter().filter_map(|over| {
        let judged = &over.main()?.judged;
        Some(row(ALL_RUNS, Some(over.estimator), correlations(judged), Some(judged)))
    });
    // Where there is a verdict over all runs, it alone is under every estimator: the rest is in the files.
    let shown = if analysis.over_runs().is_empty() { usize::MAX } else { 1 };
    let runs = analysis.detectors().iter().flat_map(|run| run.iter().take(shown)).map(|one| {
        let judged = one.evidence.as_ref().map(|evidence| &evidence.judged);
        let counts = || [None, one.count(), one.log_count()].map(|r| r.map(|r| r.r));
        row(&one.run.name, one.run.estimator, judged.map_or_else(counts, correlations), judged)
    });
    Table { columns, rows: over_runs.chain(runs).collect() }
}

/// A correlation with its sign.
fn signed(r: f64) -> String {
    let plus = if r > 0.0 { "+" } else { "" };
    format!("{plus}{}", words::correlation(r))
}

/// The lead and a table, for the terminal.
pub fn text(analysis: &Analysis) -> String {
    let mut text = String::new();
    for Said { subject, finding, points } in lead(analysis) {
        text += &format!("{subject}: {finding}\n");
        text.extend(points.into_iter().map(|point| format!("- {point}\n")));
        text.push('\n');
    }
    text + &match rows(analysis).iter().filter(|row| row.main).count() {
        0 | 1 => detailed(analysis),
        _ => short(analysis),
    }
}

/// A row a run and estimator.
fn short(analysis: &Analysis) -> String {
    let text = |cell: &Cell| match cell {
        Cell::Missing => "n/a".into(),
        Cell::Number(r) => signed(*r),
        cell => cell.csv(),
    };
    // The finding last, where it is read after the numbers.
    let row = |cells: &Vec<Cell>| {
        let [run, finding, numbers @ ..] = &cells[..] else { return Vec::new() };
        let numbers = numbers.iter().map(text);
        std::iter::once(run.csv()).chain(numbers).chain([text(finding)]).collect()
    };
    let columns = ["run", "r(I)", "r(m)", "r(log m)", "partial r", "95% CI", "finding"];
    let rows = short_table(analysis).rows.iter().map(row).collect();
    let all = if analysis.over_runs().is_empty() { "" } else { "; all: means over the runs" };
    let legend = format!(
        "r with AP over the classes: of information amount I, instance count m, its logarithm; partial r: \
         of I, given all that is held constant{all}\n"
    );
    output::text(&columns, 1, rows) + &legend
}

/// A row a number that is correlated with AP.
fn detailed(analysis: &Analysis) -> String {
    let row = |one: &Correlated, name: String, r: Option<Pearson>| {
        let interval = r.and_then(|r| r.interval);
        let p = r.and_then(|r| r.p_value);
        vec![
            one.run.name.clone(),
            name,
            r.map_or(one.used().count(), |r| r.classes).to_string(),
            r.map_or("n/a".into(), |r| format!("{:+.4}", r.r)),
            interval.map_or("n/a".into(), |(low, high)| format!("{low:+.3} … {high:+.3}")),
            match p {
                Some(p) if p < 0.0001 => "< 0.0001".into(),
                Some(p) => format!("{p:.4}"),
                None => "n/a".into(),
            },
        ]
    };
    let mut rows = Vec::new();
    for one in analysis.first() {
        if let (Some(evidence), Some(estimator)) = (&one.evidence, one.run.estimator) {
            rows.push(row(one, format!("information ({})", estimator.name()), one.information()));
            let partial = evidence.judged.grounds.given_curve.ok();
            rows.push(row(one, "its partial r".into(), partial));
        }
        rows.push(row(one, "instances".into(), one.count()));
        rows.push(row(one, "log instances".into(), one.log_count()));
    }
    output::text(&["run", "AP against", "classes", "r", "95% interval", "p"], 2, rows)
}
