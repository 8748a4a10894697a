//! Storage against the paper's and the design's figures, against trying every d, and on real data.

use igam_analyze::input::datasets::KnownDataset;
use igam_analyze::input::embeddings::Dump;
use igam_analyze::kernel::product::Precision;
use igam_analyze::moments::Moments;
use igam_analyze::queue::{Held, LocalMoments};
use igam_analyze::shrinkage::Estimator;
use igam_analyze::spectrum::Spectrum;
use igam_analyze::storage::{Shape, ShapeError};
use igam_analyze::stream::Plan;
use polars::prelude::{DataFrame, IntoColumn, NamedFrom, ParquetWriter, Series};
use proptest::prelude::*;

use crate::{Workdir, assert_close, golden, repository};

fn shape(instances: u64, dim: u64, classes: u64) -> Shape {
    Shape::new(instances, dim, classes).unwrap()
}

fn ratio(shape: Shape, values: u64) -> f64 {
    shape.ratio(values as f64)
}

/// R(d) as Eq. 10 has it, without the stray p.
fn eq_10(d: u64, instances: u64, dim: u64, classes: u64) -> f64 {
    (d + classes * (instances / d + 1) * dim) as f64 / instances as f64
}

#[test]
fn known_data_sets_take_what_the_paper_and_the_design_say() {
    // Data set, p, grid d, R and MiB, best d and R.
    for (dataset, dim, grid, at_grid, mib, best, least) in [
        (KnownDataset::Voc, 128, 11_517, "0.435792", ["27.25", "11.87"], 11_161, "0.42940860"),
        (KnownDataset::Coco, 128, 68_182, "0.264749", ["295.72", "78.29"], 75_705, "0.26026273"),
        (KnownDataset::Lvis, 128, 424_047, "0.697560", ["620.19", "432.62"], 423_381, "0.69703521"),
        (
            KnownDataset::Lvis,
            1024,
            641_980,
            "2.445181",
            ["4961.49", "12131.74"],
            635_071,
            "2.43974094",
        ),
    ] {
        let population = dataset.population().unwrap();
        let shape = shape(population.instances, dim, population.classes);
        let [original, grid_mib] = mib;
        let in_mib = |values: f64| format!("{:.2}", values * 4.0 / 1048576.0);
        assert_eq!(in_mib(shape.original() as f64), original);
        let (d, values) = shape.grid_length().unwrap();
        assert_eq!((d, format!("{:.6}", shape.ratio(values)).as_str()), (grid, at_grid));
        assert_eq!(in_mib(values), grid_mib);
        assert_eq!(shape.best_length(), best);
        assert_eq!(format!("{:.8}", ratio(shape, shape.paper(best))), least);
    }
}

/// Of queues that are equally good the shortest, which holds the least at a time.
#[test]
fn the_best_d_is_the_least_of_equals() {
    let mut ties = 0;
    for (n, p, c) in (1..120).flat_map(|n| [(n, 1, 1), (n, 2, 1), (n, 1, 3)]) {
        let shape = shape(n, p, c);
        let least = (1..=n).map(|d| shape.paper(d)).min().unwrap();
        let best: Vec<u64> = (1..=n).filter(|&d| shape.paper(d) == least).collect();
        assert_eq!(shape.best_length(), best[0], "{n} {p} {c}");
        ties += usize::from(best.len() > 1);
    }
    assert!(ties > 50);
}

#[test]
fn hybrid_stores_lvis_in_a_fraction() {
    let lvis = KnownDataset::Lvis.population().unwrap();
    assert_eq!((lvis.instances, lvis.classes), (1_270_141, 1203));
    let counts = lvis.counts.unwrap();
    for (dim, expected) in [(128, "0.0430"), (1024, "0.1956")] {
        let shape = shape(lvis.instances, dim, lvis.classes);
        assert_eq!(format!("{:.4}", ratio(shape, shape.hybrid(&counts))), expected);
    }
}

#[test]
fn the_grid_is_numpys() {
    for case in golden()["storage"].as_array().unwrap() {
        let [instances, dim, classes, d] = [0, 1, 2, 3].map(|at| case[at].as_u64().unwrap());
        let shape = shape(instances, dim, classes);
        let (length, values) = shape.grid_length().unwrap();
        assert_eq!(length, d, "{case}");
        assert_close(&[shape.ratio(values)], &[case[4].as_f64().unwrap()], 1e-12);
    }
    assert_eq!(shape(999, 2, 2).grid_length(), None);
}

#[test]
fn what_cannot_be_counted_is_refused() {
    assert_eq!(Shape::new(0, 1, 1), Err(ShapeError::Empty(0, 1, 1)));
    assert_eq!(Shape::new(1, 0, 1), Err(ShapeError::Empty(1, 0, 1)));
    assert_eq!(Shape::new(1, 1, 0), Err(ShapeError::Empty(1, 1, 0)));
    for (n, p, c) in [(u64::MAX, 1, 1), (1 << 40, 1 << 20, 1), (1, 1 << 32, 1), (1, 1, u64::MAX)] {
        assert_eq!(Shape::new(n, p, c), Err(ShapeError::TooLarge(n, p, c)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_best_d_is_that_of_trying_all(n in 1..5000_u64, p in 1..300_u64, c in 1..200_u64) {
        let shape = shape(n, p, c);
        let least = (1..=n).map(|d| eq_10(d, n, p, c)).fold(f64::INFINITY, f64::min);
        let first = (1..=n).find(|&d| eq_10(d, n, p, c) == least).unwrap();
        prop_assert_eq!(shape.best_length(), first);
        prop_assert!((ratio(shape, shape.paper(first)) - least).abs() <= 1e-14 * least);
    }

    #[test]
    fn the_longest_queue_is_that_of_trying_all(n in 1..2000_u64, p in 1..60_u64, c in 1..30_u64, share in 0.0..2.0_f64) {
        let shape = shape(n, p, c);
        let values = (share * shape.original() as f64) as u64;
        let longest = |store: &dyn Fn(u64) -> u64| (1..=n).rev().find(|&d| store(d) <= values);
        prop_assert_eq!(shape.longest_paper_queue(values), longest(&|d| shape.paper(d)));
        prop_assert_eq!(shape.longest_running_queue(values), longest(&|d| shape.running(d)));
    }

    /// §3.3.1 for one class among others, whatever the queue and however its rows lie in the epoch.
    #[test]
    fn the_queue_does_not_change_the_covariance(
        dim in 1..12_usize, length in 1..400_u64, gaps in prop::collection::vec(0..9_u64, 1..300), seed: u64,
    ) {
        let mut state = seed | 1;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 40) as f32 / (1 << 20) as f32
        };
        let (mut direct, mut queued) = (Moments::new(dim), LocalMoments::new(dim, length));
        let mut at = 0;
        for gap in gaps {
            let row: Vec<f32> = (0..dim).map(|_| next()).collect();
            at += gap;
            direct.push(&row);
            queued.push(at, &row);
            at += 1;
        }
        let bits = |moments| igam_analyze::information::bits(&Spectrum::of(moments).unwrap().unwrap().eigenvalues);
        let (direct, queued) = (bits(direct), bits(queued.merged()));
        prop_assert!((direct - queued).abs() <= 1e-9 * direct, "{} {}", direct, queued);
    }

    #[test]
    fn stores_hold_what_their_formulas_say(labels in prop::collection::vec(0..7_u32, 1..300), p in 1..40_u64, length in 0..300_u64) {
        let n = labels.len() as u64;
        let (shape, d) = (shape(n, p, 7), length % n + 1);
        let mut counts = [0; 7];
        labels.iter().for_each(|&label| counts[label as usize] += 1);
        let held = Held::in_epoch(&shape, &labels, d);
        prop_assert_eq!(held.original, shape.original());
        prop_assert_eq!(held.paper, shape.paper(d));
        prop_assert_eq!(held.running, shape.running(d));
        prop_assert_eq!(held.hybrid, shape.hybrid(&counts));
        prop_assert!(held.hybrid <= held.original);
    }
}

#[test]
fn replay_of_the_real_runs_changes_memory_and_not_information() {
    for run in ["effnet-lite0-ce", "effnet-lite2-seesaw"] {
        let folder = repository("data/fod-a").join(run);
        let dump = Dump::open(&[folder.join("embeddings.npy")], None).unwrap();
        let labels: ndarray::Array1<i64> =
            ndarray_npy::read_npy(folder.join("labels.npy")).unwrap();
        let labels: Vec<u32> = labels.iter().map(|&label| label as u32).collect();
        let mut counts = vec![0; 31];
        labels.iter().for_each(|&label| counts[label as usize] += 1);
        let n = labels.len() as u64;
        let amounts = |classes: Vec<igam_analyze::stream::ClassInformation>| -> Vec<f64> {
            classes.into_iter().map(|class| class.unwrap().unwrap()[0].unwrap().bits).collect()
        };
        let plan = Plan::new::<f32>(&dump, &counts, None).unwrap();
        let sample = [Estimator::Sample];
        let direct =
            plan.information::<f32>(&dump, &labels, &counts, &sample, Precision::Double, &|_| {});
        let direct = amounts(direct.unwrap().0);
        let shape = shape(n, 128, 31);
        for d in [1, 2, 3, 10, 31, 100, 333, 1000, n / 2, shape.best_length(), n - 1, n] {
            let plan = Plan::of_replay::<f32>(&dump, &labels, &counts, d, None).unwrap();
            let queued = plan.replay::<f32>(&dump, &labels, &counts, d, &|_| {}).unwrap();
            assert_close(&amounts(queued.0), &direct, 1e-9);
        }
        for d in 1..=n {
            assert_eq!(Held::in_epoch(&shape, &labels, d).paper, shape.paper(d));
        }
    }
}

/// Each turn of the queue leaves a covariance, and those are merged in their order: to the bit. Nothing
/// that the direct computation folds at once would give the same.
#[test]
fn the_queue_turns_over_when_it_is_full() {
    let (dim, rows) = (5, 300);
    let value = |at: usize| 1e3 + ((at * 7919 + at * at % 31) % 1009) as f64 / 97.0;
    let row = |at: usize| -> Vec<f64> { (0..dim).map(|j| value(at * dim + j)).collect() };
    let mut seen = Vec::new();
    for length in [1, 2, 7, 50, 300] {
        let mut queued = LocalMoments::new(dim, length);
        let mut turns: Vec<Moments<f64>> = Vec::new();
        let mut turn = None;
        // Two of three rows are of this class.
        for at in (0..rows).filter(|at| at % 3 != 1) {
            queued.push(at as u64, &row(at));
            if turn.replace(at as u64 / length) != Some(at as u64 / length) {
                turns.push(Moments::new(dim));
            }
            turns.last_mut().unwrap().push(&row(at));
        }
        let mut expected = Moments::new(dim);
        for mut turn in turns {
            turn.fold_all();
            expected.merge(&turn);
        }
        let queued = queued.merged().into_parts();
        assert_eq!(queued, expected.into_parts(), "{length}");
        assert!(!seen.contains(&queued), "{length}: rounding is the same as before");
        seen.push(queued);
    }
}

/// What the command says of a replay is what both ways give: they differ by rounding, and that is shown.
#[test]
fn a_replay_says_by_how_much_the_ways_differ() {
    let work = Workdir::new();
    // More than one block is read, so that rows are counted over all of them.
    let (rows, dim, classes, length) = (9000, 128, 3, 700);
    let value =
        |(i, j): (usize, usize)| 50.0 + ((i * 7919 + j * j * 31 + i * j) % 1009) as f32 / 97.0;
    let x = ndarray::Array2::from_shape_fn((rows, dim), value);
    assert!(rows * dim * 4 > 4 << 20);
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    // Class 2 comes at the end alone, and has a part of its turns only.
    let class = |i: usize| if i > 8000 { 2 } else { i % 7 % 2 };
    let labels: Vec<u32> = (0..rows).map(|i| class(i) as u32).collect();
    ndarray_npy::write_npy(work.path("y.npy"), &ndarray::Array1::from(labels.clone())).unwrap();
    let command =
        format!("queue-size --embeddings x.npy --labels y.npy --replay --queue-length {length}");
    let replay = work.json(&command)["replay"][1].clone();

    let mut counts = vec![0; classes];
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    let dump = Dump::open(&[work.path("x.npy")], None).unwrap();
    let amounts = |classes: Vec<igam_analyze::stream::ClassInformation>| -> Vec<f64> {
        classes.into_iter().map(|class| class.unwrap().unwrap()[0].unwrap().bits).collect()
    };
    let plan = Plan::new::<f32>(&dump, &counts, None).unwrap();
    let sample = [Estimator::Sample];
    let direct =
        plan.information::<f32>(&dump, &labels, &counts, &sample, Precision::Double, &|_| {});
    let direct = amounts(direct.unwrap().0);
    // The queue of each class, by hand.
    let queued = (0..classes).map(|class| {
        let mut local = LocalMoments::new(dim, length);
        for (at, &label) in labels.iter().enumerate().filter(|&(_, &label)| label == class as u32) {
            assert_eq!(label as usize, class);
            local.push(at as u64, x.row(at).as_slice().unwrap());
        }
        let information =
            igam_analyze::information::Information::of_moments(local.merged(), &sample);
        information.unwrap().unwrap()[0].unwrap().bits
    });
    let queued: Vec<f64> = queued.collect();
    let apart: Vec<f64> = direct.iter().zip(&queued).map(|(a, b)| (a - b).abs()).collect();
    let difference = apart.iter().copied().fold(0.0, f64::max);
    let relative = apart.iter().zip(&direct).map(|(apart, all)| apart / all).fold(0.0, f64::max);
    assert!(difference > 0.0 && relative < 1e-9, "{difference} {relative}");
    assert_eq!(replay["max_information_difference"], difference);
    assert_eq!(replay["max_relative_difference"], relative);
    let turns = rows as u64 / length + 1;
    assert_eq!(replay["covariance_slots"], turns * classes as u64);
    let filled: u64 =
        igam_analyze::queue::fillings_of_classes(&labels, classes, length).iter().sum();
    assert_eq!(replay["covariances"], filled);
    assert_eq!(filled, 12 + 12 + 2);
    let text = String::from_utf8(work.run(&command).stdout).unwrap();
    assert!(text.contains(&format!("I changes by at most {difference:.1e} bits")), "{text}");
}

#[test]
fn the_command_reads_headers_and_labels_alone() {
    let work = Workdir::new();
    // A header that promises more than there is memory for, over a file of holes.
    let (rows, dim) = (3_000_000_u64, 1024_u64);
    let header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {dim}), }}\n");
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.bytes());
    work.write("x.npy", &npy);
    let file = std::fs::OpenOptions::new().append(true).open(work.path("x.npy")).unwrap();
    file.set_len(npy.len() as u64 + rows * dim * 4).unwrap();
    let labels = ndarray::Array1::from_shape_fn(rows as usize, |row| (row % 5) as u8);
    ndarray_npy::write_npy(work.path("y.npy"), &labels).unwrap();
    let json = work.json("queue-size --embeddings x.npy --labels y.npy --bytes-per-value 2");
    let stores = json["storage"].as_array().unwrap();
    assert_eq!(stores.len(), 5);
    for store in stores {
        assert_eq!(
            (&store["instances"], &store["dim"], &store["classes"]),
            (&rows.into(), &dim.into(), &5.into())
        );
    }
    assert_eq!(stores[0]["mib"], (rows * dim * 2) as f64 / 1048576.0);
    for store in stores.iter().filter(|store| !store["ratio"].is_null()) {
        assert_eq!(store["saving"], 1.0 - store["ratio"].as_f64().unwrap());
    }
    // Counts are those of the same embeddings.
    work.write("counts.csv", "class,instances\na,1000000\nb,2000000\n");
    let with_counts = "queue-size --embeddings x.npy --counts counts.csv";
    assert_eq!(work.json(with_counts)["storage"][0]["classes"], 2);
    work.write("counts.csv", "class,instances\na,1000000\nb,2000001\n");
    let refused = work.command(with_counts).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("3000000 embeddings") && said.contains("3000001"), "{said}");
    // 600,000 embeddings a class are folded.
    assert_eq!(stores[4]["ratio"], (5 * (1024 * 1025 / 2 + 1024)) as f64 / (rows * dim) as f64);
}

#[test]
fn budgets() {
    let work = Workdir::new();
    let fits = |arguments: &str| {
        let json = work.json(&format!("queue-size {arguments}"));
        let rows = json["budget"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| (row["fits"].as_str().map(String::from), row["longest_queue"].as_u64()))
            .collect::<Vec<_>>()
    };
    let [yes, no] = ["yes", "no"].map(|word| Some(word.to_owned()));
    // The least that the paper's store takes of VOC is 11.70 MiB, at d = 11161.
    assert_eq!(
        fits("--dataset voc --memory-budget 12267999"),
        [(no.clone(), None), (no.clone(), None), (yes.clone(), Some(22_650)), (None, None)]
    );
    assert_eq!(fits("--dataset voc --memory-budget 12268032")[1], (yes.clone(), Some(11_161)));
    assert_eq!(fits("--dataset lvis --memory-budget 27MiB --bytes-per-value 4")[3], (yes, None));
    assert_eq!(fits("--dataset lvis --memory-budget 27MB")[3], (no, None));
    assert!(work.files("reports").contains(&"budget.csv".to_owned()));
}

/// Sixty embeddings of five classes and of the background, whose label is 9, as npy and as parquet.
fn with_background() -> Workdir {
    let work = Workdir::new();
    let label = |row: usize| if row % 6 == 5 { 9 } else { (row % 6) as i64 };
    let x = ndarray::Array2::from_shape_fn((60, 4), |(i, j)| ((i * i + 3 * j * i) % 11) as f32);
    let labels = ndarray::Array1::from_shape_fn(60, label);
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    ndarray_npy::write_npy(work.path("y.npy"), &labels).unwrap();
    let lists: Vec<Series> =
        x.outer_iter().map(|row| Series::new("".into(), row.as_slice().unwrap())).collect();
    let mut frame = DataFrame::new_infer_height(vec![
        Series::new("embedding".into(), lists).into_column(),
        Series::new("label".into(), labels.as_slice().unwrap()).into_column(),
        Series::new("other".into(), vec![0_i64; 60]).into_column(),
    ])
    .unwrap();
    let file = std::fs::File::create(work.path("d.parquet")).unwrap();
    ParquetWriter::new(file).finish(&mut frame).unwrap();
    work.write("counts.csv", "class,instances\n0,10\n1,10\n2,10\n3,10\n4,10\n");
    work.write("all.csv", "class,instances\n0,10\n1,10\n2,10\n3,10\n4,10\n9,10\n");
    work
}

#[test]
fn the_background_is_not_stored_whoever_counts_the_classes() {
    let work = with_background();
    for input in [
        "--embeddings x.npy --labels y.npy",
        "--embeddings d.parquet",
        "--embeddings x.npy --labels y.npy --counts counts.csv",
        "--embeddings d.parquet --counts counts.csv",
        "--embeddings x.npy --labels y.npy --classes 5",
        "--embeddings d.parquet --classes 5",
        "--embeddings d.parquet --classes 5 --label-column label",
    ] {
        let json = work.json(&format!("queue-size {input} --background-label 9"));
        let store = &json["storage"][0];
        assert_eq!((&store["instances"], &store["classes"]), (&50.into(), &5.into()), "{input}");
        // What each class has is known from labels and from counts.
        assert_eq!(json["storage"][4]["ratio"].is_null(), input.contains("--classes"), "{input}");
    }
    // A label that is not there is warned of, as elsewhere.
    let json = work.json("queue-size --embeddings d.parquet --classes 6 --background-label 7");
    assert_eq!(json["storage"][0]["instances"], 60);
    assert!(
        json["warnings"].to_string().contains("no row has the label 7, the --background-label")
    );
}

#[test]
fn options_that_contradict_each_other_or_have_no_part_are_refused() {
    let work = with_background();
    work.write("names.txt", "a\nb\nc\nd\ne\nf\n");
    work.run("moments --embeddings x.npy --labels y.npy --out m.parquet");
    let background = "--background-label 9";
    for (arguments, code, says) in [
        (
            "--embeddings x.npy --labels y.npy --counts all.csv",
            2,
            "give --labels or --counts, not both",
        ),
        (
            "--embeddings x.npy --labels y.npy --classes 6",
            2,
            "give --labels or --classes, not both",
        ),
        ("--moments m.parquet --classes 6", 2, "give --moments or --classes, not both"),
        (
            &format!("--embeddings x.npy --classes 5 {background}"),
            2,
            "give --labels: x.npy holds no labels of its own",
        ),
        (
            &format!("--embeddings x.npy --counts counts.csv {background}"),
            2,
            "give --labels: x.npy holds no labels of its own",
        ),
        (
            &format!("--embeddings d.parquet --counts all.csv {background}"),
            1,
            "there are 50 embeddings, but the counts sum to 60",
        ),
        (
            "--embeddings x.npy --classes 6 --class-names names.txt",
            2,
            "--class-names is for labels",
        ),
        ("--counts all.csv --dim 4 --class-names names.txt", 2, "--class-names is for labels"),
        ("--moments m.parquet --class-names names.txt", 2, "--class-names is for labels"),
        (
            "--embeddings d.parquet --classes 6 --label-column other",
            2,
            "--label-column is for labels",
        ),
        (
            &format!("--embeddings d.parquet --classes 5 --label-column none {background}"),
            1,
            "has no column \"none\"",
        ),
    ] {
        let output = work.command(&format!("queue-size {arguments}")).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments}: {stderr}");
        assert!(stderr.contains(says), "{arguments}: {stderr}");
        assert!(work.files("reports").is_empty(), "{arguments}");
    }
}
