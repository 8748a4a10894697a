//! A page of HTML that needs nothing but itself, and the same in Markdown.

mod rows;

pub use rows::Bar;

use super::{Cell, Table};
use crate::figure::draw::Place;
use crate::figure::{self, Theme};
use rows::{bars_html, rows_html};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// One thing on a page.
#[derive(Clone)]
pub enum Part {
    /// A heading.
    Heading(String),
    /// A sentence or several.
    Text(String),
    /// Subjects, and what is to be said of each.
    Words(Vec<(String, String)>),
    /// Points.
    List(Vec<String>),
    /// A command to type.
    Command(String),
    /// A table.
    Table(Table),
    /// A table that can be searched, and whose rows open.
    Rows(Rows),
    /// Numbers as bars.
    Bars {
        /// What they are.
        title: String,
        /// Each.
        bars: Vec<Bar>,
    },
    /// A figure of this crate, and what it shows; not in Markdown.
    Figure {
        /// What it shows.
        caption: String,
        /// The drawing.
        svg: String,
    },
}

/// A table that can be searched, and each of whose rows opens to more.
#[derive(Clone)]
pub struct Rows {
    /// What the rows are.
    pub of: String,
    /// The table; its first column has the names.
    pub table: Table,
    /// What each row opens to.
    pub more: Vec<Vec<Part>>,
    /// A figure that shows each row, with what it shows.
    pub figure: Option<(String, String)>,
    /// The index of each row in it.
    pub places: Vec<Option<Place>>,
}

/// The page as HTML: tables that sort when their heads are clicked, figures inline, and light or dark
/// as its reader prefers.
pub fn html(title: &str, parts: &[Part]) -> String {
    let title = escape(title);
    let dark = Theme::Dark.css();
    let body: String = parts.iter().enumerate().map(in_page).collect();
    let contents: String = parts.iter().enumerate().filter_map(link).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{title}</title>\n<style>\n{STYLE}\
         @media screen and (prefers-color-scheme: dark) {{\n{dark}}}\n</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n<nav>{contents}</nav>\n{body}<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

/// A part of the page; a heading can be jumped to.
fn in_page((at, part): (usize, &Part)) -> String {
    match part {
        Part::Heading(text) => format!("<h2 id=\"part-{at}\">{}</h2>\n", escape(text)),
        other => part_html(other),
    }
}

/// A link to a heading.
fn link((at, part): (usize, &Part)) -> Option<String> {
    let Part::Heading(text) = part else { return None };
    Some(format!("<a href=\"#part-{at}\">{}</a>\n", escape(text)))
}

/// The parts alone, for a page that is there already, such as a notebook; its tables do not sort.
pub fn fragment(parts: &[Part]) -> String {
    let part = |part: &Part| match part {
        Part::Table(table) | Part::Rows(Rows { table, .. }) => table_html(table, escape),
        other => part_html(other),
    };
    parts.iter().map(part).collect()
}

/// The page as Markdown for GitHub, without its figures.
pub fn markdown(title: &str, parts: &[Part]) -> String {
    let body: String = parts.iter().map(part_markdown).collect();
    format!("# {}\n{body}", escape_markdown(title))
}

fn part_html(part: &Part) -> String {
    match part {
        Part::Heading(text) => format!("<h2>{}</h2>\n", escape(text)),
        Part::Text(text) => format!("<p>{}</p>\n", escape(text)),
        Part::Words(words) => {
            let word = |(of, words): &(String, String)| {
                format!("<dt>{}</dt><dd>{}</dd>\n", escape(of), escape(words))
            };
            format!("<dl>\n{}</dl>\n", words.iter().map(word).collect::<String>())
        }
        Part::List(points) => {
            let point = |point: &String| format!("<li>{}</li>\n", escape(point));
            format!("<ul>\n{}</ul>\n", points.iter().map(point).collect::<String>())
        }
        Part::Command(command) => format!("<pre><code>{}</code></pre>\n", escape(command)),
        Part::Table(table) => {
            let head = |name: &str| format!("<button>{}</button>", escape(name));
            format!(
                "<div class=\"scroll\" tabindex=\"0\">{}</div>\n",
                table_html(table, head).trim_end()
            )
        }
        Part::Rows(rows) => rows_html(rows),
        Part::Bars { title, bars } => bars_html(title, bars),
        Part::Figure { caption, svg } => figure_html(caption, svg),
    }
}

/// A figure with what it shows below it, and how to read it.
fn figure_html(caption: &str, svg: &str) -> String {
    let caption = escape(caption);
    // The same characters are escaped in both.
    let reading = figure::how_to_read(svg);
    // What a browser cannot show, it reads out.
    let svg = svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{caption}\" "), 1);
    format!(
        "<figure>\n<div class=\"drawing\">{svg}</div>\n<figcaption><strong>{caption}.</strong> {reading}</figcaption>\n\
         </figure>\n"
    )
}

/// A table whose heads hold what `head` makes of the names of the columns.
fn table_html(table: &Table, head: impl Fn(&str) -> String) -> String {
    table_html_of(table, head, |_| Default::default())
}

/// The same with attributes of each row, and what stands in its first cell beside the name.
fn table_html_of(
    table: &Table,
    head: impl Fn(&str) -> String,
    of_row: impl Fn(usize) -> (String, String),
) -> String {
    let heads = table.columns.iter();
    let heads: String =
        heads.map(|name| format!("<th scope=\"col\">{}</th>", head(name))).collect();
    let cell = |cell: &Cell, more: &str| match cell {
        Cell::Text(text) => format!("<td>{}{more}</td>", escape(text)),
        Cell::Flag(_) => format!("<td>{}{more}</td>", cell.csv()),
        Cell::Missing => format!("<td data-value=\"\">{more}</td>"),
        number => format!("<td data-value=\"{}\">{}{more}</td>", number.csv(), short(number)),
    };
    let row = |(at, row): (usize, &Vec<Cell>)| {
        let (attributes, more) = of_row(at);
        let mut cells = row.iter();
        let first: String = cells.next().map(|first| cell(first, &more)).into_iter().collect();
        let cells: String = cells.map(|one| cell(one, "")).collect();
        format!("<tr{attributes}>{first}{cells}</tr>\n")
    };
    let rows: String = table.rows.iter().enumerate().map(row).collect();
    format!("<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n")
}

fn part_markdown(part: &Part) -> String {
    match part {
        Part::Heading(text) => format!("\n## {}\n", escape_markdown(text)),
        Part::Text(text) => format!("\n{}\n", escape_markdown(text)),
        Part::Words(words) => {
            let word = |(of, words): &(String, String)| {
                format!("- **{}**: {}\n", escape_markdown(of), escape_markdown(words))
            };
            format!("\n{}", words.iter().map(word).collect::<String>())
        }
        Part::List(points) => {
            let point = |point: &String| format!("- {}\n", escape_markdown(point));
            format!("\n{}", points.iter().map(point).collect::<String>())
        }
        // Indented, so that no fence can be closed from inside.
        Part::Command(command) => format!("\n    {command}\n"),
        Part::Table(table) | Part::Rows(Rows { table, .. }) => table_markdown(table),
        Part::Bars { title, bars } => {
            let bar = |bar: &Bar| {
                format!("- {}: {}\n", escape_markdown(&bar.name), escape_markdown(&bar.words))
            };
            let bars: String = bars.iter().map(bar).collect();
            format!("\n{}\n\n{bars}", escape_markdown(title))
        }
        Part::Figure { .. } => String::new(),
    }
}

fn table_markdown(table: &Table) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let heads = table.columns.iter().map(|name| escape_markdown(name)).collect();
    let rule = |at: usize| {
        let number = |row: &Vec<Cell>| matches!(row[at], Cell::Integer(_) | Cell::Number(_));
        if table.rows.iter().any(number) { "--:".to_owned() } else { "---".to_owned() }
    };
    let rules = (0..table.columns.len()).map(rule).collect();
    let cell = |cell: &Cell| match cell {
        Cell::Text(text) => escape_markdown(text),
        other => short(other),
    };
    let rows = table.rows.iter().map(|row| line(row.iter().map(cell).collect()));
    format!("\n{}{}{}", line(heads), line(rules), rows.collect::<String>())
}

/// A cell as text: four digits of a number, and at most four decimals.
fn short(cell: &Cell) -> String {
    let number = match cell {
        Cell::Number(number) => *number,
        other => return other.csv(),
    };
    let decimals = [1.0, 10.0, 100.0, 1000.0].iter().filter(|&&from| number.abs() < from).count();
    let text = match number != 0.0 && !(1e-3..1e6).contains(&number.abs()) {
        true => format!("{number:.3e}"),
        false => format!("{number:.decimals$}"),
    };
    text.replace('-', "−")
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// With a backslash before all that Markdown could take for its own.
fn escape_markdown(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if "\\`*_{}[]<>#|~&@".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
