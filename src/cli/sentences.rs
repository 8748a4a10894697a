//! Sentences that say the same of several files, as one.

/// Sentences of the form `OF: WORDS`: those with the same words become one of all that they are of.
pub fn together(sentences: &[String]) -> Vec<String> {
    let mut all: Vec<(Vec<&str>, &str)> = Vec::new();
    for sentence in sentences {
        let Some((of, words)) = sentence.split_once(": ") else {
            all.push((Vec::new(), sentence));
            continue;
        };
        match all.iter_mut().find(|(others, same)| !others.is_empty() && *same == words) {
            Some((others, _)) if others.contains(&of) => {}
            Some((others, _)) => others.push(of),
            None => all.push((vec![of], words)),
        }
    }
    let sentence = |(of, words): (Vec<&str>, &str)| match &of[..] {
        [] => words.to_owned(),
        [one] => format!("{one}: {words}"),
        [one, other] => format!("{one} and {other}: {words}"),
        many => format!("{}: {words}", pattern(many)),
    };
    all.into_iter().map(sentence).collect()
}

/// "runs/*/ap.csv (6 files)", where paths differ in folders or in the name; or else the first of them.
fn pattern(of: &[&str]) -> String {
    let parts: Vec<Vec<&str>> = of.iter().map(|path| path.split('/').collect()).collect();
    let depth = parts[0].len();
    let same = |at: usize| parts.iter().all(|path| path[at] == parts[0][at]);
    if depth > 1 && parts.iter().all(|path| path.len() == depth) && (0..depth).any(same) {
        let part = |at: usize| if same(at) { parts[0][at] } else { "*" };
        let path: Vec<&str> = (0..depth).map(part).collect();
        return format!("{} ({} files)", path.join("/"), of.len());
    }
    format!("{} and {} more", of[0], of.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::together;

    #[test]
    fn what_is_true_of_several_is_said_once() {
        let notes = ["a/x.npy: 3 rows", "a/y.csv: by name", "b/x.npy: 3 rows", "c/x.npy: 3 rows"];
        let notes: Vec<String> = notes.map(str::to_owned).into();
        assert_eq!(together(&notes), ["*/x.npy (3 files): 3 rows", "a/y.csv: by name"]);
        assert_eq!(together(&notes[..3])[0], "a/x.npy and b/x.npy: 3 rows");
        let others: Vec<String> = ["a: x", "b: x", "c: x", "done"].map(str::to_owned).into();
        assert_eq!(together(&others), ["a and 2 more: x", "done"]);
    }
}
