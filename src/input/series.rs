//! Which columns of a table are the dimensions of embeddings, by their names: `0`, `1`, …, or a word and such
//! numbers, as pandas and others name them.

use crate::words::list;

/// A column that may be a dimension: the text before its number, the number, the text behind, and its index.
type Numbered<'a> = (&'a str, usize, &'a str, usize);

/// The indices of the columns, in order of their numbers; none if the names hold no such series, or a name
/// without `*` is asked for. `pattern` has a `*` in place of the number.
///
/// # Errors
/// If a number is missing or there twice, or there are two series and none is asked for.
pub fn columns<S: AsRef<str>>(
    names: &[S],
    pattern: Option<&str>,
) -> Result<Option<Vec<usize>>, String> {
    let mut numbered: Vec<Numbered> = match pattern {
        Some(pattern) => {
            let Some((before, behind)) = pattern.split_once('*') else { return Ok(None) };
            let found = names.iter().zip(0..).filter_map(|(name, at)| {
                let number = name.as_ref().strip_prefix(before)?.strip_suffix(behind)?;
                Some((before, parsed(number)?, behind, at))
            });
            let found: Vec<_> = found.collect();
            if found.is_empty() {
                return Err(format!(
                    "has no column {pattern:?} with a number in place of the *; its columns are {}",
                    list(names)
                ));
            }
            found
        }
        None => names.iter().zip(0..).filter_map(|(name, at)| split(name.as_ref(), at)).collect(),
    };
    numbered.sort();
    let mut series: Vec<_> = numbered
        .chunk_by(|a, b| (a.0, a.2) == (b.0, b.2))
        .filter(|columns| columns.len() > 1 || pattern.is_some())
        .collect();
    if pattern.is_none() {
        match series.iter().any(|columns| columns[0].1 == 0) {
            true => series.retain(|columns| columns[0].1 == 0),
            // Not the corners of boxes, x1 and x2.
            false => series.retain(|columns| columns.len() > 2),
        }
    }
    let (columns, others) = match &series[..] {
        [] => return Ok(None),
        [columns, others @ ..] => (*columns, others),
    };
    if let Some(other) = others.first() {
        return Err(format!(
            "has several series of columns, {} and {}: choose one with --embedding-column '{}*'",
            shown(columns),
            shown(other),
            columns[0].0
        ));
    }
    check(columns, pattern.is_some())?;
    Ok(Some(columns.iter().map(|column| column.3).collect()))
}

/// Checks that the numbers of a series go on from 0, or from 1 where it is asked for.
fn check(columns: &[Numbered], asked: bool) -> Result<(), String> {
    let (before, first, behind, _) = columns[0];
    for pair in columns.windows(2) {
        let (number, next) = (pair[0].1, pair[1].1);
        if number == next {
            return Err(format!(
                "has two columns for dimension {number}, such as {before}{number}{behind}"
            ));
        } else if next != number + 1 {
            return Err(format!(
                "has {} columns {}, but none {}{}{behind}: a dimension is missing",
                columns.len(),
                shown(columns),
                before,
                number + 1
            ));
        }
    }
    match first {
        0 => Ok(()),
        1 if asked => Ok(()),
        _ => Err(format!(
            "has columns {}, but none {before}0{behind}: a dimension may be missing{}",
            shown(columns),
            match first {
                1 => format!("; if none is, give --embedding-column '{before}*{behind}'"),
                _ => String::new(),
            }
        )),
    }
}

/// The first and the last of a series.
fn shown(columns: &[Numbered]) -> String {
    let (before, first, behind, _) = columns[0];
    let (_, last, ..) = columns[columns.len() - 1];
    format!("{before}{first}{behind}…{before}{last}{behind}")
}

/// A name that ends with a number.
fn split(name: &str, at: usize) -> Option<Numbered<'_>> {
    let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (before, number) = name.split_at(name.len() - digits);
    Some((before, parsed(number)?, "", at))
}

fn parsed(number: &str) -> Option<usize> {
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn columns_are_in_order_of_their_numbers() {
        let names = ["emb_10", "label", "emb_2", "emb_0", "x1", "emb_1", "emb_9", "emb_3", "emb_4"];
        let rest = ["emb_5", "emb_6", "emb_7", "emb_8"];
        let names: Vec<_> = names.into_iter().chain(rest).collect();
        let order = columns(&names, None).unwrap().unwrap();
        assert_eq!(order, [3, 5, 2, 7, 8, 9, 10, 11, 12, 6, 0]);
        assert_eq!(columns(&names, Some("emb_*")).unwrap().unwrap(), order);
        assert_eq!(columns(&names, Some("label")), Ok(None));
        assert_eq!(columns(&["a", "b1"], None), Ok(None));
        assert_eq!(columns(&["x1", "y1", "x2", "y2"], None), Ok(None));
    }

    #[test]
    fn doubtful_series_are_refused() {
        let refused = |names: &[&str], pattern: Option<&str>| columns(names, pattern).unwrap_err();
        assert!(refused(&["e0", "e1", "e3"], None).contains("but none e2"));
        assert!(refused(&["e0", "e1", "e01"], None).contains("two columns for dimension 1"));
        assert!(refused(&["e1", "e2", "e3"], None).contains("--embedding-column 'e*'"));
        assert!(refused(&["e0", "e1", "f0", "f1"], None).contains("e0…e1 and f0…f1"));
        assert!(refused(&["e0", "e1"], Some("f*")).contains("its columns are"));
        assert_eq!(columns(&["e1", "e2"], Some("e*")), Ok(Some(vec![0, 1])));
        assert_eq!(columns(&["e0_x", "e1_x", "e0_y"], Some("e*_x")), Ok(Some(vec![0, 1])));
    }
}
