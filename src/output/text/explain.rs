//! Why a class is bad, for the terminal: a card, or the classes that are the worst.

use anstyle::Style;
use comfy_table::{ContentArrangement, Row, TableStyle};

use super::choice::{Choice, Sort};
use super::columns::{Column, in_columns, limit, wrapped};
use crate::analysis::explain::{By, Explanation, ReasonsChanged, ap_percent};
use crate::analysis::untrained;
use crate::error::Result;
use crate::output::Cell;
use crate::output::card::{self, Card, CardReason, Shares};
use crate::output::tables::{classes, in_short};

/// Lines of a card at most, and columns.
const LINES: usize = 15;
const COLUMNS: usize = 80;
/// Classes in the table.
const SHOWN: usize = 15;
/// Lines of a reason, and of what to do next, at most.
const SENTENCE: usize = 3;
const NEXT_STEP: usize = 2;
/// Lines of a note at most.
const NOTE: usize = 5;

/// The card of a class, by its index: at most 15 lines of 80 columns, unless its name or its run's is longer.
pub fn card(explanation: &Explanation, at: usize) -> String {
    let card = card::card(explanation, at);
    let bold = Style::new().bold();
    let run = if card.run.is_empty() { String::new() } else { format!("  ({})", card.run) };
    let head = format!("{bold}{}{bold:#}{run}\n", card.name);
    // As many reasons as there is room for.
    let lines = (0..=card.reasons.len()).rev().map(|shown| lines(&card, shown));
    let fitting = |lines: &Vec<String>| lines.len() < LINES;
    let lines = lines.into_iter().find(fitting).unwrap_or_default();
    lines.into_iter().fold(head, |text, line| text + &line + "\n")
}

/// The card below its head, with so many of its reasons.
fn lines(card: &Card, shown: usize) -> Vec<String> {
    let mut rows = Vec::new();
    for (what, words) in &card.facts {
        rows.push(((*what).into(), words.clone(), 2));
    }
    for shares in &card.shares {
        rows.push((shares.what.into(), in_a_line(shares), 1));
    }
    for CardReason { weight, sentence, next_step, .. } in card.reasons.iter().take(shown) {
        rows.push((format!("{weight} reason"), sentence.clone(), SENTENCE));
        rows.push(("next step".into(), next_step.clone(), NEXT_STEP));
    }
    match card.reasons.len() - shown {
        _ if card.reasons.is_empty() => {
            rows.push(("reasons".into(), card.no_reasons.clone(), 1));
        }
        0 => {}
        more => {
            let rest = &card.reasons[shown..];
            let labels: Vec<_> =
                rest.iter().map(|one| format!("{}, {}", one.label, one.weight)).collect();
            rows.push((format!("{more} more"), labels.join("; "), 1));
        }
    }
    in_two_columns(rows)
}

/// What each line is of, and its words, wrapped to so many lines at most.
fn in_two_columns(rows: Vec<(String, String, usize)>) -> Vec<String> {
    let mut table = comfy_table::Table::new();
    table.load_style(TableStyle::new()).set_truncation_indicator("…");
    table.set_content_arrangement(ContentArrangement::Dynamic);
    let width = limit().unwrap_or(COLUMNS).min(COLUMNS);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    for (what, words, most) in rows {
        let mut row = Row::from(vec![what, words]);
        row.max_height(most);
        table.add_row(row);
    }
    for (column, after) in table.column_iter_mut().zip([2, 0]) {
        column.set_padding((0, after));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// "of 40 held-out boxes: Bolt 12, Nut 3".
fn in_a_line(shares: &Shares) -> String {
    let part = |part: &card::Part| format!("{} {}", part.name, part.words);
    let parts: Vec<_> = shares.parts.iter().map(part).collect();
    let colon = if parts.is_empty() { "" } else { ": " };
    format!("{}{colon}{}", shares.of, parts.join(", "))
}

/// The classes that are the worst, or those that are chosen, a table per run; and how to see more of one.
///
/// # Errors
/// If the column to sort by is none of `classes.csv`.
pub fn explain(explanations: &[Explanation], choice: &Choice) -> Result<String> {
    let bold = Style::new().bold();
    let mut text = String::new();
    if let Some(said) = untrained(explanations.iter().map(|one| &one.run)) {
        let words = wrapped(&format!("{}: {}", said.subject, said.finding), limit(), 0);
        text.extend(words.lines().map(|line| format!("{bold}{line}{bold:#}\n")));
        text.push('\n');
    }
    let several = explanations.len() > 1;
    let tables = explanations.iter().map(|one| chosen(one, choice, several));
    let tables: Vec<(String, Option<usize>)> = tables.collect::<Result<_>>()?;
    let first = explanations.iter().zip(&tables).find_map(|(one, (_, at))| Some(one.name((*at)?)));
    let tables: Vec<String> = tables.into_iter().map(|(table, _)| table).collect();
    text += &tables.join("\n");
    let mut notes: Vec<String> = Vec::new();
    for note in explanations.iter().flat_map(card::notes) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    let notes = notes.into_iter().map(|note| ("note".to_owned(), note, NOTE)).collect();
    text.extend(in_two_columns(notes).into_iter().map(|line| line + "\n"));
    if let Some(name) = first {
        let quoted = if name.contains(|c: char| !c.is_alphanumeric() && c != '-' && c != '_') {
            format!("'{}'", name.replace('\'', "'\\''"))
        } else {
            name.to_owned()
        };
        text += &format!("more on one class: igam-analyze explain {quoted} …\n");
    }
    Ok(text)
}

/// The chosen classes of a run, and the index of the first.
fn chosen(
    explanation: &Explanation,
    choice: &Choice,
    named: bool,
) -> Result<(String, Option<usize>)> {
    let (by, worst) = explanation.worst();
    let top = choice.top.unwrap_or(SHOWN);
    let (head, all, places) = match &choice.sort {
        Some(sort) => {
            let chosen = Choice { sort: Some(sort.clone()), top: Some(top) };
            let places = chosen.places(&classes(std::slice::from_ref(explanation)))?;
            let Sort { column, .. } = sort;
            (format!("all classes by {column}"), explanation.classes.len(), places)
        }
        None => {
            let places = worst.iter().take(top).copied().collect();
            (worst_by(explanation, by).to_owned(), worst.len(), places)
        }
    };
    if all == 0 {
        return Ok((String::new(), None));
    }
    let run = if named { format!("{}:\n", explanation.run.name()) } else { String::new() };
    let table = in_short(explanation, &places, false);
    let rows: Vec<_> = table.rows.iter().map(|row| row.iter().map(plain).collect()).collect();
    let columns: Vec<_> = table.columns.iter().map(|name| column(name)).collect();
    let mut text =
        format!("{run}{head}, {} of {all}:\n{}", places.len(), in_columns(&columns, &rows));
    if choice.sort.is_none() && by == By::Expectation {
        text += &lowest(explanation);
    }
    Ok((text, places.first().copied()))
}

/// The classes of the lowest AP: the table has only those below what their counts predict.
fn lowest(explanation: &Explanation) -> String {
    const LOWEST: usize = 3;
    let mut known: Vec<(f64, &str)> = explanation
        .classes
        .iter()
        .filter_map(|class| Some((class.ap?, class.name.as_str())))
        .collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let scale = explanation.run.ap_scale().unwrap_or_default();
    let shown = |(ap, name): &(f64, &str)| format!("{name} {}", ap_percent(scale, *ap));
    let shown: Vec<_> = known.iter().take(LOWEST).map(shown).collect();
    format!("lowest AP (%): {}\n", shown.join(", "))
}

fn worst_by(explanation: &Explanation, by: By) -> &'static str {
    match by {
        By::Expectation if explanation.by_information => {
            "AP below the value expected from count and information, worst first"
        }
        By::Expectation => "AP below the value expected from the count, worst first",
        By::Ap => "lowest AP first",
        By::Recall => "lowest recall first",
    }
}

/// How a column of the short table stands on the terminal.
fn column(name: &str) -> Column<'_> {
    match name {
        "class" | "first reason" => Column::words(name),
        "expected (%)" => Column::number(name).rank(1),
        "instances" => Column::number(name).rank(2),
        _ => Column::number(name),
    }
}

/// A cell as text.
fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        other => other.csv(),
    }
}

/// The classes whose reasons came or went.
pub fn reasons_changed(changed: &[ReasonsChanged]) -> String {
    if changed.is_empty() {
        return "reasons: the same in both\n".into();
    }
    let mut text = format!("reasons that appeared or disappeared, {} classes:\n", changed.len());
    for class in changed.iter().take(SHOWN) {
        let went = class.went.iter().map(|reason| ("−", reason));
        let came = class.came.iter().map(|reason| ("+", reason));
        let words: Vec<_> = went
            .chain(came)
            .map(|(sign, reason)| format!("{sign} {}", reason.because.label()))
            .collect();
        text += &format!("{}: {}\n", class.name, words.join(", "));
    }
    if changed.len() > SHOWN {
        text += &format!("and {} more: reasons.csv\n", changed.len() - SHOWN);
    }
    text
}
