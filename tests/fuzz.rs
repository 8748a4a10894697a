//! Damaged files of every format, from `tests/corpus`: no reader may crash, take more than a second
//! or more than 1 GiB. What it answers is `bad_input`'s matter.
//!
//! At length, each reader for so many seconds (or `FUZZ_EXECUTIONS`):
//! `FUZZ_SECONDS=60 cargo test --release fuzz::at_length -- --ignored --nocapture`,
//! with another `FUZZ_SEED` for other damage and `FUZZ_READER=npz` for one reader.

use std::env;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use igam_analyze::Warnings;
use igam_analyze::classes::Labels;
use igam_analyze::information::Information;
use igam_analyze::input::annotations::{Choices, Include};
use igam_analyze::input::classes as class_files;
use igam_analyze::input::embeddings::Dump;
use igam_analyze::input::{ap, counts, detections, information};
use igam_analyze::moments::Moments;
use igam_analyze::moments_file::MomentsFiles;
use igam_analyze::rows::Rows;
use igam_analyze::run_files;
use igam_analyze::shrinkage::Estimator;
use igam_analyze::stream::{self, MomentsSource};
use peak_alloc::PeakAlloc;

use crate::repository;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MOST_TIME: Duration = Duration::from_secs(1);
const MOST_MEMORY: usize = 1 << 30;

/// A reader, and what it is fed with.
struct Target {
    name: &'static str,
    /// The folder of undamaged files in the corpus.
    corpus: &'static str,
    extension: &'static str,
    damage: fn(&[Vec<u8>], &mut Rng) -> Vec<u8>,
    read: fn(&Path),
}

const TARGETS: [Target; 29] = [
    Target { name: "npy", corpus: "npy", extension: "npy", damage: npy, read: arrays },
    Target { name: "npz", corpus: "npz", extension: "npz", damage: bytes, read: arrays },
    // Damage inside the archive, which its checksum would hide otherwise.
    Target { name: "npz-inside", corpus: "npy", extension: "npz", damage: npz, read: arrays },
    Target {
        name: "parquet",
        corpus: "parquet",
        extension: "parquet",
        damage: parquet,
        read: arrays,
    },
    Target {
        name: "moments",
        corpus: "moments",
        extension: "parquet",
        damage: parquet,
        read: moments,
    },
    Target {
        name: "safetensors",
        corpus: "safetensors",
        extension: "safetensors",
        damage: bytes,
        read: arrays,
    },
    Target { name: "pt", corpus: "embeddings/pt", extension: "pt", damage: bytes, read: arrays },
    // Damage of the pickle, which the archive's checksum would hide otherwise.
    Target {
        name: "pickle",
        corpus: "embeddings/pt",
        extension: "pt",
        damage: pickle,
        read: arrays,
    },
    Target {
        name: "arrow",
        corpus: "embeddings/arrow",
        extension: "arrow",
        damage: bytes,
        read: arrays,
    },
    Target {
        name: "wide",
        corpus: "embeddings/wide/csv",
        extension: "csv",
        damage: text,
        read: arrays,
    },
    Target {
        name: "wide-parquet",
        corpus: "embeddings/wide/parquet",
        extension: "parquet",
        damage: parquet,
        read: arrays,
    },
    Target {
        name: "annotations",
        corpus: "annotations",
        extension: "json",
        damage: text,
        read: |path| {
            let include = Include { crowd: true, ..Include::default() };
            let choices = Choices { include, ..Choices::default() };
            drop((
                class_files::read(path, &Warnings::default()),
                counts::read(&[path.to_owned()], None, &choices, &Warnings::default()),
            ))
        },
    },
    Target { name: "gzip", corpus: "gzip", extension: "json.gz", damage: bytes, read: counted },
    Target { name: "voc", corpus: "voc", extension: "xml", damage: text, read: counted },
    Target {
        name: "open_images",
        corpus: "open_images",
        extension: "csv",
        damage: text,
        read: counted,
    },
    Target {
        name: "detections",
        corpus: "detections",
        extension: "json",
        damage: text,
        read: |path| {
            drop(detections::read(path, &corpus_file("ground_truth"), &Warnings::default()))
        },
    },
    Target {
        name: "ground_truth",
        corpus: "ground_truth",
        extension: "json",
        damage: text,
        read: |path| drop(detections::read(&corpus_file("detections"), path, &Warnings::default())),
    },
    Target {
        name: "metrics",
        corpus: "metrics",
        extension: "json",
        damage: text,
        read: |path| drop(ap::read(path, &[], None, None, None)),
    },
    Target {
        name: "precision",
        corpus: "precision",
        extension: "npy",
        damage: npy,
        read: |path| drop(ap::read(path, &[], None, Some(ap::ApIou::Half), None)),
    },
    Target { name: "labels", corpus: "labels", extension: "csv", damage: text, read: labels },
    Target { name: "classes", corpus: "classes", extension: "csv", damage: text, read: classes },
    Target { name: "lines", corpus: "lines", extension: "txt", damage: text, read: classes },
    Target { name: "yaml", corpus: "yaml", extension: "yaml", damage: text, read: classes },
    Target { name: "names", corpus: "names", extension: "json", damage: text, read: classes },
    Target {
        name: "ap",
        corpus: "ap",
        extension: "csv",
        damage: text,
        read: |path| {
            drop((
                ap::read(path, &[], None, None, None),
                ap::read(path, &["ap50".into()], None, None, None),
            ))
        },
    },
    Target {
        name: "evaluators",
        corpus: "ap/real",
        extension: "txt",
        damage: text,
        read: |path| {
            drop((
                ap::read(path, &[], None, None, None),
                ap::read(path, &["segm".into()], None, None, None),
            ))
        },
    },
    Target { name: "counts", corpus: "counts", extension: "csv", damage: text, read: counted },
    Target {
        name: "information",
        corpus: "information",
        extension: "csv",
        damage: text,
        read: |path| drop((information::read(path, None), information::read(path, Some("CE")))),
    },
    Target {
        name: "runs",
        corpus: "runs",
        extension: "toml",
        damage: text,
        read: |path| drop(run_files::read(path)),
    },
];

/// The first undamaged file of a folder.
fn corpus_file(folder: &str) -> PathBuf {
    repository(&format!("tests/corpus/{folder}/0.json"))
}

fn arrays(path: &Path) {
    if let Ok(mut dump) = Dump::open(&[path.to_owned()], None) {
        let _ = dump.read(3, &mut |_: &mut Vec<f64>| true);
        let _ = dump.leave_out_invalid();
    }
    labels(path);
}

fn moments(path: &Path) {
    if let Ok(files) = MomentsFiles::open(&[path.to_owned()]) {
        let _ = stream::passes_of_moments::<f32>(&files, Some(1 << 30));
        let _ = files.read(|_| true, &mut |parts| {
            for (_, part) in parts {
                let mut moments = Moments::<f32>::new(files.dim());
                if part(&mut moments).is_ok() {
                    moments.merge(&moments.clone());
                    let _ = Information::of_moments(moments, &[Estimator::LedoitWolf]);
                }
            }
        });
    }
}

fn labels(path: &Path) {
    for rows in [2, 3, 7] {
        if let Ok(labels) = Labels::read(&[path.to_owned()], None, rows) {
            let background = labels.rows_of("0").unwrap_or_default();
            if let Ok(classes) = labels.classes(&background) {
                let _ = labels.index_as_given(&classes, &[0, 2]);
            }
            break;
        }
    }
}

fn counted(path: &Path) {
    let _ = counts::read(&[path.to_owned()], None, &Choices::default(), &Warnings::default());
}

fn classes(path: &Path) {
    let _ = class_files::read(path, &Warnings::default());
}

const NUMBERS: [u64; 14] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    1 << 53,
    i64::MAX as u64,
    u64::MAX,
];

/// A file of the corpus after a few strokes of any kind.
fn bytes(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut file = rng.choice(corpus).cloned().unwrap_or_default();
    for _ in 0..1 + rng.u32(..8) {
        let at = rng.usize(..=file.len());
        let length = rng.usize(..=(file.len() - at).min(16));
        match rng.u32(..9) {
            0 => file.truncate(at),
            1 if at < file.len() => file[at] ^= 1 << rng.u32(..8),
            2 if at < file.len() => file[at] = rng.u8(..),
            3 => drop(file.drain(at..at + length)),
            4 => {
                let piece = file[at..at + length].to_vec();
                let to = rng.usize(..=file.len());
                file.splice(to..to, piece);
            }
            5 => {
                let number = NUMBERS[rng.usize(..NUMBERS.len())].to_le_bytes();
                let number = &number[..[1, 2, 4, 8][rng.usize(..4)]];
                let end = file.len().min(at + number.len());
                file[at..end].copy_from_slice(&number[..end - at]);
            }
            6 => {
                // A number of variable length, as parquet's footers have them.
                let (mut number, mut coded) = (NUMBERS[rng.usize(..NUMBERS.len())], Vec::new());
                while number > 0x7f {
                    coded.push(number as u8 | 0x80);
                    number >>= 7;
                }
                coded.push(number as u8);
                let end = file.len().min(at + coded.len());
                file.splice(at..end, coded);
            }
            7 => {
                let other = &corpus[rng.usize(..corpus.len())];
                let from = rng.usize(..=other.len());
                file.truncate(at);
                file.extend(&other[from..]);
            }
            _ => file.splice(at..at, [rng.u8(..)]).for_each(drop),
        }
    }
    file
}

const WORDS: [&str; 59] = [
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "\"",
    "\"\"",
    "\\",
    "'",
    "\0",
    "\u{feff}",
    "é",
    "-1",
    "0",
    "1",
    "1e308",
    "-0.0",
    "nan",
    "inf",
    "1.5",
    "0.1",
    "100",
    "18446744073709551615",
    "9223372036854775808",
    "-9223372036854775808",
    "class",
    "id",
    "class_id",
    "ap",
    "label",
    "instances",
    "information",
    "run",
    "[",
    "]",
    "[[run]]",
    "{",
    "}",
    "(",
    ")",
    "=",
    "#",
    ":",
    "NaN",
    "Infinity",
    "null",
    "/AP-",
    "_precision",
    "classes",
    "map_per_class",
    "\"categories\"",
    "\"annotations\"",
    "iscrowd",
    "names:",
    "- ",
    "  ",
    "&a ",
    "*a",
    "\\ud83d",
];

/// Text after a few strokes, of which most are words of the formats.
fn text(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    if rng.u32(..4) == 0 {
        return bytes(corpus, rng);
    }
    let mut file = rng.choice(corpus).cloned().unwrap_or_default();
    for _ in 0..1 + rng.u32(..6) {
        let at = rng.usize(..=file.len());
        let end = at + rng.usize(..=(file.len() - at).min(8));
        let word = WORDS[rng.usize(..WORDS.len())].as_bytes();
        let times = if rng.u32(..64) == 0 { 300 } else { 1 };
        let (from, to) = if rng.bool() { (at, at) } else { (at, end) };
        file.splice(from..to, word.repeat(times));
    }
    file
}

/// An npy file of which the header is damaged as text, and still as long as it says.
fn npy(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    if rng.bool() {
        return bytes(corpus, rng);
    }
    let file = &corpus[rng.usize(..corpus.len())];
    let start = if file[6] == 1 { 10 } else { 12 };
    let end = start + usize::from(u16::from_le_bytes([file[8], file[9]]));
    let header = text(&[file[start..end].to_vec()], rng);
    let mut whole = file[..8].to_vec();
    whole.extend(&(header.len() as u32).to_le_bytes()[..start - 8]);
    whole.extend(header);
    whole.extend(&file[end..]);
    whole
}

/// A parquet file with damage in its pages alone, or in its footer alone, which is found all the same.
fn parquet(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    if rng.u32(..4) == 0 {
        return bytes(corpus, rng);
    }
    let file = &corpus[rng.usize(..corpus.len())];
    let (rest, end) = file.split_at(file.len() - 8);
    let length = u32::from_le_bytes([end[0], end[1], end[2], end[3]]) as usize;
    let (pages, footer) = rest.split_at(rest.len() - length);
    let (mut pages, mut footer) = (pages.to_vec(), footer.to_vec());
    if rng.bool() {
        let damaged = bytes(&[pages.clone()], rng);
        let length = damaged.len().min(pages.len());
        pages[..length].copy_from_slice(&damaged[..length]);
    } else {
        footer = bytes(&[footer], rng);
    }
    let length = (footer.len() as u32).to_le_bytes();
    [&pages[..], &footer, &length, b"PAR1"].concat()
}

/// An archive of damaged arrays.
fn npz(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["embeddings.npy", "labels.npy"] {
        let method = match rng.bool() {
            true => zip::CompressionMethod::Deflated,
            false => zip::CompressionMethod::Stored,
        };
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        archive.start_file(name, options).unwrap();
        archive.write_all(&npy(corpus, rng)).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A file of torch.save of which the pickle alone is damaged.
fn pickle(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let file = &corpus[rng.usize(..corpus.len())];
    let mut whole = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..whole.len() {
        let mut entry = whole.by_index(at).unwrap();
        let mut data = Vec::new();
        entry.read_to_end(&mut data).unwrap();
        if entry.name().ends_with("data.pkl") {
            data = bytes(&[data], rng);
        }
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        archive.start_file(entry.name(), options).unwrap();
        archive.write_all(&data).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn corpus(folder: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(repository("tests/corpus").join(folder)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Time that this thread has run: on a busy machine it may wait as long for its turn.
fn clock() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let own = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let own = own.and_then(|text| text.split(' ').next()?.parse().ok());
    own.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap())
}

#[test]
#[ignore = "as long as FUZZ_SECONDS or FUZZ_EXECUTIONS say, for each reader"]
fn at_length() {
    let seed = number("FUZZ_SEED").unwrap_or(7);
    let seconds = number("FUZZ_SECONDS").unwrap_or(u64::MAX);
    let executions = number("FUZZ_EXECUTIONS").unwrap_or(u64::MAX);
    let only = env::var("FUZZ_READER").ok();
    // In memory where there is such a file system; what it holds after an abort is the culprit.
    let memory = Path::new("/dev/shm");
    let work = if memory.is_dir() { memory.into() } else { env::temp_dir() };
    let work = tempfile::Builder::new().prefix("fuzz").tempdir_in(work).unwrap();
    std::panic::set_hook(Box::new(|_| ()));
    watch(work.path().to_owned());
    let mut failures = 0;
    println!("reader       executions    /s  longest (ms)  most memory (MiB)");
    for target in TARGETS.iter().filter(|target| only.as_deref().is_none_or(|o| o == target.name)) {
        let corpus = corpus(target.corpus);
        let path = work.path().join("file").with_extension(target.extension);
        let mut rng = Rng::with_seed(seed);
        let (start, mut done) = (Instant::now(), 0);
        let (mut longest, mut most) = (Duration::ZERO, 0);
        while done < executions && start.elapsed().as_secs() < seconds {
            let file = match corpus.get(done as usize) {
                Some(file) => file.clone(),
                None => (target.damage)(&corpus, &mut rng),
            };
            fs::write(&path, &file).unwrap();
            let before = MEMORY.current_usage();
            MEMORY.reset_peak_usage();
            EXECUTION.fetch_add(1, Ordering::Relaxed);
            let now = clock();
            let survived = catch_unwind(AssertUnwindSafe(|| (target.read)(&path))).is_ok();
            let (time, memory) =
                (clock().saturating_sub(now), MEMORY.peak_usage().saturating_sub(before));
            if !survived || time > MOST_TIME || memory > MOST_MEMORY {
                failures += 1;
                let kept = env::temp_dir().join(format!("fuzz-{}-{done}", target.name));
                fs::write(kept.with_extension(target.extension), &file).unwrap();
                println!(
                    "{}: {} after {time:?} with {memory} bytes: {}",
                    target.name,
                    if survived { "returned" } else { "PANICKED" },
                    kept.display()
                );
            }
            (longest, most) = (longest.max(time), most.max(memory));
            done += 1;
        }
        println!(
            "{:11} {done:11} {:5.0} {:13.1} {:18.1}",
            target.name,
            done as f64 / start.elapsed().as_secs_f64(),
            longest.as_secs_f64() * 1e3,
            most as f64 / f64::from(1 << 20)
        );
    }
    assert_eq!(failures, 0);
}

static EXECUTION: AtomicU64 = AtomicU64::new(0);

/// Ends the process if one execution takes ten seconds, and leaves its file.
fn watch(work: PathBuf) {
    std::thread::spawn(move || {
        let mut last = 0;
        loop {
            std::thread::sleep(10 * MOST_TIME);
            if EXECUTION.load(Ordering::Relaxed) == last {
                eprintln!("no return from the file in {}", work.display());
                std::process::abort();
            }
            last = EXECUTION.load(Ordering::Relaxed);
        }
    });
}

/// In a process of its own, for the memory and a crash to be its own.
#[test]
fn briefly() {
    let output = Command::new(env::current_exe().unwrap())
        .args(["fuzz::at_length", "--exact", "--ignored", "--nocapture"])
        .env("FUZZ_EXECUTIONS", "3000")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
