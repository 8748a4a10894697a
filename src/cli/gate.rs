//! `--fail-if`: a condition on a result, by which a CI job fails.

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::observer::Observer;
use crate::output::Cell;
use crate::warning::Warning;
use crate::words::suggestion;

/// NAME OP NUMBER, such as `pearson.information>-0.3`, or NAME=WORD, such as `finding=beyond`.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    name: String,
    operator: &'static str,
    value: Value,
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Number(f64),
    Word(String),
}

/// Longer ones first, or `<=` would be `<`. The last two are for words.
const OPERATORS: [&str; 6] = ["<=", ">=", "!=", "<", ">", "="];

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Condition, String> {
        let wrong = || {
            "expected NAME<NUMBER with <, <=, > or >=, such as pearson.information>-0.3, or \
             NAME=WORD or NAME!=WORD, such as finding=beyond"
                .into()
        };
        let split = |operator| Some((operator, text.split_once(operator)?));
        let (operator, (name, value)) = OPERATORS.into_iter().find_map(split).ok_or_else(wrong)?;
        let (name, value) = (name.trim().to_owned(), value.trim());
        let value = match (operator, value.parse::<f64>()) {
            ("=" | "!=", Err(_)) => Some(Value::Word(value.into())),
            ("=" | "!=", Ok(_)) | (_, Err(_)) => None,
            (_, Ok(number)) => number.is_finite().then_some(Value::Number(number)),
        };
        let value = value.filter(|value| !name.is_empty() && *value != Value::Word(String::new()));
        value.map(|value| Condition { name, operator, value }).ok_or_else(wrong)
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let Condition { name, operator, value } = self;
        match value {
            Value::Number(number) => write!(f, "{name}{operator}{number}"),
            Value::Word(word) => write!(f, "{name}{operator}{word}"),
        }
    }
}

/// A result that a condition can name.
pub struct Named {
    pub name: String,
    /// What it is of, such as a run.
    pub of: String,
    /// Missing where it does not exist.
    pub value: Cell,
    /// Whether it is a word, where it exists.
    pub word: bool,
}

impl Condition {
    /// Whether it holds of a value; `None` where that does not exist.
    fn holds(&self, cell: &Cell) -> Option<bool> {
        match (&self.value, cell) {
            (_, Cell::Missing) => None,
            (Value::Word(word), cell) => Some((cell.csv() == *word) == (self.operator == "=")),
            (Value::Number(number), cell) => {
                let value = cell.number()?;
                Some(match self.operator {
                    "<" => value < *number,
                    "<=" => value <= *number,
                    ">" => value > *number,
                    _ => value >= *number,
                })
            }
        }
    }
}

/// Checks that the conditions name results, numbers for numbers and `words` for words.
///
/// # Errors
/// If one does not; says which there are.
pub fn check(conditions: &[Condition], results: &[Named], words: &[&str]) -> Result<()> {
    for condition in conditions {
        if results.iter().all(|result| result.name != condition.name) {
            let mut names: Vec<&str> = results.iter().map(|result| result.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            return Err(Error::Usage(format!(
                "--fail-if {condition}: there is no result {:?}; there are {}{}",
                condition.name,
                names.join(", "),
                suggestion(&condition.name, &names)
            )));
        }
        let is_word = |result: &Named| result.name == condition.name && result.word;
        let problem = match (&condition.value, results.iter().any(is_word)) {
            (Value::Word(_), false) => "is a number: compare it with <, <=, > or >=".into(),
            (Value::Number(_), true) => "is a word: compare it with = or !=".into(),
            (Value::Word(word), true) if !words.contains(&word.as_str()) => format!(
                "is never {word:?}; it is one of {}{}",
                words.join(", "),
                suggestion(word, words)
            ),
            _ => continue,
        };
        return Err(Error::Usage(format!("--fail-if {condition}: {} {problem}", condition.name)));
    }
    Ok(())
}

/// Judges the results; warns of those that do not exist.
///
/// # Errors
/// [`Error::Condition`] if a condition holds.
pub fn judge(
    conditions: &[Condition],
    results: &[Named],
    observer: &mut dyn Observer,
) -> Result<()> {
    let mut held = Vec::new();
    for condition in conditions {
        let mut values = Vec::new();
        for Named { of, value, .. } in results.iter().filter(|one| one.name == condition.name) {
            match condition.holds(value) {
                Some(true) => values.push(format!("{} for {of:?}", value.csv())),
                Some(false) => {}
                None => {
                    let (condition, of) = (condition.to_string(), of.clone());
                    observer.warn(Warning::NoResult { condition, of });
                }
            }
        }
        if !values.is_empty() {
            held.push(format!("--fail-if {condition} is met: {}", values.join(", ")));
        }
    }
    if held.is_empty() { Ok(()) } else { Err(Error::Condition(held.join("; "))) }
}
