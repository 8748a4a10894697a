//! Directories that are named after the values of a column, `label=cat/part-0.parquet`, as Hive and Spark
//! write them.

use std::path::Path;

/// What Hive and Spark write for a null.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The value of a column in the innermost directory of a path that is named after one; none if none is.
///
/// # Errors
/// A sentence, if it is a null, or no text.
pub fn value(path: &Path, column: &str) -> Option<Result<String, String>> {
    let directories = path.parent()?.components().rev();
    let texts = directories.map(|part| part.as_os_str().to_string_lossy().into_owned());
    let mut values = texts.filter_map(|text| {
        let (name, value) = text.split_once('=')?;
        (unescaped(name).as_deref() == Some(column)).then(|| value.to_owned())
    });
    let value = values.next()?;
    Some(match unescaped(&value) {
        _ if value == NULL => Err(format!("lies in {column}={NULL}: its rows have no label")),
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(format!("lies in {column}={value}, which is not a label")),
    })
}

/// A text in which some bytes are written as `%` and two digits of base 16; none if it is no UTF-8 then.
fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}
