//! Lists of class names: a name per line, numbered or not; csv and parquet tables; YOLO's `data.yaml`; JSON
//! lists and objects, such as the `id2label` of a `config.json` of Hugging Face. What else a list of names
//! may come in is refused by name, so that no bracket or key becomes a class.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::evaluations;
use super::file;
use super::json::{self, Scalar};
use super::shards::extension;
use super::table::Table;
use super::yaml::{self, Value, Word};
use crate::error::{Error, Result};
use crate::words::{check_name, trimmed, whole_number};

/// What a file of class names holds.
#[derive(Debug)]
pub enum Names {
    /// It is an annotation file, or a folder of them: its categories are the classes.
    Categories,
    /// Ids and names.
    List {
        /// In the order of the file, without fillers and background.
        classes: Vec<(i64, String)>,
        /// Whether the ids are 0, 1, … in that order, of all names.
        in_order: bool,
        /// Notes on how they were read.
        notes: Vec<String>,
    },
}

/// Most names; the largest data sets have some ten thousand classes.
const MOST_NAMES: usize = 1 << 20;

/// Names that stand at ids without a class, in lists as of COCO's 91 ids.
const FILLER: &str = "n/a";

/// Names that do so where they are repeated.
const FILLERS: [&str; 10] =
    ["na", "none", "null", "unused", "reserved", "placeholder", "dummy", "empty", "-", "_"];

/// What detectors call the class 0 that is none.
const BACKGROUNDS: [&str; 5] = ["__background__", "_background_", "background", "__bg__", "bg"];

/// Reads class names: a table (`.csv`, `.parquet`) with a column `class` or `name` and, if ids are not
/// 0, 1, …, `id`; `.yaml`; `.json`; or any other text with a name per line.
///
/// # Errors
/// If the file cannot be used, or what it names is in doubt.
pub fn read(path: &Path) -> Result<Names> {
    let bad = |problem: String| Error::content(path, problem);
    if path.is_dir() || extension(path) == "xml" {
        return Ok(Names::Categories);
    }
    let classes = match extension(path).as_str() {
        "csv" | "parquet" => match described(path)? {
            Some(described) => (0..).zip(described.into_iter().map(|(_, name)| name)).collect(),
            None => of_table(&Table::read(path)?)?,
        },
        "yaml" | "yml" => of_yaml(&file::text(path)?).map_err(bad)?,
        "json" | "gz" => match of_json(path)? {
            Some(classes) => classes,
            None => return Ok(Names::Categories),
        },
        _ => {
            let text = file::text(path)?;
            let lines: Vec<&str> = text.trim_end().lines().map(trimmed).collect();
            if lines.iter().any(|line| line.starts_with("names:"))
                || lines.iter().all(|line| line.starts_with("- ")) && !lines.is_empty()
            {
                of_yaml(&text).map_err(bad)?
            } else {
                of_lines(&lines).map_err(bad)?
            }
        }
    };
    Ok(without_fillers(classes, path))
}

/// The classes without those entries that only fill an id.
pub(super) fn without_fillers(mut classes: Vec<(i64, String)>, path: &Path) -> Names {
    let mut times: HashMap<String, usize> = HashMap::new();
    for (_, name) in &classes {
        *times.entry(name.to_lowercase()).or_default() += 1;
    }
    let all = classes.len();
    let in_order = classes.iter().map(|(id, _)| *id).eq((0..).take(all));
    let mut notes = Vec::new();
    classes.retain(|(_, name)| {
        let name = name.to_lowercase();
        name != FILLER && !(times[&name] > 1 && FILLERS.contains(&name.as_str()))
    });
    if classes.len() < all {
        let fillers = all - classes.len();
        notes.push(format!(
            "{}: {fillers} of {all} names, such as \"N/A\", only fill an unused id: they are not \
             classes",
            path.display()
        ));
    }
    let background = |(id, name): &(i64, String)| {
        *id == 0 && BACKGROUNDS.contains(&name.to_lowercase().as_str())
    };
    if classes.len() > 1
        && let Some(at) = classes.iter().position(background)
    {
        notes.push(format!(
            "{}: {:?} is not a class, and the other classes keep their ids: none has the id 0",
            path.display(),
            classes.remove(at).1
        ));
    }
    Names::List { classes, in_order, notes }
}

/// A name per line, or an id and a name.
fn of_lines(lines: &[&str]) -> std::result::Result<Vec<(i64, String)>, String> {
    for (line, name) in (1..).zip(lines) {
        let wrong = |problem: String| format!("line {line}: {problem}");
        check_name(name).map_err(wrong)?;
        if name.is_empty() {
            return Err(wrong("is empty: each line names a class".into()));
        }
    }
    if let Some(what) = no_list(lines) {
        return Err(format!(
            "{what}: write one name per line, or a csv table with columns class and id"
        ));
    }
    if let Some(numbered) = lines.iter().map(|line| numbered(line)).collect::<Option<Vec<_>>>()
        && numbered.len() > 1
        && distinct(&numbered)
    {
        let ids = numbered.iter().map(|(id, _)| *id);
        if ids.clone().eq((0..).take(lines.len())) || ids.clone().eq((1..).take(lines.len())) {
            return Ok(numbered.into_iter().map(|(id, name)| (id, name.to_owned())).collect());
        }
        let ascending = ids.clone().is_sorted_by(|a, b| a < b);
        let mut sorted: Vec<i64> = ids.collect();
        sorted.sort_unstable();
        let all = |first: i64| sorted.iter().copied().eq((first..).take(lines.len()));
        if ascending || all(0) || all(1) {
            return Err(format!(
                "each line begins with a number, such as {:?}: write a csv table with columns \
                 class and id if these are ids, or with the column class alone if they belong to \
                 the names",
                lines[0]
            ));
        }
    }
    Ok((0..).zip(lines.iter().map(|&name| name.to_owned())).collect())
}

/// What lines are that are not a name each, so far as it can be told.
fn no_list(lines: &[&str]) -> Option<&'static str> {
    let first = lines.first()?;
    let all = |is: &dyn Fn(&str) -> bool| lines.iter().all(|line| is(line));
    let quoted = |line: &str| {
        let line = line.trim_end_matches(',');
        ['"', '\''].iter().any(|&q| line.len() > 1 && line.starts_with(q) && line.ends_with(q))
    };
    let numbers = |line: &str| {
        line.rsplit_once(',').is_some_and(|(_, number)| whole_number(number).is_some())
    };
    let assigns = || {
        let (name, value) = first.split_once('=')?;
        let name = name.trim().chars().all(|c| c.is_alphanumeric() || c == '_');
        (name && value.trim().starts_with(['(', '[', '{'])).then_some(())
    };
    if assigns().is_some() || ["[", "(", "{"].contains(first) || all(&quoted) {
        Some("is a list of Python or JSON, not names")
    } else if lines.len() == 1 && first.starts_with(['[', '{', '(']) {
        Some("is a list of Python, or JSON whose name does not end in .json, not names")
    } else if first.starts_with("# ") {
        Some("begins with a comment, not a name")
    } else if first.starts_with("item {") || first.starts_with("item{") {
        Some("is a label map of TensorFlow, not names")
    } else if lines.len() == 1 && first.contains(',') {
        Some("holds one line with commas, not one name per line")
    } else if all(&|line| line.ends_with(',')) {
        Some("has a comma behind each name")
    } else if all(&numbers) {
        Some("is a table without a header line")
    } else if first.contains(',') && first.split(',').map(str::trim).any(|cell| cell == "id") {
        Some("is a csv table whose name does not end in .csv")
    } else {
        None
    }
}

/// The number before a name, as in `0 helmet`, `0: helmet` or `1. helmet`, and the name.
fn numbered(line: &str) -> Option<(i64, &str)> {
    let end = line.find(|c: char| !c.is_ascii_digit())?;
    let id = line[..end].parse().ok()?;
    let rest = &line[end..];
    let name = match rest.strip_prefix([':', ',']) {
        Some(name) => name,
        None => {
            let name = rest.strip_prefix(['.', ')']).unwrap_or(rest);
            name.starts_with(char::is_whitespace).then_some(name)?
        }
    };
    let name = trimmed(name);
    (!name.is_empty()).then_some((id, name))
}

fn distinct(numbered: &[(i64, &str)]) -> bool {
    let mut names: Vec<_> = numbered.iter().map(|(_, name)| name).collect();
    names.sort();
    names.windows(2).all(|pair| pair[0] != pair[1])
}

/// The columns `class` or `name`, and `id`.
fn of_table(table: &Table) -> Result<Vec<(i64, String)>> {
    let (class, name) = (table.find("class"), table.find("name"));
    if class.is_none() && name.is_none() && table.columns.iter().any(|c| whole_number(c).is_some())
    {
        let problem = "has no header line: write class,id, or what its columns are, above the rows";
        return Err(Error::content(&table.path, problem));
    }
    if class.is_some() && name.is_some() {
        let problem = "has a column \"class\" and a column \"name\": remove one, or call it \"id\"";
        return Err(Error::content(&table.path, problem));
    }
    if evaluations::any(&table.columns) {
        let problem = "is an evaluation, which lists only the classes of the validation images, so \
                       their ids may differ: give data.yaml, or the annotation file";
        return Err(Error::content(&table.path, problem));
    }
    let column = match class.or(name) {
        Some(column) => column,
        None => table.usual_column("class")?,
    };
    let id = ["id", "class_id", "category_id"].iter().find_map(|name| table.find(name));
    let mut classes = Vec::new();
    for (at, (line, row)) in (0..).zip(&table.rows) {
        let name = &row[column];
        if name.is_empty() {
            return Err(table.at(*line, column, "there is no class"));
        }
        check_name(name).map_err(|problem| table.at(*line, column, &problem))?;
        let id = match id {
            Some(id) => whole_number(&row[id])
                .ok_or_else(|| table.at(*line, id, "the id is not a whole number"))?,
            None => at,
        };
        classes.push((id, name.to_owned()));
    }
    Ok(classes)
}

/// The names of Open Images' codes, such as `/m/01`, if the file is its `class-descriptions-boxable.csv`.
///
/// # Errors
/// If the file cannot be read, or a line of it is not a code and a name.
pub(super) fn descriptions(path: &Path) -> Result<Option<HashMap<String, String>>> {
    Ok(described(path)?.map(|described| described.into_iter().collect()))
}

/// The same, in the order of the file.
fn described(path: &Path) -> Result<Option<Vec<(String, String)>>> {
    if path.is_dir() {
        return Ok(None);
    }
    let is_code =
        |code: &str| code.starts_with("/m/") || code.starts_with("/g/") || code.starts_with("/t/");
    let text = file::beginning(path);
    let mut first = text.lines();
    let header = first.next().is_some_and(|line| line.starts_with("LabelName,"));
    let row = if header { first.next() } else { text.lines().next() };
    if !row.is_some_and(|row| is_code(row) && row.contains(',')) {
        return Ok(None);
    }
    let text = file::text(path)?;
    let mut reader =
        csv::ReaderBuilder::new().has_headers(header).flexible(true).from_reader(text.as_bytes());
    let mut names = Vec::new();
    for row in reader.records() {
        let row =
            row.map_err(|error| Error::content(path, format!("is not a csv table: {error}")))?;
        let line = row.position().map_or(0, csv::Position::line);
        let wrong = |problem: String| Error::content(path, format!("line {line}: {problem}"));
        let (Some(code), Some(name), 2) = (row.get(0), row.get(1), row.len()) else {
            return Err(wrong("is not a code with a name".into()));
        };
        let (code, name) = (trimmed(code), trimmed(name));
        check_name(name).map_err(wrong)?;
        if !is_code(code) || name.is_empty() {
            return Err(wrong("is not a code such as /m/01 with a name".into()));
        }
        names.push((code.to_owned(), name.to_owned()));
    }
    Ok(Some(names))
}

/// What a value may be that lists names.
enum Listed {
    Items(Vec<Scalar>),
    Entries(Vec<(Scalar, Scalar)>),
}

impl Listed {
    /// Ids and names: of a list their positions, of entries what stands before each name or behind it.
    fn classes(self) -> std::result::Result<Vec<(i64, String)>, String> {
        let name = |scalar: Scalar| match scalar {
            Scalar::Text(text) => Some(trimmed(&text).to_owned()).filter(|name| !name.is_empty()),
            Scalar::Integer(number) => Some(number.to_string()),
            _ => None,
        };
        let pairs: Vec<(i64, Scalar)> = match self {
            Listed::Items(items) => (0..).zip(items).collect(),
            Listed::Entries(entries) => {
                let ids = |of: fn(&(Scalar, Scalar)) -> &Scalar| {
                    entries.iter().all(|entry| of(entry).whole().is_some())
                };
                let (before, behind) = (ids(|entry| &entry.0), ids(|entry| &entry.1));
                let pair = |(a, b): (Scalar, Scalar)| match before {
                    true => Some((a.whole()?, b)),
                    false => Some((b.whole()?, a)),
                };
                let texts = entries.iter().all(|(_, value)| matches!(value, Scalar::Text(_)));
                if before && behind && !texts || !before && !behind {
                    return Err("ids and names cannot be told apart, or there are none".into());
                }
                entries.into_iter().filter_map(pair).collect()
            }
        };
        let checked = |(id, scalar): (i64, Scalar)| {
            let is = scalar.to_string();
            let name = name(scalar).ok_or_else(|| format!("{is} of id {id} is not a name"))?;
            check_name(&name)?;
            Ok((id, name))
        };
        pairs.into_iter().map(checked).collect()
    }
}

/// The names in a JSON list or object; none, if it is an annotation file.
fn of_json(path: &Path) -> Result<Option<Vec<(i64, String)>>> {
    let mut json = serde_json::Deserializer::from_reader(json::open(path)?);
    let mut annotations = false;
    let read = json.deserialize_any(Top { annotations: &mut annotations });
    // Such a file is read elsewhere, as a stream.
    if annotations {
        return Ok(None);
    }
    match read.and_then(|listed| json.end().map(|()| listed)) {
        Ok(listed) => listed.classes().map(Some).map_err(|problem| Error::content(path, problem)),
        Err(error) if error.is_io() => Err(Error::read(path)(error.into())),
        Err(error) => {
            let problem = json::sentence(&error, 1, json::open(path)?);
            Err(Error::content(path, problem))
        }
    }
}

/// Reads names from the top of a JSON file, and ends with an error where it proves an annotation file.
struct Top<'a> {
    annotations: &'a mut bool,
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = Listed;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("annotations, a list of names, or an object of ids and names")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> std::result::Result<Listed, A::Error> {
        Listing.visit_seq(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Listed, A::Error> {
        let (mut entries, mut named) = (Vec::new(), None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "categories" | "annotations" | "images" => {
                    *self.annotations = true;
                    return Err(A::Error::custom("it holds annotations"));
                }
                "names" | "id2label" => named = Some(map.next_value()?),
                _ => entries.push((Scalar::Text(key), map.next_value()?)),
            }
            check_number(entries.len())?;
        }
        Ok(named.unwrap_or(Listed::Entries(entries)))
    }
}

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(Listing)
    }
}

struct Listing;

impl<'de> Visitor<'de> for Listing {
    type Value = Listed;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list of names, or an object of ids and names")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Listed, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = items.next_element()? {
            names.push(name);
            check_number(names.len())?;
        }
        Ok(Listed::Items(names))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Listed, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry()? {
            entries.push((Scalar::Text(key), value));
            check_number(entries.len())?;
        }
        Ok(Listed::Entries(entries))
    }
}

fn check_number<E: serde::de::Error>(names: usize) -> std::result::Result<(), E> {
    if names <= MOST_NAMES {
        return Ok(());
    }
    Err(E::custom(format!("it has more than {MOST_NAMES} names")))
}

/// The `names` of YOLO's `data.yaml`, a list or ids with names; or a list alone.
fn of_yaml(text: &str) -> std::result::Result<Vec<(i64, String)>, String> {
    match yaml::read(text)? {
        yaml::Top::Items(items) => listed(&Value::Items(items))?.classes(),
        yaml::Top::Entries(entries) => of_entries(&entries),
        yaml::Top::Other => of_entries(&[]),
    }
}

/// The `names` among the entries of a `data.yaml`.
///
/// # Errors
/// A sentence, if there are none, they cannot be names, or are not as many as `nc` says.
pub(super) fn of_entries(
    entries: &[(String, Value)],
) -> std::result::Result<Vec<(i64, String)>, String> {
    let mut of_key = entries.iter().filter(|(key, _)| key == "names");
    let (names, again) = (of_key.next(), of_key.next());
    if again.is_some() {
        return Err("has \"names\" twice".into());
    }
    let (_, names) = names.ok_or("has no \"names\": is it YOLO's data.yaml?")?;
    let classes = listed(names)?.classes()?;
    let number = |(key, value): &(String, Value)| match value {
        Value::Word(count) if key == "nc" => whole_number(&count.text),
        _ => None,
    };
    match entries.iter().rev().find_map(number) {
        Some(number) if number != classes.len() as i64 => {
            Err(format!("has {} names, but says nc: {number}: correct one of them", classes.len()))
        }
        _ => Ok(classes),
    }
}

/// The names of such a value.
fn listed(value: &Value) -> std::result::Result<Listed, String> {
    match value {
        Value::Items(items) => {
            Ok(Listed::Items(items.iter().map(word).collect::<std::result::Result<_, _>>()?))
        }
        Value::Entries(entries) => {
            let pair = |(key, value): &(Option<Word>, Option<Word>)| Ok((word(key)?, word(value)?));
            let entries = entries.iter().map(pair);
            Ok(Listed::Entries(entries.collect::<std::result::Result<_, String>>()?))
        }
        _ => Err("its \"names\" are neither a list nor ids with names".into()),
    }
}

/// A name or id.
fn word(word: &Option<Word>) -> std::result::Result<Scalar, String> {
    match word {
        Some(Word { text, plain: true }) if is_no_text(text) => Err(format!(
            "the name {text} has no quotes, and YAML does not read it as text: write \"{text}\""
        )),
        Some(Word { text, .. }) => Ok(Scalar::Text(text.clone())),
        None => Err("one of its \"names\" is not a text: write each as \"name\"".into()),
    }
}

/// Whether Python's YAML makes something else than its letters of a text without quotes. Ids and names
/// such as `7` stay what they are.
fn is_no_text(plain: &str) -> bool {
    const WORDS: [&str; 9] = ["", "~", "null", "true", "false", "yes", "no", "on", "off"];
    let digits = plain.replace('_', "");
    let number = digits.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        && (digits.parse::<f64>().is_ok()
            || digits.starts_with("0x")
            || digits.chars().all(|c| c.is_ascii_digit() || c == ':'));
    let as_it_is = plain.parse::<i64>().is_ok_and(|number| number.to_string() == plain);
    WORDS.contains(&plain.to_lowercase().as_str()) || number && !as_it_is
}
