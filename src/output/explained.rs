//! The explained classes as parts of a page.

use super::card::{self, CardReason, Shares, card};
use super::page::{self, Bar, Part, Rows};
use super::tables::in_short;
use super::{Cell, Table};
use crate::analysis::explain::{By, Explanation, Of};
use crate::error::Result;
use crate::figure;
use crate::recognition::Recognition;

/// Classes in the summary.
const SUMMARY: usize = 10;

/// The list of the classes, each with its card, and what they have in common.
pub(super) fn whole(all: &[Explanation]) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for explanation in all {
        parts.extend(beginning(explanation, all.len() > 1));
        parts.push(Part::Rows(rows(explanation)?));
        // Those of training embeddings say little of what is confused.
        let held_out = explanation.overlap_of == Some(Of::HeldOut);
        if let Some(distances) = explanation.distances().filter(|_| held_out) {
            parts.push(Part::Figure {
                caption: "How much the classes overlap, and which are confused".into(),
                svg: figure::overlap(explanation, distances)?,
            });
        }
    }
    Ok(parts)
}

/// The worst classes with their first reason.
pub(super) fn summary(all: &[Explanation]) -> Vec<Part> {
    let mut parts = Vec::new();
    for explanation in all {
        parts.extend(beginning(explanation, all.len() > 1));
        let (_, mut worst) = explanation.worst();
        worst.truncate(SUMMARY);
        parts.push(Part::Table(in_short(explanation, &worst, true)));
    }
    parts
}

/// The card of one class as HTML, to insert into a page such as a notebook.
///
/// # Errors
/// If its figure cannot be drawn.
pub fn card_html(explanation: &Explanation, at: usize) -> Result<String> {
    let class = &explanation.classes[at];
    let run = explanation.run.name();
    let of = if run.is_empty() { String::new() } else { format!(" ({run})") };
    let mut parts = vec![Part::Heading(format!("{}{of}", class.name))];
    if class.ap.is_some() && class.instances.is_some() {
        let svg = figure::expected(explanation, Some(at))?.svg;
        parts.push(Part::Figure { caption: CAPTION.into(), svg });
    }
    parts.extend(more(explanation, at));
    Ok(page::fragment(&parts))
}

const CAPTION: &str =
    "AP against instance count, one point per class, and the AP expected from the count";

fn beginning(explanation: &Explanation, named: bool) -> Vec<Part> {
    let run = if named { format!(" of {}", explanation.run.name()) } else { String::new() };
    let mut parts = vec![Part::Heading(format!("Classes{run}"))];
    let (by, _) = explanation.worst();
    let first = match by {
        By::Expectation => "Those farthest below the expected AP are first.",
        By::Ap => "Those of lowest AP are first.",
        By::Recall => "Those of lowest recall are first.",
    };
    parts.push(Part::Text(first.into()));
    let notes = card::notes(explanation);
    parts.extend((!notes.is_empty()).then_some(Part::List(notes)));
    parts
}

/// The list of the classes, the worst first.
fn rows(explanation: &Explanation) -> Result<Rows> {
    let (_, order) = explanation.worst_first();
    let drawn = explanation.classes.iter().any(|one| one.ap.is_some() && one.instances.is_some());
    let placed = if drawn { Some(figure::expected(explanation, None)?) } else { None };
    let of_run = explanation.run.name();
    Ok(Rows {
        of: if of_run.is_empty() { "Classes".into() } else { format!("Classes of {of_run}") },
        table: table(explanation, &order),
        more: order.iter().map(|&at| more(explanation, at)).collect(),
        places: match &placed {
            Some(placed) => order.iter().map(|&at| placed.places[at]).collect(),
            None => Vec::new(),
        },
        figure: placed.map(|placed| (CAPTION.into(), placed.svg)),
    })
}

/// The columns to use and to sort by; those of which nothing is known are skipped.
fn table(explanation: &Explanation, order: &[usize]) -> Table {
    let percent = 100.0 / card::scale(explanation).full();
    let row = |&at: &usize| {
        let class = &explanation.classes[at];
        let taken_for = explanation.taken_for(class);
        let labels: Vec<_> = class.reasons.iter().map(|one| one.because.label()).collect();
        let recall = class.recognition.as_ref().and_then(Recognition::recall);
        vec![
            class.name.as_str().into(),
            Cell::from(labels.join("; ").as_str()),
            class.instances.into(),
            class.ap.map(|ap| percent * ap).into(),
            class.expected.map(|expected| percent * expected.value).into(),
            class.expected.map(|expected| expected.deleted_residual).into(),
            class.information.into(),
            recall.filter(|_| explanation.recognition_of != Some(Of::Training)).into(),
            taken_for.map(|taken_for| explanation.name(taken_for.class)).into(),
            class.closest.first().map(|near| explanation.name(near.class)).into(),
        ]
    };
    let columns = [
        "class",
        "reasons",
        "instances",
        "AP (%)",
        "expected (%)",
        "deviation",
        "information",
        "recall",
        "confused with",
        "closest",
    ];
    let mut table = Table { columns: columns.to_vec(), rows: order.iter().map(row).collect() };
    for (at, column) in columns.iter().enumerate().rev() {
        let unknown = |cell: &Cell| matches!(cell, Cell::Missing) || *cell == Cell::from("");
        if table.rows.iter().all(|row| unknown(&row[at])) {
            table.remove(column);
        }
    }
    table
}

/// The card of a class: facts, bars, reasons with what to do next.
fn more(explanation: &Explanation, at: usize) -> Vec<Part> {
    let card = card(explanation, at);
    let facts = card.facts.into_iter().map(|(what, words)| (what.into(), words)).collect();
    let mut parts = vec![Part::Words(facts)];
    let reason = |(at, reason): (usize, CardReason)| {
        let CardReason { weight, sentence, next_step, .. } = reason;
        (format!("{}. {sentence} ({weight})", at + 1), format!("Next: {next_step}"))
    };
    let reasons: Vec<_> = card.reasons.into_iter().enumerate().map(reason).collect();
    parts.extend((!reasons.is_empty()).then_some(Part::Words(reasons)));
    for Shares { what, of, parts: shares } in card.shares {
        let title = format!("{what}: {of}");
        let bar = |part: card::Part| Bar { name: part.name, share: part.share, words: part.words };
        parts.push(match shares.is_empty() {
            true => Part::Text(title),
            false => Part::Bars { title, bars: shares.into_iter().map(bar).collect() },
        });
    }
    parts
}
