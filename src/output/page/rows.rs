//! A table that can be searched, and whose rows open; and numbers as bars.

use super::Rows;
use super::{escape, figure_html, part_html, table_html_of};
use crate::figure::draw::Place;

/// One of several numbers, as a bar.
#[derive(Clone)]
pub struct Bar {
    /// What has it.
    pub name: String,
    /// How long it is, 0–1.
    pub share: f64,
    /// The number in words.
    pub words: String,
}

/// The table, with what each row opens to beside it: without the page's script it is a plain table.
pub(super) fn rows_html(rows: &Rows) -> String {
    let of = escape(&rows.of);
    let figure =
        rows.figure.as_ref().map_or(String::new(), |(caption, svg)| figure_html(caption, svg));
    let row = |at: usize| {
        let place = rows.places.get(at).copied().flatten().map_or(String::new(), place_attribute);
        let more: String = rows.more.get(at).into_iter().flatten().map(part_html).collect();
        let more = match more.is_empty() {
            true => String::new(),
            false => format!("<template>{more}</template>"),
        };
        (place, more)
    };
    let head = |name: &str| format!("<button>{}</button>", escape(name));
    let table = table_html_of(&rows.table, head, row);
    format!(
        "<section class=\"rows\">\n<p class=\"find\" hidden><label>Search <input type=\"search\" \
         autocomplete=\"off\"></label> <output></output></p>\n{figure}<div class=\"scroll\" tabindex=\"0\" \
         role=\"region\" aria-label=\"{of}\">{}</div>\n</section>\n",
        table.trim_end()
    )
}

/// Where a row is in the figure: from the left, from the top, and the three numbers of what was to be expected.
fn place_attribute(Place { x, ap, expected }: Place) -> String {
    let expected = expected
        .map_or(String::new(), |expected| expected.iter().map(|at| format!(" {at}")).collect());
    format!(" data-at=\"{x} {ap}{expected}\"")
}

/// Bars, as a table of names, meters and words: it needs no style to be read.
pub(super) fn bars_html(title: &str, bars: &[Bar]) -> String {
    let bar = |bar: &Bar| {
        let length = bar.share.min(1.0);
        format!(
            "<tr><th scope=\"row\">{}</th><td><meter value=\"{length:.2}\"></meter></td><td>{}</td></tr>",
            escape(&bar.name),
            escape(&bar.words)
        )
    };
    let bars: String = bars.iter().map(bar).collect();
    format!("<table class=\"bars\"><caption>{}</caption>{bars}</table>\n", escape(title))
}
