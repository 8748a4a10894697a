//! Every crate that is compiled in has a licence that lets anyone use the binary; which crates are
//! compiled twice is known.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::repository;

/// Licences that only ask for their text to be kept. MPL-2.0 would not do, nor any GPL.
const ALLOWED: [&str; 9] = [
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates that are compiled in two versions, as their dependents need: one more is looked at first.
const TWICE: [&str; 12] = [
    "bitflags",
    "equator",
    "equator-macro",
    "foldhash",
    "getrandom",
    "hashbrown",
    "kurbo",
    "miniz_oxide",
    "png",
    "rand",
    "rand_core",
    "syn",
];

/// Name, version and licence of every crate in the binary, without the network.
fn crates() -> BTreeSet<(String, String, String)> {
    let tree = Command::new(env!("CARGO"))
        .current_dir(repository(""))
        .args(["tree", "--offline", "--locked", "--edges", "normal", "--prefix", "none"])
        .args(["--format", "{p}|{l}"])
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let line = |line: &str| {
        let (package, licence) = line.trim_end_matches(" (*)").split_once('|').unwrap();
        let mut words = package.split(' ').map(str::to_owned);
        (words.next().unwrap(), words.next().unwrap(), licence.to_owned())
    };
    String::from_utf8(tree.stdout).unwrap().lines().map(line).collect()
}

/// Whether an SPDX expression without nested brackets can be met by the licences allowed.
fn allowed(expression: &str) -> bool {
    let all = |choice: &str| choice.split(" AND ").all(|part| any(part.trim()));
    fn any(part: &str) -> bool {
        let part = part.trim_start_matches('(').trim_end_matches(')');
        part.split(" OR ").any(|one| ALLOWED.contains(&one.trim()))
    }
    if expression.contains('(') { all(expression) } else { expression.split(" OR ").any(all) }
}

#[test]
fn expressions() {
    for (expression, met) in [
        ("MIT", true),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0", false),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND MPL-2.0", false),
        ("Apache-2.0 WITH LLVM-exception OR GPL-2.0", true),
        ("", false),
    ] {
        assert_eq!(allowed(expression), met, "{expression}");
    }
}

#[test]
fn licences() {
    let crates = crates();
    assert!(crates.len() > 100);
    for (name, version, licence) in crates {
        // Older manifests write a slash.
        assert!(allowed(&licence.replace('/', " OR ")), "{name} {version} is under {licence:?}");
    }
}

#[test]
fn duplicates() {
    let mut versions = BTreeMap::<String, Vec<String>>::new();
    for (name, version, _) in crates() {
        versions.entry(name).or_default().push(version);
    }
    versions.retain(|name, versions| versions.len() > 1 && !TWICE.contains(&name.as_str()));
    assert!(versions.is_empty(), "compiled in several versions: {versions:?}");
}
