//! No sentence that a user reads has a word that only the authors understand.

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
    "basis",
    "subject",
    "reading",
    "readings",
    "dumped",
];

/// What may stand nevertheless: names of options, and what all the world says.
const ALLOWED: [&str; 3] = ["--ap-numbering", "--label-numbering", "in place of"];

/// Files whose literals are no prose: they draw, or they are pages of HTML.
const NO_PROSE: [&str; 1] = ["page"];

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !NO_PROSE.iter().any(|name| path.ends_with(name)) {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The string literals of a source, each with its line, from 1. Comments, characters and the module of tests
/// are none.
fn literals(source: &str) -> Vec<(usize, String)> {
    let source = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let bytes = source.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let rest = &source[at..];
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            let end = raw.find("\"#").unwrap();
            found.push((line(source, at), rest[3..3 + end].to_owned()));
            at += end + 5;
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            at += rest[1..].find('\'').unwrap() + 2;
        } else if rest.starts_with('"') {
            let mut end = 1;
            while bytes[at + end] != b'"' {
                end += if bytes[at + end] == b'\\' { 2 } else { 1 };
            }
            found.push((line(source, at), one_line(&rest[1..end])));
            at += end + 1;
        } else {
            at += rest.chars().next().unwrap().len_utf8();
        }
    }
    found
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

/// The text without what stands between braces, which are names of variables.
fn without_braces(text: &str) -> String {
    let mut depth = 0;
    let outside = |c: &char| {
        depth += i32::from(*c == '{');
        let out = depth == 0;
        depth -= i32::from(*c == '}');
        out
    };
    text.chars().filter(outside).collect()
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

#[test]
fn no_sentence_has_a_private_word() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    ["src", "python/src"].into_iter().for_each(|folder| sources(&root.join(folder), &mut files));
    let (mut sentences, mut wrong) = (0, Vec::new());
    for path in &files {
        let name = path.strip_prefix(root).unwrap().display();
        for (line, literal) in literals(&fs::read_to_string(path).unwrap()) {
            // One word is a name: of a column, of an option, of a file.
            if !literal.contains(' ') || name.to_string() == "src/cli/arguments.rs" {
                continue;
            }
            sentences += 1;
            for word in private(&literal) {
                wrong.push(format!("{name}:{line}: {word:?} in {literal:?}"));
            }
        }
    }
    assert!(sentences > 1000, "{sentences} sentences were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn private_words_are_found() {
    let source = r##"
        // "left out" in a comment
        let a = '"'; let b = "10 rows are left \
            out: {places} \"look\""; let c = r#"the rest of it"#;
        #[cfg(test)]
        mod tests { "the reading is kept" }
    "##
    .replace("\n        #[cfg(test)]\n        mod", "\n#[cfg(test)]\nmod");
    let found: Vec<_> =
        literals(&source).iter().map(|(line, text)| (*line, private(text))).collect();
    assert_eq!(found, [(3, vec!["left out", "look"]), (4, vec!["rest"])]);
    assert!(
        private("give --ap-numbering ids, restore it, at each turning, in place of it").is_empty()
    );
}
