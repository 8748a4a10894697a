//! The answer in words.

use super::compared::{ClassChange, Compared, Finding, LEAST_CHANGE, mean};
use super::trained::SeedResult;
use super::{JudgedBy, Probe, ProbedLoss};
use crate::analysis::FELT;
use crate::probe::{Difference, LossKind};
use crate::words::list;

/// What a probe is not.
pub const LIMITS: &str = "This compares classifiers on frozen features. It is not a detector: the features do not \
                          adapt to the loss, and there is no background.";

impl Finding {
    /// What a loss does, as a verb.
    pub fn verb(self) -> &'static str {
        match self {
            Finding::Helps => "helps",
            Finding::Hurts => "hurts",
            Finding::Mixed => "helps one and hurts the other",
            Finding::None => "makes no difference that shows",
        }
    }
}

impl Probe {
    /// Whether the IGAM losses help, what else does, and how that was found: a sentence each.
    pub fn verdict(&self) -> Vec<String> {
        let compared = |one: &&ProbedLoss| one.compared.is_some();
        let (igam, others): (Vec<_>, Vec<_>) =
            self.losses.iter().filter(compared).partition(|one| one.variant.kind.has_margins());
        let mut lines = Vec::new();
        if !igam.is_empty() {
            let helping = named(&igam, Finding::Helps);
            lines.push(match helping.is_empty() {
                true => format!(
                    "Does IGAM help these classes? Not that it shows: its losses change mean recall by {} points.",
                    range(&igam)
                ),
                false => format!("Does IGAM help these classes? Yes, as {}.", list(&helping)),
            });
            let small = igam.iter().filter(|one| one.largest_margin.is_some_and(|m| m < FELT));
            let small: Vec<String> = small.map(|one| one.name.clone()).collect();
            if !small.is_empty() {
                lines.push(format!(
                    "Their margins are below {FELT} rad, too small to change much: {}.",
                    list(&small)
                ));
            }
        }
        let found = [&igam[..], &others[..]].concat();
        for finding in [Finding::Helps, Finding::Mixed, Finding::Hurts] {
            let losses = found.iter().filter(|one| one.finding() == Some(finding));
            lines.extend(losses.map(|one| one.sentence()));
        }
        let same = named(&found, Finding::None);
        if !same.is_empty() {
            lines.push(format!("No difference shows: {}.", list(&same)));
        }
        lines.push(self.how());
        lines.push(LIMITS.into());
        lines
    }

    /// What was compared with what, and on which embeddings.
    fn how(&self) -> String {
        let seeds = self.losses.first().map_or(0, |one| one.seeds.len());
        let judged = self.classes.iter().filter(|class| class.judged);
        let (classes, boxes) =
            judged.fold((0, 0), |(classes, boxes), class| (classes + 1, boxes + class.judged_on));
        let by = match self.judged_by {
            JudgedBy::HeldOut => format!("on {boxes} held-out embeddings"),
            JudgedBy::Folds(folds) => {
                format!("by {folds}-fold cross-validation of {boxes} embeddings")
            }
        };
        format!(
            "All changes are against the cosine softmax{}, {by} of {classes} classes, over {seeds} seeds. In \
             brackets are 95% intervals.",
            self.baselines()
        )
    }

    /// Which cosine softmax, where there are several.
    fn baselines(&self) -> String {
        let plain = self.losses.iter().filter(|one| one.variant.kind == LossKind::Cosine);
        let mut names = plain.map(|one| &one.name);
        match (names.next(), names.next()) {
            (Some(first), Some(_)) => {
                format!(
                    " of the same scale (of a linear layer and of other scales: against {first})"
                )
            }
            _ => String::new(),
        }
    }

    /// Which groups and classes each loss changes, a sentence each: groups whose interval has no 0, and classes
    /// whose change shows.
    pub fn changes(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for one in &self.losses {
            let Some(compared) = &one.compared else { continue };
            let groups = self.groups.iter().zip(&compared.groups);
            let groups = groups.filter_map(|((name, _), change)| {
                let (recall, _) = change.as_ref()?;
                let shows = recall.low > 0.0 || recall.high < 0.0;
                let matters = recall.mean.abs() >= LEAST_CHANGE;
                (shows && matters).then(|| format!("{name} {}", points(recall)))
            });
            let groups: Vec<String> = groups.collect();
            if !groups.is_empty() {
                let groups = groups.join(", ");
                lines.push(format!("{}: recall by group, points: {groups}", one.name));
            }
            let [up, down] = one.changed();
            for (classes, word) in [(up, "higher"), (down, "lower")] {
                if !classes.is_empty() {
                    let names = self.with_changes(&classes, compared);
                    lines.push(format!("{}: {word} recall, points: {names}", one.name));
                }
            }
        }
        lines
    }

    /// Names of classes with the changes of their recall; of many the first.
    fn with_changes(&self, classes: &[usize], compared: &Compared) -> String {
        let said = |&class: &usize| {
            let change = compared.classes[class].map_or(0.0, |change| change.recall.mean);
            format!("{:?} {}", self.classes[class].name, signed(100.0 * change))
        };
        let mut said: Vec<String> = classes.iter().take(NAMED).map(said).collect();
        if classes.len() > NAMED {
            said.push(format!("{} more", classes.len() - NAMED));
        }
        said.join(", ")
    }
}

/// Classes named for each loss.
const NAMED: usize = 5;

/// The least and the greatest change of mean recall.
fn range(losses: &[&ProbedLoss]) -> String {
    let changes = losses.iter().filter_map(|one| Some(one.compared.as_ref()?.recall.mean));
    let (low, high) = changes.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), change| {
        (low.min(change), high.max(change))
    });
    match low == high {
        true => signed(100.0 * low),
        false => format!("{} to {}", signed(100.0 * low), signed(100.0 * high)),
    }
}

fn named(losses: &[&ProbedLoss], finding: Finding) -> Vec<String> {
    let found = losses.iter().filter(|one| one.finding() == Some(finding));
    found.map(|one| one.name.clone()).collect()
}

impl ProbedLoss {
    /// Whether it helps; none of the cosine softmax.
    pub fn finding(&self) -> Option<Finding> {
        self.compared.as_ref().map(|compared| compared.finding)
    }

    /// What it changes.
    fn sentence(&self) -> String {
        let Some(Compared { recall, average_precision, finding, .. }) = &self.compared else {
            return String::new();
        };
        format!(
            "{} {}: mean recall {} points, mean AP {}.",
            self.name,
            finding.verb(),
            points(recall),
            points(average_precision)
        )
    }

    /// Mean recall of some classes over the seeds, 0 to 1; none where none of them is judged.
    pub fn recall(&self, classes: &[usize]) -> Option<f64> {
        self.over_seeds(|seed| mean(&seed.recall, classes))
    }

    /// Their mean average precision, 0 to 1.
    pub fn average_precision(&self, classes: &[usize]) -> Option<f64> {
        self.over_seeds(|seed| mean(&seed.average_precision, classes))
    }

    fn over_seeds(&self, of: impl Fn(&SeedResult) -> Option<f64>) -> Option<f64> {
        let values: Vec<Option<f64>> = self.seeds.iter().map(of).collect();
        mean(&values, &(0..values.len()).collect::<Vec<_>>())
    }

    /// Indices of the classes whose recall rises, and of those whose recall falls; most first.
    pub fn changed(&self) -> [Vec<usize>; 2] {
        let classes = self.compared.as_ref().map_or(&[][..], |compared| &compared.classes);
        let shows = |(class, change): (usize, &Option<ClassChange>)| {
            change.filter(|change| change.recall_shows).map(|change| (class, change.recall.mean))
        };
        let mut shown: Vec<(usize, f64)> = classes.iter().enumerate().filter_map(shows).collect();
        shown.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        let (up, down): (Vec<_>, Vec<_>) = shown.into_iter().partition(|one| one.1 > 0.0);
        [up, down].map(|side| side.into_iter().map(|one| one.0).collect())
    }
}

/// A change in points, with its interval.
pub fn points(change: &Difference) -> String {
    let [mean, low, high] = [change.mean, change.low, change.high].map(|one| signed(100.0 * one));
    format!("{mean} ({low} to {high})")
}

/// A number with its sign, and one decimal.
fn signed(number: f64) -> String {
    format!("{number:+.1}").replace("-0.0", "+0.0").replace('-', "−")
}
