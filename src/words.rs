//! Names and numbers as they stand in a sentence.

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
