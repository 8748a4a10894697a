//! The two kernels beside faer's, on one core, and the whole way from a file to information amounts.
//!
//!     cargo bench

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatRef, Par, Side};
use igam_analyze::input::embeddings::Dump;
use igam_analyze::kernel::eigenvalues::{eigenvalues, eigenvalues_above};
use igam_analyze::kernel::product::{DEPTH, Panels, Precision, Symmetric, flop};
use igam_analyze::rows::Rows;
use igam_analyze::shrinkage::Estimator;
use igam_analyze::stream::Plan;

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.expect("one thread").install(divan::main);
}

/// YᵀY of a block of rows; items are FLOP.
#[divan::bench_group]
mod covariance_block {
    use super::*;

    #[divan::bench(args = [64, 128, 256, 512, 1024, 2048])]
    fn ours(bencher: Bencher, p: usize) {
        ours_in(Precision::Double, bencher, p);
    }

    #[divan::bench(args = [64, 128, 256, 512, 1024, 2048])]
    fn ours_in_f32(bencher: Bencher, p: usize) {
        ours_in(Precision::Single, bencher, p);
    }

    fn ours_in(precision: Precision, bencher: Bencher, p: usize) {
        let rows = noise(DEPTH * p);
        let mut scatter = Symmetric::zeros(p);
        bencher.counter(ItemsCount::new(flop(DEPTH as u64, p) as u64)).bench_local(|| {
            let panels = Panels::centred(&rows, &vec![0.5; p], &vec![0.0; p]);
            scatter.add_product(&panels, precision);
        });
    }

    #[divan::bench(args = [64, 128, 256, 512, 1024, 2048])]
    fn faer(bencher: Bencher, p: usize) {
        faers(bencher, &noise(DEPTH * p), p, DEPTH);
    }
}

/// YYᵀ of m rows of 1024 values; items are FLOP.
#[divan::bench_group]
mod gram_matrix {
    use super::*;

    #[divan::bench(args = [22, 94, 300, 1000])]
    fn ours(bencher: Bencher, m: usize) {
        let rows = noise(m * 1024);
        bencher
            .counter(ItemsCount::new(flop(1024, m) as u64))
            .bench_local(|| Symmetric::gram(black_box(&rows), &[0.5; 1024], Precision::Double));
    }

    #[divan::bench(args = [22, 94, 300, 1000])]
    fn faer(bencher: Bencher, m: usize) {
        faers(bencher, &noise(m * 1024), m, 1024);
    }
}

/// Of matrices whose eigenvalues fall as those of trained networks do.
#[divan::bench_group]
mod spectrum {
    use super::*;

    #[divan::bench(args = [64, 128, 256, 512, 1024])]
    fn ours(bencher: Bencher, n: usize) {
        let matrix = symmetric(&decaying(n));
        bencher.bench_local(|| eigenvalues(&matrix));
    }

    #[divan::bench(args = [512, 1024])]
    fn the_twenty_largest(bencher: Bencher, n: usize) {
        let matrix = symmetric(&decaying(n));
        let mut all = eigenvalues(&matrix).expect("a finite matrix");
        all.sort_by(|a, b| b.total_cmp(a));
        let level = 0.5 * (all[19] + all[20]);
        bencher.bench_local(|| eigenvalues_above(&matrix, level));
    }

    #[divan::bench(args = [64, 128, 256, 512, 1024])]
    fn faer(bencher: Bencher, n: usize) {
        bencher
            .with_inputs(|| decaying(n))
            .bench_local_values(|matrix| matrix.self_adjoint_eigenvalues(Side::Lower));
    }
}

/// A file of 20,000 lists of p f32, read as embeddings and by polars alone; items are values.
#[divan::bench_group(sample_count = 20)]
mod parquet_lists {
    use polars::prelude::*;

    use super::*;

    #[divan::bench(args = [128, 512])]
    fn ours(bencher: Bencher, p: usize) {
        let (folder, path) = written(p);
        bencher.counter(ItemsCount::new(20_000 * p)).bench_local(|| {
            let dump = Dump::open(std::slice::from_ref(&path), None)?;
            dump.read(20_000, &mut |block: &mut Vec<f32>| !black_box(block).is_empty())
        });
        drop(folder);
    }

    #[divan::bench(args = [128, 512])]
    fn polars(bencher: Bencher, p: usize) {
        let (folder, path) = written(p);
        bencher.counter(ItemsCount::new(20_000 * p)).bench_local(|| {
            let frame = ParquetReader::new(std::fs::File::open(&path)?).finish()?;
            frame
                .column("embedding")?
                .list()?
                .explode(ExplodeOptions { empty_as_null: false, keep_nulls: false })
        });
        drop(folder);
    }

    fn written(p: usize) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("x.parquet");
        let values = noise(20_000 * p);
        let lists: ListChunked =
            values.chunks(p).map(|row| Some(Series::new("".into(), row))).collect();
        let lists = lists.with_name("embedding".into()).into_series().into_column();
        let mut frame = DataFrame::new_infer_height(vec![lists]).expect("a column");
        let file = std::fs::File::create(&path).expect("a file");
        // As pyarrow packs them unless told otherwise.
        let writer = ParquetWriter::new(file).with_compression(ParquetCompression::Snappy);
        writer.finish(&mut frame).expect("room for it");
        (folder, path)
    }
}

/// A file of 20,000 rows of 20 classes to information amounts; items are rows.
#[divan::bench(args = [128, 512], sample_count = 10)]
fn end_to_end(bencher: Bencher, p: usize) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("x.npy");
    let rows = ndarray::Array2::from_shape_vec((20_000, p), noise(20_000 * p));
    ndarray_npy::write_npy(&path, &rows.expect("20,000 rows")).expect("room for them");
    let labels: Vec<u32> = (0..20_000).map(|row| row % 20).collect();
    bencher.counter(ItemsCount::new(20_000_u64)).bench_local(|| {
        let dump = Dump::open(std::slice::from_ref(&path), None)?;
        let plan = Plan::new::<f32>(&dump, &[1000; 20], None)?;
        let counts = [1000; 20];
        plan.information::<f32>(
            &dump,
            &labels,
            &counts,
            &[Estimator::MpFloor],
            Precision::Double,
            &|_| {},
        )
    });
}

/// faer's triangular product YᵀY, where Y are `depth` rows of `dim` values that are f64 and centred
/// already.
fn faers(bencher: Bencher, values: &[f32], dim: usize, depth: usize) {
    let values: Vec<f64> = values.iter().map(|&value| value as f64 - 0.5).collect();
    let yt = MatRef::from_column_major_slice(&values, dim, depth);
    let mut product = Mat::<f64>::zeros(dim, dim);
    let (lower, whole) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
    bencher.counter(ItemsCount::new(flop(depth as u64, dim) as u64)).bench_local(|| {
        let y = yt.transpose();
        triangular::matmul(&mut product, lower, Accum::Add, yt, whole, y, whole, 1.0, Par::Seq)
    });
}

/// Pseudo-random numbers in 0…1.
fn noise(count: usize) -> Vec<f32> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f32 / (1 << 24) as f32
    };
    (0..count).map(|_| next()).collect()
}

fn symmetric(matrix: &Mat<f64>) -> Symmetric {
    let n = matrix.nrows();
    let packed: Vec<f64> = (0..n).flat_map(|j| matrix.col_as_slice(j)[j..].to_vec()).collect();
    Symmetric::from_packed(n, &packed)
}

/// The scatter of 2n rows whose spectrum falls as j^-1.3.
fn decaying(n: usize) -> Mat<f64> {
    let random = |rows: usize| {
        let values = noise(rows * n).into_iter().map(|value| f64::from(value) - 0.5);
        MatRef::from_row_major_slice(&values.collect::<Vec<_>>(), rows, n).to_owned()
    };
    let mut x = random(2 * n);
    for j in 0..n {
        x.col_mut(j).iter_mut().for_each(|value| *value *= (1.0 + j as f64).powf(-0.65));
    }
    // In mixed directions.
    let x = x * random(n);
    x.transpose() * &x
}
