//! Full disks, closed pipes, kills and files that change: old results stay whole.

use std::fs::{self, OpenOptions};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use fastrand::Rng;
use igam_analyze::input::embeddings::Dump;
use igam_analyze::rows::Rows;
use ndarray::Array2;
use polars::prelude::{
    DataFrame, IntoColumn, IntoSeries, ListChunked, NamedFrom, ParquetWriter, Series,
};

use crate::{BINARY, Workdir};

/// Two inputs of 90 classes, a.csv and b.csv, of which the margins are some 100 kB.
fn two() -> Workdir {
    let work = Workdir::new();
    for (name, factor) in [("a.csv", 7), ("b.csv", 11)] {
        let row = |id: usize| format!("r,{id},class {id},{}\n", 10 + id * factor % 90);
        let rows: String = (0..90).map(row).collect();
        work.write(name, "run,class_id,class,information\n".to_owned() + &rows);
    }
    work
}

fn margins(work: &Workdir, input: &str, out: &str) -> Command {
    let mut command = Command::new(BINARY);
    command.current_dir(work.0.path()).args(["margins", "--quiet", "--information"]);
    command.args([input, "--out", out]).stdout(Stdio::null());
    command
}

/// Name and content of every file, sorted.
fn files(work: &Workdir, directory: &str) -> Vec<(String, Vec<u8>)> {
    let content = |name: &String| fs::read(work.path(&format!("{directory}/{name}"))).unwrap();
    work.files(directory).into_iter().map(|name| (name.clone(), content(&name))).collect()
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let work = two();
    let mut child = margins(&work, "a.csv", "reports")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(output.stderr.is_empty());
    assert_eq!(work.files("reports").len(), 4);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_said() {
    let work = two();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = margins(&work, "a.csv", "reports").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("igam-analyze: error: standard output: No space left"), "{stderr}");
}

/// A limit on the size of files stands in for a full disk, which only root can make.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_old_files() {
    let work = two();
    assert!(margins(&work, "a.csv", "reports").status().unwrap().success());
    let before = files(&work, "reports");
    for out in ["reports", "new/reports"] {
        let mut limited = Command::new("sh");
        limited.current_dir(work.0.path());
        limited.args(["-c", "trap '' XFSZ; ulimit -f 40; exec \"$0\" \"$@\"", BINARY]);
        limited.args(["margins", "--information", "b.csv", "--out", out]);
        let output = limited.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("cannot be written: File too large"), "{stderr}");
    }
    assert_eq!(files(&work, "reports"), before);
    assert!(work.files("new").is_empty());
}

/// Results are as open to others as the files of any program: the umask alone closes them.
#[cfg(unix)]
#[test]
fn the_umask_says_who_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let work = two();
    for (umask, mode) in [("022", 0o644), ("007", 0o660), ("077", 0o600)] {
        let mut masked = Command::new("sh");
        masked.current_dir(work.0.path());
        masked.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\""), BINARY]);
        masked.args(["margins", "--quiet", "--information", "a.csv", "--out", umask]);
        assert!(masked.stdout(Stdio::null()).status().unwrap().success());
        for name in work.files(umask) {
            let file = fs::metadata(work.path(&format!("{umask}/{name}"))).unwrap();
            assert_eq!(file.permissions().mode() & 0o777, mode, "umask {umask}: {name}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_cannot_be_written() {
    let work = two();
    for out in ["/proc/reports", "/dev/null/reports", "a.csv"] {
        let output = margins(&work, "a.csv", out).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("cannot be written"), "{stderr}");
    }
}

#[test]
fn runs_into_one_directory_leave_whole_files() {
    let work = two();
    let expected = ["a", "b"].map(|name| {
        assert!(margins(&work, &format!("{name}.csv"), name).status().unwrap().success());
        files(&work, name)
    });
    let start = |k: usize| margins(&work, ["a.csv", "b.csv"][k % 2], "reports").spawn().unwrap();
    let mut children: Vec<Child> = (0..8).map(start).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let found = files(&work, "reports");
    assert_eq!(found.len(), 4);
    for file in found {
        assert!(expected.iter().any(|files| files.contains(&file)), "{} is a mixture", file.0);
    }
}

#[test]
fn a_kill_at_any_moment_leaves_whole_files() {
    let work = two();
    let expected = ["a", "b"].map(|name| {
        assert!(margins(&work, &format!("{name}.csv"), name).status().unwrap().success());
        files(&work, name)
    });
    let now = Instant::now();
    assert!(margins(&work, "a.csv", "reports").status().unwrap().success());
    let whole = now.elapsed();
    let mut rng = Rng::with_seed(1);
    let (mut killed, mut left) = (0, 0);
    for k in 0..50 {
        let mut child = margins(&work, ["b.csv", "a.csv"][k % 2], "reports").spawn().unwrap();
        // Most of the time is the start of the program: the second half is the work.
        std::thread::sleep(whole.mul_f64(0.3 + 0.9 * rng.f64()));
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().code().is_none());
        let mut names = 0;
        for file in files(&work, "reports") {
            if let Some(name) = file.0.strip_prefix('.') {
                assert!(name.starts_with("margins."), "a stray file {name}");
                fs::remove_file(work.path(&format!("reports/{}", file.0))).unwrap();
                left += 1;
            } else {
                assert!(expected.iter().any(|files| files.contains(&file)), "{} is torn", file.0);
                names += 1;
            }
        }
        assert_eq!(names, 4);
    }
    println!("{killed} of 50 killed, {left} temporary files left, a whole run takes {whole:?}");
    assert!(killed > 5);
}

/// If it were mapped, this would end the process with a bus error.
#[test]
fn a_file_that_shrinks_while_it_is_read() {
    let work = Workdir::new();
    let x = Array2::from_shape_fn((4000, 64), |(i, j)| (i * j) as f32);
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    let lists: ListChunked =
        x.rows().into_iter().map(|row| Some(Series::new("".into(), row.to_vec()))).collect();
    let lists = lists.with_name("embedding".into()).into_series().into_column();
    let file = fs::File::create(work.path("x.parquet")).unwrap();
    let mut frame = DataFrame::new_infer_height(vec![lists]).unwrap();
    ParquetWriter::new(file).with_row_group_size(Some(1000)).finish(&mut frame).unwrap();
    for name in ["x.npy", "x.parquet"] {
        let path = work.path(name);
        let dump = Dump::open(std::slice::from_ref(&path), None).unwrap();
        let mut rows = 0;
        let read = dump.read(1000, &mut |block: &mut Vec<f32>| {
            rows += block.len() / 64;
            OpenOptions::new().write(true).open(&path).unwrap().set_len(5000).unwrap();
            true
        });
        let error = read.unwrap_err().to_string();
        let expected = ["ended early while it was read", "is cut off"];
        assert!(expected.iter().any(|sentence| error.contains(sentence)), "{error}");
        assert_eq!(rows, 1000);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let work = two();
    let run = |name: &[u8]| {
        let mut command = Command::new(BINARY);
        command.current_dir(work.0.path()).args(["margins", "--information"]);
        command.arg(OsStr::from_bytes(name)).output().unwrap()
    };
    let name = b"\xff\n\x1b[31m.csv";
    fs::copy(work.path("a.csv"), work.0.path().join(OsStr::from_bytes(name))).unwrap();
    assert!(run(name).status.success());
    let missing = run(b"\xfe\n\x1b[31m.csv");
    let stderr = String::from_utf8(missing.stderr).unwrap();
    assert_eq!(missing.status.code(), Some(1));
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(!stderr.contains('\u{1b}'), "{stderr}");
}
