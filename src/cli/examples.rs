//! The end of each command's help: one example in `-h`; more examples and the files in `--help`.

pub const PROGRAM: &str = "\
Example, in a clone of the repository:
  igam-analyze explain --runs data/fod-a/runs.toml";

pub const DEMO: &str = "Example: igam-analyze demo";

pub const DEMO_LONG: &str = "\
Example:
  igam-analyze demo

The program carries the files (MIT licence, below 1 MB); it needs no network. Each command is shown as you \
can type it. Writes the results to the folder reports in --out.";

pub const EXPLAIN: &str = "Example: igam-analyze explain --runs runs.toml";

pub const EXPLAIN_LONG: &str = "\
Examples:
  igam-analyze explain --runs runs.toml
  igam-analyze explain --counts train.json --detections results.json --ground-truth val.json
  igam-analyze explain Cutter Nail --embeddings train.npy --labels train_labels.npy --ap ap.csv \\
      --class-names classes.txt --weights weights.npy --bias bias.npy \\
      --validation-embeddings val.npy --validation-labels val_labels.npy

Prints a card for each class that is named. Without a name, prints the classes whose AP is furthest below \
the value expected from their instance counts.

Writes to the --out folder: classes.csv (a row per class, with its reasons), details.csv and, if there are \
embeddings, overlap.svg.";

pub const CORRELATE: &str = "Example: igam-analyze correlate --runs runs.toml";

pub const CORRELATE_LONG: &str = "\
Examples:
  igam-analyze correlate --embeddings dump --counts data.yaml --ap ap.csv
  igam-analyze correlate --runs runs.toml
  igam-analyze correlate --counts counts.csv --ap ap.csv      (no embeddings: Figure 1 only)
  igam-analyze correlate --runs runs.toml --fail-if \"finding.all=beyond\"
  igam-analyze correlate --counts instances_train2017.json --ap metrics.json \\
      --embeddings dump/embeddings --labels dump/labels
  igam-analyze correlate --counts instances_train2017.json \\
      --detections results.json --ground-truth instances_val2017.json

Writes to the --out folder: correlations.csv, evidence.csv, figure1.svg, bias.csv and figure4.svg (mean AP \
and its variance over the classes).

With embeddings also: verdict.csv (what is found, and the numbers that decide it), commonality.csv and \
commonality.svg (what explains how much of AP), information.csv, figure2.svg, scatter.svg and, with several \
estimators, sensitivity.svg.

A runs file has a [[run]] for each detector, with backbone, loss, embeddings, labels and ap. Its paths are \
relative to it. What is written above the first [[run]] is the default of all.";

pub const REPORT: &str = "Example: igam-analyze report --runs runs.toml";

pub const REPORT_LONG: &str = "\
Examples:
  igam-analyze report --runs runs.toml
  igam-analyze report --embeddings dump --counts data.yaml --ap ap.csv
  igam-analyze report --runs runs.toml && cat reports/report.md >> \"$GITHUB_STEP_SUMMARY\"

Writes report.html and report.md to the --out folder: what explain finds for each class, the verdicts, the \
warnings, the figures and tables of correlate, and the command that makes it again. The page is one file \
and needs no network.";

pub const COMPARE: &str = "Example: igam-analyze compare before.csv after.csv";

pub const COMPARE_LONG: &str = "\
Examples:
  igam-analyze compare before/information.csv reports/information.csv
  igam-analyze compare reports/information.csv reports/information.csv --run \"R-50 CE\" \"R-50 IGAM\"
  igam-analyze compare before.csv after.csv --fail-if \"ap.mean_difference<-0.01\"

Writes compare.csv and slope.svg to the --out folder. A difference is B − A. Ranks are by information \
amount, 1 the most, among the classes that have one in both runs. A class that has risen has a rank \
difference above 0. Two scales of AP, or two estimators, are an error.";

pub const INFORMATION: &str = "Example: igam-analyze information --embeddings dump";

pub const INFORMATION_LONG: &str = "\
Examples:
  igam-analyze information --embeddings dump
  igam-analyze information --embeddings embeddings.npy --labels labels.npy \\
      --class-names classes.txt

Writes information.csv to the --out folder. Some of its columns: floor is the eigenvalue floor, \
floored_fraction the fraction of the eigenvalues that were raised to it, and floor_bits the bits of \
information that come from the floor alone. ap_scale is the scale of ap, and estimator that of information.";

pub const MARGINS: &str = "Example: igam-analyze margins --information reports/information.csv";

pub const MARGINS_LONG: &str = "\
Examples:
  igam-analyze margins --information reports/information.csv --normalization softmax
  igam-analyze margins --embeddings embeddings.npy --labels labels.npy

Prints the margins for each formula of the normalization. The files hold those of --normalization.

Writes to the --out folder: margins.npy (C×C float64 radians, a row per true class, in the class order of \
information.csv), margins.parquet (class_i, class_j, margin), margins.csv (what is printed) and margins.svg.

In margins.csv, gain_most and lose_most name the classes whose training region θ_i < θ_j + m_ij grows most, \
and those whose region grows least. In training, the loss is more lenient to the first. Testing has no \
margins, and the effect is the opposite: the trained boundaries are nearer to the first, which lose space \
to the others.";

pub const LOSS: &str =
    "Example: igam-analyze loss --embeddings x.npy --labels y.npy --weights w.npy";

pub const LOSS_LONG: &str = "\
Examples:
  igam-analyze loss --embeddings dump --weights dump
  igam-analyze loss --embeddings embeddings.npy --labels labels.npy --weights weights.npy \\
      --margins reports/margins.npy

Writes loss.csv to the --out folder. Without --margins, they are computed from the embeddings.";

pub const PROBE: &str = "Example: igam-analyze probe --embeddings dump --validation-embeddings val";

pub const PROBE_LONG: &str = "\
Examples:
  igam-analyze probe --embeddings dump --validation-embeddings val
  igam-analyze probe --embeddings x.npy --labels objects.csv --label-column class --group-column image
  igam-analyze probe --runs runs.toml --run \"R-50 CE\" --losses igam-transposed logit-adjustment
  igam-analyze probe --embeddings dump --losses cosine --scale 10 20 30 40 50

Judges on the held-out boxes, or else by cross-validation, over several seeds. It compares classifiers on \
frozen features: it is not a detector.

Writes to the --out folder: probe_verdict.csv (a row per loss and group of classes: what changes, and \
whether it helps), probe.csv (a row per loss and seed), probe_classes.csv (a row per loss and class). \
probe.svg has the change of recall by class, most information first.";

pub const QUEUE_SIZE: &str = "Example: igam-analyze queue-size --dataset voc coco lvis";

pub const QUEUE_SIZE_LONG: &str = "\
Examples:
  igam-analyze queue-size --dataset voc coco lvis
  igam-analyze queue-size --dataset lvis --dim 1024 --memory-budget 512MiB
  igam-analyze queue-size --instances 55800 --dim 128 --classes 20
  igam-analyze queue-size --counts counts.csv --dim 256
  igam-analyze queue-size --embeddings x.npy --labels y.npy --replay --queue-length 1000

Writes storage.csv and figure3.svg to the --out folder; with --memory-budget also budget.csv, with --replay \
also replay.csv.

Strategies:
  original    stores every embedding
  paper       the paper's queue at its best length
  paper-grid  the same at the length that the paper's Listing 2 finds
  running     stores one covariance per class, and merges each full queue into it
  hybrid      stores the embeddings of a class as long as they take less than its covariance";

pub const MOMENTS: &str =
    "Example: igam-analyze moments --embeddings x.npy --labels y.npy --out m.parquet";

pub const MOMENTS_LONG: &str = "\
Examples:
  igam-analyze moments --embeddings shard-07.npy --labels labels-07.npy \\
      --class-names classes.txt --out moments-07.parquet
  igam-analyze merge moments-*.parquet --out moments.parquet
  igam-analyze correlate --moments moments.parquet --ap ap.csv

The file holds the embeddings of a class while they are few, then their count, mean and scatter. All \
commands that need no single embedding read it: --moments.";

pub const MERGE: &str = "Example: igam-analyze merge moments-*.parquet --out moments.parquet";

pub const MERGE_LONG: &str = "\
Examples:
  igam-analyze merge moments-*.parquet --out moments.parquet
  igam-analyze merge moments/ --out moments.parquet --memory-limit 512MiB

Files that hold the same embeddings are an error. The merged file can be merged again.";

pub const COMPLETIONS: &str = "Example: eval \"$(igam-analyze completions bash)\"";

pub const COMPLETIONS_LONG: &str = "\
Examples:
  igam-analyze completions bash > ~/.local/share/bash-completion/completions/igam-analyze
  igam-analyze completions fish > ~/.config/fish/completions/igam-analyze.fish";

pub const MAN: &str = "\
Examples:
  igam-analyze man | man -l -
  igam-analyze man --out ~/.local/share/man/man1";
