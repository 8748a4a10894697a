//! The data sets of `queue-size`.

use std::sync::Arc;

use super::arguments::QueueSize;
use super::console::Console;
use crate::analysis::{Population, Storage};
use crate::classes::Classes;
use crate::detector::Extent;
use crate::error::{Error, Result};
use crate::input::datasets::KnownDataset;
use crate::input::embeddings::Dump;
use crate::moments_file::MomentsFiles;
use crate::rows::Rows;
use crate::run_files::{self, Instances, RunFiles};
use crate::stream::MomentsSource;

/// Embeddings with their labels, which a replay needs.
type Labelled = (Arc<Classes>, Instances);

/// The data sets, and the embeddings with their labels where they were given.
pub fn data_sets(
    arguments: &QueueSize,
    console: &mut Console,
) -> Result<(Vec<Storage>, Option<Labelled>)> {
    let known = |dataset: &KnownDataset| {
        let dim = arguments.dim.unwrap_or(KnownDataset::DIM);
        Storage::of(dataset.name(), dataset.title(), dim, dataset.population()?)
    };
    if !arguments.dataset.is_empty() {
        let data_sets = arguments.dataset.iter().map(known).collect::<Result<_>>()?;
        return Ok((data_sets, None));
    }
    let files = RunFiles::from(arguments.input.clone());
    check_options(arguments, &files)?;
    let files = run_files::collected(&files, console)?;
    let listed = run_files::listed(&files, console)?;
    let counted = run_files::counts(&files, listed.as_ref(), console)?;
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
        let (classes, instances) =
            run_files::instances(&files, listed.map(Arc::new), None, Extent::Whole, console)?;
        let population = Population::of(instances.counts.to_vec())?;
        (instances.dump.dim() as u64, population, Some((classes, instances)))
    };
    Ok((vec![Storage::of("", "", dim, population)?], instances))
}

/// That each option has its part, and no two say the same.
fn check_options(arguments: &QueueSize, files: &RunFiles) -> Result<()> {
    // Where others say which classes there are, labels only say which rows are the background's.
    let background = files.background_label.is_some();
    let by_labels = !files.labels.is_empty() && !background;
    let by_moments = !files.moments.is_empty();
    let (by_counts, by_number) = (!files.counts.is_empty(), arguments.classes.is_some());
    let given = |options: [(&'static str, bool); 2]| options.into_iter().find(|(_, given)| *given);
    let one = given([("--labels", by_labels), ("--moments", by_moments)]);
    let other = given([("--counts", by_counts), ("--classes", by_number)]);
    if let (Some((one, _)), Some((other, _))) = (one, other) {
        return Err(Error::Usage(format!(
            "give {one} or {other}, not both: each lists the classes"
        )));
    }
    let joined = !files.embeddings.is_empty() && other.is_none();
    let unread = given([
        ("--class-names", files.class_names.is_some() && !joined),
        ("--label-column", files.label_column.is_some() && !joined && !background),
    ]);
    match unread {
        Some((option, _)) => Err(Error::Usage(format!(
            "{option} is for labels, whose classes are not needed here: remove it"
        ))),
        None => Ok(()),
    }
}

/// The embeddings without those of the background.
fn foreground(files: &RunFiles, console: &mut Console) -> Result<Dump> {
    match files.background_label {
        Some(_) => Ok(run_files::labelled(files, console)?.0),
        None => run_files::dump(files, console),
    }
}
