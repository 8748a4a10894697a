//! Tables in what programs print: grids, pipes, columns of one width; between lines of a log, behind a
//! logger's own words, with colours and progress bars.

use super::column_names::is_ap;
use super::darknet;
use super::sheet::{Kind, Sheet};
use crate::input::table::is_absent;

/// What the column of the classes is called.
const CLASS: [&str; 9] = [
    "category",
    "class",
    "classes",
    "name",
    "label",
    "class name",
    "class_name",
    "category name",
    "category_name",
];

/// The tables of a text that have a row per class and a column that is AP by its name.
pub fn sheets(text: &str) -> Vec<Sheet> {
    let mut reader = Reader::default();
    for (at, line) in text.split('\n').enumerate() {
        reader.line = at + 1;
        // A progress bar goes back to the beginning of its line.
        for part in line.strip_suffix('\r').unwrap_or(line).split('\r') {
            reader.take(&without_colours(part));
        }
    }
    reader.close();
    reader.sheets
}

/// A line without the escapes that terminals take for colours and cursor moves.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, escape)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = match escape.strip_prefix('[') {
            Some(code) => {
                code.find(|c: char| c.is_ascii_alphabetic()).map_or("", |end| &code[end + 1..])
            }
            None => escape,
        };
    }
    plain + rest
}

/// What a line is in a table that is drawn.
enum Drawn<'a> {
    /// `+---+---+`
    Border,
    /// `|---|---|`, and whether each is `|:---|`.
    Separator { aligned: bool },
    /// `| a | b |`, without the outer pipes; none where it is cut off.
    Row(Option<&'a str>),
}

/// What a line is, if it is one of a drawn table; a logger may have put words before it.
fn drawn(line: &str) -> Option<Drawn<'_>> {
    let start = line.find(['|', '+'])?;
    let words = line[..start].trim_end();
    if !words.is_empty() && !words.ends_with([':', ']', '-', '>']) {
        return None;
    }
    let line = line[start..].trim();
    let only = |signs: &[char]| line.contains('-') && line.chars().all(|c| signs.contains(&c));
    if line.starts_with('+') {
        return only(&['+', '-', '=']).then_some(Drawn::Border);
    }
    if only(&['|', ':', '-', '+', ' ']) {
        let parts = line.trim_matches('|').split(['|', '+']);
        let aligned = parts.map(str::trim).all(|part| part.starts_with(':'));
        return Some(Drawn::Separator { aligned });
    }
    let inner = line.strip_prefix('|')?;
    Some(Drawn::Row(inner.strip_suffix('|')))
}

#[derive(Default)]
struct Reader {
    line: usize,
    /// What the lines so far say that the next table is of.
    task: String,
    /// Whether the last line was a border.
    border: bool,
    open: Option<Open>,
    sheets: Vec<Sheet>,
}

/// A table that is being read.
struct Open {
    sheet: Sheet,
    /// Columns of a row: several classes may stand beside each other.
    width: usize,
    /// The index of the class among the columns of one class.
    class: usize,
    /// Whether the last row has fewer classes than the others.
    short: bool,
    /// Whether a row is no row of it.
    broken: bool,
    /// The id of the last row, where there are ids.
    last: i64,
    /// What the row of all classes says, where it stands first.
    all: Option<Vec<String>>,
}

impl Open {
    fn new(line: usize, task: &str, kind: Kind, class: &str) -> Open {
        let sheet = Sheet {
            line,
            task: task.into(),
            kind,
            class: class.into(),
            columns: Vec::new(),
            rows: Vec::new(),
            whole: true,
        };
        Open { sheet, width: 0, class: 0, short: false, broken: false, last: -1, all: None }
    }
}

impl Reader {
    fn take(&mut self, line: &str) {
        if let Some((id, name, ap)) = darknet::line(line) {
            self.darknet(id, name, ap);
        } else if let Some(drawn) = drawn(line) {
            let is_border = matches!(drawn, Drawn::Border);
            self.drawn(drawn);
            self.border = is_border;
        } else if !self.console(line) {
            let waits =
                |open: &Open| open.sheet.kind == Kind::Console && open.sheet.rows.is_empty();
            if !self.open.as_ref().is_some_and(waits) {
                self.close();
            }
            self.border = false;
            self.title(line);
        }
    }

    /// Takes what a line says of the tables behind it.
    fn title(&mut self, line: &str) {
        let word = |before: &str, after: &str| {
            let (_, rest) = line.split_once(before)?;
            let (word, _) = rest.split_once(after)?;
            (!word.is_empty() && !word.contains(char::is_whitespace)).then(|| word.to_owned())
        };
        let iou = || {
            let (_, iou) = line.split_once("iou_thr: ")?;
            let iou: String = iou.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            Some(format!("IoU {iou}"))
        };
        let scale =
            || line.split_once("Scale range ").map(|(_, range)| format!("scale {}", range.trim()));
        let of = word("Per-category ", " AP").or_else(|| word("Evaluating ", "..."));
        if let Some(task) = of.or_else(iou).or_else(scale) {
            self.task = task;
        }
    }

    fn darknet(&mut self, id: i64, name: &str, ap: Option<&str>) {
        let goes_on = |open: &Open| open.sheet.kind == Kind::Darknet && id > open.last;
        if !self.open.as_ref().is_some_and(goes_on) {
            self.close();
            let mut open = Open::new(self.line, "", Kind::Darknet, "name");
            open.sheet.columns.push((String::new(), "ap".into()));
            self.open = Some(open);
        }
        if let Some(open) = &mut self.open {
            open.last = id;
            open.broken |= ap.is_none();
            open.sheet.rows.push((name.into(), vec![ap.unwrap_or_default().into()]));
        }
    }

    fn drawn(&mut self, drawn: Drawn) {
        let grid = self.open.as_ref().is_some_and(|open| open.sheet.kind == Kind::Grid);
        let pipes = |open: &Open| matches!(open.sheet.kind, Kind::Pipes { .. });
        match drawn {
            Drawn::Border if grid && !self.border => {}
            Drawn::Border => self.close(),
            Drawn::Separator { aligned } => {
                if let Some(open) = self.open.as_mut().filter(|open| pipes(open)) {
                    open.sheet.kind = Kind::Pipes { aligned };
                }
            }
            Drawn::Row(row) if grid || self.open.as_ref().is_some_and(pipes) => {
                if let Some(open) = &mut self.open {
                    open.broken |= row.and_then(|row| open.row(row)).is_none();
                }
            }
            Drawn::Row(row) => {
                self.close();
                self.open = row.and_then(|row| self.header(row));
            }
        }
    }

    /// The table that a header begins, if it has a row per class and AP.
    fn header(&self, row: &str) -> Option<Open> {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let is_class = |cell: &&str| CLASS.iter().any(|name| cell.eq_ignore_ascii_case(name));
        let class = cells.iter().position(is_class)?;
        let again = cells[class + 1..].iter().position(|cell| *cell == cells[class]);
        let width = again.map_or(cells.len(), |again| again + 1);
        let repeats = cells.chunks(width).all(|chunk| chunk == &cells[..width]);
        if !repeats
            || width < cells.len() && class > 0
            || !cells[..width].iter().any(|name| is_ap(name))
        {
            return None;
        }
        let kind = if self.border { Kind::Grid } else { Kind::Pipes { aligned: false } };
        let mut open = Open::new(self.line, &self.task, kind, cells[class]);
        let others = (0..width).filter(|&at| at != class);
        open.sheet.columns = others.map(|at| (String::new(), cells[at].to_owned())).collect();
        (open.width, open.class) = (cells.len(), class);
        Some(open)
    }

    /// Takes a line of columns of one width: a header, or a row behind one.
    fn console(&mut self, line: &str) -> bool {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.starts_with(&["Class", "Images"]) {
            self.close();
            self.open = Some(self.console_header(&words));
            return true;
        }
        let is_open = |open: &&mut Open| open.sheet.kind == Kind::Console;
        self.open.as_mut().filter(is_open).is_some_and(|open| open.console_row(line, &words))
    }

    fn console_header(&self, words: &[&str]) -> Open {
        let mut open = Open::new(self.line, "", Kind::Console, words[0]);
        let mut task = "";
        for word in &words[1..] {
            let (word, is_last) =
                word.strip_suffix(':').map_or((*word, false), |word| (word, true));
            let (of, name) = word.split_once('(').unwrap_or((task, word));
            task = if name.ends_with(')') { "" } else { of };
            open.sheet.columns.push((of.into(), name.trim_end_matches(')').into()));
            // What follows is a progress bar.
            if is_last {
                break;
            }
        }
        let tasks =
            open.sheet.columns.iter().filter(|(task, _)| !["", "Box"].contains(&task.as_str()));
        if tasks.count() == 0 {
            open.sheet.columns.iter_mut().for_each(|(task, _)| task.clear());
        }
        open
    }

    fn close(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        if open.sheet.rows.is_empty() && !open.broken {
            return;
        }
        open.sheet.whole = !open.broken
            && match open.sheet.kind {
                Kind::Grid => self.border,
                Kind::Console => open.is_sum(),
                Kind::Pipes { .. } | Kind::Darknet => true,
            };
        self.sheets.push(open.sheet);
    }
}

impl Open {
    /// Takes a row of a drawn table; none if it is no row of it.
    fn row(&mut self, row: &str) -> Option<()> {
        let group = self.sheet.columns.len() + 1;
        let cells: Vec<&str> = row.split('|').collect();
        if self.short {
            return None;
        }
        self.short = cells.len() < self.width && cells.len().is_multiple_of(group);
        let cells: Vec<String> = match self.short || cells.len() == self.width {
            true => cells.into_iter().map(str::to_owned).collect(),
            false => self.regrouped(&cells)?,
        };
        for chunk in cells.chunks(group) {
            let mut values: Vec<String> = chunk.iter().map(|cell| cell.trim().to_owned()).collect();
            let class = values.remove(self.class);
            let none = |is: &str| class == is && values.iter().all(|value| value == is);
            // Where the classes do not fill the last row.
            if !none("") && !none("None") {
                self.sheet.rows.push((class, values));
            }
        }
        Some(())
    }

    /// The cells of a row in which names hold pipes: behind each name stand its numbers.
    fn regrouped(&self, parts: &[&str]) -> Option<Vec<String>> {
        let numbers = self.sheet.columns.len();
        let is_number = |part: &&str| is_absent(part.trim()) || part.trim().parse::<f64>().is_ok();
        let mut cells = Vec::new();
        let mut rest = parts;
        while !rest.is_empty() && self.class == 0 && numbers > 0 {
            let last = rest.len().checked_sub(numbers)?;
            let end = (1..=last).find(|&end| rest[end..end + numbers].iter().all(is_number))?;
            cells.push(rest[..end].join("|"));
            cells.extend(rest[end..end + numbers].iter().map(|part| (*part).to_owned()));
            rest = &rest[end + numbers..];
        }
        (cells.len() == self.width).then_some(cells)
    }

    /// Takes a row: a name, which may hold spaces, and a number in each column, of which the first are counts.
    fn console_row(&mut self, line: &str, words: &[&str]) -> bool {
        let columns = self.sheet.columns.len();
        let Some(at) = words.len().checked_sub(columns).filter(|&at| at > 0) else { return false };
        let numbers = &words[at..];
        let counts = numbers.iter().take(2).all(|word| word.parse::<u64>().is_ok());
        if !counts || !numbers.iter().all(|word| word.parse::<f64>().is_ok()) {
            return false;
        }
        let mut name = line;
        for number in numbers.iter().rev() {
            name = name.trim_end().strip_suffix(number).unwrap_or(name);
        }
        let cells = numbers.iter().map(|&number| number.to_owned()).collect();
        let first = self.sheet.rows.is_empty() && self.all.is_none();
        match name.trim() {
            "all" if first => self.all = Some(cells),
            name => self.sheet.rows.push((name.into(), cells)),
        }
        true
    }

    /// Whether the classes have as many instances as the row of all says.
    fn is_sum(&self) -> bool {
        let instances =
            |cells: &Vec<String>| cells.get(1).and_then(|cell| cell.parse::<u64>().ok());
        let sum: u64 = self.sheet.rows.iter().filter_map(|(_, cells)| instances(cells)).sum();
        self.all.as_ref().and_then(instances).is_none_or(|all| all == sum)
    }
}
