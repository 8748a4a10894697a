//! JSON as evaluators write it: one object or one a line, nested or flat, and with Python's NaN.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::file;
use crate::error::{Error, Result};

/// Longest path of keys to a field, bytes; what lies deeper is passed over.
const LONGEST_PATH: usize = 4000;

/// One object, flattened: nested keys are joined by `/`, as detectron2 and MMEngine do themselves.
pub struct Record {
    /// The line of the file in which it ends, from 1.
    pub line: usize,
    /// Keys with what they stand for, in the order of the file.
    pub fields: Vec<(String, Field)>,
}

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
    /// Anything else.
    Other,
}

/// The last object in a file for which `wanted` answers something, with that answer.
///
/// # Errors
/// If the file cannot be read, or is not a sequence of JSON objects.
pub fn last<T>(path: &Path, wanted: impl Fn(&Record) -> Option<T>) -> Result<Option<T>> {
    let text = file::text(path)?;
    let json = without_nan(&text);
    let mut values = serde_json::Deserializer::from_str(&json).into_iter::<Fields>();
    let mut found = None;
    let (mut line, mut counted) = (1, 0);
    while let Some(fields) = values.next() {
        let bad = |error| Error::content(path, format!("is not JSON of an evaluator: {error}"));
        let fields = fields.map_err(bad)?.0;
        let end = values.byte_offset();
        line += json.as_bytes()[counted..end].iter().filter(|&&byte| byte == b'\n').count();
        counted = end;
        if let Some(answer) = wanted(&Record { line, fields }) {
            found = Some(answer);
        }
    }
    Ok(found)
}

/// Python writes NaN and Infinity, which JSON has not: null, and a number that is no AP.
fn without_nan(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return text.into();
    }
    let mut json = String::with_capacity(text.len());
    let (mut rest, mut quoted) = (text, false);
    while let Some(at) = rest.find(['"', '\\', 'N', 'I']) {
        let (before, from) = rest.split_at(at);
        json.push_str(before);
        let escaped = || 1 + from[1..].chars().next().map_or(0, char::len_utf8);
        let (length, put) = match from.as_bytes()[0] {
            b'"' => {
                quoted = !quoted;
                (1, "\"")
            }
            b'\\' => (escaped(), &from[..escaped()]),
            b'N' if !quoted && from.starts_with("NaN") => ("NaN".len(), "null"),
            b'I' if !quoted && from.starts_with("Infinity") => ("Infinity".len(), "1e308"),
            _ => (1, &from[..1]),
        };
        json.push_str(put);
        rest = &from[length..];
    }
    json.push_str(rest);
    json.into()
}

struct Fields(Vec<(String, Field)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let mut fields = Vec::new();
        let top = Value { path: String::new(), fields: &mut fields };
        top.deserialize(deserializer)?;
        Ok(Fields(fields))
    }
}

/// Reads a value, and appends its fields, or itself, under its path.
struct Value<'a> {
    path: String,
    fields: &'a mut Vec<(String, Field)>,
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
        self.put(Field::Other)
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> std::result::Result<(), E> {
        self.put(Field::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        if self.path.is_empty() {
            return Err(A::Error::custom("it holds a list, not an object of metrics"));
        }
        let mut numbers = Some(Vec::new());
        while let Some(item) = items.next_element::<Item>()? {
            match (item, &mut numbers) {
                (Item::Number(number), Some(numbers)) => numbers.push(number),
                _ => numbers = None,
            }
        }
        self.put(numbers.map_or(Field::Other, Field::Numbers))
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

/// An item of a list, of which only numbers are kept.
enum Item {
    Number(Option<f64>),
    Other,
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Items;
        impl<'de> Visitor<'de> for Items {
            type Value = Item;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_f64<E>(self, number: f64) -> std::result::Result<Item, E> {
                Ok(Item::Number(Some(number)))
            }
            fn visit_i64<E>(self, number: i64) -> std::result::Result<Item, E> {
                Ok(Item::Number(Some(number as f64)))
            }
            fn visit_u64<E>(self, number: u64) -> std::result::Result<Item, E> {
                Ok(Item::Number(Some(number as f64)))
            }
            fn visit_unit<E>(self) -> std::result::Result<Item, E> {
                Ok(Item::Number(None))
            }
            fn visit_bool<E>(self, _: bool) -> std::result::Result<Item, E> {
                Ok(Item::Other)
            }
            fn visit_str<E>(self, _: &str) -> std::result::Result<Item, E> {
                Ok(Item::Other)
            }
            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut items: A,
            ) -> std::result::Result<Item, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Item::Other)
            }
            fn visit_map<A: MapAccess<'de>>(
                self,
                mut entries: A,
            ) -> std::result::Result<Item, A::Error> {
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Item::Other)
            }
        }
        deserializer.deserialize_any(Items)
    }
}
