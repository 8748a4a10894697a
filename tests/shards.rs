//! Which files are data, in which order, and that labels are those of their embeddings.

use std::fs;

use ndarray::{Array1, Array2, s};
use ndarray_npy::write_npy;
use polars::prelude::{NamedFrom, Series};
use zip::CompressionMethod::Stored;

use crate::bad_input::{header, lists, npy, npz, parquet, refused};
use crate::{Workdir, column};

const ROWS: usize = 44;

/// Embeddings of four classes that differ much in their spread, so that a wrong join shows.
fn instances() -> (Array2<f32>, Array1<i64>) {
    let label = |row: usize| (row * row + row / 5) % 4;
    let value = |(row, column): (usize, usize)| {
        ((row * 7919 + column * 104_729) % 1009) as f32 / 500.0 * (1 + 3 * label(row)) as f32
    };
    (Array2::from_shape_fn((ROWS, 3), value), Array1::from_shape_fn(ROWS, |row| label(row) as i64))
}

/// Writes rows of the embeddings and labels.
fn shard(work: &Workdir, embeddings: &str, labels: &str, from: usize, to: usize) {
    let (x, y) = instances();
    for path in [embeddings, labels] {
        fs::create_dir_all(work.path(path).parent().unwrap()).unwrap();
    }
    write_npy(work.path(embeddings), &x.slice(s![from..to, ..]).to_owned()).unwrap();
    write_npy(work.path(labels), &y.slice(s![from..to]).to_owned()).unwrap();
}

/// Eleven files of four rows in `emb` and `lab`, whose names text order sorts otherwise than as numbers.
fn shards() -> Workdir {
    let work = Workdir::new();
    for at in 0..11 {
        shard(&work, &format!("emb/{at}.npy"), &format!("lab/{at}.npy"), 4 * at, 4 * at + 4);
    }
    work
}

fn amounts(work: &Workdir, arguments: &str) -> Vec<f64> {
    column(&work.json(&format!("information {arguments}"))["information"], "information")
}

/// Those of all rows, in one file each.
fn truth() -> Vec<f64> {
    let work = Workdir::new();
    shard(&work, "x.npy", "y.npy", 0, ROWS);
    amounts(&work, "--embeddings x.npy --labels y.npy")
}

/// A parquet file of some rows, with a column of labels if it is named.
fn parquet_rows(from: usize, to: usize, label: Option<&str>) -> Vec<u8> {
    let (x, y) = instances();
    let rows: Vec<Vec<Option<f32>>> =
        (from..to).map(|row| x.row(row).iter().map(|&value| Some(value)).collect()).collect();
    let rows: Vec<_> = rows.iter().map(|row| Some(&row[..])).collect();
    let labels = |name: &str| Series::new(name.into(), y.slice(s![from..to]).to_vec());
    parquet([lists("embedding", &rows)].into_iter().chain(label.map(labels)).collect())
}

#[test]
fn one_order_however_files_are_named() {
    let (work, truth) = (shards(), truth());
    let by_shell = |folder: &str| {
        let mut names: Vec<_> = (0..11).map(|at| format!("{folder}/{at}.npy")).collect();
        names.sort();
        names
    };
    let reversed = |folder: &str| by_shell(folder).into_iter().rev().collect::<Vec<_>>().join(" ");
    let ways = |folder: &str| {
        [
            folder.to_owned(),
            format!("./{folder}/"),
            work.path(folder).display().to_string(),
            by_shell(folder).join(" "),
            format!("{folder}/*.npy"),
            format!("{folder}/1*.npy {folder}/[02-9].npy"),
            reversed(folder),
        ]
    };
    for embeddings in ways("emb") {
        for labels in ways("lab") {
            let arguments = format!("--embeddings {embeddings} --labels {labels}");
            assert_eq!(amounts(&work, &arguments), truth, "{arguments}");
        }
    }
    // One file of all labels is in natural order, too.
    let (_, y) = instances();
    write_npy(work.path("y.npy"), &y).unwrap();
    for embeddings in ["emb", "emb/*.npy", &by_shell("emb").join(" ")] {
        let arguments = format!("--embeddings {embeddings} --labels y.npy");
        assert_eq!(amounts(&work, &arguments), truth, "{arguments}");
    }
    // Another order may be that of the labels.
    let sentence = "emb/9.npy: is not in the natural order of the file names";
    let arguments = format!("information --embeddings {} --labels y.npy", reversed("emb"));
    refused(&work, &arguments, 1, sentence);
}

/// Whatever the names are, files of an own order on both sides are pairs if natural order makes the same.
#[test]
fn files_named_in_an_order_of_their_own() {
    let work = Workdir::new();
    shard(&work, "day.npy", "l.npy", 0, 22);
    shard(&work, "night.npy", "m.npy", 22, 44);
    let truth = truth();
    assert_eq!(amounts(&work, "--embeddings night.npy day.npy --labels m.npy l.npy"), truth);
    assert_eq!(amounts(&work, "--embeddings day.npy night.npy --labels l.npy m.npy"), truth);
    let sentence = "is not in the natural order of the file names";
    for arguments in [
        "information --embeddings night.npy day.npy --labels l.npy m.npy",
        "information --embeddings day.npy night.npy --labels m.npy l.npy",
    ] {
        refused(&work, arguments, 1, sentence);
    }
    work.write(
        "runs.toml",
        "[[run]]\nap = \"ap.csv\"\nembeddings = [\"night.npy\", \"day.npy\"]\nlabels = [\"l.npy\", \"m.npy\"]\n",
    );
    work.write("ap.csv", "class,ap\n0,0.5\n1,0.25\n2,0.75\n3,0.5\n");
    refused(&work, "correlate --runs runs.toml", 1, sentence);
}

#[test]
fn row_counts_agree_file_by_file() {
    let work = Workdir::new();
    shard(&work, "emb/p.npy", "unused/0.npy", 0, 20);
    shard(&work, "emb/q.npy", "unused/1.npy", 20, 44);
    shard(&work, "unused/x.npy", "lab/r.npy", 0, 24);
    shard(&work, "unused/y.npy", "lab/s.npy", 24, 44);
    let sentence = "lab/r.npy: holds 24 labels for the 20 embeddings of emb/p.npy";
    refused(&work, "information --embeddings emb --labels lab", 1, sentence);
    let (_, y) = instances();
    write_npy(work.path("lab/r.npy"), &y.slice(s![..16]).to_owned()).unwrap();
    write_npy(work.path("lab/s.npy"), &y.slice(s![16..]).to_owned()).unwrap();
    let sentence = "lab/r.npy: holds 16 labels for the 20 embeddings of emb/p.npy";
    refused(&work, "information --embeddings emb --labels lab/*.npy", 1, sentence);
    // Of a rank without rows there need be no labels.
    let none = npy(&header("'<f4'", "(0, 3)"), &[]);
    work.write("emb/o.npy", none);
    refused(&work, "information --embeddings emb --labels lab", 1, sentence);
    write_npy(work.path("lab/r.npy"), &y.slice(s![..20]).to_owned()).unwrap();
    write_npy(work.path("lab/s.npy"), &y.slice(s![20..]).to_owned()).unwrap();
    assert_eq!(amounts(&work, "--embeddings emb --labels lab"), truth());
    // Labels in the very files.
    let x = |rows: usize| npy(&header("'<f4'", &format!("({rows}, 2)")), &vec![0; 8 * rows]);
    let y = |rows: usize| npy(&header("'|i1'", &format!("({rows},)")), &vec![0; rows]);
    fs::create_dir(work.path("both")).unwrap();
    for (name, embeddings, labels) in [("0", 3, 4), ("1", 4, 3)] {
        let file = npz(&[("embeddings.npy", &x(embeddings)), ("labels.npy", &y(labels))], Stored);
        work.write(&format!("both/{name}.npz"), file);
    }
    let sentence = "both/0.npz: holds 4 labels for the 3 embeddings of both/0.npz";
    refused(&work, "information --embeddings both", 1, sentence);
}

#[test]
fn names_that_contradict_the_order() {
    // Files of embeddings and of labels, in natural order of each; whether they may be joined so.
    for (embeddings, labels, refusal) in [
        (["emb/rank0", "emb/rank1"], ["lab/a_rank1", "lab/b_rank0"], true),
        (["emb2/rank0", "emb2/rank1"], ["lab2/a_rank1", "lab2/b_rank0"], true),
        (["a_rank0", "b_rank1"], ["l/a_rank1", "l/b_rank0"], true),
        (["rank0/x", "rank1/x"], ["l/1/y", "l/2-0/y"], true),
        (["a/x", "b/y"], ["c/y", "d/x"], true),
        (["cat", "dog"], ["1_dog", "2_cat"], true),
        (["emb/0", "emb/1"], ["lab/1", "lab/2"], true),
        (["emb/08", "emb/9"], ["lab/a-9", "lab/b-8"], true),
        (["emb/8", "emb/9"], ["lab/008", "lab/009"], false),
        (["emb/rank0", "emb/rank1"], ["lab/rank0_y", "lab/rank1_y"], false),
        (["train", "val"], ["y-train", "y-val"], false),
        (["x-0-of-2", "x-1-of-2"], ["y-0-of-2", "y-1-of-2"], false),
        (["emb/rank0/0", "emb/rank1/0"], ["lab/rank0/0", "lab/rank1/0"], false),
        (["emb/0", "emb/1"], ["lab/0-rows1", "lab/1-rows0"], true),
        (["emb/0", "emb/1"], ["lab/0-rows22", "lab/1-rows1"], false),
        (["day", "night"], ["l", "m"], false),
        (["emb/x", "emb/y"], ["lab/7", "lab/8"], false),
        (["e0-r1", "e1-r0"], ["e0-r1-y", "e1-r0-y"], false),
        (["2023-12", "2024-01"], ["2023-12y", "2024-01y"], false),
        (["part-00000-0d1a", "part-00001-1c0b"], ["part-00000-1f1e", "part-00001-0a0c"], false),
    ] {
        let work = Workdir::new();
        for at in 0..2 {
            let [x, y] = [embeddings[at], labels[at]].map(|name| format!("e/{name}.npy"));
            shard(&work, &x, &y.replacen("e/", "l/", 1), 22 * at, 22 * at + 22);
        }
        let arguments = "--embeddings e --labels l";
        if refusal {
            let sentence = "npy: by its name it holds the labels of e/";
            refused(&work, &format!("information {arguments}"), 1, sentence);
        } else {
            assert_eq!(amounts(&work, arguments), truth(), "{embeddings:?} {labels:?}");
        }
    }
}

#[test]
fn a_file_counts_once() {
    let work = shards();
    fs::create_dir(work.path("more")).unwrap();
    fs::hard_link(work.path("emb/3.npy"), work.path("more/hard.npy")).unwrap();
    fs::hard_link(work.path("lab/3.npy"), work.path("more/labels.npy")).unwrap();
    let absolute = work.path("emb/3.npy").display().to_string();
    let same = |named: &str| format!("{named}: is the same file as ");
    for (embeddings, labels, sentence) in [
        ("emb/3.npy emb/3.npy", "lab", "emb/3.npy: is named twice"),
        ("emb/3.npy ./emb/3.npy", "lab", &same("./emb/3.npy")),
        ("emb/3.npy lab/../emb/3.npy", "lab", &same("lab/../emb/3.npy")),
        (&format!("emb/3.npy {absolute}"), "lab", &same(&absolute)),
        ("emb emb/*.npy", "lab", "emb/0.npy: is named twice"),
        ("emb emb/3.npy", "lab", "emb/3.npy: is named twice"),
        ("emb emb", "lab", "emb/0.npy: is named twice"),
        ("emb more/hard.npy", "lab", &same("more/hard.npy")),
        ("emb", "lab lab/3.npy", "lab/3.npy: is named twice"),
        ("emb", "lab more/labels.npy", &same("more/labels.npy")),
    ] {
        let arguments = format!("information --embeddings {embeddings} --labels {labels}");
        refused(&work, &arguments, 1, sentence);
    }
    shard(&work, "x.npy", "y.npy", 0, ROWS);
    work.run("moments --embeddings x.npy --labels y.npy --out m.parquet");
    for moments in ["m.parquet m.parquet", "m.parquet ./m.parquet", "m.parquet *.parquet"] {
        let arguments = format!("information --moments {moments}");
        refused(&work, &arguments, 1, "m.parquet: is ");
    }
    // Nor do the same rows in two formats.
    work.write("emb/3.parquet", parquet_rows(12, 16, None));
    let sentence = "emb/3.parquet: has the same name as emb/3.npy";
    refused(&work, "information --embeddings emb --labels lab", 1, sentence);
}

#[cfg(unix)]
#[test]
fn links_are_other_names() {
    use std::os::unix::fs::symlink;
    let work = shards();
    symlink("emb/3.npy", work.path("link.npy")).unwrap();
    symlink("emb", work.path("other")).unwrap();
    let sentence = "is the same file as ";
    for embeddings in ["emb link.npy", "emb other", "emb/3.npy link.npy", "emb other/*.npy"] {
        let arguments = format!("information --embeddings {embeddings} --labels lab");
        refused(&work, &arguments, 1, sentence);
    }
    assert_eq!(amounts(&work, "--embeddings other --labels lab"), truth());
    symlink("..", work.path("emb/up")).unwrap();
    let output = work.command("information --embeddings emb --labels lab").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("is a link to a directory that contains it"), "{said}");
}

#[test]
fn what_programs_leave_beside_data_is_none() {
    let work = Workdir::new();
    fs::create_dir_all(work.path("d/_temporary/0")).unwrap();
    fs::create_dir_all(work.path("d/.ipynb_checkpoints")).unwrap();
    work.write("d/part-0.parquet", parquet_rows(0, 22, Some("label")));
    work.write("d/part-1.parquet", parquet_rows(22, ROWS, Some("label")));
    work.write("d/_SUCCESS", "");
    work.write("d/.part-0.parquet.crc", "crc");
    work.write("d/_metadata", "PAR1");
    for junk in ["_metadata", "_common_metadata", "._part-0", ".part-1", "_temporary/0/part-0"] {
        work.write(&format!("d/{junk}.parquet"), parquet_rows(0, 22, Some("label")));
    }
    work.write("d/.ipynb_checkpoints/part-0.parquet", parquet_rows(0, 22, Some("label")));
    for way in ["d", "d/*.parquet", "d/**/*.parquet", "*/*.parquet", "./d/*", "**/part*", "d/p*"] {
        assert_eq!(amounts(&work, &format!("--embeddings {way}")), truth(), "{way}");
    }
    let sentence = "d/_metadata.parquet: files that begin with . or _ are not data";
    let by_shell = "d/_metadata.parquet d/part-0.parquet d/part-1.parquet";
    refused(&work, &format!("information --embeddings {by_shell}"), 1, sentence);
    // A directory that is named stands for what is in it, whatever it is called; a file alone, too.
    fs::rename(work.path("d"), work.path("_d")).unwrap();
    assert_eq!(amounts(&work, "--embeddings _d"), truth());
    assert_eq!(amounts(&work, "--embeddings _d/part*"), truth());
    work.write("_all.parquet", parquet_rows(0, ROWS, Some("label")));
    assert_eq!(amounts(&work, "--embeddings _all.parquet"), truth());
}

#[test]
fn folders_say_what_was_read() {
    let work = Workdir::new();
    for folder in ["nested/rank0", "nested/rank1", "mix/rank1/deep", "labels/rank1"] {
        fs::create_dir_all(work.path(folder)).unwrap();
    }
    work.write("nested/rank0/0.parquet", parquet_rows(0, 22, Some("label")));
    work.write("nested/rank1/0.parquet", parquet_rows(22, ROWS, Some("label")));
    work.write("mix/0.parquet", parquet_rows(0, 22, Some("label")));
    work.write("mix/rank1/deep/0.parquet", parquet_rows(22, ROWS, Some("label")));
    work.write("one.parquet", parquet_rows(0, ROWS, Some("label")));
    shard(&work, "npy/0.npy", "labels/0.npy", 0, 22);
    shard(&work, "npy/rank1/0.npy", "labels/rank1/0.npy", 22, ROWS);
    let said = |arguments: &str| {
        let output = work.run(&format!("information --embeddings {arguments}"));
        String::from_utf8(output.stderr).unwrap()
    };
    for (way, note) in [
        ("nested", "igam-analyze: nested: 2 files, 44 rows\n"),
        ("nested/rank0 nested/rank1", "nested/rank0 and 1 more: 2 files, 44 rows\n"),
        ("nested/*", "nested/*: 2 files, 44 rows\n"),
        ("nested/**/*.parquet", "nested/**/*.parquet: 2 files, 44 rows\n"),
        ("nested/**", "nested/**: 2 files, 44 rows\n"),
        ("mix", "igam-analyze: mix: 2 files, 44 rows\n"),
        ("mix/*", "mix/*: 2 files, 44 rows\n"),
        ("mix/0.parquet mix/rank1", "mix/rank1: 2 files, 44 rows\n"),
        ("npy --labels labels", "npy: 2 files, 44 rows\nigam-analyze: labels: 2 files, 44 rows\n"),
    ] {
        assert!(said(way).contains(note), "{way}: {}", said(way));
        assert_eq!(amounts(&work, &format!("--embeddings {way}")), truth(), "{way}");
    }
    assert!(!said("one.parquet").contains(" file,"), "a file that is named needs no note");
    assert!(said("nested/rank0").contains("nested/rank0: 1 file, 22 rows\n"));
}

#[test]
fn tables_with_a_log_are_named() {
    let work = Workdir::new();
    let table = |name: &str, log: &str, file: &str| {
        fs::create_dir_all(work.path(&format!("{name}/{log}"))).unwrap();
        if !file.is_empty() {
            work.write(&format!("{name}/{log}/{file}"), "{}");
        }
        fs::create_dir_all(work.path(&format!("{name}/data/label=1"))).unwrap();
        for part in ["part-0.parquet", "data/1.parquet", "data/label=1/2.parquet"] {
            work.write(&format!("{name}/{part}"), parquet_rows(0, ROWS, Some("label")));
        }
    };
    table("delta", "_delta_log", "00000000000000000000.json");
    table("hudi", ".hoodie", "");
    table("iceberg", "metadata", "00000-1f0c.metadata.json");
    table("hadoop", "metadata", "version-hint.text");
    for (name, kind) in
        [("delta", "Delta"), ("hudi", "Hudi"), ("iceberg", "Iceberg"), ("hadoop", "Iceberg")]
    {
        let sentence =
            format!("{name}: is a {kind} table, in which not every row of the files counts");
        for way in
            ["", "/", "/data", "/*.parquet", "/**/*.parquet", "/part-0.parquet", "/data/label=1"]
        {
            refused(&work, &format!("information --embeddings {name}{way}"), 1, &sentence);
        }
    }
    // A directory that is only called so is none.
    fs::create_dir_all(work.path("plain/metadata")).unwrap();
    work.write("plain/metadata/notes.json", "{}");
    work.write("plain/0.parquet", parquet_rows(0, ROWS, Some("label")));
    assert_eq!(amounts(&work, "--embeddings plain"), truth());
}

#[test]
fn shards_without_rows() {
    let work = Workdir::new();
    shard(&work, "e/rank0.npy", "l/rank0.npy", 0, 22);
    shard(&work, "e/rank2.npy", "l/rank2.npy", 22, ROWS);
    let nothing = |descr: &str, shape: &str| npy(&header(descr, shape), &[]);
    for (x, y) in [
        (nothing("'<f4'", "(0, 3)"), nothing("'<i8'", "(0,)")),
        (nothing("'<f4'", "(0, 7)"), nothing("'<f8'", "(0,)")),
        (nothing("'<f8'", "(0,)"), nothing("'<f8'", "(0,)")),
        (nothing("'<f8'", "(0, 0)"), nothing("'<i8'", "(0, 1)")),
    ] {
        // In the middle, at the start, and at the end.
        for at in ["rank1", "rank-1", "rank9"] {
            work.write(&format!("e/{at}.npy"), &x);
            work.write(&format!("l/{at}.npy"), &y);
            assert_eq!(amounts(&work, "--embeddings e --labels l"), truth(), "{at}");
            fs::remove_file(work.path(&format!("e/{at}.npy"))).unwrap();
            fs::remove_file(work.path(&format!("l/{at}.npy"))).unwrap();
        }
    }
    // Names, of which a shard without rows says nothing.
    let (_, y) = instances();
    let names = |rows: std::ops::Range<usize>| {
        y.slice(s![rows])
            .iter()
            .fold("label\n".to_owned(), |text, label| format!("{text}c{label}\n"))
    };
    fs::create_dir(work.path("names")).unwrap();
    work.write("e/rank1.npy", nothing("'<f4'", "(0, 3)"));
    work.write("names/rank0.csv", names(0..22));
    work.write("names/rank1.csv", "label\n");
    work.write("names/rank2.csv", names(22..ROWS));
    assert_eq!(amounts(&work, "--embeddings e --labels names"), truth());
    fs::remove_file(work.path("names/rank1.csv")).unwrap();
    work.write("names/rank1.npy", nothing("'<i8'", "(0,)"));
    assert_eq!(amounts(&work, "--embeddings e --labels names"), truth());
    // Cut off, and nothing at all.
    work.write("e/rank1.npy", "");
    let sentence = "e/rank1.npy: is empty, 0 bytes: was its writing cut off?";
    refused(&work, "information --embeddings e --labels l", 1, sentence);
    work.write("0.npy", nothing("'<f4'", "(0, 3)"));
    work.write("1.npy", nothing("'<f4'", "(0,)"));
    let sentence = "0.npy: has no rows, nor have the 1 other files of embeddings";
    refused(&work, "information --embeddings 0.npy 1.npy --labels l", 1, sentence);
}

#[test]
fn labels_in_the_names_of_directories() {
    let hive = |directories: [&str; 4], label: Option<&str>| {
        let work = Workdir::new();
        let (x, y) = instances();
        for (class, directory) in directories.iter().enumerate() {
            fs::create_dir_all(work.path(&format!("h/{directory}"))).unwrap();
            let rows: Vec<Vec<Option<f32>>> = (0..ROWS)
                .filter(|&row| y[row] == class as i64)
                .map(|row| x.row(row).iter().map(|&value| Some(value)).collect())
                .collect();
            let rows: Vec<_> = rows.iter().map(|row| Some(&row[..])).collect();
            let own = label.map(|name| Series::new(name.into(), vec![class as i64; rows.len()]));
            let columns = [lists("embedding", &rows)].into_iter().chain(own).collect();
            work.write(&format!("h/{directory}/part-0.parquet"), parquet(columns));
        }
        work
    };
    let ids = ["label=0", "label=1", "label=2", "label=3"];
    for way in ["h", "h/*/*.parquet", "h/**/*.parquet", "h/label=*", "./h/*"] {
        assert_eq!(amounts(&hive(ids, None), &format!("--embeddings {way}")), truth(), "{way}");
    }
    let nested = ["fold=1/label=0", "label=1/fold=1", "label=9/label=2", "label=3"];
    assert_eq!(amounts(&hive(nested, None), "--embeddings h"), truth());
    // By names, some of which are escaped.
    let work = hive(["label=a%2Fb", "label=c%20d", "label=e=f", "label=%C3%A9"], None);
    let json = work.json("information --embeddings h");
    let rows = json["information"].as_array().unwrap();
    let names: Vec<_> = rows.iter().map(|row| row["class"].as_str().unwrap()).collect();
    assert_eq!(names, ["a/b", "c d", "e=f", "é"]);
    assert_eq!(column(&json["information"], "information"), truth());
    // Another column.
    let work = hive(["kind=0", "kind=1", "kind=2", "kind=3"], None);
    assert_eq!(amounts(&work, "--embeddings h --label-column kind"), truth());
    refused(&work, "information --embeddings h", 1, "has no column \"label\"");
    // The file's own column counts.
    let work = hive(["label=9", "label=8", "label=7", "label=6"], Some("label"));
    assert_eq!(amounts(&work, "--embeddings h"), truth());
    // What is no label.
    for (last, sentence) in [
        ("label=__HIVE_DEFAULT_PARTITION__", "its rows have no label"),
        ("label=", "which is not a label"),
        ("label=%FF", "which is not a label"),
        ("label=%0A", "holds the control character"),
        ("other=3", "has no column \"label\""),
    ] {
        let work = hive(["label=a", "label=b", "label=c", last], None);
        refused(&work, "information --embeddings h", 1, sentence);
    }
    // Beside npy files there is no other column.
    let work = Workdir::new();
    let (x, y) = instances();
    for class in 0..4 {
        let rows: Vec<usize> = (0..ROWS).filter(|&row| y[row] == class).collect();
        fs::create_dir_all(work.path(&format!("h/label={class}"))).unwrap();
        let path = work.path(&format!("h/label={class}/0.npy"));
        write_npy(path, &x.select(ndarray::Axis(0), &rows)).unwrap();
    }
    assert_eq!(amounts(&work, "--embeddings h"), truth());
}

/// An npz and a safetensors file of these arrays: a matrix of f32, or labels as i64.
fn archives(work: &Workdir, arrays: &[(&str, Option<&[i64]>)]) {
    let (x, _) = instances();
    let x: Vec<u8> = x.iter().flat_map(|value| value.to_le_bytes()).collect();
    let (mut entries, mut tensors, mut data) = (Vec::new(), Vec::new(), Vec::new());
    for (name, labels) in arrays {
        let (descr, dtype, shape, bytes) = match labels {
            None => ("'<f4'", "F32", vec![ROWS, 3], x.clone()),
            Some(labels) => {
                let bytes = labels.iter().flat_map(|label| label.to_le_bytes()).collect();
                ("'<i8'", "I64", vec![ROWS], bytes)
            }
        };
        let tuple = shape.iter().map(|axis| format!("{axis},")).collect::<String>();
        entries.push((format!("{name}.npy"), npy(&header(descr, &format!("({tuple})")), &bytes)));
        let offsets = [data.len(), data.len() + bytes.len()];
        tensors.push(format!(
            "{name:?}: {{\"dtype\": {dtype:?}, \"shape\": {shape:?}, \"data_offsets\": {offsets:?}}}"
        ));
        data.extend(bytes);
    }
    let entries: Vec<_> = entries.iter().map(|(name, file)| (name.as_str(), &file[..])).collect();
    work.write("d.npz", npz(&entries, Stored));
    let json = format!("{{{}}}", tensors.join(", "));
    let file = [&(json.len() as u64).to_le_bytes()[..], json.as_bytes(), &data].concat();
    work.write("d.safetensors", file);
}

#[test]
fn columns_of_archives_are_those_asked_for() {
    let (_, y) = instances();
    let right = y.to_vec();
    let wrong: Vec<i64> = right.iter().map(|label| (label + 1) % 4).rev().collect();
    let (right, wrong) = (Some(&right[..]), Some(&wrong[..]));
    let work = Workdir::new();
    let truth = truth();
    shard(&work, "x.npy", "y.npy", 0, ROWS);
    let right_ways = |arrays: &[(&str, Option<&[i64]>)], options: &str| {
        archives(&work, arrays);
        for file in ["d.npz", "d.safetensors"] {
            let arguments = format!("--embeddings {file} {options}");
            assert_eq!(amounts(&work, &arguments), truth, "{arguments}");
            if arrays.iter().any(|(_, labels)| labels.is_some()) && !options.contains("embedding") {
                let arguments = format!("--embeddings x.npy --labels {file} {options}");
                assert_eq!(amounts(&work, &arguments), truth, "{arguments}");
            }
        }
    };
    right_ways(&[("embeddings", None), ("labels", right)], "");
    right_ways(&[("embedding", None), ("label", right)], "");
    right_ways(&[("embeddings", None), ("label", right)], "");
    right_ways(&[("embeddings", None), ("labels", right), ("label", wrong)], "");
    right_ways(
        &[("embeddings", None), ("labels", wrong), ("gt_labels", right)],
        "--label-column gt_labels",
    );
    right_ways(
        &[("labels", wrong), ("embeddings", wrong), ("features", None), ("gt", right)],
        "--embedding-column features --label-column gt",
    );
    right_ways(
        &[("arr_0", None), ("arr_1", right)],
        "--embedding-column arr_0 --label-column arr_1",
    );
    let refusals = |arrays: &[(&str, Option<&[i64]>)], options: &str, sentence: &str| {
        archives(&work, arrays);
        for (file, what) in [("d.npz", "array"), ("d.safetensors", "tensor")] {
            let arguments = format!("information --embeddings {file} {options}");
            refused(&work, &arguments, 1, &format!("{file}: has no {what} {sentence}"));
        }
    };
    let both = [("embeddings", None), ("labels", right)];
    refusals(
        &both,
        "--label-column gt",
        "\"gt\"; it has \"embeddings\", \"labels\": choose one with --label-column",
    );
    refusals(
        &both,
        "--label-column lables",
        "\"lables\"; it has \"embeddings\", \"labels\": did you",
    );
    refusals(&both, "--label-column label", "\"label\"; it has");
    refusals(&both, "--embedding-column embedding", "\"embedding\"; it has");
    refusals(
        &both,
        "--embedding-column features",
        "\"features\"; it has \"embeddings\", \"labels\"",
    );
    refusals(
        &[("arr_0", None), ("arr_1", right)],
        "",
        "\"embeddings\"; it has \"arr_0\", \"arr_1\": np.savez was given no names; if embeddings \
         and labels are in this order, give --embedding-column arr_0 --label-column arr_1",
    );
    archives(&work, &both);
    let arguments = "information --embeddings x.npy --labels d.npz --label-column label";
    refused(&work, arguments, 1, "d.npz: has no array \"label\"; it has");
}
