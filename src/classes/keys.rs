//! How the rows of a file name their class: by name, by id, or by both.

/// The keys of rows: how they name their class, decided once, when the file is read. A key is a name or
/// a number and stays that; only [`Classes::join`](super::Classes::join) says which class it means.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    /// Class names, of any form: an evaluator's, or an annotation file's.
    Names(Vec<String>),
    /// Numbers, never names: an evaluator's ids, or integers of npy, parquet and the like.
    Numbers(Vec<i64>),
    /// Strings of a file that knows types: names if any of them is a class, else numbers.
    Strings(Vec<String>),
    /// Cells of a csv, which knows no types: names or numbers.
    Cells(Vec<String>),
    /// Names, each with the id that the same file gives it.
    Both(Vec<String>, Vec<i64>),
    /// A row for each class and no key.
    InOrder(usize),
}

impl Keys {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Keys::Names(texts) | Keys::Strings(texts) | Keys::Cells(texts) => texts.len(),
            Keys::Both(names, _) => names.len(),
            Keys::Numbers(numbers) => numbers.len(),
            Keys::InOrder(rows) => *rows,
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key of a row, for a sentence.
    pub fn text(&self, row: usize) -> String {
        match self {
            Keys::Numbers(numbers) => numbers[row].to_string(),
            Keys::InOrder(_) => row.to_string(),
            _ => self.names().map_or(String::new(), |names| names[row].clone()),
        }
    }

    /// The rows as names, where they can be names.
    pub fn names(&self) -> Option<&[String]> {
        match self {
            Keys::Names(names) | Keys::Strings(names) | Keys::Cells(names) => Some(names),
            Keys::Both(names, _) => Some(names),
            Keys::Numbers(_) | Keys::InOrder(_) => None,
        }
    }

    /// The rows as numbers, where all can be numbers.
    pub fn numbers(&self) -> Option<Vec<i64>> {
        match self {
            Keys::Numbers(numbers) | Keys::Both(_, numbers) => Some(numbers.clone()),
            Keys::Strings(texts) | Keys::Cells(texts) => {
                texts.iter().map(|text| number(text)).collect()
            }
            Keys::InOrder(rows) => Some((0..*rows as i64).collect()),
            Keys::Names(_) => None,
        }
    }

    /// The same rows as if they stood in a csv.
    pub fn cells(&self) -> Keys {
        Keys::Cells((0..self.len()).map(|row| self.text(row)).collect())
    }

    /// The same rows without one of them.
    pub fn without(&self, row: usize) -> Keys {
        fn rest<T: Clone>(all: &[T], row: usize) -> Vec<T> {
            [&all[..row], &all[row + 1..]].concat()
        }
        match self {
            Keys::Names(names) => Keys::Names(rest(names, row)),
            Keys::Numbers(numbers) => Keys::Numbers(rest(numbers, row)),
            Keys::Strings(texts) => Keys::Strings(rest(texts, row)),
            Keys::Cells(texts) => Keys::Cells(rest(texts, row)),
            Keys::Both(names, ids) => Keys::Both(rest(names, row), rest(ids, row)),
            Keys::InOrder(rows) => Keys::InOrder(rows - 1),
        }
    }
}

/// A number as a text of it is written: `7`, `-1`, or `7.0` as some tools do. A text with leading zeros
/// is none: it is a name.
pub fn number(text: &str) -> Option<i64> {
    let whole = match text.split_once('.') {
        None => text,
        Some((whole, zeros)) => {
            let zeros = !zeros.is_empty() && zeros.bytes().all(|digit| digit == b'0');
            zeros.then_some(whole)?
        }
    };
    whole.parse().ok().filter(|number: &i64| number.to_string() == whole)
}
