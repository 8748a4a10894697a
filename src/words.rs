//! Names and numbers as text in a sentence.

/// Longest name of a class, run or column, bytes.
const LONGEST_NAME: usize = 1000;

/// What JSON's half surrogate pairs are read as: a character that no text holds.
const HALF: char = '\u{ffff}';

/// Names in quotes, for a sentence; many are cut short.
pub fn list<S: AsRef<str>>(names: &[S]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<_> =
        names.iter().take(SHOWN).map(|name| format!("{:?}", name.as_ref())).collect();
    let more = names.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// ": did you mean …?", if one of the names is nearly that; or nothing.
pub fn suggestion<S: AsRef<str>>(wanted: &str, names: &[S]) -> String {
    // As near as clap wants an option to be.
    const NEAR: f64 = 0.7;
    let near = |name: &str| strsim::jaro(&wanted.to_lowercase(), &name.to_lowercase());
    let best = names.iter().map(|name| (near(name.as_ref()), name.as_ref()));
    match best.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((nearness, name)) if nearness > NEAR => format!(": did you mean {name:?}?"),
        _ => String::new(),
    }
}

/// A correlation to two digits, or as many as tell it from 0, with a minus sign.
pub fn correlation(r: f64) -> String {
    let rounded = |digits: usize| {
        let scale = 10_f64.powi(digits as i32);
        // Adding 0 makes −0 into 0.
        (scale * r).round() / scale + 0.0
    };
    // What is smaller than a millionth is rounding.
    let digits = (2..=6).find(|&digits| rounded(digits) != 0.0).unwrap_or(2);
    format!("{:.digits$}", rounded(digits)).replace('-', "−")
}

/// A correlation with its sign.
pub fn signed(r: f64) -> String {
    let plus = if r > 0.0 { "+" } else { "" };
    format!("{plus}{}", correlation(r))
}

/// What a store takes, R times the memory of all embeddings, in words.
pub fn memory(ratio: f64) -> String {
    match ratio {
        less if less < 1.0 => format!("saves {:.1}%", 100.0 * (1.0 - less)),
        more if more < 10.0 => format!("needs {more:.2} times as much"),
        more => format!("needs {more:.0} times as much"),
    }
}

/// A count with its thousands apart: 55,800.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Text without line breaks and other control characters, which names in files may hold.
pub fn one_line(text: &str) -> String {
    let mut line = String::new();
    for c in text.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

/// A name without what stands around it unseen: spaces, and characters without width.
pub fn trimmed(name: &str) -> &str {
    let unseen = |c: char| {
        c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    };
    name.trim_matches(unseen)
}

/// A whole number as tables and exports write it: `7`, or `7.0`.
pub fn whole_number(text: &str) -> Option<i64> {
    const EXACT: f64 = (1_u64 << 53) as f64;
    let text = trimmed(text);
    let float = || text.parse().ok().filter(|n: &f64| n.trunc() == *n && n.abs() <= EXACT);
    text.parse().ok().or_else(|| float().map(|number| number as i64))
}

/// Checks a name that goes into tables and figures.
///
/// # Errors
/// A sentence, if it is too long to be one, or holds a line break, another control character or half a
/// character.
pub fn check_name(name: &str) -> std::result::Result<(), String> {
    if name.len() > LONGEST_NAME {
        let problem = format!("a name of {} bytes: is a quote or a line left open?", name.len());
        return Err(problem);
    }
    if let Some((before, after)) = name.split_once(HALF) {
        return Err(format!(
            "the name {:?} holds half a character (a surrogate alone, such as \\udc81): write it in UTF-8",
            format!("{before}…{after}")
        ));
    }
    match name.chars().find(|c| c.is_control()) {
        Some(c) => Err(format!("the name {name:?} holds the control character {c:?}: remove it")),
        None => Ok(()),
    }
}
