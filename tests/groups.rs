//! Model bias and mean AP by group, against NumPy (`tests/golden/bias.py`) and LVIS's own letters.

use igam_analyze::Warnings;
use igam_analyze::ap::{ApScale, MixedScales};
use igam_analyze::groups::{ApSummary, CutPoints, CutPointsError, Frequency, Groups};
use igam_analyze::input::annotations::Choices;
use igam_analyze::input::{ap, counts};
use serde_json::Value;

use crate::{Workdir, assert_close, repository};

fn golden() -> Value {
    let text = std::fs::read_to_string(repository("tests/golden/bias.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Asserts that a summary has the golden mean and number of classes.
#[track_caller]
fn assert_group(ours: &ApSummary, theirs: &Value) {
    assert_eq!(ours.mean.is_some(), theirs["mean"].is_number(), "{ours:?} against {theirs}");
    if let Some(mean) = ours.mean {
        assert_close(&[mean], &[theirs["mean"].as_f64().unwrap()], 1e-13);
    }
    assert_eq!(Some(ours.classes as u64), theirs["classes"].as_u64());
}

#[test]
fn table_6_gives_its_biases_and_means() {
    let golden = golden();
    let table6 = golden["table6"].as_object().unwrap();
    let names: Vec<String> = table6.keys().cloned().collect();
    let columns =
        ap::read(&repository("data/tables/table6_voc_ap.csv"), &names, None, None, None).unwrap();
    assert_eq!(columns.len(), 12);
    for (column, theirs) in columns.iter().zip(table6.values()) {
        let ours = ApSummary::of(column.values.iter().copied(), column.scale);
        let theirs = ["mean", "bias"].map(|name| theirs[name].as_f64().unwrap());
        assert_eq!(ours.classes, 20);
        assert_close(&[ours.mean.unwrap(), ours.bias.unwrap()], &theirs, 1e-13);
    }
    for (run, bias) in
        [("R50-CE", 100.04), ("R50-IGAM", 86.72), ("R101-CE", 136.74), ("R101-IGAM", 81.08)]
    {
        assert!((table6[run]["bias"].as_f64().unwrap() - bias).abs() < 0.005, "{run}");
    }
}

#[test]
fn both_scales_give_points() {
    let aps = [Some(0.25), None, Some(0.75), Some(f64::NAN)];
    let ours = ApSummary::of(aps, ApScale::Fraction);
    assert_eq!(ours, ApSummary { classes: 2, mean: Some(50.0), bias: Some(625.0) });
    assert_eq!(ours, ApSummary::of([Some(25.0), Some(75.0)], ApScale::Percent));
    let none = ApSummary::of([None, Some(f64::INFINITY)], ApScale::Percent);
    assert_eq!(none, ApSummary { classes: 0, mean: None, bias: None });
}

/// 1 is the highest AP of the one scale and among the lowest of the other: what stands beside it decides.
#[test]
fn an_ap_of_one_is_perfect_unless_others_are_above() {
    use ApScale::{Fraction, Percent};
    let percent = [[1.0, 0.4], [2.0, 30.0], [50.0, 12.5], [99.0, 100.0], [60.0, 70.0]];
    for (values, scale) in [
        (vec![1.0], Fraction),
        (vec![1.0, 1.0, 1.0], Fraction),
        (vec![0.0, 1.0, 0.25, 0.5], Fraction),
        (vec![0.0, 0.0], Fraction),
        (percent.concat(), Percent),
        (vec![1.0, 2.0, 3.0, 4.0, 5.0], Percent),
    ] {
        assert_eq!(ApScale::detect(values.iter().copied()), Ok(scale), "{values:?}");
    }
    // A fifth at most may be as low as 1.
    let mixed = ApScale::detect([1.0, 1.0, 0.0, 30.0, 40.0, 50.0, 60.0]);
    assert_eq!(mixed, Err(MixedScales { small: 2, large: 4 }));

    let work = Workdir::new();
    work.write("ap.csv", "class,ap\na,1\nb,0.5\nc,1.0\nd,0\n");
    work.write("counts.csv", "class,instances\na,4\nb,2\nc,9\nd,1\n");
    let output = work.run("correlate --ap ap.csv --counts counts.csv --format json");
    assert!(String::from_utf8(output.stderr).unwrap().contains("on the scale 0–1"));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["bias"][0]["mean_ap"], 62.5);
    // From the mean, in eighths: 3, −1, 3, −5.
    assert_eq!(json["bias"][0]["bias"], 1e4 * (9.0 + 1.0 + 9.0 + 25.0) / 64.0 / 4.0);
}

#[test]
fn coco_by_instances_agrees_with_numpy() {
    let path = repository("data/tables/coco_counts_and_ap.csv");
    let aps = &ap::read(&path, &[], None, None, None).unwrap()[0];
    let counts = counts::read(&[path], None, &Choices::default(), &Warnings::default()).unwrap();
    let golden = golden();
    for (cuts, theirs) in golden["coco"].as_object().unwrap() {
        let (cuts, names) = match cuts.as_str() {
            "coco-lt" => (CutPoints::coco_lt(), vec!["< 20", "20–399", "400–7999", "≥ 8000"]),
            cuts => {
                (cuts.parse().unwrap(), vec!["< 1000", "1000–4999", "5000", "5001–7055", "≥ 7056"])
            }
        };
        let groups = Groups::by_instances(&cuts, counts.values.iter().copied().map(Some));
        assert_eq!(groups.names(), names);
        let ours = groups.summarize(&aps.values, aps.scale);
        let theirs = theirs.as_array().unwrap();
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(theirs) {
            assert_group(ours, theirs);
        }
    }
}

#[test]
fn lvis_letters_are_its_image_counts() {
    let path = repository("data/tables/lvis_v1_train_counts.csv");
    let images = counts::read(
        std::slice::from_ref(&path),
        Some("images"),
        &Choices::default(),
        &Warnings::default(),
    )
    .unwrap()
    .values;
    let mut rows = csv::Reader::from_path(&path).unwrap();
    let letters: Vec<Frequency> =
        rows.records().map(|row| row.unwrap()[2].parse().unwrap()).collect();
    assert_eq!(images.iter().map(|&m| Frequency::of_images(m)).collect::<Vec<_>>(), letters);

    // AP of the class = its number of images, so that every group has another mean.
    let groups = Groups::by_frequency(letters.into_iter().map(Some));
    assert_eq!(groups.names(), ["rare", "common", "frequent"]);
    let aps: Vec<_> = images.iter().map(|&images| Some(images as f64)).collect();
    let ours = groups.summarize(&aps, ApScale::Percent);
    assert_eq!(ours.iter().map(|group| group.classes).collect::<Vec<_>>(), [337, 461, 405]);
    let means: Vec<f64> = ours.iter().map(|group| group.mean.unwrap()).collect();
    assert!(means[0] < 10.0 && (11.0..100.0).contains(&means[1]) && means[2] > 100.0);
    assert!("F".parse::<Frequency>().is_err());
}

#[test]
fn a_class_without_a_count_is_in_no_group() {
    let cuts = "1".parse().unwrap();
    let groups = Groups::by_instances(&cuts, [Some(0), None, Some(1), Some(u64::MAX)]);
    let ours = groups.summarize(&[Some(10.0), Some(20.0), None, Some(40.0)], ApScale::Percent);
    let means: Vec<_> = ours.iter().map(|group| (group.classes, group.mean)).collect();
    assert_eq!(means, [(1, Some(10.0)), (1, Some(40.0))]);
}

#[test]
fn cut_points_ascend() {
    let not_ascending = |last, next| Err(CutPointsError::NotAscending { last, next });
    assert_eq!("20, 400,8000".parse(), Ok(CutPoints::coco_lt()));
    assert_eq!("0,20".parse::<CutPoints>(), not_ascending(0, 0));
    assert_eq!("20,20".parse::<CutPoints>(), not_ascending(20, 20));
    assert_eq!("400,20".parse::<CutPoints>(), not_ascending(400, 20));
    for (text, cell) in [("", ""), ("20,", ""), ("20,-4", "-4"), ("1e3", "1e3")] {
        assert_eq!(text.parse::<CutPoints>(), Err(CutPointsError::NoCount(cell.to_owned())));
    }
}
