//! Which column of numbers is AP, by its name.

/// Columns of numbers that are counts.
pub const COUNTS: [&str; 9] =
    ["instances", "images", "gts", "dets", "support", "tp", "fp", "fn", "frequency"];

/// Whether a column is something else than AP by its name: a precision or recall, a score, an accuracy, or
/// the number of the row, which has no name.
pub fn is_no_ap(name: &str) -> bool {
    const WORDS: [&str; 14] = [
        "precision",
        "recall",
        "prec",
        "rec",
        "f1",
        "fscore",
        "score",
        "scores",
        "confidence",
        "conf",
        "accuracy",
        "acc",
        "iou",
        "threshold",
    ];
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
    let has = |is: &dyn Fn(&str) -> bool| words.iter().any(|word| is(word));
    let numbered = |word: &str, name: &str| {
        word.strip_prefix(name).is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
    };
    if has(&|word| {
        numbered(word, "ap") || numbered(word, "map") || word == "average" || word == "avg"
    }) {
        return false;
    }
    name.is_empty()
        || has(&|word| WORDS.contains(&word) || numbered(word, "ar") || numbered(word, "mar"))
        || words.last().is_some_and(|&word| word == "p" || word == "r")
}

/// Whether a name says that it is AP.
pub fn is_ap(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    let numbered = |word: &str, name: &str| {
        word.strip_prefix(name).is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
    };
    words.any(|word| numbered(word, "ap") || numbered(word, "map"))
}

/// Whether a column of numbers may be AP by its name.
pub fn may_be_ap(name: &str) -> bool {
    !is_no_ap(name) && !COUNTS.contains(&name.to_lowercase().as_str())
}

/// The column that is meant where none is asked for: `ap`, or else the only one.
pub fn default(names: &[&str]) -> Option<usize> {
    let ap = |name: &&str| name.eq_ignore_ascii_case("ap");
    names.iter().position(ap).or_else(|| (names.len() == 1).then_some(0))
}
