//! The numbers that decide, of one run and of several, against NumPy, SciPy and statsmodels
//! (`tests/golden/verdict.py`).

use std::collections::HashMap;

use igam_analyze::correlation::{Clustered, Pearson, Refusal, Residuals, commonality, pearson};
use igam_analyze::evidence::{Basis, Class, Evidence, Judged, Pooled, Run, TOKENS, part_name};
use nalgebra::{DMatrix, DVector};
use serde_json::Value;

use crate::{Workdir, assert_close, numbers, pearson_of, repository};

/// Relative, or absolute near 0.
const TOLERANCE: f64 = 1e-9;

#[track_caller]
fn assert_number(ours: Option<f64>, theirs: &Value, what: &str) {
    match (ours, theirs.as_f64()) {
        (None, None) => {}
        (Some(ours), Some(theirs)) => {
            let close = (ours - theirs).abs() <= TOLERANCE * theirs.abs().max(1e-3);
            assert!(close, "{what}: {ours} against {theirs}");
        }
        other => panic!("{what}: {other:?}"),
    }
}

/// What the golden file says of a run, with room for what classes borrow.
struct Input {
    names: Vec<String>,
    groups: Option<Vec<String>>,
    covariates: Vec<Vec<Option<f64>>>,
    value: Value,
}

impl Input {
    fn of(value: &Value) -> Input {
        let texts = |value: &Value| -> Option<Vec<String>> {
            let texts = value.as_array()?.iter();
            Some(texts.map(|text| text.as_str().unwrap().to_owned()).collect())
        };
        let names = texts(&value["names"]).unwrap();
        let columns: Vec<Vec<f64>> =
            value["covariates"].as_array().unwrap().iter().map(numbers).collect();
        let of_class = |class: usize| columns.iter().map(|column| Some(column[class])).collect();
        Input {
            covariates: (0..names.len()).map(of_class).collect(),
            groups: texts(&value["groups"]),
            names,
            value: value.clone(),
        }
    }

    fn dim(&self) -> usize {
        self.value["dim"].as_u64().unwrap() as usize
    }

    fn run(&self, with_groups: bool) -> Run<'_> {
        Run { classes: self.classes(with_groups), dim: self.dim() }
    }

    fn classes(&self, with_groups: bool) -> Vec<Class<'_>> {
        let column = |name: &str| self.value[name].as_array().map(|_| numbers(&self.value[name]));
        let (information, ap) = (column("information").unwrap(), column("ap").unwrap());
        let instances = column("instances").unwrap();
        let embeddings = column("embeddings").unwrap_or_else(|| instances.clone());
        let floor = self.value["floor"].as_bool().unwrap();
        // Where the file gives no bits, any tell that there is a floor.
        let bits = column("floor_bits").or(floor.then(|| vec![0.0; ap.len()]));
        let class = |at: usize| Class {
            name: &self.names[at],
            information: information[at],
            floor_bits: bits.as_ref().map(|bits| bits[at]),
            embeddings: embeddings[at] as u64,
            instances: instances[at] as u64,
            covariates: &self.covariates[at],
            group: self.groups.as_ref().filter(|_| with_groups).map(|groups| groups[at].as_str()),
            ap: ap[at],
        };
        (0..ap.len()).map(class).collect()
    }
}

fn golden(which: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(repository("tests/golden/verdict.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    all[which].as_array().unwrap().clone()
}

fn assert_pearson(ours: Pearson, theirs: &Value, what: &str) {
    assert_number(Some(ours.r), &theirs["r"], what);
    assert_number(ours.p_value, &theirs["p"], what);
    assert_number(ours.interval.map(|interval| interval.0), &theirs["low"], what);
    assert_number(ours.interval.map(|interval| interval.1), &theirs["high"], what);
}

/// The ends of an interval are cut off at ±1 here.
fn assert_clustered(ours: &Clustered, theirs: &Value, what: &str) {
    assert_number(Some(ours.standard_error), &theirs["se"], &format!("{what}: error"));
    assert_number(Some(ours.freedom), &theirs["df"], &format!("{what}: freedom"));
    assert_number(Some(ours.p_value()), &theirs["p"], &format!("{what}: p"));
    let ends = ["low", "high"].map(|end| theirs[end].as_f64().unwrap().clamp(-1.0, 1.0));
    let (low, high) = ours.interval();
    assert_close(&[low, high], &ends, TOLERANCE);
    if let Some(clusters) = theirs["clusters"].as_u64() {
        assert_eq!(ours.clusters as u64, clusters, "{what}");
    }
}

#[test]
fn one_runs_numbers_are_those_of_numpy() {
    let cases = golden("single");
    assert!(cases.len() > 20);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let input = Input::of(&case["run"]);
        let classes = input.classes(true);
        let basis = Basis::of(&classes, input.dim());
        assert_pearson(basis.given_line.unwrap(), &case["line"], &format!("{name}, line"));
        let curve = &case["curve"];
        assert_pearson(basis.given_curve.unwrap(), curve, &format!("{name}, curve"));
        assert_eq!(basis.controls as u64, curve["controls"].as_u64().unwrap(), "{name}");
        assert_number(basis.residual_df, &curve["residual_df"], name);
        assert_clustered(&basis.robust.unwrap(), &curve["robust"], &format!("{name}, robust"));
        assert_eq!(basis.by_group.is_some(), !curve["clustered"].is_null(), "{name}");
        if let Some(by_group) = &basis.by_group {
            assert_clustered(by_group, &curve["clustered"], &format!("{name}, groups"));
        }
        assert_number(basis.count_share, &case["count_share"], &format!("{name}: count share"));
        let left = basis.left.clone().unwrap();
        assert_number(Some(left.share), &case["left_share"], &format!("{name}: left"));
        let half: Vec<_> = case["concentration"]["names"].as_array().unwrap().iter().collect();
        assert_eq!(left.half.iter().collect::<Vec<_>>(), half, "{name}");
        if !case["run"]["floor_bits"].is_null() {
            assert_number(basis.floor_share, &case["floor_share"], name);
        }
        assert_number(basis.detectable, &case["detectable"], name);
        assert_number(basis.largest_share(), &case["largest_share"], name);
    }
}

#[test]
fn shares_of_the_variance_are_those_of_numpy() {
    for case in golden("single") {
        let name = case["name"].as_str().unwrap();
        let input = Input::of(&case["run"]);
        let parts = case["commonality"]["parts"].as_object().unwrap();
        let shares = Evidence::of(&input.classes(false), input.dim()).shares;
        assert_eq!(shares.len(), parts.len(), "{name}");
        for share in &shares {
            let theirs = &parts[&part_name(share).replace(' ', "")];
            assert_number(Some(share.share), theirs, &format!("{name}: {}", part_name(share)));
        }
    }
}

#[test]
fn numbers_over_all_runs_are_those_of_numpy() {
    let cases = golden("pooled");
    assert!(cases.len() > 5);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let inputs: Vec<_> = case["runs"].as_array().unwrap().iter().map(Input::of).collect();
        let pooled = |with_groups: bool| {
            let runs = inputs.iter().map(|input| input.run(with_groups));
            let runs: Vec<_> = runs.collect();
            Pooled::of(&runs).unwrap()
        };
        let plain = pooled(false);
        let (basis, theirs) = (&plain.judged.basis, &case["by_class"]);
        assert_clustered(basis.robust.as_ref().unwrap(), &theirs["curve"], name);
        let pairs = [
            (basis.given_curve.unwrap(), "curve"),
            (basis.given_line.unwrap(), "line"),
            (basis.information.unwrap(), "information"),
            (basis.log_instances.unwrap(), "instances"),
        ];
        for (ours, which) in pairs {
            let theirs = &theirs[which];
            assert_number(Some(ours.r), &theirs["value"], &format!("{name}, {which}"));
            assert_number(ours.p_value, &theirs["p"], &format!("{name}, {which}"));
            let ends = ["low", "high"].map(|end| theirs[end].as_f64().unwrap().clamp(-1.0, 1.0));
            let (low, high) = ours.interval.unwrap();
            assert_close(&[low, high], &ends, TOLERANCE);
        }
        let detectable = theirs["detectable"].as_f64().filter(|least| *least < 1.0);
        assert_number(basis.detectable, &detectable.into(), name);
        assert_number(basis.largest_share(), &theirs["largest_share"], name);
        let together = &case["together"];
        assert_eq!(basis.classes as u64, together["classes"].as_u64().unwrap(), "{name}");
        assert_eq!(basis.controls as u64, together["controls"].as_u64().unwrap(), "{name}");
        assert_number(basis.count_share, &together["count_share"], name);
        let left = basis.left.as_ref().unwrap();
        assert_number(Some(left.share), &together["left_share"], name);
        let half: Vec<_> = together["half"].as_array().unwrap().iter().collect();
        assert_eq!(left.half.iter().collect::<Vec<_>>(), half, "{name}");
        if !together["floor_share"].is_null() {
            assert_number(basis.floor_share, &together["floor_share"], name);
        }
        let (agreement, theirs) = (plain.agreement.unwrap(), &case["agreement"]);
        assert_number(Some(agreement.least), &theirs["least"], name);
        assert_number(Some(agreement.greatest), &theirs["greatest"], name);
        assert_number(Some(agreement.effective), &theirs["effective_runs"], name);
        if !case["by_group"].is_null() {
            let by_group = pooled(true).judged.basis.by_group.unwrap();
            assert_clustered(&by_group, &case["by_group"]["curve"], &format!("{name}, groups"));
        }
    }
}

/// The six real runs through the binary.
#[test]
fn verdict_csv_leads_with_all_runs_and_gates_know_it() {
    let work = Workdir::new();
    let input = format!("correlate --runs {}", repository("data/fod-a/runs.toml").display());
    let output = work.run(&input);
    let (stdout, stderr) =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).into();
    assert_eq!(stderr.matches("warning: ").count(), 1, "{stderr}");
    assert!(stdout.starts_with("6 runs of 31 classes (mp-floor): no evidence that"), "{stdout}");
    assert!(stdout.contains("- computed for 6 runs, 1 estimator"), "{stdout}");
    let table = work.read("reports/verdict.csv");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let rows: Vec<HashMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
    assert_eq!(
        rows.iter().map(|row| &row["run"][..]).take(2).collect::<Vec<_>>(),
        ["all", "EfficientNet-Lite0 CE"]
    );
    assert_eq!(rows.len(), 7);
    let close = |cell: &str, theirs: &Value| {
        let (ours, theirs) = (cell.parse::<f64>().unwrap(), theirs.as_f64().unwrap());
        assert!((ours - theirs).abs() < 1e-6 * theirs.abs(), "{ours} against {theirs}");
    };
    let pooled =
        &golden("pooled").into_iter().find(|case| case["name"] == "fod-a mp-floor").unwrap();
    let by_class = &pooled["by_class"];
    for which in ["line", "curve"] {
        close(&rows[0][&format!("partial_{which}")], &by_class[which]["value"]);
        close(&rows[0][&format!("partial_{which}_low")], &by_class[which]["low"]);
        close(&rows[0][&format!("partial_{which}_high")], &by_class[which]["high"]);
    }
    close(&rows[0]["robust_p"], &by_class["curve"]["p"]);
    close(&rows[0]["residual_df"], &by_class["curve"]["df"]);
    close(&rows[0]["detectable"], &by_class["detectable"]);
    close(&rows[0]["largest_share"], &by_class["largest_share"]);
    close(&rows[0]["effective_runs"], &pooled["agreement"]["effective_runs"]);
    for (condition, code, says) in [
        ("finding=beyond", 0, ""),
        ("finding.all=nothing", 3, "nothing for \"all (mp-floor)\""),
        ("finding=disguise", 3, "disguise for \"EfficientNet-Lite2 CE (mp-floor)\""),
        ("finding.all!=nothing", 0, ""),
        ("finding=byond", 2, "did you mean \"beyond\"?"),
        ("finding<1", 2, "is a word: compare it with = or !="),
        ("partial_curve=beyond", 2, "is a number"),
        ("partial_curve.all<-0.1", 3, "partial_curve.all<-0.1 is met"),
        ("finding=0.5", 2, "expected NAME<NUMBER"),
    ] {
        let output = work.command(&format!("{input} --fail-if {condition}")).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{condition}: {stderr}");
        assert!(stderr.contains(says), "{condition}: {stderr}");
    }
}

/// A simulated set: of each class its group, a covariate, and information, floor bits, embeddings, instances
/// and AP.
struct AnySet {
    groups: Vec<String>,
    covariates: Vec<[Option<f64>; 1]>,
    numbers: Vec<[f64; 5]>,
    has_floor: bool,
    has_groups: bool,
    has_covariates: bool,
}

/// Sets of all kinds: with and without a floor, covariates, groups and a counts file of another set; AP by
/// the count, by information, by both or by nothing.
fn any_set(seed: u64) -> AnySet {
    let mut random = fastrand::Rng::with_seed(seed);
    let n = random.usize(8..70);
    let [part, has_floor, has_groups, has_covariates] = std::array::from_fn(|_| random.bool());
    let [by_count, by_volume] = [random.f64() * random.f64(), random.f64() * random.f64()];
    let noisy = random.bool();
    let normal = |random: &mut fastrand::Rng| (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
    let group: Vec<f64> = (0..n).map(|_| normal(&mut random)).collect();
    let mut covariates = Vec::new();
    let of_class = |class: usize| {
        let log = 1.5 + 7.0 * random.f64();
        let instances = log.exp().round();
        let embeddings = if part { (instances * random.f64()).ceil() } else { instances };
        let edge = (1.0 - (32.0 / embeddings).sqrt()).powi(2);
        let floor = 16.0 * (1.0 + edge).log2();
        let volume = normal(&mut random) + if has_groups { 1.5 * group[class / 5] } else { 0.0 };
        let information = 20.0 + volume + if has_floor { floor } else { 0.0 };
        let noise = normal(&mut random) * if noisy { 5.0 / instances.sqrt() } else { 0.5 };
        let ap = 0.5 + 0.1 * (by_count * (log - 5.0) - 3.0 * by_volume * volume + noise);
        covariates.push([Some(volume + normal(&mut random)).filter(|_| random.u8(..) > 5)]);
        [information, floor, embeddings, instances, ap]
    };
    let numbers = (0..n).map(of_class).collect();
    let groups = (0..n).map(|class| format!("group {}", class / 5)).collect();
    AnySet { groups, covariates, numbers, has_floor, has_groups, has_covariates }
}

/// The number behind a word in a sentence, as it is written.
fn written(sentence: &str, before: &str) -> Option<f64> {
    let rest = &sentence[sentence.find(before)? + before.len()..];
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '−'));
    rest[..end.unwrap_or(rest.len())].trim_end_matches('.').replace('−', "-").parse().ok()
}

/// Thousands of sets, each with its covariates and without.
#[test]
fn no_sentence_contradicts_its_numbers() {
    let mut seen = std::collections::BTreeMap::new();
    for seed in 0..3_000 {
        let set = any_set(seed);
        let names: Vec<String> =
            (0..set.groups.len()).map(|class| format!("name {class}")).collect();
        let class = |at: usize| {
            let [information, floor, embeddings, instances, ap] = set.numbers[at];
            Class {
                name: &names[at],
                information,
                floor_bits: set.has_floor.then_some(floor),
                embeddings: embeddings as u64,
                instances: instances as u64,
                covariates: if set.has_covariates { &set.covariates[at] } else { &[] },
                group: set.has_groups.then(|| set.groups[at].as_str()),
                ap,
            }
        };
        let classes: Vec<Class> = (0..names.len()).map(class).collect();
        let plain: Vec<Class> =
            classes.iter().map(|class| Class { covariates: &[], ..*class }).collect();
        let known = |class: &&Class| class.covariates.iter().all(Option::is_some);
        let complete: Vec<Class> = classes.iter().filter(known).copied().collect();
        for Judged { basis, verdict } in [Judged::of(&complete, 32), Judged::of(&plain, 32)] {
            let (text, token) = (verdict.to_string(), verdict.finding.token());
            *seen.entry(token).or_insert(0) += 1;
            let fails = |what: &str| panic!("seed {seed}, {token}: {what}: {text}");
            let says = |words: &str| text.contains(words);
            if basis.classes < 10 || basis.residual_df < Some(4.0) {
                assert_eq!(token, "too-few", "seed {seed}");
                continue;
            }
            let clear = |r: Option<Pearson>| {
                r.and_then(|r| r.interval).is_some_and(|(low, high)| low * high > 0.0)
            };
            let (line, curve) = (basis.given_line.ok(), basis.given_curve.ok());
            let same_side = line.zip(curve).is_some_and(|(line, curve)| line.r * curve.r > 0.0);
            let line_holds = clear(line) && same_side;
            let noise_holds = basis.robust.is_some_and(|robust| robust.p_value() < 0.05);
            let groups_hold = basis.groups.is_none()
                || basis.by_group.is_some_and(|groups| {
                    let (low, high) = groups.interval();
                    low * high > 0.0
                });
            let holds = line_holds && noise_holds && groups_hold;
            let r = basis.information.unwrap();
            let expected = match clear(curve) {
                true if holds => "beyond",
                true => "unsettled",
                false if clear(Some(r)) && basis.count_share > Some(0.5) => "disguise",
                false if clear(basis.log_instances.ok()) => "count",
                false => "nothing",
            };
            assert_eq!(token, expected, "seed {seed}: {text}");
            // The condition that is named is the one that fails.
            let unsettled = token == "unsettled";
            for (words, nothing_tells, holds) in [
                ("not with a linear control", "not with a linear control", line_holds),
                (
                    "not if some classes may be noisier",
                    "holds if some classes are noisier",
                    noise_holds,
                ),
                (
                    "not if classes of one group may be similar",
                    "holds if classes of one",
                    groups_hold,
                ),
            ] {
                if (says(words) || says(nothing_tells)) != (unsettled && !holds) {
                    fails(words);
                }
            }
            let line_only = clear(line) && !clear(curve);
            if says("a linear control for log count would give") != line_only {
                fails("line only");
            }
            if says("lower AP") != (token == "beyond" && curve.is_some_and(|curve| curve.r < 0.0)) {
                fails("direction");
            }
            if says("of the bits come from the eigenvalue floor")
                != (token == "beyond" && basis.floor_share > Some(0.5))
            {
                fails("floor");
            }
            if says("is found in 4 of 5 cases") != ["disguise", "count", "nothing"].contains(&token)
            {
                fails("power");
            }
            // What is written is what was computed, and an interval that is clear of 0 looks so.
            if let Some(Pearson { r, interval: Some((low, high)), .. }) = curve {
                let head = &text[text.find("partial r = ").unwrap()..];
                let (at, ends) = head.split_once("95% CI ").unwrap();
                let (first, last) = ends.split_once('…').unwrap();
                for (number, written) in [
                    (r, written(at, "partial r = ")),
                    (low, written(first, "")),
                    (high, written(last, "")),
                ] {
                    let written = written.unwrap();
                    if (number - written).abs() > 0.005 + 1e-12 || number * written < 0.0 {
                        fails(&format!("{number} is written {written}"));
                    }
                    if (written == 0.0) != (number.abs() < 1e-6) {
                        fails(&format!("{number} is written {written}"));
                    }
                }
            }
            if let Some(p) = written(&text, "(p = ")
                && (p < 0.05 || (p - basis.robust.unwrap().p_value()).abs() > 0.005)
            {
                fails("p");
            }
            if let Some(share) = written(&text, "explain up to ") {
                let exact = 100.0 * basis.largest_share().unwrap();
                assert!((share - exact).abs() <= 0.5, "seed {seed}: {text}");
            }
            if let Some(shown) = written(&text, "a partial r beyond ±") {
                assert!((shown - basis.detectable.unwrap()).abs() <= 0.005, "seed {seed}: {text}");
            }
        }
    }
    // Each finding there is, but for a constant.
    assert_eq!(seen.len(), TOKENS.len() - 1, "{seen:?}");
    assert!(seen.values().all(|&count| count > 20), "{seen:?}");
}

/// Noise in the place of a block has, on average, the share that is said.
#[test]
fn by_chance_is_what_noise_explains() {
    let mut random = fastrand::Rng::with_seed(3);
    let mut column = || -> Vec<f64> { (0..12).map(|_| random.f64() - 0.5).collect() };
    let (y, known) = (column(), vec![column(), column()]);
    let mut sum = 0.0;
    let mut said = None;
    let draws = 4_000;
    for _ in 0..draws {
        let noise = vec![column(), column(), column()];
        let shares = commonality(&y, &[known.clone(), noise]).unwrap();
        assert_eq!(shares[1].blocks, [1]);
        sum += shares[1].share;
        said = shares[1].by_chance;
    }
    // The standard deviation of a share is below 0.17.
    let (mean, said) = (sum / f64::from(draws), said.unwrap());
    assert!((mean - said).abs() < 4.0 * 0.17 / f64::from(draws).sqrt(), "{mean} against {said}");
}

/// A dump of `counts` embeddings by class, as wide as `scales` say; files are called after the run.
fn dump(work: &Workdir, run: &str, counts: &[usize], scales: &[f64], random: &mut fastrand::Rng) {
    let mut normal = || (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
    let (mut rows, mut labels) = (Vec::new(), Vec::new());
    for (class, (&count, scale)) in counts.iter().zip(scales).enumerate() {
        for _ in 0..count {
            rows.extend((0..4).map(|_| scale * normal()));
            labels.push(class as i64);
        }
    }
    let x = ndarray::Array2::from_shape_vec((labels.len(), 4), rows).unwrap();
    ndarray_npy::write_npy(work.path(&format!("{run}.npy")), &x).unwrap();
    let labels = ndarray::Array1::from(labels);
    ndarray_npy::write_npy(work.path(&format!("{run}-labels.npy")), &labels).unwrap();
}

/// A folder with runs of `classes` classes, and the runs file's text for a run with more keys.
fn runs(classes: &[usize]) -> (Workdir, impl Fn(usize, &str) -> String + use<>) {
    let work = Workdir::new();
    let mut random = fastrand::Rng::with_seed(11);
    for (run, &classes) in classes.iter().enumerate() {
        let counts: Vec<usize> = (0..classes).map(|class| 3 + class * 7 % 23).collect();
        let scales: Vec<f64> = (0..classes).map(|_| (random.f64() - 0.5).exp()).collect();
        dump(&work, &format!("r{run}"), &counts, &scales, &mut random);
        let ap = (0..classes).map(|class| format!("{class},{}\n", random.f64()));
        work.write(&format!("r{run}.csv"), "class,ap\n".to_owned() + &ap.collect::<String>());
    }
    (work, |run, more| {
        format!(
            "[[run]]\nname = 'r{run}'\nembeddings = 'r{run}.npy'\nlabels = 'r{run}-labels.npy'\n\
             ap = 'r{run}.csv'\n{more}\n"
        )
    })
}

fn rows(json: &Value, run: &str) -> Vec<Value> {
    let rows = json["verdict"].as_array().unwrap().iter();
    rows.filter(|row| row["run"] == run).cloned().collect()
}

/// One group of all, or one for each, tells nothing, and is no check that has been passed.
#[test]
fn groups_that_tell_nothing_are_said_to() {
    let (work, _) = runs(&[30]);
    let input = "correlate --embeddings r0.npy --labels r0-labels.npy --ap r0.csv --class-groups g.csv \
                 --estimator sample";
    // The classes of the other group have no AP.
    let ap = work.read("r0.csv");
    let ap = ap.lines().filter(|line| !line.starts_with("4,") && !line.starts_with("7,"));
    work.write("r0.csv", ap.collect::<Vec<_>>().join("\n"));
    let groups = |group: &dyn Fn(usize) -> String| {
        (0..30).fold("class,group\n".to_owned(), |text, class| text + &group(class))
    };
    work.write("g.csv", groups(&|class| format!("{class},{}\n", [4, 7].contains(&class))));
    let output = work.run(&format!("{input} --format json"));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("the groups are not used"), "{stderr}");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    for column in ["by_group", "by_group_low", "by_group_high", "groups"] {
        assert_eq!(json["verdict"][0][column], Value::Null, "{column}");
    }
}

/// What one run knows of groups holds of the class in every run; where two runs differ, their groups are
/// one.
#[test]
fn groups_of_one_run_are_those_of_all() {
    let (work, run) = runs(&[30, 30]);
    let by = |size: usize, first: usize| {
        (first..30).fold("class,group\n".to_owned(), |text, class| {
            text + &format!("{class},g{}\n", (class - first) / size)
        })
    };
    work.write("g.csv", by(3, 0));
    work.write("h.csv", by(3, 0).replace("3,g1", "3,g0"));
    let judged = |first: &str, second: &str| {
        work.write("runs.toml", run(0, first) + &run(1, second));
        rows(&work.json("correlate --runs runs.toml --estimator sample"), "all").remove(0)
    };
    let g = "class_groups = 'g.csv'";
    let (both, one) = (judged(g, g), judged(g, ""));
    assert_eq!(both["groups"], 10);
    for column in ["groups", "by_group", "by_group_low", "by_group_high"] {
        assert_eq!(both[column], one[column], "{column}");
    }
    // Another run may call the same groups otherwise.
    let renamed = (0..30).fold("class,group\n".to_owned(), |text, class| {
        text + &format!("{class},g{}\n", 9 - class / 3)
    });
    work.write("k.csv", renamed);
    assert_eq!(judged(g, "class_groups = 'k.csv'")["groups"], 10);
    // The second puts class 3 into the group of 0, 1 and 2, so that it is one with that of 4 and 5.
    assert_eq!(judged(g, "class_groups = 'h.csv'")["groups"], 9);
    let stdout = String::from_utf8(work.run("correlate --runs runs.toml").stdout).unwrap();
    assert!(stdout.contains("2 runs of 30 classes"), "{stdout}");
}

/// The verdict over all runs stays where covariates leave it no second run, and says what it is of.
#[test]
fn a_verdict_over_all_runs_says_which_runs() {
    let (work, run) = runs(&[30, 30, 30]);
    let table = |name: &str, head: &str, of: &dyn Fn(usize) -> String| {
        let rows = (0..30).map(|class| format!("{class},{}\n", of(class)));
        work.write(name, format!("class,{head}\n") + &rows.collect::<String>());
    };
    table("a.csv", "a", &|class| (class * class % 17).to_string());
    // Known for 15 classes each, and for none together.
    table("halves.csv", "b,c", &|class| match class % 2 {
        0 => format!("{class},"),
        _ => format!(",{class}"),
    });
    let (a, halves) = ("covariates = 'a.csv'", "covariates = 'halves.csv'");
    work.write("runs.toml", run(0, a) + &run(1, halves) + &run(2, ""));
    let json = work.json("correlate --runs runs.toml --estimator sample");
    let [with, without] = &rows(&json, "all")[..] else { panic!("{json}") };
    assert_eq!((&with["runs"], &with["covariates"]), (&2.into(), &"a (in 1 of 2 runs)".into()));
    assert_eq!((&without["runs"], &without["covariates"]), (&2.into(), &"".into()));
    let r = |name: &str| {
        let runs = ["r0", "r2"].map(|run| rows(&json, run).pop().unwrap());
        runs.iter().map(|row| row[name].as_f64().unwrap()).sum::<f64>() / 2.0
    };
    assert_close(&[without["partial_curve"].as_f64().unwrap()], &[r("partial_curve")], 1e-9);
    // Two runs of which one has no class with all its numbers.
    work.write("runs.toml", run(0, a) + &run(1, halves));
    let output = work.run("correlate --runs runs.toml --estimator sample");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.starts_with("2 runs of 30 classes (sample): "), "{stdout}");
    assert!(stdout.contains("the verdict over all runs holds only the count constant"));
    let json = work.json("correlate --runs runs.toml --estimator sample");
    assert_eq!(rows(&json, "all").len(), 1);
    // A gate on all runs is there whatever the data, and judged where there is such a verdict.
    let gate = |condition: &str| {
        let command = format!("correlate --runs runs.toml --fail-if {condition}");
        let output = work.command(&command).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, stderr) = gate("finding.all!=constant");
    assert_eq!(code, Some(3), "{stderr}");
    let (work, run) = runs(&[30, 9, 8]);
    work.write("runs.toml", run(0, "") + &run(1, "") + &run(2, ""));
    let output = work.run("correlate --runs runs.toml --fail-if finding.all=beyond");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("is not checked for \"all (mp-floor)\""), "{stderr}");
}

/// No two runs have one name, and none that of all of them.
#[test]
fn runs_have_names_of_their_own() {
    let (work, run) = runs(&[12, 12]);
    let refused = |arguments: &str, says: &str| {
        let output = work.command(arguments).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments}: {stderr}");
        assert!(stderr.contains(says), "{stderr}");
        assert!(work.files("reports").is_empty());
    };
    work.write("runs.toml", run(0, "").replace("'r0'\n", "'all'\n"));
    refused("correlate --runs runs.toml", "run 1: is called \"all\"");
    let dump = "correlate --embeddings r0.npy --labels r0-labels.npy --ap r0.csv --ap-column ap";
    refused(&format!("{dump} --ap-column ap"), "two runs are called \"ap\"");
    work.write("all.csv", work.read("r0.csv"));
    let json = work.json(&dump.replace("--ap r0.csv", "--ap all.csv"));
    assert_eq!(json["verdict"][0]["run"], "AP all");
}

/// However large or small its unit, a covariate is held constant.
#[test]
fn the_unit_of_a_covariate_does_not_matter() {
    let (work, _) = runs(&[30]);
    let mut seen = Vec::new();
    for unit in ["", "e200", "e-200"] {
        let rows = (0..30).map(|class| format!("{class},{}{unit}\n", class * class % 17));
        work.write("z.csv", "class,z\n".to_owned() + &rows.collect::<String>());
        let json = work.json(
            "correlate --embeddings r0.npy --labels r0-labels.npy --ap r0.csv --covariates z.csv",
        );
        seen.push(json["verdict"][0]["partial_curve"].as_f64().unwrap());
    }
    assert_close(&seen[1..], &[seen[0]; 2], 1e-9);
}

/// A count of 0 is 0, but its logarithm is taken as that of 1.
#[test]
fn a_count_of_0_is_0() {
    let (work, _) = runs(&[12]);
    let counts = (0..12).map(|class| format!("{class},{}\n", class * 5 % 7));
    work.write("m.csv", "class,instances\n".to_owned() + &counts.collect::<String>());
    let alone = work.json("correlate --ap r0.csv --counts m.csv");
    let with = work
        .json("correlate --ap r0.csv --counts m.csv --embeddings r0.npy --labels r0-labels.npy");
    for x in ["instances", "log_instances"] {
        assert_close(&pearson_of(&with, x), &pearson_of(&alone, x), 1e-12);
    }
    // The same from the tables.
    let mut ap = csv::Reader::from_path(work.path("r0.csv")).unwrap();
    let ap: Vec<f64> = ap.records().map(|row| row.unwrap()[1].parse().unwrap()).collect();
    let m: Vec<f64> = (0..12).map(|class| f64::from(class * 5 % 7)).collect();
    assert_close(&pearson_of(&with, "instances"), &[pearson(&m, &ap).unwrap().r], 1e-12);
}

/// Groups of many classes, whose matrices are taken by another way, against explicit matrices.
#[test]
fn large_groups_are_weighed_like_small_ones() {
    let (n, controls) = (90, 2);
    let mut random = fastrand::Rng::with_seed(5);
    let mut column = || -> Vec<f64> { (0..n).map(|_| random.f64() - 0.5).collect() };
    let (x, y) = (column(), column());
    let known: Vec<Vec<f64>> = (0..controls).map(|_| column()).collect();
    let residuals = Residuals::of(&x, &y, &known).unwrap();
    assert_eq!(Clustered::of(&[&residuals], &[vec![0; n]]), None);
    for groups in [2, 3, 45] {
        let cluster: Vec<usize> = (0..n).map(|class| class % groups).collect();
        let ours = Clustered::of(&[&residuals], std::slice::from_ref(&cluster)).unwrap();
        // Of the regression on 1, the controls and x, the last coefficient.
        let design = DMatrix::from_fn(n, controls + 2, |class, at| match at {
            0 => 1.0,
            1 | 2 => known[at - 1][class],
            _ => x[class],
        });
        let inverse = (design.transpose() * &design).try_inverse().unwrap();
        let hat = &design * &inverse * design.transpose();
        let left = DMatrix::identity(n, n) - &hat;
        let noise = &left * DVector::from_column_slice(&y);
        let slope = (&inverse * design.transpose()).row(controls + 1).transpose();
        let mut weights = DMatrix::zeros(n, groups);
        for group in 0..groups {
            let members: Vec<usize> = (0..n).filter(|&class| cluster[class] == group).collect();
            let size = members.len();
            let own = DMatrix::from_fn(size, size, |a, b| left[(members[a], members[b])]);
            let eigen = own.symmetric_eigen();
            let root = &eigen.eigenvectors
                * DMatrix::from_diagonal(&eigen.eigenvalues.map(|value| value.sqrt().recip()))
                * eigen.eigenvectors.transpose();
            let of_members = DVector::from_iterator(size, members.iter().map(|&at| slope[at]));
            for (&member, weight) in members.iter().zip((root * of_members).iter()) {
                weights[(member, group)] = *weight;
            }
        }
        let variance: f64 = weights.tr_mul(&noise).norm_squared();
        let g: DMatrix<f64> = weights.transpose() * &left * &weights;
        let freedom = g.trace().powi(2) / g.norm_squared();
        let t = slope.dot(&DVector::from_column_slice(&y)) / variance.sqrt();
        assert_close(&[ours.freedom, ours.r / ours.standard_error], &[freedom, t], 1e-9);
    }
}

/// One class that x hangs on takes its noise up: nothing tells that noise, and no check is passed by it.
#[test]
fn a_class_that_all_hangs_on_passes_no_check() {
    let mut random = fastrand::Rng::with_seed(9);
    let mut seen = 0;
    for _ in 0..200 {
        let class = |at: usize| Class {
            name: if at == 39 { "zebra" } else { "other" },
            information: if at == 39 { 9.0 } else { 0.0 },
            floor_bits: None,
            embeddings: 5 + (at * at) as u64,
            instances: 5 + (at * at) as u64,
            covariates: &[],
            group: None,
            ap: (random.f64() - 0.5) * if at == 39 { 20.0 } else { 1.0 },
        };
        let judged = Judged::of(&(0..40).map(class).collect::<Vec<_>>(), 128);
        assert_eq!(judged.basis.robust, None);
        assert_ne!(judged.verdict.finding.token(), "beyond");
        seen += usize::from(judged.verdict.finding.token() == "unsettled");
    }
    assert!(seen > 50, "{seen}");
}

/// A dump that lacks a row has no other counts; what is not finite has no correlation.
#[test]
fn few_missing_rows_are_no_other_count() {
    let (work, _) = runs(&[30]);
    let counts = |more: usize| {
        let rows = (0..30).map(|class| {
            format!("{class},{}\n", 3 + class * 7 % 23 + if class == 17 { more } else { 0 })
        });
        work.write("m.csv", "class,instances\n".to_owned() + &rows.collect::<String>());
        let json = work.json(
            "correlate --embeddings r0.npy --labels r0-labels.npy --ap r0.csv --counts m.csv",
        );
        json["verdict"][0]["controls"].as_u64().unwrap()
    };
    let alike = counts(0);
    assert_eq!(counts(1), alike);
    assert!(counts(400) > alike);
    assert_eq!(
        Residuals::of(&[1.0, f64::NAN, 2.0], &[1.0, 3.0, 2.0], &[] as &[&[f64]]).err(),
        Some(Refusal::ConstantX)
    );
}
