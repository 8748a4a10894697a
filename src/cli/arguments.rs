//! What was typed. The doc comments here are the help texts.

#![allow(missing_docs)]

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::LazyLock;

use bytesize::ByteSize;
use clap::builder::PossibleValue;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::examples;
use super::gate::Condition;
use crate::analysis::probe::ProbeSettings;
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
use crate::probe::LossKind;
use crate::recognition::BackgroundRow;
use crate::run_files::{self, RunFiles};
use crate::shrinkage::Estimator;

/// Why is my detector bad on this class?
///
/// igam-analyze takes a trained object detector apart, class by class. It reads the AP and the instance
/// count of each class, and better also embeddings of its boxes.
#[derive(Debug, Parser)]
#[command(
    name = "igam-analyze",
    version,
    max_term_width = 100,
    disable_help_flag = true,
    disable_version_flag = true,
    after_help = examples::PROGRAM
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub global: Global,
    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = "General")]
    version: Option<bool>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "General", next_display_order = 1000)]
pub struct Global {
    /// Print errors only, no notes and no warnings
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print more about what is read and written
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Show no progress bar
    #[arg(long, global = true, hide_short_help = true)]
    pub no_progress: bool,
    /// Number of threads [default: one per core]
    ///
    /// The results are the same for any number of threads.
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    pub threads: Option<u16>,
    /// Most memory to use, such as 512MiB
    ///
    /// If the work does not fit, the files are read several times. The results are the same.
    #[arg(long, global = true, hide_short_help = true, value_name = "SIZE", value_parser = memory)]
    pub memory_limit: Option<ByteSize>,
    /// Number type of covariance sums
    ///
    /// f32 is faster for large classes at about 1,000 dimensions, and accurate to about six digits. A
    /// moments file keeps the type that it was made with.
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "TYPE",
        value_enum,
        default_value_t
    )]
    pub precision: Precision,
    /// Print help: -h the common options, --help all
    #[arg(short, long, global = true, action = ArgAction::Help)]
    help: Option<bool>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try it: explain, correlate and report on a small real detector
    ///
    /// Writes the files of the detector, which the program carries, and runs the commands on them.
    #[command(after_help = examples::DEMO, after_long_help = examples::DEMO_LONG)]
    Demo(Demo),
    /// Why a class is bad: reasons, how sure each is, what to do next
    #[command(after_help = examples::EXPLAIN, after_long_help = examples::EXPLAIN_LONG)]
    Explain(Explain),
    /// Does AP go with information amount, or with instance count?
    ///
    /// Draws Figures 1 and 2 of the paper.
    #[command(after_help = examples::CORRELATE, after_long_help = examples::CORRELATE_LONG)]
    Correlate(Correlate),
    /// What explain and correlate find, on one page: report.html
    ///
    /// Also writes report.md, for the summary of a CI job.
    #[command(after_help = examples::REPORT, after_long_help = examples::REPORT_LONG)]
    Report(Report),
    /// What a change did to each class: information amount, AP, rank
    #[command(after_help = examples::COMPARE, after_long_help = examples::COMPARE_LONG)]
    Compare(Compare),
    /// Information amount of each class
    #[command(after_help = examples::INFORMATION, after_long_help = examples::INFORMATION_LONG)]
    Information(Information),
    /// Angular margins of the IGAM loss: is it worth training with them?
    #[command(after_help = examples::MARGINS, after_long_help = examples::MARGINS_LONG)]
    Margins(Margins),
    /// What the margins do to a trained classifier, by class
    ///
    /// Computes the loss of cosine softmax and the IGAM loss, side by side.
    #[command(after_help = examples::LOSS, after_long_help = examples::LOSS_LONG)]
    Loss(Loss),
    /// Would the IGAM loss, or another one, help these classes?
    ///
    /// Trains classification layers on the embeddings as they are, with one loss after the other, and compares
    /// them with the cosine softmax.
    #[command(after_help = examples::PROBE, after_long_help = examples::PROBE_LONG)]
    Probe(Probe),
    /// Queue length that stores the covariances in the least memory
    ///
    /// Draws Figure 3 of the paper.
    #[command(after_help = examples::QUEUE_SIZE, after_long_help = examples::QUEUE_SIZE_LONG)]
    QueueSize(QueueSize),
    /// Write the class covariances of one shard to a file, for merge
    #[command(after_help = examples::MOMENTS, after_long_help = examples::MOMENTS_LONG)]
    Moments(Moments),
    /// Merge moments files: the covariances of all their shards
    #[command(after_help = examples::MERGE, after_long_help = examples::MERGE_LONG)]
    Merge(Merge),
    /// Print completions for a shell
    #[command(after_help = examples::COMPLETIONS, after_long_help = examples::COMPLETIONS_LONG)]
    Completions(Completions),
    /// Print the manual page, or write one for each command
    #[command(after_help = examples::MAN)]
    Man(Manual),
}

#[derive(Debug, Args)]
pub struct Demo {
    /// New folder for the files
    #[arg(long, value_name = "DIR", default_value = "demo", help_heading = "Output")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Moments {
    #[command(flatten)]
    pub input: Input,
    /// Moments file to write, .parquet
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Merge {
    /// Moments files; folders or globs of them
    #[arg(value_name = "FILE", required = true, help_heading = "Input")]
    pub moments: Vec<PathBuf>,
    /// Moments file to write, .parquet
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
    /// Folder for one page per command
    #[arg(long, value_name = "DIR", help_heading = "Output")]
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
    /// Exit with 3 if any run meets this condition
    ///
    /// A column of verdict.csv, such as finding=beyond; with .all only that of all runs together
    /// (finding.all=beyond). A column of correlations.csv with its x (pearson.information>-0.3). A column
    /// of bias.csv with its group (mean_ap.all<20).
    #[arg(long, value_name = "CONDITION", help_heading = "Statistics")]
    pub fail_if: Vec<Condition>,
    #[command(flatten)]
    pub figures: Figures,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
#[command(next_display_order = 1)]
pub struct Explain {
    /// Classes to explain, by name or id
    ///
    /// Each gets a card. [default: a table of the worst classes]
    #[arg(value_name = "CLASS", help_heading = "Input", display_order = 0, conflicts_with_all = ["sort", "top"])]
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
    /// Compare losses on the embeddings too; takes minutes
    ///
    /// As the command `probe` with its defaults, for each run that has embeddings: on its held-out boxes, or else
    /// by cross-validation. It uses --groups, and the first --estimator.
    #[arg(long, help_heading = "Losses")]
    pub probe: bool,
    /// Column that says which image a row is of
    ///
    /// As for `probe`. In a runs file: group_column = "NAME"
    #[arg(
        long,
        value_name = "NAME",
        help_heading = "Losses",
        hide_short_help = true,
        requires = "probe",
        conflicts_with = "runs"
    )]
    pub group_column: Option<String>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Detectors {
    /// Runs file (.toml): several detectors at once
    ///
    /// It has a `[[run]]` for each detector, with the files that the other options name.
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Input",
        conflicts_with_all = ["ap", "detections", "Input"]
    )]
    pub runs: Option<PathBuf>,
    #[command(flatten)]
    pub input: Input,
    #[command(flatten)]
    pub ap: ApInput,
    #[command(flatten)]
    pub statistics: Statistics,
}

/// AP, or detections and ground truth to compute it from.
#[derive(Debug, Args)]
#[command(next_help_heading = "AP")]
pub struct ApInput {
    /// AP per class: a table, or your evaluator's file
    ///
    /// A csv or parquet table with a column `class` (name or id) and columns of AP values, 0–1 or 0–100.
    /// Or what an evaluator writes, such as detectron2, mmdetection, torchmetrics or pycocotools: see
    /// --ap-format. Empty, NaN, N/A, a dash and −1 mean that there is no AP.
    #[arg(
        long,
        value_name = "FILE",
        group = "AP",
        required_unless_present_any = ["runs", "detections"]
    )]
    pub ap: Option<PathBuf>,
    /// COCO results, instead of --ap
    ///
    /// A .json list of boxes with scores, such as Ultralytics' predictions.json. They are evaluated against
    /// --ground-truth. AP then has the columns ap (IoU 0.5:0.95), ap50 and ap75. In a runs file:
    /// detections = "FILE"
    #[arg(
        long,
        value_name = "FILE",
        group = "AP",
        requires = "ground_truth",
        conflicts_with_all = ["ap", "runs"]
    )]
    pub detections: Option<PathBuf>,
    /// Annotations to evaluate --detections against
    ///
    /// Any format of --counts except a table. Several files are the parts of one data set. They name the
    /// classes, unless --class-names or annotations as --counts do. In a runs file: ground_truth = "PATH"
    #[arg(
        long,
        value_name = "PATH",
        num_args = 1..,
        requires = "detections",
        conflicts_with_all = ["ap", "runs"]
    )]
    pub ground_truth: Vec<PathBuf>,
    /// Split of --ground-truth, for Pascal VOC or YOLO
    ///
    /// [default: val; for Pascal VOC test where there is one]
    #[arg(long, value_name = "NAME", hide_short_help = true, requires = "ground_truth")]
    pub ground_truth_split: Option<String>,
    /// Columns of AP, each a run of its own, such as ap50,ap75
    ///
    /// [default: `ap`, or the only column of numbers; in the results of an evaluator `bbox`]
    #[arg(
        long,
        value_name = "NAME",
        hide_short_help = true,
        value_delimiter = ',',
        requires = "AP",
        conflicts_with = "runs"
    )]
    pub ap_column: Vec<String>,
    /// Program that wrote --ap [default: recognized]
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        hide_short_help = true,
        requires = "ap",
        conflicts_with_all = ["detections", "runs"]
    )]
    pub ap_format: Option<ApFormat>,
    /// IoU thresholds of AP, if --ap has several [default: 0.5:0.95]
    ///
    /// The arrays of pycocotools have all of them.
    #[arg(
        long,
        value_enum,
        value_name = "IOU",
        hide_short_help = true,
        requires = "ap",
        conflicts_with_all = ["detections", "runs"]
    )]
    pub ap_iou: Option<ApIou>,
    /// How the rows of --ap name classes [default: recognized]
    ///
    /// With --detections, it is for the categories of --ground-truth. Rows that could mean two classes are
    /// an error, unless this option decides.
    #[arg(
        long,
        value_enum,
        value_name = "NUMBERING",
        hide_short_help = true,
        requires = "AP",
        conflicts_with = "runs"
    )]
    pub ap_numbering: Option<Numbering>,
    /// Scale of AP in a table
    ///
    /// Give it if many classes are below 1%. [default: percent if any value is above 1]
    #[arg(
        long,
        value_enum,
        value_name = "SCALE",
        hide_short_help = true,
        requires = "ap",
        conflicts_with_all = ["detections", "runs"]
    )]
    pub ap_scale: Option<ApScale>,
}

/// What is computed from the input of `correlate`, `explain` and `report`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Statistics")]
pub struct Statistics {
    #[command(flatten)]
    pub estimator: EstimatorChoices,
    /// Table of other numbers per class to hold constant
    ///
    /// A csv or parquet table with a column `class` and columns of numbers, each under its name.
    /// Annotations given as --counts add two more: `median_log_area` and `instances_per_image`. In a runs
    /// file: covariates = "FILE"
    #[arg(long, value_name = "FILE", conflicts_with = "runs")]
    pub covariates: Option<PathBuf>,
    /// Mean AP by frequency: lvis, coco-lt, or 20,400
    ///
    /// lvis: rare, common and frequent classes; needs --counts with a column `frequency` or `images`. Or
    /// give the instance counts at which a group begins, such as 20,400,8000. Not for classes that are
    /// similar: see --class-groups.
    #[arg(long, value_name = "GROUPS")]
    pub groups: Option<Grouping>,
    /// Table of similar classes, such as car and truck
    ///
    /// A csv or parquet table with columns `class` and `group`. In a runs file: class_groups = "FILE".
    /// [default: the `supercategory` in annotations given as --counts]
    #[arg(long, value_name = "FILE", hide_short_help = true, conflicts_with = "runs")]
    pub class_groups: Option<PathBuf>,
}

impl Detectors {
    /// The files of each detector.
    ///
    /// # Errors
    /// If the runs file cannot be used.
    pub fn sources(&self) -> Result<Vec<RunFiles>> {
        let (ap, statistics) = (&self.ap, &self.statistics);
        match &self.runs {
            Some(path) => run_files::read(path),
            None => Ok(vec![RunFiles {
                ap: ap.ap.clone(),
                detections: ap.detections.clone(),
                ground_truth: ap.ground_truth.clone(),
                ground_truth_split: ap.ground_truth_split.clone(),
                ap_column: ap.ap_column.clone(),
                ap_format: ap.ap_format,
                ap_iou: ap.ap_iou,
                ap_numbering: ap.ap_numbering,
                ap_scale: ap.ap_scale,
                covariates: statistics.covariates.clone(),
                class_groups: statistics.class_groups.clone(),
                ..RunFiles::from(self.input.clone())
            }]),
        }
    }
}

#[derive(Debug, Args)]
#[command(next_display_order = 1)]
pub struct Compare {
    /// Run before: an information.csv or a runs file
    ///
    /// A runs file ends in .toml, and its information amounts are computed.
    #[arg(value_name = "A", help_heading = "Input", display_order = 0)]
    pub a: PathBuf,
    /// Run after
    #[arg(value_name = "B", help_heading = "Input", display_order = 0)]
    pub b: PathBuf,
    /// Run to use, if a file has several
    ///
    /// One name for both files, or the name in A and the name in B.
    #[arg(long, value_name = "NAME", num_args = 1..=2, help_heading = "Input")]
    pub run: Vec<String>,
    /// Estimator, for a runs file [default: mp-floor]
    #[arg(long, value_enum, value_name = "NAME", help_heading = "Statistics")]
    pub estimator: Option<Estimator>,
    /// Exit with 3 if a difference meets this condition
    ///
    /// Such as ap.mean_difference<-0.01. Of ap or information, there are mean_difference, least_difference
    /// and greatest_difference.
    #[arg(long, value_name = "CONDITION", help_heading = "Statistics")]
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
    /// Table information.csv, instead of embeddings
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Input",
        conflicts_with_all = ["Input", "estimator"]
    )]
    pub information: Option<PathBuf>,
    /// Run to use, if --information has several
    #[arg(long, value_name = "NAME", help_heading = "Input", requires = "information")]
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
    /// Weights of the classifier's last layer
    ///
    /// C×p or (C+1)×p in .npy, .npz, .safetensors or .pt: a row per class in order of id, and one more for
    /// the background. Or the folder that a collector wrote.
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub weights: PathBuf,
    /// Margins in radians, C×C .npy [default: computed]
    ///
    /// A row per true class, such as margins.npy, which margins writes.
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Input",
        conflicts_with_all = ["estimator", "normalization", "signed"]
    )]
    pub margins: Option<PathBuf>,
    /// Bias of the last layer, a number per row of --weights
    ///
    /// Cosines ignore it, and a warning says so.
    #[arg(long, value_name = "FILE", help_heading = "Input", hide_short_help = true)]
    pub bias: Option<PathBuf>,
    /// Background row of --weights: first, last, none, or its number from 0
    ///
    /// It is first in torchvision; last in detectron2, mmdetection and DETR. The losses ignore it.
    /// [default: if there is one row more than classes, the embeddings decide]
    #[arg(long, value_name = "ROW", help_heading = "Input", hide_short_help = true)]
    pub background_row: Option<BackgroundRow>,
    #[command(flatten)]
    pub estimator: EstimatorChoice,
    #[command(flatten)]
    pub choice: MarginChoice,
    /// Scale s of the logits s·cosθ
    #[arg(
        long,
        value_name = "S",
        default_value_t = SCALE,
        value_parser = positive,
        help_heading = "Statistics"
    )]
    pub scale: f64,
    #[command(flatten)]
    pub rows: Rows,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Probe {
    /// Runs file (.toml), instead of embeddings
    #[arg(long, value_name = "FILE", help_heading = "Input", conflicts_with = "Input")]
    pub runs: Option<PathBuf>,
    /// Run to use, if --runs has several
    #[arg(long, value_name = "NAME", help_heading = "Input", requires = "runs")]
    pub run: Option<String>,
    #[command(flatten)]
    pub input: Input,
    /// Column that says which image a row is of
    ///
    /// In the table of the labels, or of the embeddings. Rows of one image are then resampled together, and in
    /// cross-validation they stay in one fold. In a runs file: group_column = "NAME"
    #[arg(long, value_name = "NAME", help_heading = "Input", conflicts_with = "runs")]
    pub group_column: Option<String>,
    #[command(flatten)]
    pub held_out: HeldOut,
    /// Losses [default: all but igam-signed]
    ///
    /// Each is compared with the cosine softmax, which is always trained.
    #[arg(long, value_enum, value_name = "LOSS", num_args = 1.., help_heading = "Losses")]
    pub losses: Vec<LossKind>,
    /// Formulas for I′ of IGAM [default: all]
    #[arg(long, value_enum, value_name = "FORMULA", num_args = 1.., help_heading = "Losses")]
    pub normalization: Vec<Normalization>,
    /// Estimator for IGAM [default: mp-floor]
    ///
    /// Of the covariances that the margins are computed from. With all, each is compared.
    #[arg(long, value_enum, value_name = "NAME", help_heading = "Losses")]
    pub estimator: Option<EstimatorOrAll>,
    /// Scales s of the logits s·cosθ
    ///
    /// Several are compared, such as 10 20 30 40 50.
    #[arg(
        long,
        value_name = "S",
        num_args = 1..,
        default_value = "30",
        value_parser = positive,
        help_heading = "Losses"
    )]
    pub scale: Vec<f64>,
    /// Groups of classes, such as 20,400 [default: thirds]
    ///
    /// lvis, coco-lt, or cut points. lvis: rare, common and frequent classes; needs --counts with a column `frequency` or `images`. Or
    /// give the instance counts at which a group begins.
    #[arg(long, value_name = "GROUPS", help_heading = "Comparison")]
    pub groups: Option<Grouping>,
    /// Number of seeds, 3 or more
    ///
    /// Each draws other weights of the images, and other folds. The intervals are over seeds.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 10,
        value_parser = clap::value_parser!(u16).range(3..=1000),
        help_heading = "Comparison"
    )]
    pub seeds: u16,
    /// Folds of cross-validation
    ///
    /// It is used without held-out boxes.
    #[arg(
        long,
        value_name = "K",
        default_value_t = 5,
        value_parser = clap::value_parser!(u8).range(2..),
        help_heading = "Comparison",
        conflicts_with = "validation_embeddings"
    )]
    pub folds: u8,
    /// Most passes over the training embeddings
    ///
    /// Training stops before, where three steps in a row lower the loss by less than 2 millionths of itself.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1000,
        value_parser = clap::value_parser!(u16).range(1..),
        hide_short_help = true,
        help_heading = "Comparison"
    )]
    pub epochs: u16,
    #[command(flatten)]
    pub figures: Figures,
    #[command(flatten)]
    pub output: Output,
}

impl Probe {
    /// The files, and which losses are compared how.
    ///
    /// # Errors
    /// If the runs file cannot be used.
    pub fn settled(&self) -> Result<(RunFiles, ProbeSettings)> {
        let files = match &self.runs {
            Some(path) => run_files::choose(path, self.run.as_deref())?,
            None => RunFiles {
                group_column: self.group_column.clone(),
                ..self.held_out.added_to(RunFiles::from(self.input.clone()))
            },
        };
        let usual = ProbeSettings::default();
        let settings = ProbeSettings {
            losses: given_or(&self.losses, usual.losses),
            normalizations: given_or(&self.normalization, usual.normalizations),
            scales: self.scale.clone(),
            seeds: self.seeds.into(),
            folds: self.folds.into(),
            epochs: self.epochs.into(),
        };
        Ok((files, settings))
    }
}

/// What was given; without it the usual.
fn given_or<T: Clone>(given: &[T], usual: Vec<T>) -> Vec<T> {
    if given.is_empty() { usual } else { given.to_vec() }
}

#[derive(Debug, Args)]
pub struct QueueSize {
    /// Known data sets: voc, coco, lvis
    ///
    /// voc and coco have N and C of the paper, lvis the counts of v1.0 train.
    #[arg(
        long,
        value_enum,
        num_args = 1..,
        value_name = "NAME",
        help_heading = "Input",
        conflicts_with_all = ["Input", "instances", "classes"]
    )]
    pub dataset: Vec<KnownDataset>,
    /// Number of instances N
    #[arg(
        long,
        value_name = "N",
        help_heading = "Input",
        conflicts_with_all = ["embeddings", "moments", "counts"]
    )]
    pub instances: Option<u64>,
    /// Number of dimensions p; of known data sets 128
    #[arg(
        long,
        value_name = "P",
        help_heading = "Input",
        conflicts_with_all = ["embeddings", "moments"]
    )]
    pub dim: Option<u64>,
    /// Number of classes C
    ///
    /// Labels then only say which rows have the --background-label.
    #[arg(long, value_name = "C", help_heading = "Input", conflicts_with = "counts")]
    pub classes: Option<u64>,
    #[command(flatten)]
    pub input: Input,
    /// Memory to fit the queue into, such as 64MiB
    ///
    /// Prints the longest queue that fits, for each strategy.
    #[arg(long, value_name = "SIZE", value_parser = memory, help_heading = "Storage")]
    pub memory_budget: Option<ByteSize>,
    /// Bytes per value: 2, 4 or 8
    #[arg(long, value_enum, value_name = "BYTES", default_value_t, help_heading = "Storage")]
    pub bytes_per_value: BytesPerValue,
    /// Run the paper's epoch over the embeddings
    ///
    /// It shows whether the queue changes the information amount, and what each strategy stores.
    #[arg(long, requires = "embeddings", help_heading = "Storage")]
    pub replay: bool,
    /// Queue length of the replay [default: the best]
    #[arg(long, value_name = "D", requires = "replay", help_heading = "Storage")]
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
#[command(next_help_heading = "Statistics")]
pub struct MarginChoice {
    /// Formula for I′
    #[arg(long, value_enum, value_name = "FORMULA", default_value_t)]
    pub normalization: Normalization,
    /// Allow negative margins
    ///
    /// Without it, a margin is 0 where the other class has more information.
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
#[command(next_help_heading = "Input")]
#[group(id = "Input", multiple = true)]
pub struct Input {
    /// Embeddings: files, or the folder of a collector
    ///
    /// One row per instance, in .npy, .npz, .safetensors, .pt, .parquet, .arrow, .feather, or .csv with a
    /// column per dimension; folders or globs of them. The folder that a collector wrote has labels and
    /// class names too. Files are read in natural order of their paths: part-2 before part-10.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub embeddings: Vec<PathBuf>,
    /// Labels of the rows, if in files of their own
    ///
    /// In the same order: integers in .npy, a csv, parquet or Arrow column of ids or names, an .npz array,
    /// or a tensor. [default: from the files of the embeddings, or from folders such as label=cat]
    #[arg(long, value_name = "PATH", num_args = 1.., requires = "embeddings")]
    pub labels: Vec<PathBuf>,
    /// Instances per class: a table, or annotations
    ///
    /// A table with columns `class` and `instances`. Or annotations, which name the classes too: COCO or
    /// LVIS JSON (.json, .json.gz), a folder of Pascal VOC, YOLO's data.yaml, or a csv of Open Images.
    /// Several files are the parts of one data set. [default: counted from the labels]
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub counts: Vec<PathBuf>,
    /// Class names: a list, data.yaml, or annotations
    ///
    /// A text with one name per line in order of id, or a table with columns `class` and `id`. Or YOLO's
    /// data.yaml, JSON of names, Open Images' class-descriptions-boxable.csv, or annotations as for
    /// --counts.
    #[arg(long, value_name = "PATH")]
    pub class_names: Option<PathBuf>,
    /// Moments files, instead of embeddings and labels
    ///
    /// Files that igam-analyze moments made of shards; folders or globs of them. They are merged.
    #[arg(
        long,
        value_name = "PATH",
        num_args = 1..,
        hide_short_help = true,
        conflicts_with_all = ["embeddings", "labels", "embedding_column", "label_column"]
    )]
    pub moments: Vec<PathBuf>,
    /// Column or array of the embeddings
    ///
    /// A parquet or Arrow column, .npz array or tensor; or 'emb_*' for a column per dimension.
    /// [default: `embedding`; of arrays and tensors `embeddings`, else `embedding`]
    #[arg(long, value_name = "NAME", hide_short_help = true, requires = "embeddings")]
    pub embedding_column: Option<String>,
    /// Column or array of the labels
    ///
    /// A csv, parquet or Arrow column, .npz array or tensor. [default: `label`; of arrays and tensors
    /// `labels`, else `label`]
    #[arg(long, value_name = "NAME", hide_short_help = true, requires = "embeddings")]
    pub label_column: Option<String>,
    /// How the labels name classes [default: recognized]
    ///
    /// Labels that could mean two classes are an error, unless this option decides.
    #[arg(long, value_enum, value_name = "NUMBERING", hide_short_help = true)]
    pub label_numbering: Option<Numbering>,
    /// Label of the background, such as -1: skip its rows
    #[arg(
        long,
        value_name = "LABEL",
        hide_short_help = true,
        requires = "embeddings",
        allow_negative_numbers = true
    )]
    pub background_label: Option<String>,
    /// Skip rows with NaN or infinite values, and print how many
    ///
    /// Without it, such a row is an error.
    #[arg(long, hide_short_help = true, requires = "embeddings")]
    pub skip_invalid_rows: bool,
    /// Column of the instance counts
    ///
    /// [default: `instances`, or the only column of numbers]
    #[arg(long, value_name = "NAME", hide_short_help = true, requires = "counts")]
    pub counts_column: Option<String>,
    /// Split of --counts, for Pascal VOC or YOLO
    ///
    /// [default: trainval of Pascal VOC, train of YOLO]
    #[arg(long, value_name = "NAME", hide_short_help = true, requires = "counts")]
    pub split: Option<String>,
    /// Count crowds as instances
    ///
    /// These are annotations with `iscrowd`, in Open Images `IsGroupOf`.
    #[arg(long, hide_short_help = true, requires = "counts")]
    pub include_crowd: bool,
    /// Count annotations that mmdetection and detectron2 skip
    ///
    /// They do not train on annotations that are marked `ignore`, have no area, or are outside their image.
    #[arg(long, hide_short_help = true, requires = "counts")]
    pub include_ignored: bool,
    /// Count the difficult objects of Pascal VOC
    ///
    /// mmdetection and Ultralytics do not train on them; detectron2 does.
    #[arg(long, hide_short_help = true, requires = "counts")]
    pub include_difficult: bool,
}

/// Held-out boxes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Held-out boxes")]
pub struct HeldOut {
    /// Embeddings of held-out boxes
    ///
    /// Of ground-truth boxes that were not trained on, from the same layer as --embeddings. Training boxes
    /// are fitted: they say little about confusion.
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with = "runs")]
    pub validation_embeddings: Vec<PathBuf>,
    /// Labels of --validation-embeddings
    ///
    /// As --labels, with the same options. [default: from the files of the embeddings]
    #[arg(
        long,
        value_name = "PATH",
        num_args = 1..,
        hide_short_help = true,
        requires = "validation_embeddings"
    )]
    pub validation_labels: Vec<PathBuf>,
}

impl HeldOut {
    fn added_to(&self, files: RunFiles) -> RunFiles {
        RunFiles {
            validation_embeddings: self.validation_embeddings.clone(),
            validation_labels: self.validation_labels.clone(),
            ..files
        }
    }
}

/// Held-out boxes, and the classifier that is shown them.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Held-out boxes")]
pub struct Validation {
    #[command(flatten)]
    pub held_out: HeldOut,
    /// Weights of the classifier's last layer
    ///
    /// C×p or (C+1)×p in .npy, .npz, .safetensors or .pt: a row per class in order of id, and one more for
    /// the background. Or the folder that a collector wrote, which has the bias too, and says which row is
    /// the background's.
    #[arg(long, value_name = "PATH", conflicts_with = "runs")]
    pub weights: Option<PathBuf>,
    /// Bias of the last layer, a number per row of --weights
    #[arg(long, value_name = "FILE", hide_short_help = true, requires = "weights")]
    pub bias: Option<PathBuf>,
    /// Background row of --weights: first, last, none, or its number from 0
    ///
    /// It is first in torchvision; last in detectron2, mmdetection and DETR. It is not used, because each box
    /// is known to hold an object. [default: if there is one row more than classes, the embeddings decide]
    #[arg(long, value_name = "ROW", hide_short_help = true, requires = "weights")]
    pub background_row: Option<BackgroundRow>,
    /// The classifier is a cosine softmax
    ///
    /// It scales features and weights to unit length.
    #[arg(long, hide_short_help = true, requires = "weights")]
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
            ..self.held_out.added_to(files)
        };
        Ok(sources.into_iter().map(with).collect())
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Statistics")]
pub struct EstimatorChoice {
    /// Covariance estimator
    #[arg(long, value_enum, value_name = "NAME", default_value_t)]
    pub estimator: Estimator,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Statistics")]
pub struct EstimatorChoices {
    /// Covariance estimator, or all [default: mp-floor]
    ///
    /// With all, correlations.csv has a row for each, and sensitivity.svg is drawn. The other files are
    /// those of the first.
    #[arg(long, value_enum, value_name = "NAME")]
    estimator: Option<EstimatorOrAll>,
}

impl EstimatorChoices {
    /// Whether one was typed.
    pub fn is_typed(&self) -> bool {
        self.estimator.is_some()
    }

    /// What was chosen.
    pub fn estimators(&self) -> &'static [Estimator] {
        self.estimator.unwrap_or_default().estimators()
    }
}

/// One estimator, or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EstimatorOrAll(Option<Estimator>);

impl EstimatorOrAll {
    /// What was chosen.
    pub fn estimators(self) -> &'static [Estimator] {
        let all = Estimator::ALL;
        match self.0 {
            None => all,
            Some(chosen) => {
                let at = all.iter().position(|&estimator| estimator == chosen).unwrap_or(0);
                &all[at..=at]
            }
        }
    }
}

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
            None => Some(PossibleValue::new("all").help("All of them")),
        }
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// Folder for the files
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub out: PathBuf,
    /// Print a table, csv or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: Format,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Figures")]
pub struct Figures {
    /// Draw as svg, png or pdf
    ///
    /// png and pdf have only the letters of DejaVu Sans.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub figure_format: FigureFormat,
    /// Colours of the figures
    #[arg(long, value_enum, value_name = "NAME", hide_short_help = true, default_value_t)]
    pub theme: Theme,
    /// Width of each figure in pixels of 1/96 inch; letters are scaled, too
    ///
    /// [default: as drawn, 400 to 1400; twice that for png]
    #[arg(
        long,
        value_name = "PIXELS",
        hide_short_help = true,
        value_parser = clap::value_parser!(u32).range(100..=20_000)
    )]
    pub width: Option<u32>,
}

/// Which rows of the table are printed.
#[derive(Clone, Debug, Args)]
pub struct Rows {
    /// Sort the printed table by this column of the csv file
    ///
    /// The largest number comes first; with `:asc` behind the column, the smallest.
    #[arg(long, value_name = "COLUMN", help_heading = "Output", hide_short_help = true)]
    pub sort: Option<Sort>,
    /// Print at most this many classes
    #[arg(long, value_name = "N", help_heading = "Output", hide_short_help = true)]
    pub top: Option<NonZeroUsize>,
}

impl Rows {
    /// The rows of a table to print.
    ///
    /// # Errors
    /// If rows are chosen of another format.
    pub fn choice(&self, format: Format) -> Result<Choice> {
        let choice = Choice { sort: self.sort.clone(), top: self.top.map(Into::into) };
        if choice.is_made() && format != Format::Table {
            return Err(Error::Usage(
                "--sort and --top are for the printed table: remove --format".into(),
            ));
        }
        Ok(choice)
    }
}

/// Format of standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table to read
    #[default]
    Table,
    /// The columns of the file
    Csv,
    /// All results, with the warnings
    Json,
}

impl ValueEnum for FigureFormat {
    fn value_variants<'a>() -> &'a [FigureFormat] {
        FigureFormat::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            FigureFormat::Svg => "Vectors for browsers, in their sans-serif font",
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
                "Raises eigenvalues below (1−√(p/m))² to it, as the paper's Listing 1"
            }
            Estimator::Sample => "The sample covariance, unchanged",
            Estimator::LedoitPeche => {
                "Nonlinear shrinkage (Ledoit and Wolf 2020); 13 instances or more"
            }
            Estimator::Qis => {
                "Quadratic-inverse shrinkage (Ledoit and Wolf 2022); 2 instances or more"
            }
            Estimator::LedoitWolf => "Linear shrinkage (Ledoit and Wolf 2004); 2 instances or more",
            Estimator::Oas => {
                "Oracle-approximating shrinkage (Chen et al. 2010); 2 instances or more"
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
            ApFormat::Table => "A table with a row per class: csv, parquet, printed, or JSON",
            ApFormat::Array => "One value per class in order, or ten, as .npy",
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
            ApFormat::Darknet => "What darknet detector map prints",
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
            Numbering::Names => "Names of classes",
            Numbering::Ids => "Ids of classes, such as COCO's category ids",
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

impl ValueEnum for LossKind {
    fn value_variants<'a>() -> &'a [LossKind] {
        LossKind::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            LossKind::Cosine => "Eq. 5; always compared with",
            LossKind::Igam => "Eq. 6, the margins as printed",
            LossKind::IgamSigned => "Eq. 6 with negative margins, too",
            LossKind::IgamTransposed => {
                "Eq. 6 with m_ji: the class with more information gains space"
            }
            LossKind::Softmax => "Eq. 3, cross-entropy of a linear layer",
            LossKind::LogitAdjustment => {
                "Menon et al. 2021; the same as the balanced softmax of Ren et al. 2020"
            }
            LossKind::Ldam => "Cao et al. 2019, without its schedule",
            LossKind::Seesaw => "Wang et al. 2021",
            LossKind::Focal => "Lin et al. 2017, of the softmax",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

impl ValueEnum for Normalization {
    fn value_variants<'a>() -> &'a [Normalization] {
        Normalization::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Normalization::Printed => "As printed: e^e^x in the numerator, Ī the sum of all I",
            Normalization::PrintedMean => "The same, but Ī the mean, as its bar suggests",
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
