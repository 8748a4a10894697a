//! Against float64 NumPy and SciPy, by `tests/golden/make.py`, and the paper's own tables.

use crate::{Workdir, assert_close, column, golden, numbers, pearson_of, repository};

#[test]
fn real_runs_agree_with_numpy_and_scipy() {
    let work = Workdir::new();
    for (run, expected) in golden()["fod_a"].as_object().unwrap() {
        let data = repository("data/fod-a");
        let data = data.display();
        for estimator in ["mp-floor", "sample"] {
            let json = work.json(&format!(
                "correlate --embeddings {data}/{run}/embeddings.npy --labels {data}/{run}/labels.npy \
                 --class-names {data}/classes.txt --ap {data}/{run}/ap.csv --ap-column ap50 --estimator {estimator}"
            ));
            let information = &json["information"];
            assert_close(&column(information, "information"), &numbers(&expected[estimator]), 1e-9);
            if estimator == "mp-floor" {
                assert_close(
                    &column(information, "normalized_information"),
                    &numbers(&expected["normalized"]),
                    1e-12,
                );
            }
            for (row, x) in [(0, format!("r_{estimator}")), (1, "r_instances".into())] {
                let (ours, theirs) = (&json["correlations"][row], &expected[x]);
                for (ours_name, theirs_name) in
                    [("pearson", "r"), ("ci_low", "low"), ("ci_high", "high"), ("p_value", "p")]
                {
                    let (ours, theirs) = (&ours[ours_name], &theirs[theirs_name]);
                    assert_close(&[ours.as_f64().unwrap()], &[theirs.as_f64().unwrap()], 1e-9);
                }
            }
        }
    }
}

#[test]
fn a_mean_1000_times_the_spread_costs_no_digits() {
    let work = Workdir::new();
    let folder = repository("tests/golden");
    let folder = folder.display();
    for estimator in ["mp-floor", "sample"] {
        let json = work.json(&format!(
            "information --embeddings {folder}/post_relu.npy --labels {folder}/post_relu_labels.npy --estimator {estimator}"
        ));
        let ours = column(&json["information"], "information");
        let theirs = numbers(&golden()["post_relu"][estimator]);
        // A class of one instance has no spread: exactly 0 without the floor, where NumPy has too.
        assert_close(&ours, &theirs, 1e-11);
    }
}

#[test]
fn the_papers_tables_give_its_correlations() {
    let work = Workdir::new();
    let tables = repository("data/tables");
    let tables = tables.display();
    let r =
        |arguments: String| pearson_of(&work.json(&format!("correlate {arguments}")), "instances");
    let voc = r(format!(
        "--ap {tables}/table6_voc_ap.csv --ap-column R50-CE,R101-CE,R50-IGAM \
         --counts {tables}/voc_counts.csv --counts-column voc0712_trainval"
    ));
    for (ours, theirs) in voc.iter().zip([-0.0160, 0.0668, -0.0425]) {
        assert!((ours - theirs).abs() <= 5e-5, "{ours} against {theirs}");
    }
    let coco =
        r(format!("--ap {tables}/coco_counts_and_ap.csv --counts {tables}/coco_counts_and_ap.csv"));
    assert!((coco[0] - 0.05402).abs() <= 5e-6, "{coco:?}");
}
