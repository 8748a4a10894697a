//! No sentence that a user reads has a word that only the authors understand, or is too long. No comment has
//! such a word either.

use std::fs;
use std::path::{Path, PathBuf};

/// Words with a private meaning. Each is a whole word, or several.
const PRIVATE: [&str; 22] = [
    "left out",
    "leave out",
    "leaves out",
    "passed over",
    "sought",
    "place",
    "places",
    "numbering",
    "rest",
    "rests",
    "look",
    "looks",
    "looked",
    "turn",
    "turns",
    "live",
    "kept",
    "grounds",
    "subject",
    "reading",
    "readings",
    "dumped",
];

/// What may stand nevertheless: names of options, and common phrases.
const ALLOWED: [&str; 3] = ["--ap-numbering", "--label-numbering", "in place of"];

/// What may stand in comments too: reading of files, and the last digit of a number.
const ALLOWED_IN_COMMENTS: [&str; 5] = [
    "reading fails",
    "may stop reading",
    "the reading thread",
    "Reading and decoding",
    "last place",
];

/// The most words of a sentence.
const LONGEST: usize = 30;

/// Folder whose literals are no prose, but HTML.
const NO_PROSE: &str = "src/output/page/";

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// What a source has beside code.
#[derive(Debug, PartialEq)]
enum Text {
    Literal(String),
    Comment(String),
}

/// The string literals and the comments of a source, each with its line, from 1. Characters and the module of
/// tests are none.
fn texts(source: &str) -> Vec<(usize, Text)> {
    let source = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let bytes = source.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let rest = &source[at..];
        let mut push = |text| found.push((line(source, at), text));
        if rest.starts_with("//") {
            let end = rest.find('\n').unwrap_or(rest.len());
            push(Text::Comment(rest[..end].to_owned()));
            at += end;
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            let end = raw.find("\"#").unwrap();
            push(Text::Literal(one_line(&rest[3..3 + end])));
            at += end + 5;
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            at += rest[1..].find('\'').unwrap() + 2;
        } else if rest.starts_with('"') {
            let mut end = 1;
            while bytes[at + end] != b'"' {
                end += if bytes[at + end] == b'\\' { 2 } else { 1 };
            }
            push(Text::Literal(one_line(&rest[1..end])));
            at += end + 1;
        } else {
            at += rest.chars().next().unwrap().len_utf8();
        }
    }
    found
}

/// What a user reads of a source, each with its line: literals of several words, as one word is a name of a
/// column, an option or a file; in the arguments the doc comments too, a paragraph each, which are the help.
fn read_by_users(name: &str, source: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    if name.starts_with(NO_PROSE) {
        return found;
    }
    let mut before = 0;
    for (line, text) in texts(source) {
        let help = name == "src/cli/arguments.rs";
        match text {
            Text::Literal(text) if text.contains(' ') => found.push((line, text)),
            Text::Comment(text) if help && text.starts_with("/// ") => {
                let text = text[4..].trim();
                match found.last_mut() {
                    Some((_, paragraph)) if before + 1 == line => *paragraph += &format!(" {text}"),
                    _ => found.push((line, text.to_owned())),
                }
                before = line;
            }
            _ => {}
        }
    }
    found
}

/// The sentences of a text. A line of its own is one, and so is what stands before a colon or a semicolon.
fn sentences(text: &str) -> Vec<String> {
    let text = without_braces(&text.replace("\\n", "\n")).replace(ARGUMENT, "x");
    let ended = |line: &str| {
        let mut line = line.to_owned();
        for end in [".", ";", ":", "!", "?"] {
            line = line.replace(&format!("{end} "), "\n");
        }
        line.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    text.lines().flat_map(ended).collect()
}

/// Words of a sentence: what has a letter or a digit.
fn length(sentence: &str) -> usize {
    sentence.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count()
}

fn line(source: &str, at: usize) -> usize {
    1 + source[..at].matches('\n').count()
}

/// A literal whose lines end with a backslash.
fn one_line(literal: &str) -> String {
    let mut lines = literal.split("\\\n");
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |text, more| text + more.trim_start())
}

/// Stands for what is between braces, the name of a variable.
const ARGUMENT: char = '\u{fffc}';

/// The text with one sign for what stands between braces.
fn without_braces(text: &str) -> String {
    let mut depth = 0;
    let outside = |c: char| {
        depth += i32::from(c == '{');
        let out = depth == 0;
        let first = c == '{' && depth == 1;
        depth -= i32::from(c == '}');
        if first { Some(ARGUMENT) } else { out.then_some(c) }
    };
    text.chars().filter_map(outside).collect()
}

/// A comment without code, which is between backticks.
fn without_code(comment: &str) -> String {
    let comment: Vec<_> = comment.split('`').step_by(2).collect();
    ALLOWED_IN_COMMENTS.iter().fold(comment.join(" "), |text, phrase| text.replace(phrase, " "))
}

/// The private words of a sentence.
fn private(sentence: &str) -> Vec<&'static str> {
    let text = ALLOWED.iter().fold(without_braces(sentence), |text, word| text.replace(word, " "));
    let words: Vec<_> = text
        .split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let text = format!(" {} ", words.join(" "));
    PRIVATE.into_iter().filter(|word| text.contains(&format!(" {word} "))).collect()
}

/// The sources with their names.
fn all() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    ["src", "python/src"].into_iter().for_each(|folder| sources(&root.join(folder), &mut files));
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        (name, fs::read_to_string(path).unwrap())
    };
    files.iter().map(read).collect()
}

#[test]
fn no_sentence_has_a_private_word() {
    let (mut read, mut wrong) = (0, Vec::new());
    for (name, source) in all() {
        for (line, text) in read_by_users(&name, &source) {
            read += 1;
            for word in private(&text) {
                wrong.push(format!("{name}:{line}: {word:?} in {text:?}"));
            }
        }
    }
    assert!(read > 1200, "{read} texts were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The comments of a source, each with its line; lines below one another are one. Examples in Python are none.
fn comments(source: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut before = 0;
    for (line, text) in texts(source) {
        let Text::Comment(text) = text else { continue };
        let text = text.trim_start_matches(['/', '!']).split(">>>").next().unwrap_or_default();
        match found.last_mut() {
            Some((_, comment)) if before + 1 == line => *comment += text,
            _ => found.push((line, text.to_owned())),
        }
        before = line;
    }
    found
}

#[test]
fn no_comment_has_a_private_word() {
    let (mut read, mut wrong) = (0, Vec::new());
    for (name, source) in all() {
        for (line, text) in comments(&source) {
            read += 1;
            for word in private(&without_code(&text)) {
                wrong.push(format!("{name}:{line}: {word:?} in {text:?}"));
            }
        }
    }
    assert!(read > 4000, "{read} comments were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_sentence_is_longer_than_30_words() {
    let mut wrong = Vec::new();
    for (name, source) in all() {
        for (line, text) in read_by_users(&name, &source) {
            for sentence in sentences(&text) {
                let words = length(&sentence);
                if words > LONGEST {
                    wrong.push(format!("{name}:{line}: {words} words: {sentence}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn private_words_are_found() {
    let source = r##"
        // "left out" in a comment
        let a = '"'; let b = "10 rows are left \
            out: {places} \"look\""; let c = r#"the rest of it"#;
        /// The first line
        /// of help.
        ///
        /// More help
        help: usize,
        #[cfg(test)]
        mod tests { "the reading is kept" }
    "##
    .replace("\n        #[cfg(test)]\n        mod", "\n#[cfg(test)]\nmod");
    let found = |name| -> Vec<_> {
        let read = read_by_users(name, &source).into_iter();
        read.map(|(line, text)| (line, private(&text))).collect()
    };
    assert_eq!(found("src/lib.rs"), [(3, vec!["left out", "look"]), (4, vec!["rest"])]);
    let help = read_by_users("src/cli/arguments.rs", &source).split_off(2);
    assert_eq!(help, [(5, "The first line of help.".into()), (8, "More help".into())]);
    assert!(
        private("give --ap-numbering ids, restore it, at each turning, in place of it").is_empty()
    );
    let comment = "The places of `readings`, if reading fails; [`rest`] is code";
    assert_eq!(private(&without_code(comment)), ["places"]);
    let rows = "// These are left\n// out.\n\n/// Alone >>> rest";
    assert_eq!(comments(rows), [(1, " These are left out.".into()), (4, " Alone ".into())]);
}

#[test]
fn sentences_end_at_points_colons_and_lines() {
    let text = "{a}: 1.5 of {} {more} words; what to do\\nNext line. Last one";
    assert_eq!(sentences(text), ["x", "1.5 of x x words", "what to do", "Next line", "Last one"]);
    assert_eq!(length("3 … words − here"), 3);
}
