//! Bad input ends in one sentence that says what and where, exit code 1 (2 for wrong usage), and
//! leaves nothing behind. A row a case: keep it growing.

use crate::Workdir;

/// The command, over files that are all good: each case spoils one.
const GOOD: &str = "correlate --embeddings x.npy --labels y.npy --class-names classes.txt --ap ap.csv --counts counts.csv";

fn good() -> Workdir {
    let work = Workdir::new();
    let x = ndarray::Array2::from_shape_fn((6, 2), |(i, j)| (i * i + 3 * j) as f32);
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    ndarray_npy::write_npy(work.path("y.npy"), &ndarray::arr1(&[0_i64, 0, 1, 1, 2, 2])).unwrap();
    work.write("classes.txt", "a\nb\nc\n");
    work.write("ap.csv", "class,ap\na,0.5\nb,0.25\nc,0.75\n");
    work.write("counts.csv", "class,instances\na,2\nb,2\nc,2\n");
    work
}

/// An npy file with this header dictionary and data.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16 + 1).to_le_bytes());
    file.extend(header.bytes().chain([b'\n']));
    file.extend(data);
    file
}

fn header(descr: &str, shape: &str) -> String {
    format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}")
}

#[track_caller]
fn refused(work: &Workdir, arguments: &str, code: i32, sentence: &str) {
    let output = work.command(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments}: {stderr}");
    let error = stderr.lines().last().unwrap_or_default();
    assert!(
        error.starts_with("igam-analyze: error: ") && error.contains(sentence),
        "{arguments}:\n{stderr}\nnot: {sentence}"
    );
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert_eq!(stderr.matches("igam-analyze: error").count(), 1, "{stderr}");
    assert!(output.stdout.is_empty());
    assert!(work.files("reports").is_empty(), "{arguments} left {:?}", work.files("reports"));
}

#[test]
fn good_is_good() {
    good().run(GOOD);
}

#[test]
fn spoiled_files() {
    let f4 = |rows: usize| vec![0; rows * 2 * 4];
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("x.npy", b"".into(), "x.npy: is not an npy file: it is too short"),
        ("x.npy", b"PK\x03\x04 something else".into(), "does not start with \\x93NUMPY"),
        ("x.npy", b"\x93NUMPY\x01\x00\xff\xff{".into(), "cut off within its npy header"),
        (
            "x.npy",
            b"\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr'".into(),
            "claims an npy header of 4294967295 bytes",
        ),
        ("x.npy", npy("{'descr': ", b""), "bad npy header"),
        (
            "x.npy",
            npy(&header("'<f4'", "(6, 2)"), &f4(5)),
            "promises an array of shape [6, 2] (<f4), but there are 40 bytes",
        ),
        ("x.npy", npy(&header("'<f4'", "(6, 2)"), &f4(7)), "is there more than one array in it?"),
        ("x.npy", npy(&header("'<f4'", "(1152921504606846976, 2)"), &f4(6)), "is cut off"),
        (
            "x.npy",
            npy(&header("'|O'", "(6, 2)"), b"\x80\x04."),
            "Python objects, which are never read",
        ),
        ("x.npy", npy(&header("[('a', '<f4')]", "(6,)"), &f4(3)), "structured records"),
        (
            "x.npy",
            npy(&header("'<c8'", "(6, 2)"), &f4(12)),
            "elements of type \"<c8\": embeddings are f16, f32 or f64",
        ),
        ("x.npy", npy(&header("'<i4'", "(6, 2)"), &f4(6)), "elements of type \"<i4\""),
        ("x.npy", npy(&header("'<f4'", "(12,)"), &f4(6)), "embeddings have two axes"),
        ("x.npy", npy(&header("'<f4'", "(6, 2, 1)"), &f4(6)), "embeddings have two axes"),
        ("x.npy", npy(&header("'<f4'", "(0, 2)"), &[]), "empty array of shape [0, 2]"),
        ("x.npy", npy(&header("'<f4'", "(6, 0)"), &[]), "empty array of shape [6, 0]"),
        ("x.npy", npy(&header("'<f4'", "(5, 2)"), &f4(5)), "there are 5 embeddings but 6 labels"),
        (
            "x.npy",
            npy(&header("'<f4'", "(6, 2)"), &[f4(2), f32::NAN.to_le_bytes().repeat(8)].concat()),
            "x.npy: row 2, column 0 (from 0) is NaN or infinite",
        ),
        ("y.npy", npy(&header("'<f4'", "(6,)"), &[0; 24]), "labels are integers"),
        ("y.npy", npy(&header("'<i4'", "(6, 1)"), &[0; 24]), "labels have one axis"),
        (
            "y.npy",
            npy(&header("'|i1'", "(6,)"), &[0, 0, 1, 1, 2, 3]),
            "the label of row 5 (from 0) is 3, which is none of the 3 classes",
        ),
        (
            "y.npy",
            npy(&header("'|i1'", "(6,)"), &[0, 0, 255, 1, 2, 2]),
            "the label of row 2 (from 0) is -1",
        ),
        (
            "y.npy",
            npy(&header("'<u8'", "(1,)"), &[255; 8]),
            "label 18446744073709551615 of row 0 is too large",
        ),
        ("classes.txt", b"a\nb\na\n".into(), "names the class \"a\" twice"),
        ("classes.txt", b"".into(), "names no class"),
        (
            "ap.csv",
            b"class,ap\na,0.5\nb,1.25\nc,0.75\n".into(),
            "column \"ap\" mixes the scales 0\u{2013}1 and 0\u{2013}100: 2 values are at most 1, 1 are above",
        ),
        (
            "ap.csv",
            b"class,ap\na,0.5\nb,high\nc,0.75\n".into(),
            "ap.csv: line 3, column \"ap\": \"high\" is no AP between 0 and 100",
        ),
        ("ap.csv", b"class,ap\na,0.5\nb,-0.5\n".into(), "line 3, column \"ap\": \"-0.5\" is no AP"),
        ("ap.csv", b"class,ap\na,0.5\nb\n".into(), "line 3 has 1 cells, the header has 2"),
        ("ap.csv", b"class,ap\na,0.5\na,0.25\n".into(), "two rows for the class \"a\""),
        (
            "ap.csv",
            b"class,ap\nx,0.5\ny,0.25\n".into(),
            "names none of the classes: it has \"x\", \"y\", the classes are \"a\", \"b\", \"c\"",
        ),
        (
            "ap.csv",
            b"name,ap\na,0.5\n".into(),
            "has no column \"class\"; its columns are \"name\", \"ap\"",
        ),
        (
            "ap.csv",
            b"class,ap50,ap75\na,0.5,0.2\n".into(),
            "several columns of numbers, \"ap50\", \"ap75\": choose with --ap-column",
        ),
        ("ap.csv", b"class,ap\n".into(), "has no row below its header"),
        (
            "counts.csv",
            b"class,instances\na,2\nb,2.5\n".into(),
            "line 3, column \"instances\": \"2.5\" is no count of instances",
        ),
        ("counts.csv", b"class,train,val\na,2,3\n".into(), "choose with --counts-column"),
    ];
    for (name, content, sentence) in cases {
        let work = good();
        work.write(name, content);
        refused(&work, GOOD, 1, sentence);
    }
}

#[test]
fn missing_and_misused() {
    let work = good();
    work.write("other.npy", npy(&header("'<f4'", "(2, 3)"), &[0; 24]));
    work.write("notes.txt", "no");
    work.write("letters.csv", "class,instances,frequency\na,1,r\nb,2,x\n");
    work.write("bad.parquet", "PAR1 no PAR1");
    std::fs::create_dir(work.path("empty")).unwrap();
    for (arguments, code, sentence) in [
        (
            "information --embeddings none.npy --labels y.npy",
            1,
            "none.npy: there is no such file, and nothing matches it as a glob",
        ),
        (
            "information --embeddings empty --labels y.npy",
            1,
            "empty: holds no file that ends in .npy, .npz, .parquet",
        ),
        (
            "information --embeddings notes.txt --labels y.npy",
            1,
            "notes.txt: is neither .npy, .npz nor .parquet",
        ),
        (
            "information --embeddings bad.parquet --labels y.npy",
            1,
            "bad.parquet: is not a readable parquet file",
        ),
        (
            "information --embeddings x.npy other.npy --labels y.npy",
            1,
            "other.npy: its embeddings have 3 dimensions, those in x.npy have 2",
        ),
        ("information --embeddings x.npy", 2, "give --labels: x.npy holds no labels of its own"),
        ("information --counts counts.csv", 2, "information needs --embeddings"),
        ("correlate --ap ap.csv", 2, "give --embeddings, or --counts"),
        ("correlate --ap none.csv --counts counts.csv", 1, "none.csv: cannot be read"),
        (
            "correlate --ap ap.csv --counts counts.csv --ap-column AP",
            1,
            "has no column \"AP\"; its columns are \"class\", \"ap\"",
        ),
        ("correlate --runs notes.txt", 1, "notes.txt: "),
        (
            "correlate --ap ap.csv --counts counts.csv --groups lvis",
            1,
            "--groups lvis needs to know how often classes occur",
        ),
        (
            "correlate --ap ap.csv --counts letters.csv --groups lvis",
            1,
            "letters.csv: line 3, column \"frequency\": \"x\" is no frequency",
        ),
    ] {
        refused(&work, arguments, code, sentence);
    }
}

#[test]
fn runs_files() {
    for (text, sentence) in [
        ("", "runs.toml: has no [[run]]"),
        ("[[run]]\nembedding = \"x.npy\"\n", "run 1: unknown field `embedding`"),
        ("[[run]]\nembeddings = 3\n", "run 1: "),
        ("[[run]]\nloss = \"CE\"\n", "the run \"CE\" has no AP"),
        ("[[run]]\nloss = \"CE\"\n[[run]]\nloss = \"CE\"\n", "two runs are called \"CE\""),
    ] {
        let work = good();
        work.write("runs.toml", text);
        refused(&work, "correlate --runs runs.toml", 1, sentence);
    }
}

#[test]
fn margins_and_losses() {
    let work = good();
    let columns = "run,class_id,class,information\n";
    work.write("empty.csv", format!("{columns}r,0,a,\n"));
    work.write("bad.csv", format!("{columns}r,0,a,-1\n"));
    work.write("twice.csv", format!("{columns}r,0,a,1\nr,0,b,2\n"));
    work.write("several.csv", format!("{columns}r,0,a,1\ns,0,b,2\n"));
    let matrix = |name: &str, rows: usize, columns: usize| {
        ndarray_npy::write_npy(work.path(name), &ndarray::Array2::<f32>::zeros((rows, columns)))
            .unwrap();
    };
    matrix("w.npy", 3, 2);
    matrix("background.npy", 4, 2);
    matrix("wide.npy", 3, 5);
    matrix("m.npy", 4, 4);
    let loss = "loss --embeddings x.npy --labels y.npy --class-names classes.txt --weights";
    for (arguments, code, sentence) in [
        ("margins".into(), 2, "margins needs --information or --embeddings"),
        (
            "margins --information ap.csv".into(),
            1,
            "has no column \"run\"; its columns are \"class\", \"ap\"",
        ),
        ("margins --information empty.csv".into(), 1, "no class has an information amount"),
        (
            "margins --information bad.csv".into(),
            1,
            "line 2, column \"information\": \"-1\" is no information amount",
        ),
        ("margins --information twice.csv".into(), 1, "two rows for the class id 0"),
        (
            "margins --information several.csv".into(),
            1,
            "holds several runs, \"r\", \"s\": choose one with --run",
        ),
        ("margins --information several.csv --run t".into(), 1, "holds no run \"t\""),
        ("loss --weights w.npy".into(), 2, "loss needs --embeddings"),
        (
            format!("{loss} wide.npy"),
            1,
            "weights of 3 classes in 5 dimensions, the embeddings are of 3 classes in 2",
        ),
        (
            format!("{loss} background.npy"),
            1,
            "weights of 4 classes in 2 dimensions, the embeddings are of 3 classes in 2",
        ),
        (
            format!("{loss} w.npy --margins m.npy"),
            1,
            "the margins are 4×4, but there are 3 classes",
        ),
    ] {
        refused(&work, &arguments, code, sentence);
    }
}

#[test]
fn queue_sizes() {
    let work = good();
    work.write("huge.csv", "class,instances\na,18446744073709551615\nb,1\n");
    work.write("none.csv", "class,instances\na,0\nb,0\n");
    let replay = "queue-size --embeddings x.npy --labels y.npy --replay";
    for (arguments, code, sentence) in [
        ("queue-size".into(), 2, "give --dataset, or --instances, --dim and --classes, or"),
        ("queue-size --instances 10 --dim 2".into(), 2, "give --dataset, or"),
        ("queue-size --counts counts.csv".into(), 2, "give --dataset, or"),
        (
            "queue-size --instances 0 --dim 2 --classes 3".into(),
            1,
            "must all be above 0, not 0, 2 and 3",
        ),
        ("queue-size --dataset voc --dim 0".into(), 1, "must all be above 0, not 55800, 0 and 20"),
        (
            "queue-size --instances 18446744073709551615 --dim 1 --classes 1".into(),
            1,
            "18446744073709551615 instances of 1 dimensions in 1 classes are more than 64 bits can count",
        ),
        ("queue-size --counts huge.csv --dim 2".into(), 1, "sum to more than 64 bits can count"),
        ("queue-size --counts none.csv --dim 2".into(), 1, "must all be above 0, not 0, 2 and 2"),
        (
            "queue-size --counts counts.csv --embeddings x.npy --labels y.npy".into(),
            2,
            "give --labels or --counts, not both",
        ),
        (
            "queue-size --embeddings x.npy --counts none.csv".into(),
            1,
            "there are 6 embeddings, but the counts sum to 0",
        ),
        (
            "queue-size --embeddings x.npy --classes 3 --replay".into(),
            2,
            "--replay needs the labels",
        ),
        (
            format!("{replay} --queue-length 0"),
            2,
            "--queue-length 0: the queue must hold at least 1 and at most all 6 embeddings",
        ),
        (format!("{replay} --queue-length 7"), 2, "--queue-length 7: the queue must hold"),
    ] {
        refused(&work, &arguments, code, sentence);
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    let work = good();
    for arguments in [
        "",
        "correlate",
        "information --threads 0",
        "information --estimator best",
        "correlate --runs r.toml --ap ap.csv",
        "correlate --ap ap.csv --counts counts.csv --groups few,many",
        "correlate --ap ap.csv --counts counts.csv --groups 20,20",
        "queue-size --dataset voc --instances 5",
        "queue-size --dataset mnist",
        "queue-size --dataset voc --replay",
        "queue-size --dataset voc --bytes-per-value 3",
        "queue-size --dataset voc --memory-budget 0",
        "queue-size --dataset voc --memory-budget 64elephants",
        "queue-size --instances -1 --dim 2 --classes 3",
        "queue-size --instances 18446744073709551616 --dim 2 --classes 3",
    ] {
        let output = work.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments}");
    }
}

#[test]
fn what_cannot_be_written_leaves_the_old_files() {
    let work = good();
    work.run(GOOD);
    let before = work.read("reports/correlations.csv");
    work.write("ap.csv", "class,ap\na,0.5\nb,0.25\nc,0.15\n");
    // A directory stands where a later file should go: nothing may change.
    std::fs::remove_file(work.path("reports/scatter.svg")).unwrap();
    std::fs::create_dir(work.path("reports/scatter.svg")).unwrap();
    let output = work.command(GOOD).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("scatter.svg: cannot be written"));
    assert_eq!(work.read("reports/correlations.csv"), before);
    work.write("file", "");
    let output = work.command(&format!("{GOOD} --out file/reports")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}
