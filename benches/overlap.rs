//! Overlap and spread beside the information amounts of the same dump: 1203 classes with the proportions of
//! LVIS v1.0, at a tenth of its instances, in 1024 dimensions.
//!
//!     cargo bench --bench overlap [-- ROWS DIM]
//!
//! Printed are seconds, those of all cores in brackets, and the peak of resident memory so far.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use igam_analyze::Estimator;
use igam_analyze::input::embeddings::Dump;
use igam_analyze::kernel::product::Precision;
use igam_analyze::overlap::Overlap;
use igam_analyze::stream::{self, Plan};

/// Instances of each class: those of LVIS times `rows` over their sum, at least one.
fn counts(rows: u64) -> Vec<u64> {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/tables/lvis_v1_train_counts.csv");
    let mut table = csv::Reader::from_path(table).expect("the table of LVIS");
    let at = table.headers().unwrap().iter().position(|name| name == "instances").unwrap();
    let all: Vec<u64> = table.records().map(|row| row.unwrap()[at].parse().unwrap()).collect();
    let sum: u64 = all.iter().sum();
    all.iter().map(|&count| (count * rows / sum).max(1)).collect()
}

/// Rectified numbers about a mean of each class, whose spread falls as the dimension's number^−0.65.
fn write(path: &Path, labels: &[u32], classes: usize, dim: usize) {
    let mut rng = fastrand::Rng::with_seed(0);
    let mut normal = move || (0..4).map(|_| rng.f32() - 0.5).sum::<f32>() * 3.0_f32.sqrt();
    let means: Vec<f32> = (0..classes * dim).map(|_| normal()).collect();
    let deviations: Vec<f32> = (1..=dim).map(|at| 6.3 * (at as f32).powf(-0.65)).collect();
    let shape = format!("({}, {dim})", labels.len());
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}").into_bytes();
    header.resize((header.len() + 11).next_multiple_of(64) - 11, b' ');
    header.push(b'\n');
    let mut file = BufWriter::new(File::create(path).unwrap());
    file.write_all(b"\x93NUMPY\x01\x00").unwrap();
    file.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
    file.write_all(&header).unwrap();
    for &label in labels {
        let mean = &means[label as usize * dim..][..dim];
        for (mean, deviation) in mean.iter().zip(&deviations) {
            let value = (mean + deviation * normal()).max(0.0);
            file.write_all(&value.to_le_bytes()).unwrap();
        }
    }
    file.flush().unwrap();
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("unknown".into(), |peak| peak.trim().to_owned())
}

/// Seconds since then, and those that all cores have worked meanwhile.
struct Clock(Instant, f64);

impl Clock {
    fn start() -> Clock {
        Clock(Instant::now(), Clock::worked())
    }

    /// In hundredths, as Linux counts them.
    fn worked() -> f64 {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
    }

    fn read(&self) -> String {
        format!("{:.2} s ({:.2})", self.0.elapsed().as_secs_f64(), Clock::worked() - self.1)
    }
}

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|text| text.parse().ok()).collect();
    let (rows, dim) = (*numbers.first().unwrap_or(&127_014), *numbers.get(1).unwrap_or(&1024));
    let counts = counts(rows);
    let mut labels: Vec<u32> =
        (0..).zip(&counts).flat_map(|(class, &m)| vec![class; m as usize]).collect();
    fastrand::Rng::with_seed(1).shuffle(&mut labels);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("embeddings.npy");
    write(&path, &labels, counts.len(), dim as usize);
    let dump = Dump::open(&[path], None).unwrap();
    println!("{} rows of {dim} dimensions, {} classes", labels.len(), counts.len());

    for precision in [Precision::Double, Precision::Single] {
        let passes = stream::passes::<f32>(&dump, &counts, None).unwrap();
        for estimators in [&[][..], &[Estimator::MpFloor]] {
            let clock = Clock::start();
            let (within, _, stages) = stream::within_classes::<f32>(
                &passes,
                &dump,
                &labels,
                &counts,
                estimators,
                precision,
                &|_| (),
            )
            .unwrap();
            println!(
                "{}, {} pass(es){}: {}; products {:.2} s, pooled {:.2} s, spectra {:.2} s, peak {}",
                precision.name(),
                passes.len(),
                if estimators.is_empty() { "" } else { ", with information by mp-floor" },
                clock.read(),
                stages.products.as_secs_f64(),
                stages.pooled.as_secs_f64(),
                stages.spectra.as_secs_f64(),
                peak()
            );
            if precision == Precision::Double && estimators.is_empty() {
                let clock = Clock::start();
                let pooled = within.pooled().unwrap().unwrap();
                let factored = clock.read();
                let overlap = Overlap::of(&within, &pooled);
                let shrunk = overlap.intensity;
                println!(
                    "  overlap: {}, {factored} of it for W, shrunk by {shrunk:.4}",
                    clock.read()
                );
                let clock = Clock::start();
                stream::suspects(&dump, &labels, &within, &pooled, &|_| ()).unwrap();
                println!("  suspects: {}, peak {}", clock.read(), peak());
            }
        }
    }
    for estimators in [&[Estimator::MpFloor][..], &[Estimator::Sample], Estimator::ALL] {
        let clock = Clock::start();
        let plan = Plan::new::<f32>(&dump, &counts, None).unwrap();
        let (_, stages) = plan
            .information::<f32>(&dump, &labels, &counts, estimators, Precision::Double, &|_| ())
            .unwrap();
        let names: Vec<_> = estimators.iter().map(|estimator| estimator.name()).collect();
        println!(
            "information by {}: products {:.2} s, spectra {:.2} s, all {}, peak {}",
            names.join(", "),
            stages.products.as_secs_f64(),
            stages.spectra.as_secs_f64(),
            clock.read(),
            peak()
        );
    }
}
