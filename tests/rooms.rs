//! The plan of the house: lower rooms know nothing of upper ones, and no two files need each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::repository;

/// The rooms of `src/`, the lowest first. A room imports from those before it alone.
const ROOMS: [&str; 43] = [
    "words",
    "kernel",
    "moments",
    "digest",
    "spectrum",
    "spread",
    "shrinkage",
    "pooled",
    "overlap",
    "suspects",
    "information",
    "normalization",
    "margin",
    "loss",
    "recognition",
    "row_mapping",
    "storage",
    "queue",
    "ap",
    "detections",
    "groups",
    "correlation",
    "evidence",
    "error",
    "classes",
    "rows",
    "probe",
    "stream",
    "class_moments",
    "options",
    "warning",
    "observer",
    "geometry",
    "detector",
    "analysis",
    "figure",
    "whole_files",
    "input",
    "moments_file",
    "run_files",
    "output",
    "cli",
    "lib",
];

/// A module: its path, such as `["input", "ap", "table"]`.
type Module = Vec<String>;

/// Each module of a crate with its source, without comments.
fn modules(folder: &Path, path: &Module, all: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap().path();
        let name = entry.file_stem().unwrap().to_str().unwrap().to_owned();
        let inner: Module = path.iter().cloned().chain([name.clone()]).collect();
        if entry.is_dir() {
            modules(&entry, &inner, all);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&entry).unwrap();
            let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned() + "\n";
            let module = if name == "mod" { path.clone() } else { inner };
            all.insert(module, source.lines().map(code).collect());
        }
    }
}

/// The paths that a tree such as `crate::{a::b, c}` names.
fn expand(before: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        paths.push(format!("{before}{path}").replace("::self", ""));
        return;
    };
    let inside = rest.trim_end().trim_end_matches('}');
    let (mut depth, mut branch) = (0, String::new());
    // The comma ends the last branch.
    for c in inside.chars().chain([',']) {
        match c {
            ',' if depth == 0 => {
                if !branch.trim().is_empty() {
                    expand(&format!("{before}{}", head.trim()), &branch, paths);
                }
                branch.clear();
                continue;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        branch.push(c);
    }
}

/// What a source imports, or names by a path: public imports too, which are apart.
fn imports(source: &str) -> (Vec<String>, Vec<String>) {
    let (mut all, mut public) = (Vec::new(), Vec::new());
    let mut rest = String::new();
    for statement in source.split_inclusive(';') {
        let Some((before, tree)) = statement.rsplit_once("use ") else {
            rest += statement;
            continue;
        };
        let begins = |c: char| c.is_whitespace() || ";{}])".contains(c);
        let before = before.trim_end();
        let is_public = before.ends_with("pub") || before.ends_with("pub(crate)");
        if !(is_public || before.is_empty() || before.ends_with(begins)) {
            rest += statement;
            continue;
        }
        let found = if is_public { &mut public } else { &mut all };
        expand("", tree.trim_end_matches(';'), found);
    }
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in rest.match_indices(start) {
            if rest[..at].ends_with(|c: char| c.is_alphanumeric() || ":_$".contains(c)) {
                continue;
            }
            let path =
                rest[at..].split(|c: char| !(c.is_alphanumeric() || "_:".contains(c))).next();
            all.push(path.unwrap_or_default().trim_end_matches(':').to_owned());
        }
    }
    (all, public)
}

/// Where a path leads from a module; nothing where it leads out of the crate.
fn resolved(module: &Module, path: &str, all: &BTreeMap<Module, String>) -> Option<Module> {
    let mut names = path.split("::").map(str::trim).peekable();
    let mut place = module.clone();
    match names.peek() {
        Some(&"crate") => {
            names.next();
            place.clear();
        }
        Some(&"super") => {
            while names.next_if_eq(&"super").is_some() {
                place.pop();
            }
        }
        Some(&"self") => drop(names.next()),
        Some(first) => {
            let child: Module = module.iter().cloned().chain([first.to_string()]).collect();
            if !all.contains_key(&child) {
                return None;
            }
        }
        None => return None,
    }
    place.extend(names.map(str::to_owned));
    Some(place)
}

/// Which children of each folder import from which: by their own paths, or by names that the folder's
/// `mod.rs` hands on.
fn edges(all: &BTreeMap<Module, String>) -> BTreeMap<Module, BTreeSet<(String, String)>> {
    let mut handed_on: BTreeMap<Module, String> = BTreeMap::new();
    for (module, source) in all {
        for path in imports(source).1 {
            let (Some(to), Some(name)) = (resolved(module, &path, all), path.rsplit("::").next())
            else {
                continue;
            };
            if to.len() > module.len() {
                let known: Module = module.iter().cloned().chain([name.to_owned()]).collect();
                handed_on.insert(known, to[module.len()].clone());
            }
        }
    }
    let mut edges: BTreeMap<Module, BTreeSet<(String, String)>> = BTreeMap::new();
    for (module, source) in all {
        let (imports, public) = imports(source);
        for path in imports.iter().chain(&public) {
            let Some(to) = resolved(module, path, all) else { continue };
            let common = module.iter().zip(&to).take_while(|(a, b)| a == b).count();
            let (Some(from), Some(_)) = (module.get(common), to.get(common)) else { continue };
            let target = to[..=common].to_vec();
            let child =
                if all.contains_key(&target) || all.keys().any(|one| one.starts_with(&target)) {
                    &to[common]
                } else if let Some(child) = handed_on.get(&target) {
                    child
                } else {
                    continue;
                };
            if child != from {
                let folder = module[..common].to_vec();
                edges.entry(folder).or_default().insert((from.clone(), child.clone()));
            }
        }
    }
    edges
}

/// A way from a child back to itself.
fn circle(edges: &BTreeSet<(String, String)>) -> Option<Vec<String>> {
    fn walk(
        way: &mut Vec<String>,
        edges: &BTreeSet<(String, String)>,
        done: &mut BTreeSet<String>,
    ) -> bool {
        let last = way[way.len() - 1].clone();
        for (_, to) in edges.iter().filter(|(from, _)| *from == last) {
            if way.contains(to) {
                way.push(to.clone());
                return true;
            }
            if !done.contains(to) {
                way.push(to.clone());
                if walk(way, edges, done) {
                    return true;
                }
                way.pop();
            }
        }
        done.insert(last);
        false
    }
    let mut done = BTreeSet::new();
    edges.iter().find_map(|(from, _)| {
        let mut way = vec![from.clone()];
        walk(&mut way, edges, &mut done).then_some(way)
    })
}

fn crate_of(folder: &str) -> BTreeMap<Module, String> {
    let mut all = BTreeMap::new();
    modules(&repository(folder), &Vec::new(), &mut all);
    all
}

#[test]
fn no_room_imports_from_one_above_it() {
    let all = crate_of("src");
    let rooms: BTreeSet<&str> = all.keys().map(|module| module[0].as_str()).collect();
    let planned: BTreeSet<&str> = ROOMS.into_iter().chain(["main"]).collect();
    assert_eq!(rooms, planned, "ROOMS in this file is not the plan of src/");
    let height = |room: &str| ROOMS.iter().position(|one| *one == room);
    let edges = &edges(&all)[&Vec::new()];
    // The library's page and the program are above all.
    let below = edges.iter().filter(|(from, _)| from != "lib" && from != "main");
    for (from, to) in below.clone() {
        assert!(height(to) < height(from), "{from} imports from {to}, which is above it");
    }
    assert!(below.count() > 60, "the imports are not seen");
    // What the library's page hands on is for those outside.
    for (module, source) in all.iter().filter(|(module, _)| module[0] != "lib") {
        let (imports, public) = imports(source);
        let paths = imports.into_iter().chain(public);
        let handed_on = |path: &String| {
            let name = path.strip_prefix("crate::").unwrap_or_default();
            name.starts_with(char::is_uppercase)
        };
        let outside: Vec<_> = paths.filter(handed_on).collect();
        assert!(outside.is_empty(), "{module:?} imports {outside:?} by way of the library's page");
    }
}

#[test]
fn no_two_files_need_each_other() {
    for folder in ["src", "python/src"] {
        let edges = edges(&crate_of(folder));
        for (folder_of, edges) in &edges {
            let circle = circle(edges);
            assert!(circle.is_none(), "in {folder}/{}: {circle:?}", folder_of.join("/"));
        }
    }
    // What the two tests rest on.
    let edge = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let bent = [edge("a", "b"), edge("b", "c"), edge("c", "a"), edge("d", "a")];
    assert_eq!(circle(&bent.into()).map(|way| way.len()), Some(4));
    let mut paths = Vec::new();
    expand("", "crate::{a::{self, B}, c::D as E}", &mut paths);
    assert_eq!(paths, ["crate::a", "crate::a::B", "crate::c::D"]);
}
