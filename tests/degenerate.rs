//! Statistics of almost nothing: what does not exist is empty with a reason, and nothing is NaN.

use ndarray::{Array1, Array2};
use ndarray_npy::write_npy;
use serde_json::Value;

use crate::{Workdir, assert_close, column};

/// An input with AP, run through every command; the results of `correlate`.
struct Case {
    work: Workdir,
    /// With the eigenvalue floor.
    floor: Value,
    /// Without.
    sample: Value,
}

impl Case {
    #[track_caller]
    fn new(x: Array2<f32>, labels: &[i64], names: &str, ap: &str) -> Case {
        let work = Workdir::new();
        write_npy(work.path("x.npy"), &x).unwrap();
        write_npy(work.path("y.npy"), &Array1::from(labels.to_vec())).unwrap();
        write_npy(work.path("w.npy"), &Array2::<f32>::ones((names.lines().count(), x.ncols())))
            .unwrap();
        work.write("classes.txt", names);
        work.write("ap.csv", format!("class,ap\n{ap}"));
        let input = "--embeddings x.npy --labels y.npy --class-names classes.txt";
        let floor = work.json(&format!("correlate {input} --ap ap.csv"));
        let sample =
            work.json(&format!("correlate {input} --ap ap.csv --estimator sample --out s"));
        work.run(&format!("correlate {input} --ap ap.csv --estimator all"));
        work.run(&format!("margins {input}"));
        work.run(&format!("loss {input} --weights w.npy"));
        work.run(&format!("queue-size {input}"));
        for name in work.files("reports").iter().filter(|name| !name.ends_with("parquet")) {
            let text = if name.ends_with("npy") {
                let margins: Array2<f64> =
                    ndarray_npy::read_npy(work.path("reports/margins.npy")).unwrap();
                margins.iter().map(|margin| format!("{margin}\n")).collect()
            } else {
                work.read(&format!("reports/{name}"))
            };
            let mut words = text.split(|c: char| !c.is_alphanumeric());
            assert!(!words.any(|word| ["NaN", "inf"].contains(&word)), "{name}:\n{text}");
        }
        Case { work, floor, sample }
    }

    /// That there is no correlation with `x`, and why.
    #[track_caller]
    fn no_correlation(&self, x: &str, why: &str) {
        let rows = self.floor["correlations"].as_array().unwrap();
        let row = rows.iter().find(|row| row["x"] == x).unwrap();
        for number in ["pearson", "ci_low", "ci_high", "p_value"] {
            assert!(row[number].is_null(), "{number} is {}", row[number]);
        }
        let warnings = self.floor["warnings"].to_string();
        assert!(warnings.contains(why), "{warnings}");
    }
}

fn ramp(rows: usize, dim: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, dim), |(i, j)| ((i * i + 3 * j * i) % 11) as f32)
}

#[test]
fn one_class() {
    let case = Case::new(ramp(5, 3), &[0; 5], "a\n", "a,0.5\n");
    case.no_correlation("information", "only 1 class(es) have both");
    case.no_correlation("instances", "only 1 class(es) have both");
}

#[test]
fn two_classes_have_a_correlation_without_an_interval() {
    let case = Case::new(ramp(7, 3), &[0, 0, 0, 1, 1, 1, 1], "a\nb\n", "a,0.5\nb,0.25\n");
    let row = &case.floor["correlations"][1];
    assert_close(&[row["pearson"].as_f64().unwrap()], &[-1.0], 1e-15);
    assert!(row["ci_low"].is_null() && row["p_value"].is_null(), "{row}");
}

#[test]
fn all_ap_equal() {
    let case =
        Case::new(ramp(9, 3), &[0, 0, 1, 1, 1, 2, 2, 2, 2], "a\nb\nc\n", "a,0.1\nb,0.1\nc,0.1\n");
    case.no_correlation("information", "AP is the same for all classes");
    case.no_correlation("instances", "AP is the same for all classes");
}

#[test]
fn no_ap_at_all() {
    let case = Case::new(ramp(4, 2), &[0, 0, 1, 1], "a\nb\n", "a,-1\nb,nan\n");
    case.no_correlation("information", "only 0 class(es) have both");
}

#[test]
fn all_information_equal() {
    // The same embeddings in every class.
    let x = Array2::from_shape_fn((9, 2), |(i, j)| ((i % 3) * (j + 1)) as f32);
    let case = Case::new(x, &[0, 0, 0, 1, 1, 1, 2, 2, 2], "a\nb\nc\n", "a,0.1\nb,0.2\nc,0.3\n");
    case.no_correlation("information", "the information amount is the same for all classes");
    case.no_correlation("instances", "the instance count is the same for all classes");
}

#[test]
fn single_instances_have_no_volume() {
    let case = Case::new(ramp(3, 4), &[0, 1, 2], "a\nb\nc\n", "a,0.1\nb,0.2\nc,0.3\n");
    assert_eq!(column(&case.sample["information"], "information"), [0.0; 3]);
    // With m = 1 every eigenvalue is floored to (1−√4)² = 1: p/2·log₂2 bits.
    assert_close(&column(&case.floor["information"], "information"), &[2.0; 3], 1e-15);
}

#[test]
fn duplicates_of_one_embedding() {
    let x = Array2::from_shape_fn((12, 3), |(_, j)| 0.1 + j as f32);
    let labels = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2];
    let case = Case::new(x, &labels, "a\nb\nc\n", "a,0.1\nb,0.2\nc,0.3\n");
    assert_eq!(column(&case.sample["information"], "information"), [0.0; 3]);
    let floor = |m: f64| 1.5 * (1.0 + (1.0 - (3.0 / m).sqrt()).powi(2)).log2();
    let expected = [floor(6.0), floor(4.0), floor(2.0)];
    assert_close(&column(&case.floor["information"], "information"), &expected, 1e-14);
}

#[test]
fn one_dimension() {
    let x = Array2::from_shape_vec((6, 1), vec![0.0, 2.0, 0.0, 4.0, 0.0, 6.0]).unwrap();
    let case = Case::new(x, &[0, 0, 1, 1, 2, 2], "a\nb\nc\n", "a,0.1\nb,0.2\nc,0.3\n");
    // Variances 1, 4, 9.
    let expected = [1.0, 4.0, 9.0_f64].map(|variance| 0.5 * (1.0 + variance).log2());
    assert_close(&column(&case.sample["information"], "information"), &expected, 1e-15);
}

#[test]
fn many_more_dimensions_than_instances() {
    let mut x = Array2::zeros((4, 3000));
    x[(0, 7)] = 2.0;
    x[(2, 8)] = 4.0;
    let case = Case::new(x, &[0, 0, 1, 1], "a\nb\n", "a,0.1\nb,0.2\n");
    let expected = [1.0, 4.0_f64].map(|variance| 0.5 * (1.0 + variance).log2());
    assert_close(&column(&case.sample["information"], "information"), &expected, 1e-14);
}

#[test]
fn more_classes_than_rows() {
    let names: String = (0..50).map(|id| format!("class {id}\n")).collect();
    let ap: String = (0..50).map(|id| format!("class {id},{}\n", 0.01 * f64::from(id))).collect();
    let case = Case::new(ramp(5, 2), &[3, 3, 3, 7, 7], &names, &ap);
    let rows = case.floor["information"].as_array().unwrap();
    assert_eq!(rows.iter().filter(|row| row["information"].is_null()).count(), 48);
    assert!(case.floor["warnings"].to_string().contains("classes without instances"));
    let csv = case.work.read("reports/information.csv");
    assert!(csv.contains("\nap,0,class 0,0,,,,,,0,fraction,mp-floor\n"), "{csv}");
}

#[test]
fn values_of_every_size() {
    // 1e±30 and denormals: Σ = 1e60 and 0 in all but name.
    let x = Array2::from_shape_vec(
        (8, 2),
        vec![
            1e30, 0.0, -1e30, 0.0, 1e-30, 0.0, -1e-30, 0.0, 1e-44, 0.0, -1e-44, 0.0, 1e30, 1e-44,
            1e30, -1e-44,
        ],
    )
    .unwrap();
    let case =
        Case::new(x, &[0, 0, 1, 1, 2, 2, 3, 3], "a\nb\nc\nd\n", "a,0.1\nb,0.2\nc,0.3\nd,0.4\n");
    let amounts = column(&case.sample["information"], "information");
    assert_close(&amounts[..1], &[60.0 * 10_f64.log2() / 2.0], 1e-7);
    assert!(amounts[1..].iter().all(|&bits| (0.0..1e-50).contains(&bits)), "{amounts:?}");
}

#[test]
fn counts_of_every_size() {
    let work = Workdir::new();
    work.write("ap.csv", "class,ap\na,0.1\nb,0.2\nc,0.3\nd,0.4\n");
    work.write(
        "counts.csv",
        "class,instances\na,0\nb,1\nc,18446744073709551615\nd,9223372036854775808\n",
    );
    let json = work.json("correlate --ap ap.csv --counts counts.csv");
    // Beside counts of 2⁶³ and 2⁶⁴, 1 is nothing: deviations −¾, −¾, 5/4, ¼ and −3, −1, 1, 3.
    let r = json["correlations"][0]["pearson"].as_f64().unwrap();
    assert_close(&[r], &[5.0 / 55.0_f64.sqrt()], 1e-12);
    assert!(!work.read("reports/figure1.svg").contains("NaN"));
}
