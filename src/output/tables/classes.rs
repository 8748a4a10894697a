//! `classes.csv`, `details.csv`, `reasons.csv`: what is known of each class, and what may be its reasons.

use serde_json::{Value, json};

use crate::analysis::explain::ap_percent;
use crate::analysis::explain::{By, ExplainedClass, Explanation, Of, Reason, ReasonsChanged};
use crate::ap::ApScale;
use crate::output::card::{expected_percent, scale};
use crate::output::{Cell, Table};
use crate::recognition::Recognition;
use crate::suspects::{Suspect, Suspects};

const CLASSES: [&str; 31] = [
    "run",
    "class_id",
    "class",
    "instances",
    "ap",
    "ap_rank",
    "expected",
    "expected_low",
    "expected_high",
    "residual",
    "deleted_residual",
    "flagged",
    "information",
    "information_rank",
    "effective_dimension",
    "recall",
    "taken_for",
    "taken_for_share",
    "closest_1",
    "overlap_1",
    "closest_2",
    "overlap_2",
    "closest_3",
    "overlap_3",
    "error_classification",
    "error_localization",
    "error_both",
    "error_duplicate",
    "error_background",
    "error_missed",
    "reasons",
];

const DETAILS: [&str; 31] = [
    "run",
    "class_id",
    "class",
    "ap_scale",
    "ap_low",
    "ap_high",
    "ap_50_95",
    "ap50",
    "ap75",
    "objects",
    "found",
    "cost_classification",
    "cost_localization",
    "cost_both",
    "cost_duplicate",
    "cost_background",
    "cost_missed",
    "recall_of",
    "recall_rows",
    "overlap_of",
    "distance_1",
    "distance_2",
    "distance_3",
    "variability",
    "shift",
    "total_variance",
    "effective_rank",
    "largest_share",
    "decay",
    "median_area",
    "suspects",
];

/// The columns of `classes.csv`: a row per run and class. AP is on the run's scale, errors are counts, `reasons`
/// has a token per reason.
pub fn classes(explanations: &[Explanation]) -> Table {
    table(&CLASSES, explanations, class_cells)
}

/// The columns of `details.csv`: what else is known. AP and what errors cost of AP at IoU 0.5 are on the run's
/// scale; distances are Mahalanobis distances to the closest classes, `suspects` a number of rows.
pub fn details(explanations: &[Explanation]) -> Table {
    table(&DETAILS, explanations, detail_cells)
}

/// The columns of both, with the reasons and the suspects as objects, of the rows that are wanted.
pub fn classes_json(explanations: &[Explanation], wanted: impl Fn(usize) -> bool) -> Value {
    let mut rows = classes(explanations).json();
    let details = details(explanations).json();
    let each = explanations
        .iter()
        .flat_map(|explanation| explanation.classes.iter().map(move |class| (explanation, class)));
    let objects =
        rows.as_array_mut().into_iter().flatten().zip(details.as_array().into_iter().flatten());
    for ((row, detail), (explanation, class)) in objects.zip(each) {
        for (name, value) in detail.as_object().into_iter().flatten() {
            row[name] = value.clone();
        }
        row["reasons"] = class.reasons.iter().map(reason_json).collect();
        let suspect = |suspect: &Suspect| json!({"row": suspect.row, "nearer_to": explanation.name(suspect.nearer_to)});
        row["suspects"] = suspects(class).iter().map(suspect).collect();
    }
    let mut row = 0..;
    if let Some(all) = rows.as_array_mut() {
        all.retain(|_| row.next().is_some_and(&wanted));
    }
    rows
}

/// Classes of a run, by their indices, in short: AP, what was to be expected, and the first reason in few words, or
/// in a sentence with what to do next.
pub fn in_short(explanation: &Explanation, places: &[usize], sentences: bool) -> Table {
    let scale = scale(explanation);
    let row = |at: &usize| {
        let class = &explanation.classes[*at];
        let first = class.reasons.first().map(|reason| match sentences {
            false => reason.because.short_label(),
            true => format!("{} {}", reason.because.sentence(), reason.because.next_step()),
        });
        let recall = class.recognition.as_ref().and_then(Recognition::recall);
        let shown = |text: Option<String>| Cell::from(text.as_deref());
        vec![
            class.name.as_str().into(),
            class.instances.into(),
            shown(class.ap.map(|ap| ap_percent(scale, ap))),
            shown(class.expected.map(|expected| expected_percent(scale, &expected))),
            shown(recall.map(|recall| format!("{:.0}%", 100.0 * recall))),
            shown(first),
        ]
    };
    let columns = vec!["class", "instances", "AP (%)", "expected (%)", "recall", "first reason"];
    let mut table = Table { columns, rows: places.iter().map(row).collect() };
    // What was not given would be an empty column.
    let (by, _) = explanation.worst();
    table.remove(if by == By::Recall { "AP (%)" } else { "recall" });
    if by != By::Expectation {
        table.remove("expected (%)");
    }
    table
}

/// The columns of `reasons.csv`: a row per class whose reasons changed.
pub fn reasons_changed(changed: &[ReasonsChanged]) -> Table {
    let row = |class: &ReasonsChanged| {
        let words = |reasons: &[Reason]| {
            joined(reasons.iter().map(|reason| reason.because.label()).collect(), "; ")
        };
        vec![
            class.name.as_str().into(),
            tokens(&class.went),
            tokens(&class.came),
            tokens(&class.stayed),
            words(&class.went),
            words(&class.came),
        ]
    };
    let columns = vec!["class", "went", "came", "stayed", "went_words", "came_words"];
    Table { columns, rows: changed.iter().map(row).collect() }
}

fn table(
    columns: &[&'static str],
    explanations: &[Explanation],
    cells: fn(&Explanation, &ExplainedClass) -> Vec<Cell>,
) -> Table {
    let rows = explanations.iter().flat_map(|explanation| {
        explanation.classes.iter().map(move |class| {
            let head = [
                explanation.run.name().into(),
                Cell::Integer(class.id),
                class.name.as_str().into(),
            ];
            head.into_iter().chain(cells(explanation, class)).collect()
        })
    });
    Table { columns: columns.to_vec(), rows: rows.collect() }
}

fn class_cells(explanation: &Explanation, class: &ExplainedClass) -> Vec<Cell> {
    let rank = |rank: Option<usize>| Cell::from(rank.map(|rank| rank as u64));
    let expected = class.expected;
    let taken_for = explanation.taken_for(class);
    let mut cells = vec![
        class.instances.into(),
        class.ap.into(),
        rank(class.ap_rank),
        expected.map(|expected| expected.value).into(),
        expected.map(|expected| expected.interval.0).into(),
        expected.map(|expected| expected.interval.1).into(),
        expected.map(|expected| expected.residual).into(),
        expected.map(|expected| expected.deleted_residual).into(),
        expected.map(|expected| expected.flagged).into(),
        class.information.into(),
        rank(class.information_rank),
        class.spread.map(|spread| spread.effective_dimension).into(),
        class.recognition.as_ref().and_then(Recognition::recall).into(),
        taken_for.map(|taken_for| explanation.name(taken_for.class)).into(),
        taken_for.map(|taken_for| taken_for.share()).into(),
    ];
    for at in 0..3 {
        let near = class.closest.get(at);
        cells.push(near.map(|near| explanation.name(near.class)).into());
        cells.push(near.map(|near| near.overlap()).into());
    }
    let counts = class.detections.as_ref().map(|known| known.errors.map(|error| error.count));
    cells.extend(each(counts));
    cells.push(tokens(&class.reasons));
    cells
}

fn detail_cells(explanation: &Explanation, class: &ExplainedClass) -> Vec<Cell> {
    let full = explanation.run.ap_scale().map_or(1.0, ApScale::full);
    let on_scale = |ap: Option<f64>| Cell::from(ap.map(|ap| full * ap));
    let detections = class.detections.as_ref();
    let mut cells = vec![
        explanation.run.ap_scale().map(ApScale::name).into(),
        class.ap_interval.map(|interval| interval.0).into(),
        class.ap_interval.map(|interval| interval.1).into(),
    ];
    cells.extend((0..3).map(|at| on_scale(detections.and_then(|known| known.ap[at]))));
    cells.push(detections.map(|known| known.objects).into());
    cells.push(detections.map(|known| known.found).into());
    cells.extend(each(detections.map(|known| known.errors.map(|error| full * error.ap))));
    let of = |of: Option<Of>, known: bool| Cell::from(of.filter(|_| known).map(Of::name));
    cells.extend([
        of(explanation.recognition_of, class.recognition.is_some()),
        class.recognition.as_ref().map(|known| known.rows).into(),
        of(explanation.overlap_of, !class.closest.is_empty()),
    ]);
    cells.extend((0..3).map(|at| class.closest.get(at).map(|near| near.distance).into()));
    let spread = class.spread;
    cells.extend([
        class.variability.into(),
        class.shift.map(|shift| shift.beyond_chance()).into(),
        spread.map(|spread| spread.total_variance).into(),
        spread.and_then(|spread| spread.effective_rank).into(),
        spread.and_then(|spread| spread.largest_share).into(),
        spread.and_then(|spread| spread.decay).into(),
        class.median_area.into(),
        class.suspects.as_ref().map(Suspects::count).into(),
    ]);
    cells
}

/// The rows of a class whose label is in doubt, the worst first.
fn suspects(class: &ExplainedClass) -> &[Suspect] {
    class.suspects.as_ref().map_or(&[], |suspects| &suspects.worst)
}

/// A cell a number, or as many empty ones.
fn each<T: Into<Cell>, const N: usize>(values: Option<[T; N]>) -> Vec<Cell> {
    match values {
        Some(values) => values.map(Into::into).into(),
        None => vec![Cell::Missing; N],
    }
}

/// Tokens in order of weight; none of no reason.
fn tokens(reasons: &[Reason]) -> Cell {
    joined(reasons.iter().map(|reason| reason.because.token().to_owned()).collect(), " ")
}

fn joined(words: Vec<String>, between: &str) -> Cell {
    if words.is_empty() { Cell::Missing } else { words.join(between).as_str().into() }
}

fn reason_json(reason: &Reason) -> Value {
    json!({
        "token": reason.because.token(),
        "with": reason.because.other(),
        "weight": reason.weight.name(),
        "sentence": reason.because.sentence(),
        "next_step": reason.because.next_step(),
    })
}
