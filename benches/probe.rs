//! Trains one classification layer of LVIS's shape, and says how fast its products ran:
//!
//! ```sh
//! cargo bench --bench probe -- 300000 1024 1203 20
//! ```
//!
//! The arguments are rows, dimensions, classes and epochs. `benches/probe_against_numpy.py` compares with NumPy.

use std::time::Instant;

use igam_analyze::analysis::probe::Layer;
use igam_analyze::probe::{LossKind, RowLoss};
use igam_analyze::rows::Array;
use igam_analyze::stream::{Features, Threads};

/// Seconds that all cores have worked, in hundredths, as Linux counts them.
fn worked() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn main() {
    let given: Vec<usize> = std::env::args().filter_map(|text| text.parse().ok()).collect();
    let [rows, dim, classes, epochs] = given[..] else {
        // As `cargo test` and `cargo bench` of everything run it.
        return println!("give rows, dimensions, classes and epochs");
    };
    let mut random = fastrand::Rng::with_seed(1);
    // As LVIS's counts, a few classes have most of the rows.
    let labels: Vec<u32> =
        (0..rows).map(|_| (classes as f64 * random.f64().powi(3)) as u32).collect();
    let values: Vec<f32> = labels
        .iter()
        .flat_map(|&label| (0..dim).map(move |at| (label, at)))
        .map(|(label, at)| {
            let mean = ((label as usize * 7919 + at * 104_729) % 1000) as f32 / 1000.0;
            mean + random.f32()
        })
        .collect();
    let weights = vec![1.0 / rows as f64; rows];
    let features: Features<f32, Array> = Features::Memory(values, dim);
    for kind in [LossKind::Softmax, LossKind::Cosine] {
        let scale = kind.is_cosine().then_some(30.0);
        let loss = RowLoss::new(kind, &vec![1.0; classes], scale.unwrap_or(1.0));
        let layer = Layer { classes, scale, epochs, threads: Threads::All };
        let started = (Instant::now(), worked());
        let trained = layer.trained(&features, (&labels, &weights), &loss, &|_| {});
        let (seconds, worked) = (started.0.elapsed().as_secs_f64(), worked() - started.1);
        let Ok((_, minimum)) = trained else { return println!("not trained") };
        let operations = 4.0 * (rows * dim * classes * minimum.evaluations) as f64;
        println!(
            "{}: {} epochs in {seconds:.2} s ({worked:.2} of all cores), {:.1} GF/s, loss {:.4}",
            kind.name(),
            minimum.evaluations,
            operations / seconds / 1e9,
            minimum.value
        );
    }
}
