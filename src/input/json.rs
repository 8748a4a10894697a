//! JSON as evaluators and annotation tools write it: one object or one a line, nested or flat, and with
//! Python's NaN.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use super::file::{self, NOT_UTF8};
use crate::error::{Error, Result};
use crate::observer::Observer;
use crate::words::{trimmed, whole_number};

/// Longest path of keys to a field, bytes; what lies deeper is skipped.
const LONGEST_PATH: usize = 4000;

/// Most items of a list that are stored: there are not as many classes.
const MOST_ITEMS: usize = 100_000;

/// Most numbers of lists in a list that are stored: FiftyOne has 10 · 1203 · 101 of LVIS.
const MOST_NUMBERS: usize = 1 << 22;

/// Lists that annotation files have, which may be long and are never stored.
const ANNOTATIONS: [&str; 2] = ["annotations", "images"];

/// One object, flattened: nested keys are joined by `/`, as detectron2 and MMEngine do themselves.
pub struct Record {
    /// The line of the file in which it ends, from 1.
    pub line: usize,
    /// Keys with what they stand for, in the order of the file. A list that stands for itself has the key
    /// `""`.
    pub fields: Fields,
}

/// Keys with what they stand for, nested ones joined by `/`.
pub type Fields = Vec<(String, Field)>;

impl Record {
    /// What a key stands for.
    pub fn find(&self, key: &str) -> Option<&Field> {
        self.fields.iter().rev().find(|(name, _)| name == key).map(|(_, field)| field)
    }
}

/// What a key stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// A number; none where it is null or NaN.
    Number(Option<f64>),
    /// A list of these.
    Numbers(Vec<Option<f64>>),
    /// Lists of numbers in a list, or deeper: the lengths of the axes, and the numbers in C order.
    Array(Vec<usize>, Vec<Option<f64>>),
    /// A text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
    /// A list of objects, each flattened.
    Records(Vec<Fields>),
    /// Anything else, and what that is.
    Other(&'static str),
}

impl Field {
    /// What it is, for a sentence on what should be something else.
    pub fn what(&self) -> &'static str {
        match self {
            Field::Number(_) => "a number",
            Field::Numbers(_) => "a list of numbers",
            Field::Text(_) => "a text",
            Field::Array(..) | Field::Texts(_) | Field::Records(_) => OTHER_LIST,
            Field::Other(what) => what,
        }
    }
}

const OTHER_LIST: &str = "a list of other things than numbers";

/// Gives each object of a file to `each`, in order. Where a file has an object per line, lines that are cut
/// off are skipped, as a killed run leaves them; their numbers are returned.
///
/// # Errors
/// If the file cannot be read, or is not a sequence of JSON objects.
pub fn records(path: &Path, mut each: impl FnMut(Record)) -> Result<Vec<usize>> {
    let json = file::whole(path, open(path)?)?;
    let bad = |problem: &String| Error::content(path, problem);
    let (mut cut, mut problem, mut objects) = (Vec::new(), None, 0);
    let (mut at, mut line) = (0, 1);
    loop {
        // NUL bytes stand where the disk was full, or the machine went down.
        let blank = json[at..].bytes().take_while(|byte| byte.is_ascii_whitespace() || *byte == 0);
        let blank = blank.count();
        line += lines(&json[at..at + blank]);
        at += blank;
        let rest = &json[at..];
        if rest.is_empty() {
            break;
        }
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Whole>();
        let length = match values.next() {
            Some(Ok(Whole(fields))) => {
                let length = values.byte_offset();
                line += lines(&rest[..length]);
                each(Record { line, fields });
                objects += 1;
                length
            }
            Some(Err(error)) => {
                let wrong = || sentence(&error, line, rest.as_bytes());
                let first: &String = problem.get_or_insert_with(wrong);
                if error.is_data() || !rest.starts_with('{') {
                    return Err(bad(first));
                }
                cut.push(line);
                rest.find('\n').unwrap_or(rest.len())
            }
            None => rest.len(),
        };
        at += length;
    }
    match problem {
        Some(problem) if cut.len() > objects => Err(bad(&problem)),
        _ => Ok(cut),
    }
}

fn lines(text: &str) -> usize {
    text.bytes().filter(|&byte| byte == b'\n').count()
}

/// Opens a JSON file as a stream; one that gzip has packed is unpacked on the way.
///
/// # Errors
/// If it cannot be opened, is empty, or is no text in UTF-8 by its first bytes.
pub fn open(path: &Path) -> Result<BufReader<Strict<Box<dyn Read>>>> {
    Ok(strict(file::stream(path)?))
}

/// The same of a long file; the observer is told how far it has come.
///
/// # Errors
/// As for [`open`].
pub fn watched(path: &Path, observer: &dyn Observer) -> Result<BufReader<Strict<Box<dyn Read>>>> {
    Ok(strict(file::watched(path, observer)?))
}

fn strict(reader: Box<dyn Read>) -> BufReader<Strict<Box<dyn Read>>> {
    BufReader::with_capacity(1 << 18, Strict::new(reader))
}

/// The first sign of a JSON file that is no blank; 0 where there is none.
///
/// # Errors
/// If it cannot be opened, is empty, or is no text in UTF-8 by its first bytes.
pub fn first(path: &Path) -> Result<u8> {
    let is_blank = |byte: &io::Result<u8>| matches!(byte, Ok(byte) if byte.is_ascii_whitespace());
    let first = open(path)?.bytes().find(|byte| !is_blank(byte));
    first.transpose().map(Option::unwrap_or_default).map_err(Error::read(path))
}

/// The error for a file that should be `what`; a `problem` that was seen on the way is the reason.
pub fn refused(
    path: &Path,
    error: serde_json::Error,
    problem: Option<String>,
    what: &str,
) -> Error {
    if error.is_io() {
        return Error::read(path)(error.into());
    }
    let again = match (problem, open(path)) {
        (Some(problem), _) => return Error::content(path, problem),
        (None, Ok(again)) => again,
        (None, Err(error)) => return error,
    };
    let sentence = sentence(&error, 1, again);
    let is_data = error.is_data();
    Error::content(path, if is_data { format!("is not {what}: {sentence}") } else { sentence })
}

/// What is wrong with a JSON text that begins in line `first`, and where; `again` reads it once more.
pub fn sentence(error: &serde_json::Error, first: usize, again: impl Read) -> String {
    let (line, column) = (first - 1 + error.line(), error.column());
    let text = error.to_string();
    let place = format!(" at line {} column {column}", error.line());
    let what = text.strip_suffix(&place).unwrap_or(&text);
    match error.classify() {
        Category::Eof => format!("is cut off: its JSON does not end within line {line}"),
        Category::Data if line > 1 => format!("line {line}: {what}"),
        Category::Data | Category::Io => what.into(),
        Category::Syntax => {
            let here = place_of(again, error.line(), column);
            let starts =
                |words: &[&str]| words.iter().any(|word| here.starts_with(word.as_bytes()));
            let problem = match what {
                "invalid unicode code point" => NOT_UTF8.into(),
                "trailing comma" => "there is a comma before a closing bracket: remove it".into(),
                _ if starts(&["//", "/*", "#"]) => {
                    "holds a comment, which JSON does not allow: remove it".into()
                }
                _ if starts(&["\0"]) => "holds NUL bytes: it was not written to its end".into(),
                _ if starts(&["'", "OrderedDict(", "defaultdict(", "None", "True", "False"]) => {
                    "holds what Python prints, not JSON: write it with json.dump".into()
                }
                _ => format!("is not JSON: {what} at column {column}"),
            };
            format!("line {line}: {problem}")
        }
    }
}

/// The first bytes from a position on, both numbers from 1.
fn place_of(again: impl Read, line: usize, column: usize) -> Vec<u8> {
    const LONG: usize = 16;
    let mut bytes = BufReader::new(again).bytes().map_while(|byte| byte.ok());
    for _ in 1..line {
        bytes.by_ref().take_while(|&byte| byte != b'\n').for_each(drop);
    }
    bytes.skip(column.saturating_sub(1)).skip_while(u8::is_ascii_whitespace).take(LONG).collect()
}

/// What a list holds that stands where an object should, by its first item.
pub fn list<'de, A: SeqAccess<'de>>(mut items: A) -> &'static str {
    let first = items.next_element::<Whole>().ok().flatten();
    let has = |key: &str| first.iter().any(|first| has(&first.0, key));
    if first.iter().any(|first| is_detection(&first.0)) {
        DETECTIONS
    } else if has("class") || has("name") {
        "holds a list of records: write them as a csv table, with a column \"class\""
    } else {
        "holds a list, not an object"
    }
}

const DETECTIONS: &str = "holds detections, boxes with scores, which are neither annotations nor \
                          AP: give them as --detections, with their --ground-truth";

fn has(fields: &Fields, key: &str) -> bool {
    fields.iter().any(|(name, _)| name.eq_ignore_ascii_case(key))
}

fn is_detection(fields: &Fields) -> bool {
    has(fields, "score") && (has(fields, "category_id") || has(fields, "image_id"))
}

/// A JSON text as Python writes it, made strict while it is read: NaN becomes null, Infinity a number
/// that is no AP, and half a surrogate pair, as in a file name that was no text, the character `HALF`.
pub struct Strict<R> {
    source: R,
    /// Read, but not yet examined.
    raw: Vec<u8>,
    /// Whether the source has no more.
    ended: bool,
    ready: Vec<u8>,
    /// Bytes of `ready` that are handed out.
    given: usize,
    /// Whether a text is open.
    quoted: bool,
}

impl<R: Read> Strict<R> {
    pub fn new(source: R) -> Strict<R> {
        let (raw, ready) = (Vec::new(), Vec::new());
        Strict { source, raw, ended: false, ready, given: 0, quoted: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        const BLOCK: usize = 1 << 17;
        let before = self.raw.len();
        self.raw.resize(before + BLOCK, 0);
        let read = loop {
            match self.source.read(&mut self.raw[before..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.raw.truncate(before + *read.as_ref().unwrap_or(&0));
        self.ended = read? == 0;
        self.ready.clear();
        self.given = 0;
        let mut at = 0;
        while at < self.raw.len()
            && let Some(length) = self.pass_on(at)
        {
            at += length;
        }
        self.raw.drain(..at);
        Ok(())
    }

    /// Makes what stands at a position ready, and says how many bytes that was; none, if more must be read.
    fn pass_on(&mut self, at: usize) -> Option<usize> {
        // Two halves of a character, each as in \ud83d.
        const LONGEST: usize = 12;
        let rest = &self.raw[at..];
        let special = |byte: &u8| match self.quoted {
            true => matches!(byte, b'"' | b'\\'),
            false => matches!(byte, b'"' | b'N' | b'I'),
        };
        let plain = rest.iter().position(special).unwrap_or(rest.len());
        if plain > 0 {
            self.ready.extend(&rest[..plain]);
            return Some(plain);
        }
        if rest.len() < LONGEST && !self.ended {
            return None;
        }
        let (length, put): (usize, &[u8]) =
            match (rest[0], half(rest), half(&rest[rest.len().min(6)..])) {
                (b'"', ..) => {
                    self.quoted = !self.quoted;
                    (1, b"\"")
                }
                (b'\\', Some(Half::First), Some(Half::Second)) => (12, &rest[..12]),
                (b'\\', Some(_), _) => (6, b"\\uffff"),
                (b'\\', None, _) => (rest.len().min(2), &rest[..rest.len().min(2)]),
                _ if rest.starts_with(b"NaN") => (3, b"null"),
                _ if rest.starts_with(b"Infinity") => (8, b"1e308"),
                _ => (1, &rest[..1]),
            };
        self.ready.extend(put);
        Some(length)
    }
}

impl<R: Read> Read for Strict<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() && !self.ended {
            self.refill()?;
        }
        let read = (&self.ready[self.given..]).read(buffer)?;
        self.given += read;
        Ok(read)
    }
}

/// Half of a character that UTF-16 writes as a pair.
enum Half {
    First,
    Second,
}

/// The half that an escape such as `\ud83d` stands for.
fn half(escape: &[u8]) -> Option<Half> {
    let digits = std::str::from_utf8(escape.strip_prefix(b"\\u")?.get(..4)?).ok()?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..0xdc00 => Some(Half::First),
        0xdc00..0xe000 => Some(Half::Second),
        _ => None,
    }
}

/// A value as exports write it, where a number or a flag may be a text, or missing.
#[derive(Debug, Default)]
pub enum Scalar {
    #[default]
    Missing,
    Flag(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    /// A list or an object.
    Other,
}

impl Scalar {
    /// The whole number that it is.
    pub fn whole(&self) -> Option<i64> {
        match self {
            Scalar::Integer(number) => Some(*number),
            Scalar::Number(number) => whole_number(&number.to_string()),
            Scalar::Text(text) => whole_number(text),
            _ => None,
        }
    }

    /// The number that it is.
    pub fn number(&self) -> Option<f64> {
        match self {
            Scalar::Integer(number) => Some(*number as f64),
            Scalar::Number(number) => Some(*number),
            Scalar::Text(text) => trimmed(text).parse().ok(),
            _ => None,
        }
    }

    /// Whether a flag is set, which nothing, `""`, 0 and what says so are not; none, if it says neither.
    pub fn flag(&self) -> Option<bool> {
        match self {
            Scalar::Missing => Some(false),
            Scalar::Flag(flag) => Some(*flag),
            Scalar::Text(text) => match trimmed(text).to_lowercase().as_str() {
                "" | "false" | "no" | "none" | "null" | "nan" => Some(false),
                "true" | "yes" => Some(true),
                number => number.parse().ok().map(|number: f64| number != 0.0),
            },
            Scalar::Integer(_) | Scalar::Number(_) => Some(self.number() != Some(0.0)),
            Scalar::Other => None,
        }
    }

    /// A number that tells it from others: an id's own, or a text's hash.
    pub fn mark(&self) -> u64 {
        self.whole().map_or_else(
            || {
                let mut hasher = DefaultHasher::new();
                self.to_string().hash(&mut hasher);
                hasher.finish()
            },
            |whole| whole as u64,
        )
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Scalar::Missing => f.write_str("null"),
            Scalar::Flag(flag) => write!(f, "{flag}"),
            Scalar::Integer(number) => write!(f, "{number}"),
            Scalar::Number(number) => write!(f, "{number}"),
            Scalar::Text(text) => write!(f, "{text:?}"),
            Scalar::Other => f.write_str("a list or an object"),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Scalars;
        impl<'de> Visitor<'de> for Scalars {
            type Value = Scalar;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_bool<E>(self, flag: bool) -> std::result::Result<Scalar, E> {
                Ok(Scalar::Flag(flag))
            }
            fn visit_i64<E>(self, number: i64) -> std::result::Result<Scalar, E> {
                Ok(Scalar::Integer(number))
            }
            fn visit_u64<E>(self, number: u64) -> std::result::Result<Scalar, E> {
                Ok(i64::try_from(number).map_or(Scalar::Number(number as f64), Scalar::Integer))
            }
            fn visit_f64<E>(self, number: f64) -> std::result::Result<Scalar, E> {
                Ok(Scalar::Number(number))
            }
            fn visit_str<E>(self, text: &str) -> std::result::Result<Scalar, E> {
                Ok(Scalar::Text(text.into()))
            }
            fn visit_unit<E>(self) -> std::result::Result<Scalar, E> {
                Ok(Scalar::Missing)
            }
            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut items: A,
            ) -> std::result::Result<Scalar, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }
            fn visit_map<A: MapAccess<'de>>(
                self,
                mut entries: A,
            ) -> std::result::Result<Scalar, A::Error> {
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }
        }
        deserializer.deserialize_any(Scalars)
    }
}

/// A value that stands for itself: an object or a list.
struct Whole(Fields);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let mut fields = Vec::new();
        let top = Value { path: String::new(), fields: &mut fields };
        top.deserialize(deserializer)?;
        Ok(Whole(fields))
    }
}

/// Reads a value, and appends its fields, or itself, under its path.
struct Value<'a> {
    path: String,
    fields: &'a mut Fields,
}

impl<'a> Value<'a> {
    fn put<E: serde::de::Error>(self, field: Field) -> std::result::Result<(), E> {
        if self.path.is_empty() {
            return Err(E::custom("an object is expected, as in {\"bbox\": …}"));
        }
        self.fields.push((self.path, field));
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> std::result::Result<(), E> {
        self.put(Field::Number(Some(number)))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> std::result::Result<(), E> {
        self.visit_f64(number as f64)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> std::result::Result<(), E> {
        self.visit_f64(number as f64)
    }

    fn visit_unit<E: serde::de::Error>(self) -> std::result::Result<(), E> {
        self.put(Field::Number(None))
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> std::result::Result<(), E> {
        self.put(Field::Other("true or false"))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<(), E> {
        self.put(Field::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        if ANNOTATIONS.contains(&self.path.as_str()) {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return self.put(Field::Other(OTHER_LIST));
        }
        let mut list = List::default();
        while let Some(Item(item)) = items.next_element()? {
            if let Field::Records(records) = &item
                && self.path.is_empty()
                && records.iter().any(is_detection)
            {
                return Err(A::Error::custom(DETECTIONS));
            }
            list.push(item);
        }
        self.fields.push((self.path, list.field()));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<(), A::Error> {
        while let Some(key) = entries.next_key::<String>()? {
            let path = if self.path.is_empty() { key } else { format!("{}/{key}", self.path) };
            if path.len() > LONGEST_PATH || path.is_empty() {
                entries.next_value::<IgnoredAny>()?;
            } else {
                entries.next_value_seed(Value { path, fields: &mut *self.fields })?;
            }
        }
        Ok(())
    }
}

/// An item of a list; an object is a list of one record.
struct Item(Field);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Items;
        impl<'de> Visitor<'de> for Items {
            type Value = Item;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_bool<E>(self, _: bool) -> std::result::Result<Item, E> {
                Ok(Item(Field::Other(OTHER_LIST)))
            }
            fn visit_i64<E>(self, number: i64) -> std::result::Result<Item, E> {
                Ok(Item(Field::Number(Some(number as f64))))
            }
            fn visit_u64<E>(self, number: u64) -> std::result::Result<Item, E> {
                Ok(Item(Field::Number(Some(number as f64))))
            }
            fn visit_f64<E>(self, number: f64) -> std::result::Result<Item, E> {
                Ok(Item(Field::Number(Some(number))))
            }
            fn visit_unit<E>(self) -> std::result::Result<Item, E> {
                Ok(Item(Field::Number(None)))
            }
            fn visit_str<E>(self, text: &str) -> std::result::Result<Item, E> {
                Ok(Item(Field::Text(text.into())))
            }
            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut items: A,
            ) -> std::result::Result<Item, A::Error> {
                let mut list = List::default();
                while let Some(Item(item)) = items.next_element()? {
                    list.push(item);
                }
                Ok(Item(list.field()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Item, A::Error> {
                let mut fields = Vec::new();
                Value { path: String::new(), fields: &mut fields }.visit_map(map)?;
                Ok(Item(Field::Records(vec![fields])))
            }
        }
        deserializer.deserialize_any(Items)
    }
}

/// A list as far as it is read: of items of one kind, or of anything else.
#[derive(Default)]
pub struct List {
    numbers: Vec<Option<f64>>,
    texts: Vec<String>,
    records: Vec<Fields>,
    /// The axes of each item, where the items are lists of numbers; their numbers are in `numbers`.
    axes: Option<Vec<usize>>,
    items: usize,
    mixed: bool,
}

impl List {
    /// Appends an item; a list of one record stands for an object.
    pub fn push(&mut self, item: Field) {
        if self.mixed {
            return;
        }
        let axes = match &item {
            Field::Numbers(numbers) => Some(vec![numbers.len()]),
            Field::Array(shape, _) => Some(shape.clone()),
            _ => None,
        };
        self.mixed = self.items > 0 && axes != self.axes;
        self.axes = axes;
        match item {
            Field::Number(number) => self.numbers.push(number),
            Field::Numbers(numbers) | Field::Array(_, numbers) => self.numbers.extend(numbers),
            Field::Text(text) => self.texts.push(text),
            Field::Records(records) => self.records.extend(records),
            Field::Texts(_) | Field::Other(_) => self.mixed = true,
        }
        self.items += 1;
        self.mixed |= self.texts.len().max(self.records.len()) > MOST_ITEMS;
        self.mixed |= self.axes.is_some() && self.numbers.len() > MOST_NUMBERS;
        if self.mixed {
            *self = List { mixed: true, ..List::default() };
        }
    }

    /// What it is.
    pub fn field(self) -> Field {
        let List { numbers, texts, records, axes, items, mixed } = self;
        match axes {
            _ if mixed => Field::Other(OTHER_LIST),
            Some(axes) => Field::Array([vec![items], axes].concat(), numbers),
            None if texts.len() == items && items > 0 => Field::Texts(texts),
            None if records.len() == items && items > 0 => Field::Records(records),
            None if numbers.len() == items => Field::Numbers(numbers),
            None => Field::Other(OTHER_LIST),
        }
    }
}
