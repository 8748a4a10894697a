//! Correlations, regression and verdict: against SciPy and statsmodels (`tests/golden/evidence.py`),
//! closed forms and second routes.

use igam_analyze::correlation::{
    Clustered, Pearson, Refusal, Regression, bootstrap, influence, kendall, leave_one_out,
    natural_spline, partial, pearson, permutation_p, spearman,
};
use igam_analyze::evidence::{Basis, Caveat, Class, Control, Evidence, Failure, Finding};
use serde_json::Value;

use crate::{assert_close, numbers, repository};

fn golden() -> Value {
    let text = std::fs::read_to_string(repository("tests/golden/evidence.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Name, I, AP, log m and what is expected of them.
struct Case {
    name: String,
    information: Vec<f64>,
    ap: Vec<f64>,
    log: Vec<f64>,
    expected: Value,
}

fn cases() -> Vec<Case> {
    let case = |expected: &Value| Case {
        name: expected["name"].as_str().unwrap().into(),
        information: numbers(&expected["information"]),
        ap: numbers(&expected["ap"]),
        log: numbers(&expected["instances"]).iter().map(|m| m.ln()).collect(),
        expected: expected.clone(),
    };
    golden()["cases"].as_array().unwrap().iter().map(case).collect()
}

#[track_caller]
fn assert_partial(ours: Pearson, theirs: &Value) {
    let expected = |name: &str| theirs[name].as_f64();
    assert_close(&[ours.r], &[expected("r").unwrap()], 1e-9);
    assert_eq!(ours.p_value.is_some(), expected("p").is_some());
    assert_eq!(ours.interval.is_some(), expected("low").is_some());
    assert_close(ours.p_value.as_slice(), expected("p").as_slice(), 1e-9);
    assert_close(ours.interval.map(|i| i.0).as_slice(), expected("low").as_slice(), 1e-9);
    assert_close(ours.interval.map(|i| i.1).as_slice(), expected("high").as_slice(), 1e-9);
}

#[test]
fn rank_correlations_agree_with_scipy() {
    for Case { information, ap, expected, .. } in cases() {
        let ours = [spearman(&information, &ap).unwrap(), kendall(&information, &ap).unwrap()];
        let theirs = ["spearman", "kendall"].map(|name| expected[name].as_f64().unwrap());
        assert_close(&ours, &theirs, 1e-9);
    }
}

#[test]
fn partial_correlations_agree_with_the_inverse_correlation_matrix() {
    for Case { information, ap, log, expected, .. } in cases() {
        let given_log = partial(&information, &ap, &[&log]).unwrap();
        assert_partial(given_log, &expected["partial_information"]);
        let given_information = partial(&log, &ap, &[&information]).unwrap();
        assert_partial(given_information, &expected["partial_instances"]);
        if !expected["partial_two"].is_null() {
            let squares = log.iter().map(|log| log * log).collect();
            let given_two = partial(&information, &ap, &[log, squares]).unwrap();
            assert_partial(given_two, &expected["partial_two"]);
        }
    }
}

#[test]
fn regressions_agree_with_statsmodels() {
    for Case { name, information, ap, log, expected } in cases() {
        let expected = &expected["regression"];
        let ours = Regression::of(&ap, &[&information, &log]);
        if expected.is_null() {
            assert_eq!(ours, Err(Refusal::TooFew { classes: 3, needed: 4 }), "{name}");
            continue;
        }
        let ours = ours.unwrap();
        let estimates: Vec<_> = std::iter::once(ours.intercept)
            .chain(ours.coefficients.iter().map(|coefficient| coefficient.estimate))
            .collect();
        let ours_of = |f: fn(&igam_analyze::correlation::Estimate) -> f64| -> Vec<f64> {
            estimates.iter().map(f).collect()
        };
        assert_close(&ours_of(|e| e.value), &numbers(&expected["params"]), 1e-9);
        assert_close(&ours_of(|e| e.standard_error), &numbers(&expected["bse"]), 1e-9);
        assert_close(&ours_of(|e| e.t), &numbers(&expected["tvalues"]), 1e-9);
        assert_close(&ours_of(|e| e.p_value), &numbers(&expected["pvalues"]), 1e-9);
        assert_close(&[ours.r_squared], &[expected["rsquared"].as_f64().unwrap()], 1e-9);
        let columns: (Vec<_>, Vec<_>) =
            ours.coefficients.iter().map(|c| (c.standardized, c.vif)).unzip();
        assert_close(&columns.0, &numbers(&expected["standardized"]), 1e-9);
        assert_close(&columns.1, &numbers(&expected["vif"]), 1e-9);
        // The partial correlation's p-value is the coefficient's.
        let given_log = partial(&information, &ap, &[&log]).unwrap();
        assert_close(&[ours_of(|e| e.p_value)[1]], given_log.p_value.as_slice(), 1e-9);
    }
}

#[test]
fn a_spline_holds_constant_what_scipys_does() {
    for Case { information, ap, log, expected, .. } in cases() {
        if let Some(theirs) = expected["given_spline"].as_f64() {
            let mut controls = natural_spline(&log, 6);
            controls.push(log);
            let ours = partial(&information, &ap, &controls).unwrap();
            assert_close(&[ours.r], &[theirs], 1e-9);
        }
    }
}

#[test]
fn resampling_agrees_with_scipy_and_numpy() {
    let (golden, cases) = (golden(), cases());
    for expected in golden["resampling"].as_array().unwrap() {
        let case = cases.iter().find(|case| expected["name"] == case.name.as_str()).unwrap();
        let n = case.ap.len();
        let p = permutation_p(&case.information, &case.ap).unwrap();
        let theirs = expected["permutation_p"].as_f64().unwrap();
        let interval = bootstrap(&case.information, &case.ap).unwrap();
        if n <= 7 {
            assert!((p - theirs).abs() < 1e-15, "{}: {p} against {theirs}", case.name);
            continue;
        }
        // Four standard errors of 9,999 permutations.
        let error = 4.0 * (theirs * (1.0 - theirs) / 9_999.0).sqrt();
        assert!((p - theirs).abs() <= error + 1e-4, "{}: {p} against {theirs}", case.name);
        let (low, high) = interval.unwrap();
        let near = |ours: f64, name: &str, distance: f64| {
            let theirs = expected[name].as_f64().unwrap();
            assert!((ours - theirs).abs() < distance, "{}: {ours} against {theirs}", case.name);
        };
        let width = high - low;
        near(low, "low", 0.02 * width);
        near(high, "high", 0.02 * width);
        // Another kind of interval.
        near(low, "bca_low", 0.1 * width);
        near(high, "bca_high", 0.1 * width);
    }
}

#[test]
fn what_does_not_exist_is_none_or_refused() {
    let x = [1.0, 2.0, 4.0, 3.0, 5.0];
    let y = [2.0, 1.0, 3.0, 5.0, 4.0];
    let twice = x.map(|x| 2.0 * x);
    let constant = [7.0; 5];
    assert_eq!(partial(&x, &y, &[&twice]), Err(Refusal::Collinear));
    assert_eq!(partial(&y, &twice, &[&x]), Err(Refusal::Exact));
    assert_eq!(partial(&x, &y, &[&constant]), Err(Refusal::ConstantX));
    assert_eq!(partial(&x, &constant, &[&y]), Err(Refusal::ConstantY));
    assert_eq!(Regression::of(&y, &[&x, &twice]), Err(Refusal::Collinear));
    assert_eq!(Regression::of(&twice, &[&x, &y]), Err(Refusal::Exact));
    assert_eq!(Regression::of(&y, &[&x, &constant]), Err(Refusal::ConstantX));
    assert_eq!(partial(&x, &y, &[] as &[&[f64]]).unwrap(), pearson(&x, &y).unwrap());
    // Resamples of few classes often have no correlation, or one of exactly 1.
    assert_eq!(bootstrap(&x, &y), Ok(None));
    assert_eq!(bootstrap(&x, &twice), Ok(None));
    assert_eq!(permutation_p(&x, &twice), Ok(2.0 / 120.0));
    assert!(spearman(&x, &constant).is_err() && kendall(&constant, &x).is_err());
}

#[test]
fn leaving_one_out_is_what_remains_without_it() {
    for Case { information, ap, log, .. } in cases() {
        let n = ap.len();
        if n < 6 {
            continue;
        }
        let all = leave_one_out(&information, &ap, &[&log]).unwrap();
        for class in (0..n).step_by(n / 6) {
            let others = |values: &[f64]| [&values[..class], &values[class + 1..]].concat();
            let theirs = partial(&others(&information), &others(&ap), &[others(&log)]).unwrap();
            let ours = all[class].unwrap();
            assert!((ours.r - theirs.r).abs() < 1e-12, "{ours:?} against {theirs:?}");
            assert_eq!(ours.interval.is_some(), theirs.interval.is_some());
        }
    }
    // A class that a control has to itself adds nothing: without both the rest is as it was.
    let (x, y) = ([3.0, 1.0, 4.0, 1.0, 5.0, 9.0], [2.0, 7.0, 1.0, 8.0, 2.0, 8.0]);
    let alone = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    let all = leave_one_out(&x, &y, &[alone]).unwrap();
    let theirs = pearson(&x[..5], &y[..5]).unwrap();
    assert_close(&[all[5].unwrap().r], &[theirs.r], 1e-12);
    assert_eq!(all[5].unwrap().classes, 5);
    // However little is left of the spread, it is what is correlated.
    let all =
        leave_one_out(&[1.0, 2.0, 4.0, 1e9], &[2.0, 1.0, 3.0, 5.0], &[] as &[&[f64]]).unwrap();
    let theirs = pearson(&[1.0, 2.0, 4.0], &[2.0, 1.0, 3.0]).unwrap();
    assert_close(&[all[3].unwrap().r], &[theirs.r], 1e-12);
    // Without the only class that differs there is no correlation.
    let all = leave_one_out(&[0.0, 0.0, 0.0, 1.0], &[1.0, 2.0, 3.0, 5.0], &[] as &[&[f64]]);
    assert_eq!(all.unwrap()[3], None);
}

/// A column of a table, by class.
fn table(path: &str, column: &str) -> std::collections::BTreeMap<String, f64> {
    let mut reader = csv::Reader::from_path(repository(path)).unwrap();
    let place = reader.headers().unwrap().iter().position(|name| name == column).unwrap();
    let pair = |row: csv::StringRecord| (row[0].to_owned(), row[place].parse().unwrap());
    reader.records().map(|row| pair(row.unwrap())).collect()
}

#[test]
fn person_moves_the_correlation_of_pascal_voc() {
    let ap = table("data/tables/table6_voc_ap.csv", "R50-CE");
    let counts = table("data/tables/voc_counts.csv", "voc0712_trainval");
    assert!(ap.keys().eq(counts.keys()));
    let names: Vec<_> = ap.keys().collect();
    let (x, y): (Vec<f64>, Vec<f64>) =
        (counts.values().copied().collect(), ap.values().copied().collect());
    let influence = influence(&x, &y).unwrap();
    assert_eq!(names[influence.class], "person");
    assert!((pearson(&x, &y).unwrap().r + 0.0160).abs() < 5e-5);
    assert!((influence.without.unwrap().r + 0.289).abs() < 5e-4, "{influence:?}");
    assert!(influence.strong);
}

#[test]
fn a_class_that_alone_differs_is_the_most_influential() {
    // The others do not move r in the least, but for the second, which moves it more than any but the third.
    let spread = [1.0, 9.0, 2.0, 3.0, 4.0];
    let alone = [0.0, 0.0, 7.0, 0.0, 0.0];
    for (x, y) in [(spread, alone), (alone, spread), (alone, alone)] {
        let found = influence(&x, &y).unwrap();
        assert_eq!((found.class, found.without, found.strong), (2, None, true));
    }
    assert_eq!(influence(&alone[..3], &spread[..3]), None);
    assert_eq!(influence(&spread, &[1.0; 5]), None);
}

#[test]
fn the_real_runs_say_nothing_beyond_the_count() {
    let mut reader = csv::Reader::from_path(repository("reports/information.csv")).unwrap();
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    let cell = |row: &csv::StringRecord, name: &str| {
        row[headers.iter().position(|header| header == name).unwrap()].to_owned()
    };
    let number = |row: &csv::StringRecord, name: &str| cell(row, name).parse::<f64>().unwrap();
    let mut verdicts = Vec::new();
    for run in rows.chunk_by(|a, b| a[0] == b[0]) {
        let names: Vec<_> = run.iter().map(|row| cell(row, "class")).collect();
        let class = |(row, name)| Class {
            name,
            information: number(row, "information"),
            floor_bits: Some(number(row, "floor_bits")),
            embeddings: number(row, "instances") as u64,
            instances: number(row, "instances") as u64,
            covariates: &[],
            group: None,
            ap: number(row, "ap"),
        };
        let classes: Vec<_> = run.iter().zip(names.iter().map(String::as_str)).map(class).collect();
        let evidence = Evidence::of(&classes, 128);
        assert!(evidence.judged.basis.floor_share.unwrap() > 0.9);
        assert_eq!(evidence.large.as_ref().unwrap().classes, 8);
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(evidence, one.install(|| Evidence::of(&classes, 128)));
        verdicts.push(format!("{}: {}", &run[0][0], evidence.judged.verdict));
    }
    insta::assert_snapshot!(verdicts.join("\n"));
}

/// A class whose instances are all in the dump.
fn plain(name: &str, information: f64, instances: u64, ap: f64) -> Class<'_> {
    Class {
        name,
        information,
        floor_bits: None,
        embeddings: instances,
        instances,
        covariates: &[],
        group: None,
        ap,
    }
}

/// Forty classes with these numbers of information, instances and AP for class i.
fn forty(numbers: impl Fn(f64) -> (f64, u64, f64)) -> Vec<Class<'static>> {
    let class = |i: u8| {
        let (information, instances, ap) = numbers(f64::from(i));
        let name = if i == 39 { "zebra" } else { "other" };
        plain(name, information, instances, ap)
    };
    (0..40).map(class).collect()
}

#[test]
fn each_finding_has_its_words() {
    // Two numbers that have nothing to do with each other nor with i.
    let (wave, noise) = (|i: f64| (2.1 * i).sin(), |i: f64| 0.04 * (i * i).cos());
    let count = |i: f64| (5.0 * 1.2_f64.powf(i)) as u64;
    let but_zebra = |i: f64, value: f64| if i < 39.0 { value } else { 9.0 };
    let mut sets = vec![
        forty(|i| (20.0 + wave(i), count(i), 0.01 * i - 0.1 * wave(i) + noise(i))),
        forty(|i| (20.0 + wave(i), 300, 0.5 + 0.1 * wave(i) + noise(i))),
        forty(|i| (20.0 + i + wave(i), count(i), 0.01 * i + noise(i))),
        forty(|i| (20.0 + (count(i) as f64).ln(), count(i), 0.01 * i + noise(i))),
        forty(|i| (20.0 + wave(i), count(i), 0.01 * i + noise(i))),
        forty(|i| (20.0 + wave(i), count(i), 0.5 + noise(i))),
        forty(|i| (but_zebra(i, wave(i)), count(i), but_zebra(i, 10.0 * noise(i)))),
        // Opposite where there are fewer instances than dimensions, which is below i = 18.
        forty(|i| (20.0 + wave(i), count(i), wave(i) * if i < 18.0 { 1.0 } else { -1.0 })),
        forty(|i| (20.0, count(i), 0.01 * i)),
        forty(|i| (20.0 + i, count(i), 0.5)),
        vec![plain("a", 1.0, 0, 0.5); 3],
        // The zebra alone is detected, or has another information amount.
        forty(|i| (but_zebra(i, wave(i)), count(i), if i < 39.0 { 0.0 } else { 0.5 })),
        forty(|i| (but_zebra(i, 0.0), count(i), but_zebra(i, 0.5 + noise(i)))),
    ];
    let floored = |class: &Class<'static>| Class { floor_bits: Some(15.0), ..*class };
    sets.push(sets[0].iter().map(floored).collect());
    let words: Vec<_> =
        sets.iter().map(|classes| Evidence::of(classes, 128).judged.verdict.to_string()).collect();
    insta::assert_snapshot!(words.join("\n"));
}

/// The curve of the count has a knot for every six classes, but 4 at least and 10 at most: with more, it
/// would follow the classes themselves.
#[test]
fn the_curve_of_the_count_stays_stiff() {
    for (classes, knots) in [(12, 4), (24, 4), (36, 6), (48, 8), (60, 10), (66, 10), (1200, 10)] {
        let class = |i: u64| plain("", 0.0, 5 + i * i, 0.0);
        let classes: Vec<_> = (0..classes).map(class).collect();
        assert_eq!(Control::Line.columns(&classes, 128).len(), 1);
        // log m, and a column a knot but for two.
        assert_eq!(Control::Curve.columns(&classes, 128).len(), 1 + knots - 2, "{}", classes.len());
    }
}

/// Each bound of the rule, from either side.
#[test]
fn the_rule_keeps_its_bounds() {
    let partial = |low: f64, high: f64| {
        let r = (low + high) / 2.0;
        Pearson { r, interval: Some((low, high)), p_value: Some(0.01), classes: 40 }
    };
    let (below, above, unclear) = (partial(-0.6, -0.1), partial(0.1, 0.6), partial(-0.1, 0.4));
    // Student's t with 30 degrees of freedom is 2.042 or more in one of twenty cases.
    let clustered =
        |t: f64| Clustered { r: -0.4, standard_error: 0.4 / t, freedom: 30.0, clusters: 8 };
    let basis = Basis {
        classes: 40,
        information: Ok(below),
        instances: Ok(above),
        log_instances: Ok(above),
        given_line: Ok(below),
        given_curve: Ok(below),
        robust: Some(clustered(2.05)),
        groups: None,
        by_group: None,
        controls: 4,
        residual_df: Some(34.0),
        detectable: Some(0.45),
        count_share: Some(0.49),
        left: None,
        floor_share: None,
    };
    let beyond = Finding::Beyond { partial: below };
    let unsettled = |failure| Finding::Unsettled { partial: below, failures: vec![failure] };
    let count = |given_curve| Finding::Count { r: above.r, partial: Some(given_curve) };
    let finding = |change: fn(Basis) -> Basis| Finding::of(&change(basis.clone()));
    assert_eq!(finding(|all| all), beyond);
    for noise in [None, Some(clustered(2.03)), Some(clustered(0.1))] {
        let basis = Basis { robust: noise, ..basis.clone() };
        assert_eq!(Finding::of(&basis), unsettled(Failure::Noise(noise)));
    }
    let groups = |by_group| Finding::of(&Basis { groups: Some(8), by_group, ..basis.clone() });
    assert_eq!(groups(Some(clustered(2.05))), beyond);
    for by_group in [None, Some(clustered(2.03))] {
        assert_eq!(groups(by_group), unsettled(Failure::Groups(by_group)));
    }
    // Not clear given the line, or on the other side.
    for other in [unclear, above] {
        let line = Basis { given_line: Ok(other), ..basis.clone() };
        assert_eq!(Finding::of(&line), unsettled(Failure::Line(Some(other))));
    }
    let curve = |given_curve| Basis { given_curve: Ok(given_curve), ..basis.clone() };
    assert_eq!(Finding::of(&curve(unclear)), count(unclear));
    assert_eq!(
        Finding::of(&curve(above)),
        Finding::Unsettled { partial: above, failures: vec![Failure::Line(Some(below))] }
    );
    // Ten classes, and four degrees of freedom.
    assert_eq!(finding(|all| Basis { classes: 10, ..all }), beyond);
    let too_few = |classes, controls| Finding::TooFew { classes, controls };
    assert_eq!(finding(|all| Basis { classes: 9, ..all }), too_few(9, 4));
    assert_eq!(finding(|all| Basis { classes: 20, controls: 14, ..all }), beyond);
    assert_eq!(finding(|all| Basis { classes: 20, controls: 15, ..all }), too_few(20, 15));
    // A disguise from half on, and only if r itself is clear.
    let more = Basis { count_share: Some(0.51), ..curve(unclear) };
    assert!(matches!(Finding::of(&more), Finding::Disguise { .. }));
    let unclear_r = Basis { information: Ok(unclear), ..more.clone() };
    assert_eq!(Finding::of(&unclear_r), count(unclear));
    let nothing = Basis { log_instances: Ok(unclear), ..unclear_r };
    assert_eq!(Finding::of(&nothing), Finding::Nothing { partial: Some(unclear) });
}

/// A class of as many embeddings as dimensions is large, whatever its instance count.
#[test]
fn as_many_embeddings_as_dimensions_are_enough() {
    let class = |i: u8| Class {
        floor_bits: Some(0.25 * f64::from(i).sin() + 0.1 * f64::from(i % 3)),
        embeddings: 126 + u64::from(i),
        ..plain("", f64::from(i).sin(), 1_000, f64::from(i * 7 % 5))
    };
    let classes: Vec<_> = (0..20).map(class).collect();
    assert_eq!(Evidence::of(&classes, 128).large.unwrap().classes, 18);
    assert_eq!(Evidence::of(&classes, 145).large.unwrap().classes, 1);
    assert_eq!(Evidence::of(&classes, 126).large, None);
    assert_eq!(Evidence::of(&classes, 146).large, None);
}

/// Of several classes without which nothing is beyond the count, that is named which leaves the least.
#[test]
fn what_a_finding_rests_on_most_is_named() {
    let names: Vec<String> = (0..24).map(|class| format!("class {class}")).collect();
    let mut seen = 0;
    for seed in 0..400_u32 {
        let noise = |at: usize| {
            let mixed = (at as u32 + 977 * seed).wrapping_mul(2654435761);
            f64::from((mixed ^ mixed >> 15).wrapping_mul(2246822519)) / f64::from(u32::MAX)
        };
        let class = |(at, name)| {
            let instances = 5 + (1000.0 * noise(at + 100)) as u64;
            plain(name, 20.0 + noise(at), instances, noise(at + 200) - 0.6 * noise(at))
        };
        let classes: Vec<_> = names.iter().map(String::as_str).enumerate().map(class).collect();
        if !matches!(Finding::of(&Basis::of(&classes, 128)), Finding::Beyond { .. }) {
            continue;
        }
        let column = |of: fn(&Class) -> f64| -> Vec<f64> { classes.iter().map(of).collect() };
        let without = [Control::Line, Control::Curve].map(|control| {
            let controls = control.columns(&classes, 128);
            leave_one_out(&column(|c| c.information), &column(|c| c.ap), &controls).unwrap()
        });
        let mut candidates: Vec<_> = (0..classes.len())
            .filter_map(|class| Some((class, without[0][class]?, without[1][class]?)))
            .filter(|(_, line, curve)| !(line.is_clear() && curve.is_clear()))
            .collect();
        candidates.sort_by(|a, b| a.2.r.abs().total_cmp(&b.2.r.abs()));
        if let [(class, line, curve), _, ..] = candidates[..] {
            let given_line = curve.is_clear();
            let without = Some(if given_line { line } else { curve });
            let class = names[class].clone();
            let expected = Caveat::RestsOn { class, given_line, without };
            assert_eq!(Evidence::of(&classes, 128).judged.verdict.caveats[0], expected);
            seen += 1;
        }
    }
    assert!(seen > 3, "{seen}");
}
