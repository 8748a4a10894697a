//! From arrays to the verdict and a figure, without a file to read.
//!
//! ```sh
//! cargo run --release --example from_arrays
//! ```
//!
//! Forty classes with embeddings of normal noise, each as spread as AP is low: what the paper says of
//! detectors. Prints the verdict and the warnings, and draws target/scatter.svg.

use std::path::Path;

use fastrand::Rng;
use igam_analyze::{ApColumn, Classes, Detector, Estimator, Options, Result, figure, information};
use ndarray::Array2;

const CLASSES: usize = 40;
const DIM: usize = 16;

fn main() -> Result<()> {
    let mut rng = Rng::with_seed(3);
    let counts: Vec<usize> = (0..CLASSES).map(|_| rng.usize(60..400)).collect();
    let spreads: Vec<f64> = (0..CLASSES).map(|_| 0.5 + rng.f64()).collect();
    let ap: Vec<f64> =
        spreads.iter().map(|spread| 0.7 - 0.3 * spread + 0.1 * (rng.f64() - 0.5)).collect();

    let labels: Vec<i64> =
        (0..CLASSES).flat_map(|class| std::iter::repeat_n(class as i64, counts[class])).collect();
    let normal = |rng: &mut Rng| (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
    let x = Array2::from_shape_fn((labels.len(), DIM), |(row, _)| {
        spreads[labels[row] as usize] * normal(&mut rng)
    });

    let classes = Classes::from_names((0..CLASSES).map(|class| format!("class {class}")))?;
    let options = Options::new().estimator(Estimator::Sample);
    let mut detector = Detector::new("simulated", classes.clone());
    for amounts in information(x.view(), &labels, classes, &options)? {
        detector = detector.information(amounts)?;
    }
    let study = detector.average_precision(&ApColumn::in_order(&ap)?)?.correlate()?;
    print!("{}", study.verdict);
    for warning in &study.warnings {
        eprintln!("{warning}");
    }
    let svg = figure::scatter(&study)?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/scatter.svg");
    std::fs::write(&path, svg).map_err(|source| igam_analyze::Error::Write { path, source })
}
