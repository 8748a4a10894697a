//! What was typed. The doc comments here are the help texts.

#![allow(missing_docs)]

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::LazyLock;

use bytesize::ByteSize;
use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::gate::Condition;
use crate::ap::ApScale;
use crate::classes::Numbering;
use crate::detector::ApFormat;
use crate::error::{Error, Result};
use crate::figure::Theme;
use crate::groups::Grouping;
use crate::input::ap::ApIou;
use crate::input::datasets::KnownDataset;
use crate::kernel::product::Precision;
use crate::loss::SCALE;
use crate::normalization::Normalization;
use crate::output::FigureFormat;
use crate::output::text::{Choice, Sort};
use crate::recognition::BackgroundRow;
use crate::run_files::{self, RunFiles};
use crate::shrinkage::Estimator;

/// Why is my detector bad on this class? Information amounts of classes, and whether they or the
/// instance counts go with average precision.
#[derive(Debug, Parser)]
#[command(name = "igam-analyze", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub global: Global,
}

#[derive(Debug, Args)]
pub struct Global {
    /// Threads to use; all cores unless given. Results do not depend on it
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Memory to take at most, such as 512MiB: the files are then read in as many passes as that
    /// needs. Results do not depend on it
    #[arg(long, global = true, value_name = "SIZE", value_parser = memory)]
    pub memory_limit: Option<ByteSize>,
    /// What products of embeddings are summed up in. f32 is faster where many instances have a class of
    /// a thousand dimensions, and rounds to about six digits. Moments files keep their own
    #[arg(long, global = true, value_enum, default_value_t)]
    pub precision: Precision,
    /// No notes and no warnings on standard error, only errors
    #[arg(long, global = true)]
    pub quiet: bool,
    /// No progress bar
    #[arg(long, global = true)]
    pub no_progress: bool,
    /// Say more of what was read and written
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Information amount of each class
    #[command(after_help = INFORMATION_EXAMPLE)]
    Information(Information),
    /// Correlation of information amounts and of instance counts with AP; Figures 1 and 2
    #[command(after_help = CORRELATE_EXAMPLE)]
    Correlate(Correlate),
    /// Why is this class bad: what is known of each class, and what may be the reasons
    #[command(after_help = EXPLAIN_EXAMPLE)]
    Explain(Explain),
    /// All that correlate and explain find on one page, report.html, and report.md for a CI job
    #[command(after_help = REPORT_EXAMPLE)]
    Report(Report),
    /// What a change did to each class: information amount, AP and rank in two runs
    #[command(after_help = COMPARE_EXAMPLE)]
    Compare(Compare),
    /// Angular margins of the IGAM loss, and whether they are worth training with
    #[command(after_help = MARGINS_EXAMPLE)]
    Margins(Margins),
    /// What the margins do to a trained classifier: cosine softmax beside IGAM loss, by class
    #[command(after_help = LOSS_EXAMPLE)]
    Loss(Loss),
    /// The queue length that stores the covariances in the least memory; Figure 3
    #[command(after_help = QUEUE_SIZE_EXAMPLE)]
    QueueSize(QueueSize),
    /// What a shard of a dump adds to each class's covariance, in a file that can be merged
    #[command(after_help = MOMENTS_EXAMPLE)]
    Moments(Moments),
    /// Several moments files as one: the covariances of all their shards
    #[command(after_help = MERGE_EXAMPLE)]
    Merge(Merge),
    /// Completions for a shell, on standard output
    #[command(after_help = COMPLETIONS_EXAMPLE)]
    Completions(Completions),
    /// The manual page, on standard output, or one for each command
    #[command(after_help = MAN_EXAMPLE)]
    Man(Manual),
}

const INFORMATION_EXAMPLE: &str = "\
Example:
  igam-analyze information --embeddings embeddings.npy --labels labels.npy \\
      --class-names classes.txt

Writes information.csv to the --out directory. Columns: floor is the eigenvalue floor, \
floored_fraction the share of the eigenvalues that were raised to it, and floor_bits the bits of \
information that come from those alone; ap_scale and estimator say what ap and information are.";

const CORRELATE_EXAMPLE: &str = "\
Examples:
  igam-analyze correlate --embeddings dump/*.parquet --ap ap.csv --class-names classes.txt
  igam-analyze correlate --runs runs.toml
  igam-analyze correlate --ap ap.csv --counts counts.csv      (instance counts alone, Figure 1)
  igam-analyze correlate --runs runs.toml --fail-if \"finding.all=beyond\"
  igam-analyze correlate --counts instances_train2017.json --ap metrics.json \
      --embeddings dump/embeddings --labels dump/labels
  igam-analyze correlate --counts instances_train2017.json \
      --detections results.json --ground-truth instances_val2017.json

Writes correlations.csv, evidence.csv, figure1.svg, bias.csv and figure4.svg (mean AP and its variance \
over the classes) and, where there are embeddings, verdict.csv (what is found and the numbers that decide it), \
commonality.csv and .svg (how much of AP goes with what), information.csv, figure2.svg, scatter.svg \
and, under several estimators, sensitivity.svg to the --out directory.

A runs file has a [[run]] for each detector, with backbone, loss, embeddings, labels and ap; \
paths are relative to it, and what stands above the first [[run]] holds for all.";

const EXPLAIN_EXAMPLE: &str = "\
Examples:
  igam-analyze explain --counts train.json --detections results.json --ground-truth val.json
  igam-analyze explain Cutter --runs runs.toml
  igam-analyze explain Cutter Nail --embeddings train.npy --labels train_labels.npy --ap ap.csv \\
      --class-names classes.txt --weights weights.npy --bias bias.npy \\
      --validation-embeddings val.npy --validation-labels val_labels.npy

Prints a card for each class that is named, or else the classes that are furthest below what their \
instance counts lead to expect. Writes classes.csv (a row a class, with its reasons), details.csv and, where \
there are embeddings, overlap.svg to the --out directory.";

const REPORT_EXAMPLE: &str = "\
Examples:
  igam-analyze report --runs runs.toml
  igam-analyze report --runs runs.toml && cat reports/report.md >> \"$GITHUB_STEP_SUMMARY\"

Writes report.html and report.md to the --out directory: the classes as explain tells of them, the \
verdicts, the warnings, the figures and the tables that correlate writes, and how to do it again. The page is one file that needs no \
network.";

const COMPARE_EXAMPLE: &str = "\
Examples:
  igam-analyze compare before/information.csv reports/information.csv
  igam-analyze compare reports/information.csv reports/information.csv --run \"R-50 CE\" \"R-50 IGAM\"
  igam-analyze compare before.csv after.csv --fail-if \"ap.mean_difference<-0.01\"

Writes compare.csv and slope.svg to the --out directory. A difference is B − A. Ranks are by \
information amount among the classes that have it in both, 1 the most; their difference is above 0 \
where a class has risen. AP on two scales and information amounts by two estimators are refused.";

const MARGINS_EXAMPLE: &str = "\
Examples:
  igam-analyze margins --information reports/information.csv --normalization softmax
  igam-analyze margins --embeddings embeddings.npy --labels labels.npy

Writes margins.npy (C×C float64 radians, row = true class, in the class order of \
information.csv), margins.parquet (class_i, class_j, margin), margins.csv (the table) and \
margins.svg to the --out directory. The table shows every reading of the normalization; the files \
hold the chosen one.

gain_most and lose_most, in margins.csv, are the classes whose training region θ_i < θ_j + m_ij grows \
most, and those whose region falls behind most. In training, the samples of the first are judged more \
gently. At test time there are no margins, and it is the other way round: the trained boundaries lie \
nearer to the first, which lose space to the last.";

const LOSS_EXAMPLE: &str = "\
Example:
  igam-analyze loss --embeddings embeddings.npy --labels labels.npy --weights weights.npy \\
      --margins reports/margins.npy

Writes loss.csv to the --out directory. Without --margins, they are computed from the embeddings.";

const QUEUE_SIZE_EXAMPLE: &str = "\
Examples:
  igam-analyze queue-size --dataset voc coco lvis
  igam-analyze queue-size --dataset lvis --dim 1024 --memory-budget 512MiB
  igam-analyze queue-size --instances 55800 --dim 128 --classes 20
  igam-analyze queue-size --counts counts.csv --dim 256
  igam-analyze queue-size --embeddings x.npy --labels y.npy --replay --queue-length 1000

Writes storage.csv and figure3.svg to the --out directory, with --memory-budget budget.csv, with \
--replay replay.csv. Strategies: original keeps every embedding; paper is the paper's queue at its \
best length, paper-grid at the length that the paper's Listing 2 finds; running keeps one covariance \
a class, merged whenever the queue is full; hybrid keeps the embeddings of a class while they are \
fewer values than its covariance.";

const MOMENTS_EXAMPLE: &str = "\
Examples:
  igam-analyze moments --embeddings shard-07.npy --labels labels-07.npy \\
      --class-names classes.txt --out moments-07.parquet
  igam-analyze merge moments-*.parquet --out moments.parquet
  igam-analyze correlate --moments moments.parquet --ap ap.csv

Of each class the file holds the embeddings while they are few, then count, mean and scatter. Every \
command that needs no single embedding takes it as --moments.";

const MERGE_EXAMPLE: &str = "\
Examples:
  igam-analyze merge moments-*.parquet --out moments.parquet
  igam-analyze merge moments/ --out moments.parquet --memory-limit 512MiB

Files that hold the same embeddings are refused. What comes out may be merged again.";

const COMPLETIONS_EXAMPLE: &str = "\
Examples:
  igam-analyze completions bash > ~/.local/share/bash-completion/completions/igam-analyze
  igam-analyze completions fish > ~/.config/fish/completions/igam-analyze.fish";

const MAN_EXAMPLE: &str = "\
Examples:
  igam-analyze man | man -l -
  igam-analyze man --out ~/.local/share/man/man1";

#[derive(Debug, Args)]
pub struct Moments {
    #[command(flatten)]
    pub input: Input,
    /// The moments file, .parquet
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Merge {
    /// Moments files, directories or globs of them
    #[arg(value_name = "FILE", required = true)]
    pub moments: Vec<PathBuf>,
    /// The moments file of all, .parquet
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

#[derive(Debug, Args)]
pub struct Manual {
    /// Directory for a page a command
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Information {
    #[command(flatten)]
    pub input: Input,
    #[command(flatten)]
    pub estimator: EstimatorChoice,
    #[command(flatten)]
    pub rows: Rows,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Correlate {
    #[command(flatten)]
    pub detectors: Detectors,
    /// Exit with 3 if any run meets the condition, such as finding=beyond: a column of verdict.csv, with
    /// .all of all runs together only, or of a single run (finding.all=beyond); a column of correlations.csv with its x
    /// (pearson.information>-0.3); or of bias.csv with its group (mean_ap.all<20)
    #[arg(long, value_name = "CONDITION")]
    pub fail_if: Vec<Condition>,
    #[command(flatten)]
    pub figures: Figures,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// Names or ids of classes, each to be shown as a card [default: a table of the worst classes]
    #[arg(value_name = "CLASS", conflicts_with_all = ["sort", "top"])]
    pub classes: Vec<String>,
    #[command(flatten)]
    pub detectors: Detectors,
    #[command(flatten)]
    pub validation: Validation,
    #[command(flatten)]
    pub figures: Figures,
    #[command(flatten)]
    pub rows: Rows,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Report {
    #[command(flatten)]
    pub detectors: Detectors,
    #[command(flatten)]
    pub validation: Validation,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Detectors {
    #[command(flatten)]
    pub input: Input,
    /// AP per class: a csv or parquet table with a column `class` (name or id) and columns of AP
    /// values, 0–1 or 0–100; or what detectron2, mmdetection, torchmetrics or pycocotools leave
    /// behind (.json, .npy). Empty, NaN, N/A, a dash and −1 mean absent
    #[arg(
        long,
        value_name = "FILE",
        group = "AP",
        required_unless_present_any = ["runs", "detections"]
    )]
    pub ap: Option<PathBuf>,
    /// Detections in place of --ap: COCO results, a .json list of boxes with scores, such as Ultralytics'
    /// predictions.json. They are evaluated against --ground-truth, and AP has the columns ap (IoU 0.5:0.95), ap50 and ap75. In a runs file:
    /// detections = "FILE"
    #[arg(
        long,
        value_name = "FILE",
        group = "AP",
        requires = "ground_truth",
        conflicts_with_all = ["ap", "runs"]
    )]
    pub detections: Option<PathBuf>,
    /// The annotations that --detections are of, in any format of --counts but a table; several files that
    /// are parts of one. Where neither --class-names nor annotations as --counts list the classes, they do.
    /// In a runs file: ground_truth = "PATH"
    #[arg(
        long,
        value_name = "PATH",
        num_args = 1..,
        requires = "detections",
        conflicts_with_all = ["ap", "runs"]
    )]
    pub ground_truth: Vec<PathBuf>,
    /// Split of --ground-truth in Pascal VOC or YOLO [default: val, of Pascal VOC test where it is there]
    #[arg(long, value_name = "NAME", requires = "ground_truth")]
    pub ground_truth_split: Option<String>,
    /// Columns of AP values, each a run of its own [default: `ap`, or the only column of numbers; of
    /// an evaluator's results `bbox`]
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        requires = "AP",
        conflicts_with = "runs"
    )]
    pub ap_column: Vec<String>,
    /// What --ap was written by [default: recognized]
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        requires = "ap",
        conflicts_with_all = ["detections", "runs"]
    )]
    pub ap_format: Option<ApFormat>,
    /// The IoU thresholds of AP, where --ap has all of them, as pycocotools' array [default: 0.5:0.95]
    #[arg(
        long,
        value_enum,
        value_name = "IOU",
        requires = "ap",
        conflicts_with_all = ["detections", "runs"]
    )]
    pub ap_iou: Option<ApIou>,
    /// How the rows of --ap, or the categories of --ground-truth, mean classes [default: recognized; what can be read in two ways is refused]
    #[arg(long, value_enum, value_name = "NUMBERING", requires = "AP", conflicts_with = "runs")]
    pub ap_numbering: Option<Numbering>,
    /// The scale of AP in a table: needed where many classes are below 1% [default: percent where
    /// values are above 1]
    #[arg(
        long,
        value_enum,
        value_name = "SCALE",
        requires = "ap",
        conflicts_with_all = ["detections", "runs"]
    )]
    pub ap_scale: Option<ApScale>,
    /// Other numbers of the classes, to be held constant: a csv or parquet table with a column `class`
    /// and columns of numbers, each under its name. They add to those of an annotation file given as
    /// --counts, `median_log_area` and `instances_per_image`. In a runs file: covariates = "FILE"
    #[arg(long, value_name = "FILE", conflicts_with = "runs")]
    pub covariates: Option<PathBuf>,
    /// Which classes are alike, such as car and truck: a csv or parquet table with columns `class` and
    /// `group` [default: the `supercategory` in an annotation file given as --counts]. In a runs file:
    /// class_groups = "FILE"
    #[arg(long, value_name = "FILE", conflicts_with = "runs")]
    pub class_groups: Option<PathBuf>,
    /// A runs file: several detectors at once
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ap", "detections", "Input"])]
    pub runs: Option<PathBuf>,
    /// Mean AP by how often classes occur, beside the model bias: lvis (rare, common, frequent; needs
    /// --counts with a column `frequency` or `images`), coco-lt, or the instance counts at which a
    /// group begins, such as 20,400,8000. Which classes are alike is for --class-groups
    #[arg(long, value_name = "GROUPS")]
    pub groups: Option<Grouping>,
    #[command(flatten)]
    pub estimator: EstimatorChoices,
}

impl Detectors {
    /// The files of each detector.
    ///
    /// # Errors
    /// If the runs file cannot be used.
    pub fn sources(&self) -> Result<Vec<RunFiles>> {
        match &self.runs {
            Some(path) => run_files::read(path),
            None => Ok(vec![RunFiles {
                ap: self.ap.clone(),
                detections: self.detections.clone(),
                ground_truth: self.ground_truth.clone(),
                ground_truth_split: self.ground_truth_split.clone(),
                ap_column: self.ap_column.clone(),
                ap_format: self.ap_format,
                ap_iou: self.ap_iou,
                ap_numbering: self.ap_numbering,
                ap_scale: self.ap_scale,
                covariates: self.covariates.clone(),
                class_groups: self.class_groups.clone(),
                ..RunFiles::from(self.input.clone())
            }]),
        }
    }
}

#[derive(Debug, Args)]
pub struct Compare {
    /// The run before: an information.csv, or a runs file (.toml), which is computed
    pub a: PathBuf,
    /// The run after
    pub b: PathBuf,
    /// The run to take where a file holds several: one name for both, or that of A and that of B
    #[arg(long, value_name = "NAME", num_args = 1..=2)]
    pub run: Vec<String>,
    /// Covariance estimator for a runs file [default: mp-floor]
    #[arg(long, value_enum)]
    pub estimator: Option<Estimator>,
    /// Exit with 3 if a result is so, such as ap.mean_difference<-0.01: mean, least or greatest
    /// difference of information or ap
    #[arg(long, value_name = "CONDITION")]
    pub fail_if: Vec<Condition>,
    #[command(flatten)]
    pub figures: Figures,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Margins {
    #[command(flatten)]
    pub input: Input,
    /// Take information amounts from this information.csv instead of a dump
    #[arg(long, value_name = "FILE", conflicts_with_all = ["Input", "estimator"])]
    pub information: Option<PathBuf>,
    /// The run to take from --information, if it holds several
    #[arg(long, value_name = "NAME", requires = "information")]
    pub run: Option<String>,
    #[command(flatten)]
    pub estimator: EstimatorChoice,
    #[command(flatten)]
    pub choice: MarginChoice,
    #[command(flatten)]
    pub figures: Figures,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Loss {
    #[command(flatten)]
    pub input: Input,
    /// Classifier weights: C×p or (C+1)×p in .npy, .npz, .safetensors or .pt, row = class in order of id, one
    /// row more for the background; or the folder that a collector wrote
    #[arg(long, value_name = "PATH")]
    pub weights: PathBuf,
    /// The row of the background, which has no part in the losses: first (torchvision), last (detectron2,
    /// mmdetection, DETR), none, or its number from 0 [default: where there is a row more than classes, the
    /// embeddings tell]
    #[arg(long, value_name = "ROW")]
    pub background_row: Option<BackgroundRow>,
    /// The classifier's bias, as many numbers as rows in such a file: cosines leave it out, and a warning says
    /// so
    #[arg(long, value_name = "FILE")]
    pub bias: Option<PathBuf>,
    /// Margins: a C×C .npy file of radians, row = true class
    #[arg(long, value_name = "FILE", conflicts_with_all = ["estimator", "normalization", "signed"])]
    pub margins: Option<PathBuf>,
    /// Scale s of the logits s·cosθ
    #[arg(long, value_name = "S", default_value_t = SCALE, value_parser = positive)]
    pub scale: f64,
    #[command(flatten)]
    pub estimator: EstimatorChoice,
    #[command(flatten)]
    pub choice: MarginChoice,
    #[command(flatten)]
    pub rows: Rows,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct QueueSize {
    #[command(flatten)]
    pub input: Input,
    /// Known data sets: voc and coco with the paper's N and C, lvis with the counts of v1.0 train
    #[arg(long, value_enum, num_args = 1.., value_name = "NAME",
          conflicts_with_all = ["Input", "instances", "classes"])]
    pub dataset: Vec<KnownDataset>,
    /// Number of instances N
    #[arg(long, value_name = "N", conflicts_with_all = ["embeddings", "moments", "counts"])]
    pub instances: Option<u64>,
    /// Number of dimensions p; 128 for a known data set unless given
    #[arg(long, value_name = "P", conflicts_with_all = ["embeddings", "moments"])]
    pub dim: Option<u64>,
    /// Number of classes C; labels then only say which rows are the --background-label's
    #[arg(long, value_name = "C", conflicts_with = "counts")]
    pub classes: Option<u64>,
    /// Bytes that each value takes
    #[arg(long, value_enum, default_value_t)]
    pub bytes_per_value: BytesPerValue,
    /// The longest queue that fits into this memory, such as 64MiB or 1.5GB, for each strategy
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub memory_budget: Option<ByteSize>,
    /// Run the paper's epoch over the embeddings: does the queue change the information amount, and
    /// what do the stores hold?
    #[arg(long, requires = "embeddings")]
    pub replay: bool,
    /// Queue length d of the replay [default: the best]
    #[arg(long, value_name = "D", requires = "replay")]
    pub queue_length: Option<u64>,
    #[command(flatten)]
    pub figures: Figures,
    #[command(flatten)]
    pub output: Output,
}

/// Bytes of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum BytesPerValue {
    /// Half precision
    #[value(name = "2")]
    Half = 2,
    /// Single precision
    #[default]
    #[value(name = "4")]
    Single = 4,
    /// Double precision
    #[value(name = "8")]
    Double = 8,
}

fn memory(text: &str) -> std::result::Result<ByteSize, String> {
    match text.parse() {
        Ok(size) if size > ByteSize::b(0) => Ok(size),
        _ => {
            Err("not an amount of memory above 0, such as 64MiB, 1.5GB or a number of bytes".into())
        }
    }
}

#[derive(Debug, Args)]
pub struct MarginChoice {
    /// Reading of the paper's formula for I′
    #[arg(long, value_enum, default_value_t)]
    pub normalization: Normalization,
    /// Negative margins too, instead of 0 where the other class has more information
    #[arg(long)]
    pub signed: bool,
}

fn positive(text: &str) -> std::result::Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && f64::is_finite(number) => Ok(number),
        _ => Err("not a number above 0".into()),
    }
}

#[derive(Clone, Debug, Args)]
#[group(id = "Input", multiple = true)]
pub struct Input {
    /// Embeddings, a row per instance: .npy, .npz, .safetensors, .pt, .parquet, .arrow, .feather, .csv with
    /// a column a dimension, directories or globs of them; or the folder that a collector wrote, which has
    /// the labels and class names too. However they are named, files are read in natural order of their
    /// paths (part-2 before part-10)
    #[arg(long, value_name = "PATH", num_args = 1.., help_heading = "Input")]
    pub embeddings: Vec<PathBuf>,
    /// Labels in the same order: .npy of integers, a csv, parquet or Arrow column of ids or names, an npz
    /// array or a tensor; files in natural order, too [default: from the files of the embeddings, or from
    /// directories such as label=cat]
    #[arg(long, value_name = "PATH", num_args = 1.., help_heading = "Input", requires = "embeddings")]
    pub labels: Vec<PathBuf>,
    /// Parquet or Arrow column, npz array or tensor of the embeddings, or 'emb_*' for a column a dimension
    /// [default: `embedding`; of arrays and tensors `embeddings` or else `embedding`]
    #[arg(long, value_name = "NAME", help_heading = "Input", requires = "embeddings")]
    pub embedding_column: Option<String>,
    /// Csv, parquet or Arrow column, npz array or tensor of the labels [default: `label`; of arrays and
    /// tensors `labels` or else `label`]
    #[arg(long, value_name = "NAME", help_heading = "Input", requires = "embeddings")]
    pub label_column: Option<String>,
    /// Moments files in place of embeddings and labels, directories or globs of them: what
    /// `igam-analyze moments` made of shards. They are merged
    #[arg(long, value_name = "PATH", num_args = 1.., help_heading = "Input", conflicts_with_all = ["embeddings", "labels", "embedding_column", "label_column"])]
    pub moments: Vec<PathBuf>,
    /// Leave rows with NaN or infinite values out, and say how many, instead of refusing them
    #[arg(long, help_heading = "Input", requires = "embeddings")]
    pub skip_invalid_rows: bool,
    /// Label of the background, such as -1: its rows are left out before anything is counted
    #[arg(
        long,
        value_name = "LABEL",
        help_heading = "Input",
        requires = "embeddings",
        allow_negative_numbers = true
    )]
    pub background_label: Option<String>,
    /// How the labels mean classes [default: recognized; what can be read in two ways is refused]
    #[arg(long, value_enum, value_name = "NUMBERING", help_heading = "Input")]
    pub label_numbering: Option<Numbering>,
    /// Class names: a name a line in order of id, a table with columns `class` and `id`, YOLO's
    /// data.yaml, json of names, Open Images' class-descriptions-boxable.csv, or annotations as for --counts
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub class_names: Option<PathBuf>,
    /// Instances per class: a table with columns `class` and `instances`; or annotations, which name the
    /// classes too: COCO or LVIS json (.json, .json.gz), a folder of Pascal VOC, YOLO's data.yaml, a csv of
    /// Open Images; several that are parts of one data set [default: counted from the labels]
    #[arg(long, value_name = "PATH", num_args = 1.., help_heading = "Input")]
    pub counts: Vec<PathBuf>,
    /// Column of the instance counts [default: `instances`, or the only column of numbers]
    #[arg(long, value_name = "NAME", help_heading = "Input", requires = "counts")]
    pub counts_column: Option<String>,
    /// Split of --counts in Pascal VOC or YOLO [default: trainval, of YOLO train]
    #[arg(long, value_name = "NAME", help_heading = "Input", requires = "counts")]
    pub split: Option<String>,
    /// Count an annotation file's crowds (`iscrowd`, of Open Images `IsGroupOf`) as instances
    #[arg(long, help_heading = "Input", requires = "counts")]
    pub include_crowd: bool,
    /// Count those annotations too on which mmdetection and detectron2 do not train: marked `ignore`,
    /// without area, or outside their image
    #[arg(long, help_heading = "Input", requires = "counts")]
    pub include_ignored: bool,
    /// Count the difficult objects of Pascal VOC too, on which mmdetection and Ultralytics do not train, but
    /// detectron2 does
    #[arg(long, help_heading = "Input", requires = "counts")]
    pub include_difficult: bool,
}

/// Held-out objects, and the classifier that is shown them.
#[derive(Clone, Debug, Default, Args)]
pub struct Validation {
    /// Embeddings of held-out ground-truth boxes, from the layer that --embeddings are from: those of
    /// training are fitted, and tell little of what is confused
    #[arg(
        long,
        value_name = "PATH",
        num_args = 1..,
        help_heading = "Held-out objects",
        conflicts_with = "runs"
    )]
    pub validation_embeddings: Vec<PathBuf>,
    /// Their labels, as --labels, with the same options [default: from the files of the embeddings]
    #[arg(long, value_name = "PATH", num_args = 1.., help_heading = "Held-out objects", requires = "validation_embeddings")]
    pub validation_labels: Vec<PathBuf>,
    /// Weights of the classifier's last layer: C×p or (C+1)×p in .npy, .npz, .safetensors or .pt, row =
    /// class in order of id, one row more for the background; or the folder that a collector wrote, which has
    /// the bias too and says which row is the background's
    #[arg(long, value_name = "PATH", help_heading = "Held-out objects", conflicts_with = "runs")]
    pub weights: Option<PathBuf>,
    /// Its bias, as many numbers in such a file
    #[arg(long, value_name = "FILE", help_heading = "Held-out objects", requires = "weights")]
    pub bias: Option<PathBuf>,
    /// The row of the background, which has no part, as the box is known to hold an object: first
    /// (torchvision), last (detectron2, mmdetection, DETR), none, or its number from 0 [default: where there
    /// is a row more than classes, the embeddings tell]
    #[arg(long, value_name = "ROW", help_heading = "Held-out objects", requires = "weights")]
    pub background_row: Option<BackgroundRow>,
    /// The classifier takes features and weights at unit length, as a cosine softmax does
    #[arg(long, help_heading = "Held-out objects", requires = "weights")]
    pub cosine: bool,
}

impl Validation {
    /// The files of each detector, with these.
    ///
    /// # Errors
    /// If the runs file cannot be used.
    pub fn sources(&self, detectors: &Detectors) -> Result<Vec<RunFiles>> {
        let sources = detectors.sources()?;
        if detectors.runs.is_some() {
            return Ok(sources);
        }
        let with = |files| RunFiles {
            weights: self.weights.clone(),
            bias: self.bias.clone(),
            background_row: self.background_row,
            cosine: self.cosine,
            validation_embeddings: self.validation_embeddings.clone(),
            validation_labels: self.validation_labels.clone(),
            ..files
        };
        Ok(sources.into_iter().map(with).collect())
    }
}

#[derive(Debug, Args)]
pub struct EstimatorChoice {
    /// Covariance estimator
    #[arg(long, value_enum, default_value_t)]
    pub estimator: Estimator,
}

#[derive(Debug, Args)]
pub struct EstimatorChoices {
    /// Covariance estimator, or all: then correlations.csv has a row for each, sensitivity.svg is
    /// drawn, and the other files are those of the first [default: mp-floor]
    #[arg(long, value_enum)]
    estimator: Option<EstimatorOrAll>,
}

impl EstimatorChoices {
    /// Whether one was typed.
    pub fn is_typed(&self) -> bool {
        self.estimator.is_some()
    }

    /// What was chosen.
    pub fn estimators(&self) -> &'static [Estimator] {
        let all = Estimator::ALL;
        match self.estimator.unwrap_or_default().0 {
            None => all,
            Some(chosen) => {
                let at = all.iter().position(|&estimator| estimator == chosen).unwrap_or(0);
                &all[at..=at]
            }
        }
    }
}

/// One estimator, or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct EstimatorOrAll(Option<Estimator>);

impl Default for EstimatorOrAll {
    fn default() -> Self {
        EstimatorOrAll(Some(Estimator::default()))
    }
}

impl ValueEnum for EstimatorOrAll {
    fn value_variants<'a>() -> &'a [EstimatorOrAll] {
        static ALL: LazyLock<Vec<EstimatorOrAll>> = LazyLock::new(|| {
            Estimator::ALL.iter().map(|&one| Some(one)).chain([None]).map(EstimatorOrAll).collect()
        });
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self.0 {
            Some(estimator) => estimator.to_possible_value(),
            None => Some(PossibleValue::new("all").help("Each of them")),
        }
    }
}

#[derive(Debug, Args)]
pub struct Output {
    /// Directory for the files
    #[arg(long, value_name = "DIR", default_value = "reports", help_heading = "Output")]
    pub out: PathBuf,
    /// Format of standard output
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct Figures {
    /// Format of the figures; png and pdf have the letters of DejaVu Sans alone
    #[arg(long, value_enum, default_value_t, help_heading = "Figures")]
    pub figure_format: FigureFormat,
    /// Colours of the figures
    #[arg(long, value_enum, default_value_t, help_heading = "Figures")]
    pub theme: Theme,
    /// Width of each figure in pixels [default: as drawn; png twice that]
    #[arg(long, value_name = "PIXELS", help_heading = "Figures",
          value_parser = clap::value_parser!(u32).range(100..=20_000))]
    pub width: Option<u32>,
}

/// Which rows of the table are printed.
#[derive(Clone, Debug, Args)]
pub struct Rows {
    /// Sort the printed table by this column of the csv file, such as instances: the largest first, or with
    /// :asc behind it the smallest
    #[arg(long, value_name = "COLUMN", help_heading = "Output")]
    pub sort: Option<Sort>,
    /// Print at most this many classes
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub top: Option<NonZeroUsize>,
}

impl Rows {
    /// The rows of a table for reading.
    ///
    /// # Errors
    /// If rows are chosen of another format.
    pub fn choice(&self, format: Format) -> Result<Choice> {
        let choice = Choice { sort: self.sort.clone(), top: self.top.map(Into::into) };
        if choice.is_made() && format != Format::Table {
            return Err(Error::Usage(
                "--sort and --top are for the printed table: leave --format out".into(),
            ));
        }
        Ok(choice)
    }
}

/// Format of standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For reading
    #[default]
    Table,
    /// The file's columns
    Csv,
    /// With the warnings
    Json,
}

impl ValueEnum for FigureFormat {
    fn value_variants<'a>() -> &'a [FigureFormat] {
        FigureFormat::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            FigureFormat::Svg => "Vectors for browsers, with their own sans-serif face",
            FigureFormat::Png => "Pixels",
            FigureFormat::Pdf => "Vectors for papers",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

impl ValueEnum for Theme {
    fn value_variants<'a>() -> &'a [Theme] {
        Theme::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Theme::Light => "Dark ink on white paper",
            Theme::Dark => "Light ink on dark paper",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

impl ValueEnum for Estimator {
    fn value_variants<'a>() -> &'a [Estimator] {
        Estimator::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Estimator::MpFloor => {
                "Eigenvalues below (1−√(p/m))² are raised to it, as in the paper's Listing 1"
            }
            Estimator::Sample => "The sample covariance as it is",
            Estimator::LedoitPeche => {
                "Analytical nonlinear shrinkage (Ledoit and Wolf 2020), from 13 instances on"
            }
            Estimator::Qis => {
                "Quadratic-inverse nonlinear shrinkage (Ledoit and Wolf 2022), from 2 instances on"
            }
            Estimator::LedoitWolf => {
                "Linear shrinkage to the scaled identity (Ledoit and Wolf 2004), from 2 instances on"
            }
            Estimator::Oas => {
                "Oracle-approximating linear shrinkage (Chen et al. 2010), from 2 instances on"
            }
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

impl ValueEnum for Precision {
    fn value_variants<'a>() -> &'a [Precision] {
        &[Precision::Double, Precision::Single]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl ValueEnum for ApFormat {
    fn value_variants<'a>() -> &'a [ApFormat] {
        ApFormat::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            ApFormat::Table => "A table of classes: csv, parquet, printed, or as JSON",
            ApFormat::Array => "A value, or ten, of each class in order, as .npy",
            ApFormat::Ultralytics => "metrics.to_json(), metrics.to_csv(), or what val prints",
            ApFormat::Detectron2 => "metrics.json, an evaluator's results, or a log",
            ApFormat::Mmdetection => "scalars.json, a .log.json or a .log, with classwise=True",
            ApFormat::Torchmetrics => {
                "MeanAveragePrecision(class_metrics=True), its tensors saved as lists"
            }
            ApFormat::Pycocotools => "eval[\"precision\"] as .npy, categories in order of id",
            ApFormat::FasterCocoEval => "extended_metrics, also of RF-DETR",
            ApFormat::Hotcoco => "Results with per_class=True",
            ApFormat::Supervision => "MeanAveragePrecision's result, its arrays saved as lists",
            ApFormat::Transformers => "all_results.json, trainer_state.json, with eval_map_<class>",
            ApFormat::Fiftyone => "COCODetectionResults as JSON",
            ApFormat::Tensorflow => "Tags of the Object Detection API, as csv or JSON",
            ApFormat::Roboflow => "The classes of a model's evaluation",
            ApFormat::Darknet => "What detector map prints",
            ApFormat::Yolox => "The log, with its table per class",
            ApFormat::Nanodet => "The log, with its table per class",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

impl ValueEnum for Numbering {
    fn value_variants<'a>() -> &'a [Numbering] {
        Numbering::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Numbering::Names => "They are class names",
            Numbering::Ids => "They are the ids of the classes, such as COCO's category ids",
            Numbering::Positions => "0 is the class of the lowest id, 1 the next, as in detectron2",
            Numbering::FileOrder => {
                "0 is the class that the annotation file lists first, 1 the next, as in mmdetection"
            }
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

impl ValueEnum for ApIou {
    fn value_variants<'a>() -> &'a [ApIou] {
        ApIou::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl ValueEnum for ApScale {
    fn value_variants<'a>() -> &'a [ApScale] {
        ApScale::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.to_string()))
    }
}

impl ValueEnum for KnownDataset {
    fn value_variants<'a>() -> &'a [KnownDataset] {
        KnownDataset::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.title()))
    }
}

impl ValueEnum for Normalization {
    fn value_variants<'a>() -> &'a [Normalization] {
        Normalization::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Normalization::Printed => "As printed: e^e^x in the numerator, Ī the sum of all I",
            Normalization::PrintedMean => "The same with Ī the mean, as its bar suggests",
            Normalization::Softmax => "e^x in the numerator, Ī the mean",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

impl From<Input> for RunFiles {
    fn from(input: Input) -> RunFiles {
        RunFiles {
            embeddings: input.embeddings,
            labels: input.labels,
            moments: input.moments,
            embedding_column: input.embedding_column,
            label_column: input.label_column,
            skip_invalid_rows: input.skip_invalid_rows,
            background_label: input.background_label,
            label_numbering: input.label_numbering,
            class_names: input.class_names,
            counts: input.counts,
            counts_column: input.counts_column,
            include_crowd: input.include_crowd,
            include_ignored: input.include_ignored,
            include_difficult: input.include_difficult,
            split: input.split,
            ..RunFiles::default()
        }
    }
}
