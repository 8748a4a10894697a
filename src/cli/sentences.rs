//! Merges notes that are the same for the files of several runs.

/// Sentences of the form `PATH: WORDS`: those with the same words, of files of one name in several folders, become
/// one.
pub fn together(sentences: &[String]) -> Vec<String> {
    let mut all: Vec<(Vec<&str>, &str)> = Vec::new();
    for sentence in sentences {
        let Some((path, words)) = sentence.split_once(": ") else {
            all.push((Vec::new(), sentence));
            continue;
        };
        let alike = |paths: &[&str]| paths.first().is_some_and(|other| are_alike(other, path));
        match all.iter_mut().find(|(paths, same)| *same == words && alike(paths)) {
            Some((paths, _)) if paths.contains(&path) => {}
            Some((paths, _)) => paths.push(path),
            None => all.push((vec![path], words)),
        }
    }
    let sentence = |(paths, words): (Vec<&str>, &str)| match &paths[..] {
        [] => words.to_owned(),
        [one] => format!("{one}: {words}"),
        several => format!("{} (each of {} files): {words}", pattern(several), several.len()),
    };
    all.into_iter().map(sentence).collect()
}

/// Whether two paths are of files of one name, in folders of the same depth.
fn are_alike(a: &str, b: &str) -> bool {
    let name = |path: &str| path.rsplit('/').next().map(str::to_owned);
    a == b || a.contains('/') && a.split('/').count() == b.split('/').count() && name(a) == name(b)
}

/// "runs/*/ap.csv", of paths that are similar.
fn pattern(paths: &[&str]) -> String {
    let parts: Vec<Vec<&str>> = paths.iter().map(|path| path.split('/').collect()).collect();
    let same = |at: usize| parts.iter().all(|path| path[at] == parts[0][at]);
    let part = |at: usize| if same(at) { parts[0][at] } else { "*" };
    (0..parts[0].len()).map(part).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::together;

    #[test]
    fn what_is_true_of_the_same_file_of_several_runs_is_said_once() {
        let notes =
            ["r/a/x.npy: 3 rows", "r/a/y.csv: 3 rows", "r/b/x.npy: 3 rows", "r/c/x.npy: 3 rows"];
        let mut notes: Vec<String> = notes.map(str::to_owned).into();
        assert_eq!(together(&notes), ["r/*/x.npy (each of 3 files): 3 rows", "r/a/y.csv: 3 rows"]);
        // Files of one run, or of other depth, are named each.
        notes = ["x.npy: 3", "y.npy: 3", "a/x.npy: 3", "done"].map(str::to_owned).into();
        assert_eq!(together(&notes), notes);
    }
}
