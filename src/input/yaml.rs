//! YAML as lists of names and YOLO's `data.yaml` have it: what stands at its top, one level deep.

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

/// A text, number or anything else that is written as one word or line.
#[derive(Clone, Debug)]
pub struct Word {
    /// What stands there, without quotes.
    pub text: String,
    /// Whether it stands without quotes: YAML may then read a number or a flag.
    pub plain: bool,
}

/// What stands behind a key.
#[derive(Clone, Debug)]
pub enum Value {
    Word(Word),
    /// A list; none where an item is no word.
    Items(Vec<Option<Word>>),
    /// Keys with values; none where one is no word.
    Entries(Vec<(Option<Word>, Option<Word>)>),
    /// Nothing of these.
    Other,
}

/// What stands at the top of a document.
#[derive(Clone, Debug)]
pub enum Top {
    Items(Vec<Option<Word>>),
    Entries(Vec<(String, Value)>),
    Other,
}

/// Reads a document.
///
/// # Errors
/// A sentence with the line, if it is no YAML.
pub fn read(text: &str) -> Result<Top, String> {
    let mut events = Events(Parser::new_from_str(text));
    match events.next()? {
        Event::SequenceStart(..) => events.items().map(Top::Items),
        Event::MappingStart(..) => {
            let mut entries = Vec::new();
            loop {
                let key = match events.next()? {
                    Event::MappingEnd | Event::StreamEnd => return Ok(Top::Entries(entries)),
                    Event::Scalar(key, ..) => key.into_owned(),
                    other => {
                        events.skip(&other)?;
                        String::new()
                    }
                };
                let start = events.next()?;
                entries.push((key, events.value(start)?));
            }
        }
        _ => Ok(Top::Other),
    }
}

/// What a document consists of, in order.
struct Events<'a>(Parser<'a, StrInput<'a>>);

impl<'a> Events<'a> {
    /// The next part of the document.
    fn next(&mut self) -> Result<Event<'a>, String> {
        loop {
            match self.0.next() {
                Some(Ok((Event::StreamStart | Event::DocumentStart(_), _))) => {}
                Some(Ok((event, _))) => return Ok(event),
                Some(Err(error)) => {
                    let line = error.marker().line();
                    return Err(format!("line {line}: is not YAML: {}", error.info()));
                }
                None => return Ok(Event::StreamEnd),
            }
        }
    }

    /// Skips the remaining part of a value that begins so.
    fn skip(&mut self, start: &Event) -> Result<(), String> {
        let depth = |event: &Event| match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => 1,
            Event::SequenceEnd | Event::MappingEnd => -1,
            Event::StreamEnd => i64::MIN,
            _ => 0,
        };
        let mut open = depth(start);
        while open > 0 {
            open = open.saturating_add(depth(&self.next()?));
        }
        Ok(())
    }

    /// The value that begins so.
    fn value(&mut self, start: Event) -> Result<Value, String> {
        match start {
            Event::Scalar(text, style, ..) => {
                let plain = style == ScalarStyle::Plain;
                Ok(Value::Word(Word { text: text.into_owned(), plain }))
            }
            Event::SequenceStart(..) => self.items().map(Value::Items),
            Event::MappingStart(..) => {
                let mut entries = Vec::new();
                loop {
                    let key = match self.next()? {
                        Event::MappingEnd | Event::StreamEnd => return Ok(Value::Entries(entries)),
                        key => self.word(key)?,
                    };
                    let value = self.next()?;
                    entries.push((key, self.word(value)?));
                }
            }
            _ => Ok(Value::Other),
        }
    }

    /// The items of a list that has begun.
    fn items(&mut self) -> Result<Vec<Option<Word>>, String> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd | Event::StreamEnd => return Ok(items),
                item => items.push(self.word(item)?),
            }
        }
    }

    /// The word that begins so; none, after it is skipped, where it is no word.
    fn word(&mut self, start: Event) -> Result<Option<Word>, String> {
        match start {
            Event::Scalar(text, style, ..) => {
                Ok(Some(Word { text: text.into_owned(), plain: style == ScalarStyle::Plain }))
            }
            other => self.skip(&other).map(|()| None),
        }
    }
}
