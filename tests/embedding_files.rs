//! Embeddings and labels as PyTorch, pyarrow, Hugging Face datasets, pandas and ml_dtypes write them: files of
//! `tests/corpus/embeddings/make.py`, whose values are those of .npy files to the last bit; what cannot be read
//! is named; and the folder that collectors write.

use std::fs;
use std::path::{Path, PathBuf};

use igam_analyze::classes::Labels;
use igam_analyze::input::embeddings::Dump;
use igam_analyze::input::matrix;
use igam_analyze::rows::{Element, Rows};
use ndarray::{Array1, Array2, Axis, s};
use ndarray_npy::{read_npy, write_npy};

use crate::bad_input::refused;
use crate::{Workdir, column, repository};

const ROWS: usize = 40;
const DIM: usize = 6;

fn corpus(name: &str) -> PathBuf {
    repository("tests/corpus/embeddings").join(name)
}

/// The values of a file, read in blocks of seven rows.
fn values<T: Element>(path: &Path, column: Option<&str>) -> (Vec<T>, bool) {
    let dump = Dump::open(&[path.to_owned()], column).unwrap();
    assert_eq!((dump.rows(), dump.dim()), (ROWS, DIM), "{}", path.display());
    let mut values = Vec::new();
    let taken = &mut |block: &mut Vec<T>| {
        assert!(block.len() <= 7 * DIM);
        values.append(block);
        true
    };
    dump.read(7, taken).unwrap();
    (values, dump.double())
}

fn assert_equal(name: &str, reference: &str, column: Option<&str>) {
    let (file, npy) = (corpus(name), corpus(&format!("npy/{reference}.npy")));
    let (ours, double) = values::<f64>(&file, column);
    assert_eq!(ours, values::<f64>(&npy, None).0, "{name}");
    assert_eq!(values::<f32>(&file, column).0, values::<f32>(&npy, None).0, "{name}");
    assert_eq!(double, reference == "f8", "{name}");
}

fn labels(name: &str, column: Option<&str>) -> Labels {
    Labels::read(&[corpus(name)], column, ROWS).unwrap()
}

/// The name of each row.
fn names(labels: &Labels) -> Vec<String> {
    let classes = labels.classes(&[]).unwrap();
    let index = labels.index_as_given(&classes, &[]).unwrap();
    index.into_iter().map(|class| classes.names()[class as usize].clone()).collect()
}

/// Those of the files whose labels are names.
fn expected_names() -> Vec<String> {
    let ids: Array1<i64> = read_npy(corpus("npy/labels.npy")).unwrap();
    ids.iter().map(|&id| ["cat", "dog", "Crème"][id as usize].to_owned()).collect()
}

#[track_caller]
fn assert_labels(file: &str, named: bool) {
    let labels = labels(file, None);
    if named {
        assert_eq!(names(&labels), expected_names(), "{file}");
    } else {
        assert_eq!(names(&labels), names(&self::labels("npy/labels.npy", None)), "{file}");
    }
}

#[test]
fn tensors_of_torch() {
    for (name, reference, column) in [
        ("pt/f4.pt", "f4", None),
        ("pt/f2.pt", "f2", None),
        ("pt/bf16.pt", "bf16", None),
        ("pt/f8.pt", "f8", None),
        ("pt/dict.pt", "f4", None),
        ("pt/more.pt", "f4", None),
        ("pt/views.pt", "f4", None),
        ("pt/transposed.pt", "f4", None),
        ("pt/parameter.pt", "f4", None),
        ("pt/protocol4.pt", "f4", None),
        ("pt/protocol5.pt", "f4", None),
        ("pt/state.pt", "f4", Some("weight")),
        ("pt/nested.pt", "f4", Some("model.embeddings")),
    ] {
        assert_equal(name, reference, column);
    }
    let expected = labels("npy/labels.npy", None);
    for kind in ["i8", "i4", "i2", "i1", "u1", "u2", "u4", "f4"] {
        assert_eq!(labels(&format!("pt_labels/{kind}.pt"), None), expected, "{kind}");
    }
    for (name, column) in [
        ("dict", None),
        ("more", None),
        ("views", None),
        ("protocol5", None),
        ("nested", Some("model.labels")),
    ] {
        assert_eq!(labels(&format!("pt/{name}.pt"), column), expected, "{name}");
    }
}

#[test]
fn tensors_that_cannot_be_read_are_named() {
    let work = Workdir::new();
    for (name, sentence) in [
        ("legacy", "is of the format that torch.save wrote before version 1.6"),
        ("list", "holds a list: save one tensor, torch.stack(x)"),
        (
            "numpy",
            "holds numpy._core.multiarray._reconstruct, which is never run: save torch.from_numpy",
        ),
        ("sparse", "holds torch._utils._rebuild_sparse_tensor, which is never run"),
        ("quantized", "holds torch._utils._rebuild_qtensor, which is never run"),
        ("runs_code", "holds posix.system, which is never run: save plain tensors"),
        ("module", "holds torch.nn.modules.linear.Linear, which is never run"),
        ("columns", "is a view, whose values are not contiguous: save x.contiguous().clone()"),
        ("every_second", "is a view, whose values are not contiguous"),
        ("expanded", "is a view, whose values are not contiguous"),
        ("imaginary", "is a view, whose values are not contiguous"),
        ("complex", "holds elements of type \"complex64\": embeddings are f16, bf16, f32 or f64"),
        ("f1", "holds elements of type \"float8_e4m3fn\": embeddings are"),
        ("script", "is a model of TorchScript, not tensors"),
        ("deflated", "was packed again, compressed or encrypted: save it again with torch.save"),
        ("big_endian", "holds numbers of big-endian byte order"),
    ] {
        let path = corpus(&format!("pt_refused/{name}.pt"));
        refused(&work, &format!("information --embeddings {}", path.display()), 1, sentence);
    }
    // The command of runs_code.pt would leave it where the program runs.
    assert!(!work.path("ran_code").exists());
    let file = |name: &str| corpus(&format!("pt/{name}.pt")).display().to_string();
    for (arguments, sentence) in [
        (
            format!("{} --embedding-column x", file("dict")),
            "has no tensor \"x\"; it has \"embeddings\", \"labels\"",
        ),
        (
            format!("{} --embedding-column x", file("f4")),
            "holds one tensor, which has no name: remove --embedding-column",
        ),
        (
            format!("{} --embedding-column epoch", file("more")),
            "has \"epoch\", which is not a \
                                                                tensor",
        ),
        (format!("{} --embedding-column files", file("more")), "holds a list as \"files\""),
        (file("f4"), "give --labels: "),
        (file("state"), "has no tensor \"embeddings\"; it has "),
        (
            format!("{} --labels {}", file("f4"), file("f4")),
            "holds an array of shape [40, 6]: labels have one axis",
        ),
    ] {
        let code = if sentence.starts_with("give") { 2 } else { 1 };
        refused(&work, &format!("information --embeddings {arguments}"), code, sentence);
    }
}

#[test]
fn columns_of_arrow_and_feather() {
    for (name, reference, named) in [
        ("list_f4.arrow", "f4", false),
        ("list_f4_stream.arrow", "f4", false),
        ("large_f8.arrow", "f8", false),
        ("fixed_f2.arrow", "f2", false),
        ("lz4_f4.arrow", "f4", true),
        ("zstd_f8.arrow", "f8", true),
        ("tensor_f4.arrow", "f4", true),
        ("nested_f4.arrow", "f4", false),
        ("dictionary_f4.arrow", "f4", true),
        ("dictionary_f4_stream.arrow", "f4", true),
        ("f4.feather", "f4", false),
        ("f8.feather", "f8", true),
    ] {
        let name = format!("arrow/{name}");
        assert_equal(&name, reference, None);
        assert_labels(&name, named);
    }
    assert_equal("hugging_face", "f4", None);
    assert_labels("hugging_face", false);
    assert_equal("hugging_face_array2d", "f4", None);
    assert_labels("hugging_face_array2d", true);
    assert_equal("hugging_face_splits/train", "f4", None);
}

#[test]
fn arrow_that_cannot_be_read_is_named() {
    let work = Workdir::new();
    for (name, sentence) in [
        ("missing.arrow", "row 21, column \"embedding\": there is no embedding"),
        ("holes.arrow", "row 21, column \"embedding\": a value of the embedding is null"),
        ("ragged.arrow", "row 21, column \"embedding\": the embedding has 5 values, row 0 has 6"),
        (
            "integers.arrow",
            "column \"embedding\" has type list[i64]: embeddings are lists of f16, f32 or f64",
        ),
        (
            "bf16_as_u2.arrow",
            "has type list[u16]: embeddings are lists of f16, f32 or f64; if they are bf16",
        ),
        ("bf16_as_bytes.arrow", "has type binary of one length: embeddings are lists"),
        ("views.arrow", "has type list view[f32]: embeddings are lists"),
        ("no_label.arrow", "row 0, column \"label\": there is no label, as in 1 rows"),
        ("booleans.arrow", "column \"label\" has type bool: labels are integers or strings"),
        ("version1.feather", "is feather of version 1: save it as version 2"),
        ("cut.arrow", "is cut off: it does not end with ARROW1"),
        ("cut_stream.arrow", "is cut off"),
        ("no_end.arrow", "is cut off, or was not written to its end"),
    ] {
        let path = corpus(&format!("arrow_refused/{name}"));
        refused(&work, &format!("information --embeddings {}", path.display()), 1, sentence);
    }
    // Two streams in one file: the second would not be seen.
    let stream = fs::read(corpus("hugging_face/data-00000-of-00003.arrow")).unwrap();
    work.write("twice.arrow", [&stream[..], &stream[..]].concat());
    let sentence = "twice.arrow: continues after its end mark, as several streams in one file do";
    refused(&work, "information --embeddings twice.arrow", 1, sentence);
    // What an older copy left is no data, and what is named must be there.
    fs::create_dir(work.path("saved")).unwrap();
    for entry in fs::read_dir(corpus("hugging_face")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), work.path("saved").join(entry.file_name())).unwrap();
    }
    let whole = work.json("information --embeddings saved")["information"].clone();
    fs::copy(
        work.path("saved/data-00000-of-00003.arrow"),
        work.path("saved/data-00000-of-00004.arrow"),
    )
    .unwrap();
    assert_eq!(work.json("information --embeddings saved")["information"], whole);
    fs::remove_file(work.path("saved/data-00001-of-00003.arrow")).unwrap();
    let sentence = "state.json: names saved/data-00001-of-00003.arrow, which does not exist";
    refused(&work, "information --embeddings saved", 1, sentence);
    let splits = corpus("hugging_face_splits");
    let sentence = "holds the splits \"train\", \"test\" of a data set: give one, ";
    refused(&work, &format!("information --embeddings {}", splits.display()), 1, sentence);
    let path = corpus("arrow/list_f4.arrow");
    let sentence =
        "has no column \"x\"; its columns are \"file\", \"box\", \"embedding\", \"label\"";
    refused(
        &work,
        &format!("information --embeddings {} --embedding-column x", path.display()),
        1,
        sentence,
    );
}

#[test]
fn one_column_a_dimension() {
    for (name, column) in [("f4", None), ("f4", Some("emb_*")), ("f8", None), ("f8", Some("*"))] {
        for kind in ["csv", "parquet"] {
            let file = format!("wide/{kind}/{name}.{kind}");
            assert_equal(&file, name, column);
            assert_labels(&file, name == "f8");
        }
    }
    // In a directory, where there is nothing else.
    let work = Workdir::new();
    fs::create_dir(work.path("x")).unwrap();
    fs::copy(corpus("wide/csv/f4.csv"), work.path("x/0.csv")).unwrap();
    assert_eq!(
        values::<f64>(&work.path("x"), None).0,
        values::<f64>(&corpus("npy/f4.npy"), None).0
    );
}

/// A cell without a number is an invalid row; what is no number is refused by row and column.
#[test]
fn cells_without_numbers() {
    let work = Workdir::new();
    let rows = ["0,1.5,0", "0,,2", "0,0.5,1", "1,2,nan", "1,0,1", "1,3,5", "0,1,1", "1,1,1"];
    let table = |rows: &[&str]| format!("label,e1,e0\n{}\n", rows.join("\n"));
    work.write("x.csv", table(&rows));
    refused(&work, "information --embeddings x.csv", 1, "row 1");
    let skipped = work.json("information --embeddings x.csv --skip-invalid-rows");
    let kept: Vec<_> =
        rows.iter().copied().filter(|row| !row.contains(",,") && !row.contains("nan")).collect();
    work.write("kept.csv", table(&kept));
    assert_eq!(
        skipped["information"],
        work.json("information --embeddings kept.csv")["information"]
    );
    work.write("x.csv", table(&["0,1,2", "0,x,1"]));
    refused(
        &work,
        "information --embeddings x.csv",
        1,
        "row 1, column \"e1\": \"x\" is not a \
                                                         number",
    );
    work.write("x.csv", "label,e0,e2\n0,1,2\n");
    refused(&work, "information --embeddings x.csv", 1, "but none e1: a dimension is missing");
    work.write("x.csv", "label,name\n0,1\n");
    refused(
        &work,
        "information --embeddings x.csv",
        1,
        "has no series of columns with a number each",
    );
    work.write("x.csv", "label,e0,e1\n0,1,2\n0,1\n");
    refused(&work, "information --embeddings x.csv", 1, "row 1 has 2 cells, the header has 3");
}

/// A table whose text is larger than what is held of one.
#[test]
fn a_large_table_is_read_as_a_small_one() {
    let work = Workdir::new();
    let rows = 60_000;
    let x = Array2::from_shape_fn((rows, 8), |(row, at)| {
        (((row * 7919 + at * 104_729) % 10_007) as f64 / 313.0 - 16.0) * (1 + row % 3) as f64
    });
    let mut text = String::from("id,label,7,6,5,4,3,2,1,0\r\n");
    for (row, values) in x.rows().into_iter().enumerate() {
        let cells: Vec<_> = values.iter().rev().map(|value| format!("{value:.40}")).collect();
        text.push_str(&format!("{row},class {},{}\r\n", row % 3, cells.join(",")));
    }
    assert!(text.len() > 17 << 20);
    work.write("x.csv", text);
    write_npy(work.path("x.npy"), &x).unwrap();
    let names: Vec<_> = (0..rows).map(|row| format!("class {}", row % 3)).collect();
    work.write("y.csv", format!("label\n{}\n", names.join("\n")));
    let expected = work.json("information --embeddings x.npy --labels y.csv");
    let ours = work.json("information --embeddings x.csv");
    assert_eq!(ours["information"], expected["information"]);
}

#[test]
fn bfloat16_of_ml_dtypes() {
    assert_equal("ml_dtypes/bf16.npy", "bf16", None);
    assert_equal("ml_dtypes/bf16.npz", "bf16", None);
    let work = Workdir::new();
    for (name, descr) in [("void", "|V2"), ("f1", "<V1")] {
        let path = corpus(&format!("ml_dtypes/{name}.npy"));
        let sentence =
            format!("holds elements of type \"{descr}\", which does not say what numbers they are");
        refused(&work, &format!("information --embeddings {}", path.display()), 1, &sentence);
    }
}

#[test]
fn hdf5_is_named() {
    let work = Workdir::new();
    work.write("x.h5", b"\x89HDF\r\n\x1a\n\0\0\0\0\0\0\0\0");
    refused(
        &work,
        "information --embeddings x.h5",
        1,
        "is an HDF5 file, which is not read here: save its arrays as .npy",
    );
}

/// The same numbers as from .npy files, in several passes of a memory limit, from shards of several formats,
/// and with labels inside.
#[test]
fn amounts_are_those_of_npy() {
    let work = Workdir::new();
    let npy = corpus("npy/f4.npy").display().to_string();
    let labels = corpus("npy/labels.npy").display().to_string();
    let amounts = |arguments: &str| {
        column(&work.json(&format!("information {arguments}"))["information"], "information")
    };
    let expected = amounts(&format!("--embeddings {npy} --labels {labels}"));
    for name in [
        "pt/dict.pt",
        "pt/views.pt",
        "arrow/list_f4.arrow",
        "arrow/f4.feather",
        "wide/csv/f4.csv",
        "hugging_face",
    ] {
        let path = corpus(name).display().to_string();
        assert_eq!(amounts(&format!("--embeddings {path}")), expected, "{name}");
        let with = format!("--embeddings {path} --threads 1 --memory-limit 100MiB");
        assert_eq!(amounts(&with), expected, "{name}");
        assert_eq!(amounts(&format!("--embeddings {npy} --labels {path}")), expected, "{name}");
    }
    for (shard, name) in ["npy/f4.npy", "pt/f4.pt", "arrow/list_f4.arrow"].into_iter().enumerate() {
        let name = corpus(name);
        let to = format!("{shard}.{}", name.extension().unwrap().to_str().unwrap());
        fs::copy(&name, work.path(&to)).unwrap();
    }
    for name in ["0.npy", "1.npy"] {
        fs::create_dir_all(work.path("y")).unwrap();
        fs::copy(corpus("npy/labels.npy"), work.path("y").join(name)).unwrap();
    }
    fs::copy(corpus("pt_labels/u2.pt"), work.path("y/2.pt")).unwrap();
    let three = amounts("--embeddings 0.npy 1.pt 2.arrow --labels y");
    let x: Array2<f32> = read_npy(corpus("npy/f4.npy")).unwrap();
    write_npy(work.path("all.npy"), &ndarray::concatenate![Axis(0), x, x, x]).unwrap();
    let y: Array1<i64> = read_npy(corpus("npy/labels.npy")).unwrap();
    write_npy(work.path("all_y.npy"), &ndarray::concatenate![Axis(0), y, y, y]).unwrap();
    assert_eq!(three, amounts("--embeddings all.npy --labels all_y.npy"));
}

/// What a collector writes, with ids that begin at 1.
fn collected(work: &Workdir, folder: &str, names: &str) {
    let x: Array2<f32> = read_npy(corpus("npy/f4.npy")).unwrap();
    let y: Array1<i64> = read_npy::<_, Array1<i64>>(corpus("npy/labels.npy")).unwrap() + 1;
    for (part, (from, to)) in [(0, 25), (25, ROWS)].into_iter().enumerate() {
        for kind in ["embeddings", "labels"] {
            fs::create_dir_all(work.path(&format!("{folder}/{kind}"))).unwrap();
        }
        let name = |kind: &str| work.path(&format!("{folder}/{kind}/{part:05}.npy"));
        write_npy(name("embeddings"), &x.slice(s![from..to, ..]).to_owned()).unwrap();
        write_npy(name("labels"), &y.slice(s![from..to]).to_owned()).unwrap();
    }
    write_npy(work.path(&format!("{folder}/weights.npy")), &x.slice(s![..4, ..]).to_owned())
        .unwrap();
    work.write(&format!("{folder}/class_names.csv"), names);
    work.write(&format!("{folder}/collected.json"), "{}");
}

#[test]
fn a_collected_folder_is_all_that_is_needed() {
    let work = Workdir::new();
    let names = "class,id\ncat,1\ndog,2\nCrème,3\n";
    collected(&work, "dump", names);
    collected(&work, "held", names);
    let parts =
        "--embeddings dump/embeddings --labels dump/labels --class-names dump/class_names.csv";
    let expected = work.json(&format!("information {parts}"));
    assert_eq!(expected["information"][2]["class"], "Crème");
    let output = work.command("information --embeddings dump --format json").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("dump: read its embeddings and labels"), "{said}");
    assert!(
        said.contains("dump/class_names.csv: read as the classes; the labels are their ids"),
        "{said}"
    );
    assert_eq!(work.json("information --embeddings dump")["information"], expected["information"]);

    // A file that lists the classes is obeyed, and counts that list none are joined by name.
    work.write("names.csv", "class,id\na,1\nb,2\nc,3\n");
    let named = work.json("information --embeddings dump --class-names names.csv");
    assert_eq!(named["information"][0]["class"], "a");
    work.write("ap.csv", "class,ap\ncat,0.5\ndog,0.25\nCrème,0.75\n");
    work.write("counts.csv", "class,instances\ncat,100\ndog,50\nCrème,20\n");
    let files = "--ap ap.csv --counts counts.csv";
    let expected = work.json(&format!("correlate {parts} {files}"));
    assert_eq!(
        work.json(&format!("correlate --embeddings dump {files}"))["classes"],
        expected["classes"]
    );
    work.write("runs.toml", "[[run]]\nname = \"one\"\nembeddings = \"dump\"\nap = \"ap.csv\"\n");
    work.run("correlate --runs runs.toml");
    let held = "--validation-embeddings held/embeddings --validation-labels held/labels";
    let expected = work.json(&format!("report {parts} {held} --ap ap.csv"));
    let ours = work.json("report --embeddings dump --validation-embeddings held --ap ap.csv");
    assert_eq!(ours["classes"], expected["classes"]);

    // The training images are not held out.
    let command = "report --embeddings dump --validation-embeddings dump --ap ap.csv";
    refused(
        &work,
        command,
        1,
        "00000.npy: is given as held-out, but holds the training embeddings",
    );
    // The numbers are the collector's, not those of a list in another order.
    work.write("other.csv", "class,id\ndog,1\ncat,2\nCrème,3\n");
    let sentence =
        "other.csv: gives the class \"cat\" the number 2, but the labels were collected with 1";
    refused(&work, "information --embeddings dump --class-names other.csv", 1, sentence);
    // Folders of two layers.
    let of = |layer: &str| format!(r#"{{"framework": "x", "embedding": "{layer}"}}"#);
    work.write("dump/collected.json", of("stride 8"));
    work.write("held/collected.json", of("stride 16"));
    let command = "report --embeddings dump --validation-embeddings held --ap ap.csv";
    refused(
        &work,
        command,
        1,
        "held: was collected from another layer than dump: stride 16 (x), not stride 8",
    );
    fs::rename(work.path("held/labels/00000.npy"), work.path("held/labels/00002.npy")).unwrap();
    work.write("held/collected.json", of("stride 8"));
    refused(&work, command, 1, "held/labels/00000.npy: does not exist, but later ones do");
    let command = "explain --embeddings dump --ap ap.csv --weights dump";
    refused(
        &work,
        command,
        1,
        "dump/collected.json: is not what a collector writes: missing field",
    );

    // Other commands take it too.
    work.run("moments --embeddings dump --out m.parquet");
    work.run("queue-size --embeddings dump");
    collected(&work, "held", "class,id\ncat,1\ndog,2\nowl,3\n");
    let sentence = "held/class_names.csv: lists other classes than dump/class_names.csv";
    refused(
        &work,
        "report --embeddings dump --validation-embeddings held --ap ap.csv",
        1,
        sentence,
    );
    fs::create_dir(work.path("whole")).unwrap();
    fs::rename(work.path("m.parquet"), work.path("whole/moments.parquet")).unwrap();
    work.write("whole/class_names.csv", names);
    refused(
        &work,
        "information --embeddings whole",
        1,
        "holds moments, not embeddings: give --moments whole",
    );
    work.run("information --moments whole");
}

/// Weights and a bias of any file that holds them alone, or by the names of a layer.
#[test]
fn the_last_layer_of_any_file() {
    let work = Workdir::new();
    let path = corpus("pt/state.pt").display().to_string();
    let x = corpus("npy/f4.npy").display().to_string();
    let y = corpus("npy/labels.npy").display().to_string();
    // 40 classes, of which the labels name three.
    let names: Vec<_> = (0..ROWS).map(|at| format!("c{at}")).collect();
    work.write("names.txt", names.join("\n"));
    let loss = |weights: &str| {
        work.json(&format!(
            "loss --embeddings {x} --labels {y} --class-names names.txt --weights {weights}"
        ))["loss"]
            .take()
    };
    let expected = loss(&x);
    assert_eq!(loss(&path), expected);
    assert_eq!(loss(&corpus("pt/f4.pt").display().to_string()), expected);
    for file in ["layers/layer.npz", "layers/layer.safetensors", "layers/weights.npz"] {
        assert_eq!(loss(&corpus(file).display().to_string()), expected, "{file}");
    }
    let bias = matrix::vector(&corpus("layers/bias.npy")).unwrap();
    assert_eq!(bias.len(), ROWS);
    for file in ["pt/state.pt", "layers/layer.npz", "layers/layer.safetensors"] {
        assert_eq!(matrix::vector(&corpus(file)).unwrap(), bias, "{file}");
    }
    let nested = corpus("pt/nested.pt").display().to_string();
    let sentence =
        "holds \"model.embeddings\", \"model.labels\", and none is called weight: save the one";
    refused(&work, &format!("loss --embeddings {x} --labels {y} --weights {nested}"), 1, sentence);
}
