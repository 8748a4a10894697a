//! `igam-analyze queue-size`: what the covariances take to store, and Figure 3.

use bytesize::ByteSize;
use serde_json::json;

use super::console::Console;
use super::run::{self, Instances};
use super::warning::Warning;
use crate::classes::Classes;
use crate::cli::{Format, QueueSize};
use crate::error::{Error, Result};
use crate::figure::{self, Figure3Panel, Figure3Store, grouped};
use crate::input::datasets::{KnownDataset, Population};
use crate::input::embeddings::Dump;
use crate::input::runs::RunFiles;
use crate::kernel::product::Precision;
use crate::moments_file::MomentsFiles;
use crate::output::{self, Output, Table};
use crate::queue::Held;
use crate::rows::{Element, Rows};
use crate::shrinkage::Estimator;
use crate::storage::{Shape, Store, Strategy};
use crate::stream::{ClassInformation, MomentsSource, Plan};

/// A data set whose storage is asked for.
struct Subject {
    /// Empty where it has none.
    name: &'static str,
    title: String,
    shape: Shape,
    counts: Option<Vec<u64>>,
    stores: Vec<Store>,
}

/// Embeddings with their labels, which a replay needs.
type Labelled = (Classes, Instances);

/// Runs the command.
pub fn run(arguments: QueueSize, console: &mut Console) -> Result<()> {
    let (subjects, labelled) = subjects(&arguments, console)?;
    let bytes = arguments.bytes_per_value as u64;
    for subject in &subjects {
        subject.warn(console);
    }
    let storage = storage_table(&subjects, bytes);
    let mut outputs = vec![
        Output::text("storage.csv", storage.csv()),
        super::figure("figure3", figure3(&subjects, bytes)?, &arguments.figures)?,
    ];
    let mut results = json!({"storage": storage.json()});
    let mut text = storage_text(&subjects, bytes);
    if let Some(budget) = arguments.memory_budget {
        let fits = fits(&subjects, budget.as_u64() / bytes);
        let table = budget_table(&fits);
        outputs.push(Output::text("budget.csv", table.csv()));
        results["budget"] = table.json();
        text += &budget_text(&fits, budget);
    }
    if arguments.replay {
        let (Some(labelled), [subject]) = (labelled, &subjects[..]) else {
            return Err(Error::Usage(
                "--replay needs each embedding with its label: give --embeddings and --labels, and neither \
                 --counts nor --classes"
                    .into(),
            ));
        };
        let length = arguments.queue_length.unwrap_or(subject.shape.best_length());
        if !(1..=subject.shape.instances()).contains(&length) {
            return Err(Error::Usage(format!(
                "--queue-length {length}: the queue must hold at least 1 and at most all {} embeddings",
                subject.shape.instances()
            )));
        }
        let replay = Replay::run(&subject.shape, &labelled, length, console)?;
        let table = replay.table(bytes);
        outputs.push(Output::text("replay.csv", table.csv()));
        results["replay"] = table.json();
        text += &replay.text(bytes);
    }
    console.write(&arguments.output.out, outputs)?;
    results["warnings"] = json!(console.warnings());
    super::print(&match arguments.output.format {
        Format::Csv => storage.csv(),
        Format::Json => super::json(results),
        Format::Table => text,
    })
}

/// The data sets, and the embeddings with their labels where they were given.
fn subjects(
    arguments: &QueueSize,
    console: &mut Console,
) -> Result<(Vec<Subject>, Option<Labelled>)> {
    let known = |dataset: &KnownDataset| {
        let dim = arguments.dim.unwrap_or(KnownDataset::DIM);
        Subject::new(dataset.name(), dataset.title(), dim, dataset.population()?)
    };
    if !arguments.dataset.is_empty() {
        let subjects = arguments.dataset.iter().map(known).collect::<Result<_>>()?;
        return Ok((subjects, None));
    }
    let files = RunFiles::from(arguments.input.clone());
    check_options(arguments, &files)?;
    let listed = run::listed(&files, console)?;
    let counted = run::counts(&files, listed.as_ref(), console)?;
    let counted = counted.map(|counts| Population::of(counts.values)).transpose()?;
    let (dim, population, instances) = if !files.moments.is_empty() {
        let moments = MomentsFiles::open(&files.moments)?;
        let population = Population::of(moments.counts().to_vec())?;
        (moments.header().dimension as u64, population, None)
    } else if files.embeddings.is_empty() {
        let population = counted.or_else(|| {
            let (instances, classes) = (arguments.instances?, arguments.classes?);
            Some(Population { instances, classes, counts: None })
        });
        let (Some(dim), Some(population)) = (arguments.dim, population) else {
            return Err(Error::Usage(
                "give --dataset, or --instances, --dim and --classes, or --counts and --dim, or \
                 --embeddings and --labels, or --moments"
                    .into(),
            ));
        };
        (dim, population, None)
    } else if let Some(counted) = counted {
        let dump = foreground(&files, console)?;
        if counted.instances != dump.rows() as u64 {
            return Err(Error::Input(format!(
                "there are {} embeddings, but the counts sum to {}: give the counts of the same instances",
                dump.rows(),
                counted.instances
            )));
        }
        (dump.dim() as u64, counted, None)
    } else if let Some(classes) = arguments.classes {
        let dump = foreground(&files, console)?;
        let population = Population { instances: dump.rows() as u64, classes, counts: None };
        (dump.dim() as u64, population, None)
    } else {
        let (classes, instances) = run::instances(&files, listed, None, true, console)?;
        let population = Population::of(instances.counts.clone())?;
        (instances.dump.dim() as u64, population, Some((classes, instances)))
    };
    Ok((vec![Subject::new("", "", dim, population)?], instances))
}

/// That each option has its part, and no two say the same.
fn check_options(arguments: &QueueSize, files: &RunFiles) -> Result<()> {
    // Where others say which classes there are, labels only say which rows are the background's.
    let background = files.background_label.is_some();
    let by_labels = !files.labels.is_empty() && !background;
    let by_moments = !files.moments.is_empty();
    let (by_counts, by_number) = (files.counts.is_some(), arguments.classes.is_some());
    let given = |options: [(&'static str, bool); 2]| options.into_iter().find(|(_, given)| *given);
    let one = given([("--labels", by_labels), ("--moments", by_moments)]);
    let other = given([("--counts", by_counts), ("--classes", by_number)]);
    if let (Some((one, _)), Some((other, _))) = (one, other) {
        return Err(Error::Usage(format!(
            "give {one} or {other}, not both: each says which classes there are"
        )));
    }
    let joined = !files.embeddings.is_empty() && other.is_none();
    let unread = given([
        ("--class-names", files.class_names.is_some() && !joined),
        ("--label-column", files.label_column.is_some() && !joined && !background),
    ]);
    match unread {
        Some((option, _)) => Err(Error::Usage(format!(
            "{option} is for the labels, which are not asked for their classes here: leave it out"
        ))),
        None => Ok(()),
    }
}

/// The embeddings without those of the background.
fn foreground(files: &RunFiles, console: &mut Console) -> Result<Dump> {
    match files.background_label {
        Some(_) => Ok(run::labelled(files, console)?.0),
        None => run::dump(files, console),
    }
}

impl Subject {
    fn new(
        name: &'static str,
        title: &str,
        dim: u64,
        Population { instances, classes, counts }: Population,
    ) -> Result<Subject> {
        let shape = Shape::new(instances, dim, classes)?;
        let stores = shape.stores(counts.as_deref());
        let comma = if title.is_empty() { "" } else { ", " };
        let title = format!(
            "{title}{comma}N = {}, p = {}, C = {}",
            grouped(instances),
            grouped(dim),
            grouped(classes)
        );
        Ok(Subject { name, title, shape, counts, stores })
    }

    /// R and the saving, where the size of the store is known.
    fn ratio(&self, store: &Store) -> Option<f64> {
        store.values.map(|values| self.shape.ratio(values))
    }

    fn warn(&self, console: &mut Console) {
        let mut unknown = Vec::new();
        if self.shape.grid_length().is_none() {
            unknown.push("paper-grid, as Listing 2's grid begins at d = 1000, above N");
        }
        if self.counts.is_none() {
            unknown
                .push("hybrid, which needs the instances of each class: give --counts or --labels");
        }
        if !unknown.is_empty() {
            console.warn(Warning::UnknownStore { title: self.title.clone(), stores: unknown });
        }
        let least = self.shape.ratio(self.shape.paper(self.shape.best_length()) as f64);
        if least >= 1.0 {
            let saves = |store: &&Store| {
                store.strategy != Strategy::Original
                    && self.ratio(store).is_some_and(|ratio| ratio < 1.0)
            };
            let saving = self.stores.iter().filter(saves);
            let named = |store: &Store| Some((store.strategy.name(), self.ratio(store)?));
            console.warn(Warning::NeverSaves {
                title: self.title.clone(),
                least,
                others: saving.filter_map(named).collect(),
            });
        }
    }
}

fn mib(values: f64, bytes_per_value: u64) -> f64 {
    values * bytes_per_value as f64 / (1 << 20) as f64
}

fn storage_table(subjects: &[Subject], bytes: u64) -> Table {
    let row = |subject: &Subject, store: &Store| {
        let ratio = subject.ratio(store);
        vec![
            subject.name.into(),
            subject.shape.instances().into(),
            subject.shape.dim().into(),
            subject.shape.classes().into(),
            store.strategy.name().into(),
            store.queue_length.into(),
            ratio.into(),
            store.values.map(|values| mib(values, bytes)).into(),
            ratio.map(|ratio| 1.0 - ratio).into(),
        ]
    };
    let columns = vec![
        "dataset",
        "instances",
        "dim",
        "classes",
        "strategy",
        "queue_length",
        "ratio",
        "mib",
        "saving",
    ];
    let rows = subjects
        .iter()
        .flat_map(|subject| subject.stores.iter().map(move |store| row(subject, store)))
        .collect();
    Table { columns, rows }
}

fn storage_text(subjects: &[Subject], bytes: u64) -> String {
    let mut text = String::new();
    for subject in subjects {
        let row = |store: &Store| {
            let ratio = subject.ratio(store);
            let number = |value: Option<f64>, digits: usize| {
                value.map_or("n/a".into(), |value| format!("{value:.digits$}"))
            };
            vec![
                store.strategy.name().to_owned(),
                store.queue_length.map_or(String::new(), |d| d.to_string()),
                number(ratio, 6),
                number(store.values.map(|values| mib(values, bytes)), 2),
                ratio.map_or("n/a".into(), |ratio| format!("{:.1}%", 100.0 * (1.0 - ratio))),
            ]
        };
        let columns = ["strategy", "queue length d", "R", "MiB", "saving"];
        text += &format!("{}\n", subject.title);
        text += &output::text(&columns, 1, subject.stores.iter().map(row).collect());
        text.push('\n');
    }
    text
}

fn figure3(subjects: &[Subject], bytes: u64) -> Result<String> {
    let panel = |subject: &Subject| {
        let store = |store: &Store| {
            let values = store.values?;
            Some(Figure3Store {
                strategy: store.strategy,
                queue_length: store.queue_length,
                ratio: subject.shape.ratio(values),
                mib: mib(values, bytes),
            })
        };
        Figure3Panel {
            title: subject.title.clone(),
            sawtooth: subject.shape.sawtooth(),
            stores: subject.stores.iter().filter_map(store).collect(),
        }
    };
    Ok(figure::figure3(&subjects.iter().map(panel).collect::<Vec<_>>())?)
}

/// Whether a strategy fits into the memory, and the longest queue with which it does.
struct Fit<'a> {
    subject: &'a Subject,
    strategy: Strategy,
    /// None where the store's size is not known.
    fits: Option<bool>,
    longest: Option<u64>,
}

/// Each strategy within a memory of `values`; the paper's once, as its queue is free here.
fn fits(subjects: &[Subject], values: u64) -> Vec<Fit<'_>> {
    let fit = |subject, store: &Store| {
        let Subject { shape, .. }: &Subject = subject;
        let strategy = store.strategy;
        let longest = match strategy {
            Strategy::PaperGrid => return None,
            Strategy::Paper => shape.longest_paper_queue(values),
            Strategy::Running => shape.longest_running_queue(values),
            Strategy::Original | Strategy::Hybrid => None,
        };
        let fits = match strategy {
            Strategy::Paper | Strategy::Running => Some(longest.is_some()),
            Strategy::Original | Strategy::PaperGrid | Strategy::Hybrid => {
                store.values.map(|needed| needed <= values as f64)
            }
        };
        Some(Fit { subject, strategy, fits, longest })
    };
    subjects
        .iter()
        .flat_map(|subject| subject.stores.iter().filter_map(move |store| fit(subject, store)))
        .collect()
}

fn budget_table(fits: &[Fit]) -> Table {
    let row = |fit: &Fit| {
        vec![
            fit.subject.name.into(),
            fit.strategy.name().into(),
            fit.fits.map(|fits| if fits { "yes" } else { "no" }).into(),
            fit.longest.into(),
        ]
    };
    let columns = vec!["dataset", "strategy", "fits", "longest_queue"];
    Table { columns, rows: fits.iter().map(row).collect() }
}

fn budget_text(fits: &[Fit], budget: ByteSize) -> String {
    let row = |fit: &Fit| {
        let fits = match (fit.fits, fit.longest) {
            (None, _) => "n/a".into(),
            (Some(false), _) => "no".into(),
            (Some(true), None) => "yes".into(),
            (Some(true), Some(longest)) => format!("up to d = {longest}"),
        };
        vec![fit.subject.title.clone(), fit.strategy.name().to_owned(), fits]
    };
    let head = format!("fits into {budget}");
    let mut text =
        output::text(&["data set", "strategy", &head], 3, fits.iter().map(row).collect());
    if fits.iter().all(|fit| fit.fits != Some(true)) {
        text += &format!("no strategy is known to fit into {budget}\n");
    }
    text + "\n"
}

/// An epoch through the queue, beside the direct computation.
struct Replay {
    length: u64,
    /// What each store held, and what its formula says, in values.
    stores: [(Strategy, u64, u64); 4],
    /// Covariances in the paper's store of classes that were in the queue, and for which it has room.
    covariances: (u64, u64),
    /// max |ΔI| over the classes, bits.
    difference: f64,
    /// max |ΔI|/I over the classes.
    relative: f64,
}

impl Replay {
    fn run(
        shape: &Shape,
        (classes, instances): &Labelled,
        length: u64,
        console: &Console,
    ) -> Result<Replay> {
        let (direct, queued) = if instances.dump.double() {
            both_ways::<f64>(instances, length, console)?
        } else {
            both_ways::<f32>(instances, length, console)?
        };
        let (mut difference, mut relative) = (0.0_f64, 0.0_f64);
        for (class, both) in classes.names().iter().zip(direct.into_iter().zip(queued)) {
            let amount = |of_class: ClassInformation| match of_class {
                Ok(each) => Ok(each.into_iter().flatten().flatten().map(|one| one.bits).sum()),
                Err(source) => Err(Error::Spectrum { class: class.clone(), source }),
            };
            let (direct, queued): (f64, f64) = (amount(both.0)?, amount(both.1)?);
            let apart = (queued - direct).abs();
            difference = difference.max(apart);
            if apart > 0.0 {
                relative = relative.max(apart / direct);
            }
        }
        let held = Held::in_epoch(shape, &instances.labels, length);
        Ok(Replay {
            length,
            stores: [
                (Strategy::Original, held.original, shape.original()),
                (Strategy::Paper, held.paper, shape.paper(length)),
                (Strategy::Running, held.running, shape.running(length)),
                (Strategy::Hybrid, held.hybrid, shape.hybrid(&instances.counts)),
            ],
            covariances: (held.filled, shape.classes() * shape.turns(length)),
            difference,
            relative,
        })
    }

    fn table(&self, bytes: u64) -> Table {
        let row = |&(strategy, held, formula): &(Strategy, u64, u64)| {
            let paper = strategy == Strategy::Paper;
            let queue = paper || strategy == Strategy::Running;
            vec![
                strategy.name().into(),
                queue.then_some(self.length).into(),
                (held * bytes).into(),
                (formula * bytes).into(),
                paper.then_some(self.covariances.0).into(),
                paper.then_some(self.covariances.1).into(),
                paper.then_some(self.difference).into(),
                paper.then_some(self.relative).into(),
            ]
        };
        let columns = vec![
            "strategy",
            "queue_length",
            "held_bytes",
            "formula_bytes",
            "covariances",
            "covariance_slots",
            "max_information_difference",
            "max_relative_difference",
        ];
        Table { columns, rows: self.stores.iter().map(row).collect() }
    }

    fn text(&self, bytes: u64) -> String {
        let row = |&(strategy, held, formula): &(Strategy, u64, u64)| {
            let [held, formula] = [held, formula].map(|values| (values * bytes).to_string());
            vec![strategy.name().to_owned(), held, formula]
        };
        let columns = ["replayed", "bytes held", "by the formula"];
        let mut text = output::text(&columns, 1, self.stores.iter().map(row).collect());
        let (taken, slots) = self.covariances;
        text += &format!(
            "an epoch through a queue of d = {}: max |ΔI| = {:.1e} bits, relative {:.1e}; \
             {taken} of {slots} covariances are of a class that was in the queue\n",
            self.length, self.difference, self.relative
        );
        text
    }
}

/// The information amounts of the sample covariances computed directly, and by way of the queue.
fn both_ways<T: Element>(
    Instances { dump, labels, counts }: &Instances,
    length: u64,
    console: &Console,
) -> Result<(Vec<ClassInformation>, Vec<ClassInformation>)> {
    let limit = console.memory_limit();
    let direct = Plan::new::<T>(dump, counts, limit)?;
    let queued = Plan::of_replay::<T>(dump, labels, counts, length, limit)?;
    let passes = direct.passes() + queued.passes();
    let progress = console.progress(passes as u64 * dump.rows() as u64);
    Ok((
        direct
            .information::<T>(
                dump,
                labels,
                counts,
                &[Estimator::Sample],
                Precision::Double,
                &progress,
            )?
            .0,
        queued.replay::<T>(dump, labels, counts, length, &progress)?.0,
    ))
}
