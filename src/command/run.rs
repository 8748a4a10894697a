//! One detector: its files read, joined by class, and its information amounts computed.

use std::path::Path;

use super::console::Console;
use super::stages;
use super::warning::Warning;
use crate::ap::ApScale;
use crate::error::{Error, Result};
use crate::groups::Frequency;
use crate::information::Information;
use crate::input::ap::{self, ApColumn, ApFormat};
use crate::input::classes::{ClassKeys, Classes, Numbering};
use crate::input::counts::{self, Counts};
use crate::input::element::Element;
use crate::input::embeddings::Dump;
use crate::input::information::{self, RunInformation};
use crate::input::labels::{self, Labels};
use crate::input::moments::MomentsFiles;
use crate::input::runs::RunFiles;
use crate::normalization::Normalization;
use crate::output::{Cell, Table};
use crate::shrinkage::{Estimator, Refusal};
use crate::stream::{self, ClassInformation, Plan};

/// Bytes of embeddings in a row group that are worth a warning.
const ROW_GROUP: u64 = 64 << 20;

/// A detector's classes with all that is known of them.
#[derive(Clone, Debug)]
pub struct Run {
    pub name: String,
    pub backbone: String,
    pub loss: String,
    /// The covariance estimator, where there are embeddings.
    pub estimator: Option<Estimator>,
    /// Number of dimensions p, where there are embeddings.
    pub dim: Option<usize>,
    /// Where there is AP.
    pub ap_scale: Option<ApScale>,
    /// The column that AP is from; empty where there is none.
    pub ap_column: String,
    /// In order of id.
    pub classes: Vec<Class>,
}

/// One class of a run.
#[derive(Clone, Debug)]
pub struct Class {
    pub id: i64,
    pub name: String,
    /// From the counts file, or else from the labels.
    pub instances: Option<u64>,
    /// From the counts file.
    pub frequency: Option<Frequency>,
    pub information: Option<Information>,
    /// Why the estimator gives none, if so.
    pub refusal: Option<Refusal>,
    pub normalized: Option<f64>,
    pub ap: Option<f64>,
}

impl Run {
    /// Backbone and loss, under which figures show it; its name, where it has neither.
    pub fn bars(&self) -> (&str, &str) {
        let unnamed = self.backbone.is_empty() && self.loss.is_empty();
        (&self.backbone, if unnamed { &self.name } else { &self.loss })
    }
}

impl From<Run> for RunInformation {
    fn from(run: Run) -> RunInformation {
        let class = |class: Class| information::ClassInformation {
            id: class.id,
            name: class.name,
            bits: class.information.map(|information| information.bits),
            ap: class.ap,
        };
        RunInformation { name: run.name, classes: run.classes.into_iter().map(class).collect() }
    }
}

/// Embeddings and their labels, before any of the embeddings is read.
pub struct Instances {
    pub dump: Dump,
    /// The class of each row, an index into the classes.
    pub labels: Vec<u32>,
    /// Rows of each class.
    pub counts: Vec<u64>,
}

/// What information amounts are computed from.
enum Source {
    Embeddings(Instances),
    Moments {
        files: Box<MomentsFiles>,
        /// The class of each class of the files, an index into the run's classes.
        places: Vec<usize>,
        /// Embeddings of each of the run's classes.
        counts: Vec<u64>,
    },
}

impl Source {
    fn dim(&self) -> usize {
        match self {
            Source::Embeddings(instances) => instances.dump.dim(),
            Source::Moments { files, .. } => files.header().dimension,
        }
    }

    /// Embeddings of each class.
    fn counts(&self) -> &[u64] {
        match self {
            Source::Embeddings(Instances { counts, .. }) | Source::Moments { counts, .. } => counts,
        }
    }
}

/// Reads and computes a detector: for each of its AP columns, or once if it has no AP, a run under
/// each estimator, or one if it has no embeddings.
pub fn load(
    files: &RunFiles,
    estimators: &[Estimator],
    console: &mut Console,
) -> Result<Vec<Vec<Run>>> {
    let columns = match &files.ap {
        Some(path) => ap::read(path, &files.ap_column, files.ap_format, files.ap_iou)?,
        None => Vec::new(),
    };
    for column in &columns {
        let of = match column.format {
            ApFormat::Table => String::new(),
            other => format!(" of {}", other.name()),
        };
        console.note(&format!(
            "{}: AP from column {:?}{of}, on the scale {}",
            column.path.display(),
            column.name,
            column.scale
        ));
    }
    let counts = counts(files)?;
    let named = counts.as_ref().and_then(|counts| counts.classes.clone());
    let (classes, source) = if !files.moments.is_empty() {
        let (classes, source) = moments(files, named, console)?;
        (classes, Some(source))
    } else if files.embeddings.is_empty() {
        (classes_without_embeddings(files, counts.as_ref())?, None)
    } else {
        let (classes, instances) = instances(files, named, console)?;
        (classes, Some(Source::Embeddings(instances)))
    };

    let mut rows = rows(&classes);
    let places: Vec<_> = columns
        .iter()
        .map(|column| place(&classes, &column.keys, &column.path, console))
        .collect::<Result<_>>()?;
    if let Some(counts) = &counts {
        let places = place(&classes, &counts.keys, &counts.path, console)?;
        for (row, class) in places.iter().enumerate() {
            if let Some(class) = *class {
                rows[class].instances = Some(counts.values[row]);
                rows[class].frequency = counts.frequencies.as_ref().map(|each| each[row]);
            }
        }
    }
    let mut run = Run {
        name: files.name.clone(),
        backbone: files.backbone.clone(),
        loss: files.loss.clone(),
        estimator: None,
        dim: None,
        ap_scale: None,
        ap_column: String::new(),
        classes: rows,
    };
    let mut runs = Vec::new();
    if let Some(source) = &source {
        add_counts(&mut run.classes, source.counts(), counts.as_ref(), console);
        run.dim = Some(source.dim());
        let classes = match source {
            Source::Embeddings(instances) => {
                information(&run.classes, instances, estimators, console)?
            }
            Source::Moments { files, places, .. } => {
                let classes = merged_information(files, estimators, console)?;
                let mut all = vec![Ok(None); run.classes.len()];
                places.iter().zip(classes).for_each(|(&place, class)| all[place] = class);
                by_estimator(&run.classes, all, estimators)?
            }
        };
        for (&estimator, of_classes) in estimators.iter().zip(classes) {
            let mut run = Run { estimator: Some(estimator), ..run.clone() };
            add_information(&mut run.classes, of_classes, estimator, &run.name, console);
            runs.push(run);
        }
    } else {
        runs.push(run);
    }
    if columns.is_empty() {
        return Ok(vec![runs]);
    }
    let several = columns.len() > 1;
    let with = |(column, places): (&ApColumn, &Vec<Option<usize>>)| {
        runs.iter().map(|run| with_ap(run.clone(), column, places, several)).collect()
    };
    Ok(columns.iter().zip(&places).map(with).collect())
}

/// The instance counts, where a file gives them.
pub fn counts(files: &RunFiles) -> Result<Option<Counts>> {
    let read = |path| counts::read(path, files.counts_column.as_deref(), files.include_crowd);
    files.counts.as_deref().map(read).transpose()
}

/// The classes, of which nothing else is known yet.
pub fn rows(classes: &Classes) -> Vec<Class> {
    let row = |(&id, name): (&i64, &String)| Class {
        id,
        name: name.clone(),
        instances: None,
        frequency: None,
        information: None,
        refusal: None,
        normalized: None,
        ap: None,
    };
    classes.ids().iter().zip(classes.names()).map(row).collect()
}

fn classes_without_embeddings(files: &RunFiles, counts: Option<&Counts>) -> Result<Classes> {
    match (&files.class_names, counts) {
        (Some(path), _) => Classes::read(path),
        (None, Some(Counts { classes: Some(classes), .. })) => Ok(classes.clone()),
        (None, Some(counts)) => Ok(Classes::from_keys(&counts.keys)),
        (None, None) => Err(Error::Usage(
            "give --embeddings, or --counts for a correlation of instance counts".into(),
        )),
    }
}

/// The embeddings, without the invalid rows if the user wants to skip them.
pub fn dump(files: &RunFiles, console: &mut Console) -> Result<Dump> {
    let mut dump = Dump::open(&files.embeddings, files.embedding_column.as_deref())?;
    if let Some(note) = dump.note() {
        console.note(&note);
    }
    if let Some((path, bytes)) = dump.largest_row_group().filter(|&(_, bytes)| bytes > ROW_GROUP) {
        console.warn(Warning::RowGroup { path: path.to_owned(), bytes });
    }
    if files.skip_invalid_rows {
        let rows = dump.leave_out_invalid()?;
        if dump.rows() == 0 {
            return Err(Error::Input(format!(
                "all {rows} embeddings hold NaN or infinite values: dump them again"
            )));
        }
        if rows > 0 {
            let (run, of) = (files.name.clone(), dump.rows_in_files());
            console.warn(Warning::Invalid { run, rows, of });
        }
    }
    Ok(dump)
}

/// The classes, and the embeddings with their labels. Without class names, the classes are those
/// `expected`, or else those that the labels name.
pub fn instances(
    files: &RunFiles,
    expected: Option<Classes>,
    console: &mut Console,
) -> Result<(Classes, Instances)> {
    let mut dump = dump(files, console)?;
    let column = files.label_column.as_deref();
    let labels = if files.labels.is_empty() {
        Labels::of(&dump, column)?
    } else {
        let (labels, note) = Labels::beside(&dump, &files.labels, column)?;
        if let Some(note) = note {
            console.note(&note);
        }
        labels
    };
    let background = files.background_label.as_deref();
    if let Some(label) = background {
        let rows = labels.rows_of(label)?;
        if rows.is_empty() {
            let (run, label) = (files.name.clone(), label.to_owned());
            console.warn(Warning::NoBackground { run, label });
        } else {
            console.note(&format!("{} rows of the background {label} are left out", rows.len()));
        }
        dump.leave_out(rows);
        if dump.rows() == 0 {
            return Err(labels::none_left(label));
        }
    }
    let classes = match &files.class_names {
        Some(path) => Classes::read(path)?,
        None => match expected {
            Some(classes) => classes,
            None => Classes::from_labels(&labels, background)?,
        },
    };
    say_numbering(classes.numbering_of(&labels, dump.left_out()), "the labels", console);
    let labels = classes.index(&labels, dump.left_out())?;
    let mut counts = vec![0; classes.len()];
    for &label in &labels {
        counts[label as usize] += 1;
    }
    Ok((classes, Instances { dump, labels, counts }))
}

/// Moments files and their classes; those of the class names, of the `expected`, or else their own.
fn moments(
    files: &RunFiles,
    expected: Option<Classes>,
    console: &mut Console,
) -> Result<(Classes, Source)> {
    let moments = MomentsFiles::open(&files.moments)?;
    let known = match &files.class_names {
        Some(path) => Some(Classes::read(path)?),
        None => expected,
    };
    let Some(classes) = known else {
        let places = (0..moments.classes().len()).collect();
        let counts = moments.counts().to_vec();
        return Ok((
            moments.classes().clone(),
            Source::Moments { files: moments.into(), places, counts },
        ));
    };
    let first = &files.moments[0];
    let keys = ClassKeys {
        names: moments.classes().names().to_vec(),
        ids: moments.classes().lasting_ids().collect(),
        in_order: false,
    };
    say_numbering(classes.numbering_of_keys(&keys), "the classes of the moments", console);
    let mut counts = vec![0; classes.len()];
    let mut places = Vec::new();
    for (at, place) in classes.align(&keys, first)?.into_iter().enumerate() {
        let Some(place) = place else {
            let problem = format!(
                "its class {:?} is none of the {} classes: check --class-names",
                keys.names[at],
                classes.len()
            );
            return Err(Error::content(first, problem));
        };
        counts[place] = moments.counts()[at];
        places.push(place);
    }
    Ok((classes, Source::Moments { files: moments.into(), places, counts }))
}

/// Says how ids were read where an annotation file's ids have gaps, so that there are two ways.
fn say_numbering(numbering: Numbering, of: &str, console: &mut Console) {
    match numbering {
        Numbering::Ids => {}
        Numbering::Places => console.note(&format!(
            "{of} are not category ids: 0 is the category of the lowest id, 1 the next, as detectron2 and \
             mmdetection number them"
        )),
        Numbering::Either => console.warn(Warning::Numbering { of: of.into() }),
    }
}

/// The class of each row of a table; warns of rows that have none.
fn place(
    classes: &Classes,
    keys: &ClassKeys,
    path: &Path,
    console: &mut Console,
) -> Result<Vec<Option<usize>>> {
    let of = format!("the classes of {}", path.display());
    say_numbering(classes.numbering_of_keys(keys), &of, console);
    let places = classes.align(keys, path)?;
    let unmatched: Vec<_> = keys
        .names
        .iter()
        .zip(&places)
        .filter(|(_, place)| place.is_none())
        .map(|(name, _)| name.clone())
        .collect();
    if !unmatched.is_empty() {
        console.warn(Warning::Unmatched { path: path.to_owned(), classes: unmatched });
    }
    Ok(places)
}

/// Takes the counts from the labels unless a file gave them; warns where the two differ.
fn add_counts(rows: &mut [Class], counts: &[u64], file: Option<&Counts>, console: &mut Console) {
    let Some(file) = file else {
        for (row, &labelled) in rows.iter_mut().zip(counts) {
            row.instances = Some(labelled);
        }
        return;
    };
    let differing: Vec<_> = rows
        .iter()
        .zip(counts)
        .filter_map(|(row, &labelled)| Some((row.name.clone(), row.instances?, labelled)))
        .filter(|(_, count, labelled)| count != labelled)
        .collect();
    if !differing.is_empty() {
        console.warn(Warning::Counts { path: file.path.clone(), classes: differing });
    }
}

/// Adds the information amount of each class and its I′ as printed.
pub fn add_information(
    rows: &mut [Class],
    information: Vec<MaybeInformation>,
    estimator: Estimator,
    run: &str,
    console: &mut Console,
) {
    for (row, of_class) in rows.iter_mut().zip(information) {
        match of_class {
            None => {}
            Some(Ok(information)) => row.information = Some(information),
            Some(Err(refusal)) => row.refusal = Some(refusal),
        }
    }
    let bits: Vec<_> = rows.iter().filter_map(|row| Some(row.information?.bits)).collect();
    let known = rows.iter_mut().filter(|row| row.information.is_some());
    for (row, normalized) in known.zip(Normalization::Printed.normalize(&bits).values()) {
        row.normalized = Some(normalized);
    }
    warn_of_information(rows, run, estimator, console);
}

/// The information amount of a class, if it has embeddings; or why the estimator gives none.
pub type MaybeInformation = Option<std::result::Result<Information, Refusal>>;

/// Under each estimator, the information amount of each class.
pub fn information(
    rows: &[Class],
    instances: &Instances,
    estimators: &[Estimator],
    console: &Console,
) -> Result<Vec<Vec<MaybeInformation>>> {
    let classes = if instances.dump.double() {
        information_from::<f64>(instances, estimators, console)?
    } else {
        information_from::<f32>(instances, estimators, console)?
    };
    by_estimator(rows, classes, estimators)
}

/// Under each estimator, what there is of each class.
fn by_estimator(
    rows: &[Class],
    classes: Vec<ClassInformation>,
    estimators: &[Estimator],
) -> Result<Vec<Vec<MaybeInformation>>> {
    let of_class = |(row, class): (&Class, ClassInformation)| {
        class.map_err(|source| Error::Spectrum { class: row.name.clone(), source })
    };
    let classes: Vec<_> = rows.iter().zip(classes).map(of_class).collect::<Result<_>>()?;
    let under = |at| classes.iter().map(|class| class.as_ref().map(|each| each[at])).collect();
    Ok((0..estimators.len()).map(under).collect())
}

fn information_from<T: Element>(
    instances: &Instances,
    estimators: &[Estimator],
    console: &Console,
) -> Result<Vec<ClassInformation>> {
    let Instances { dump, labels, counts } = instances;
    let plan = Plan::new::<T>(dump, counts, console.memory_limit())?;
    let (rows, passes) = (dump.rows(), plan.passes());
    console.detail(&format!(
        "{rows} embeddings of {} dimensions, to be read {}",
        dump.dim(),
        match &plan {
            Plan::Passes(passes) => format!("{} time(s)", passes.len()),
            Plan::ByClass => "class by class".into(),
        }
    ));
    let progress = console.progress(passes as u64 * rows as u64);
    let (classes, stages) =
        plan.information::<T>(dump, labels, counts, estimators, console.precision(), &progress)?;
    if console.verbose() {
        stages::say(&stages, dump.dim(), counts, console);
    }
    Ok(classes)
}

fn merged_information(
    files: &MomentsFiles,
    estimators: &[Estimator],
    console: &Console,
) -> Result<Vec<ClassInformation>> {
    if files.header().double() {
        merged_information_from::<f64>(files, estimators, console)
    } else {
        merged_information_from::<f32>(files, estimators, console)
    }
}

fn merged_information_from<T: Element>(
    files: &MomentsFiles,
    estimators: &[Estimator],
    console: &Console,
) -> Result<Vec<ClassInformation>> {
    let passes = stream::passes_of_moments::<T>(files, console.memory_limit())?;
    let progress = console.progress(files.counts().iter().sum());
    let (classes, stages) = stream::merged_information::<T>(&passes, files, estimators, &progress)?;
    console.detail(&format!(
        "moments of {} class(es) from {} file(s) in {:.2} s, spectra in {:.2} s",
        files.classes().len(),
        files.paths().count(),
        stages.read.as_secs_f64(),
        stages.spectra.as_secs_f64()
    ));
    Ok(classes)
}

fn warn_of_information(rows: &[Class], run: &str, estimator: Estimator, console: &mut Console) {
    let mut empty = Vec::new();
    let mut refused: Vec<(Refusal, Vec<String>)> = Vec::new();
    for row in rows.iter().filter(|row| row.information.is_none()) {
        let name = row.name.clone();
        match row.refusal {
            None => empty.push(name),
            Some(why) => match refused.iter_mut().find(|(refusal, _)| *refusal == why) {
                Some((_, classes)) => classes.push(name),
                None => refused.push((why, vec![name])),
            },
        }
    }
    if !empty.is_empty() {
        console.warn(Warning::Empty { classes: empty });
    }
    for (refusal, classes) in refused {
        console.warn(Warning::Refused { run: run.into(), estimator, refusal, classes });
    }
    let (mut classes, mut of, mut floor_bits, mut bits) = (0, 0, 0.0, 0.0);
    for information in rows.iter().filter_map(|row| row.information) {
        let from_floor = information.floor.map_or(0.0, |floor| floor.bits);
        of += 1;
        classes += usize::from(from_floor > 0.5 * information.bits);
        floor_bits += from_floor;
        bits += information.bits;
    }
    if classes > 0 {
        console.warn(Warning::Floor { run: run.into(), classes, of, share: floor_bits / bits });
    }
}

fn with_ap(mut run: Run, column: &ApColumn, places: &[Option<usize>], several: bool) -> Run {
    run.ap_scale = Some(column.scale);
    run.ap_column = column.name.clone();
    for (place, &value) in places.iter().zip(&column.values) {
        if let Some(class) = *place {
            run.classes[class].ap = value;
        }
    }
    if run.name.is_empty() {
        run.name = column.name.clone();
    } else if several {
        run.name = format!("{} {}", run.name, column.name);
    }
    run
}

const INFORMATION_COLUMNS: [&str; 11] = [
    "run",
    "class_id",
    "class",
    "instances",
    "information",
    "normalized_information",
    "floor",
    "floored_fraction",
    "floor_bits",
    "ap",
    "dim_per_instance",
];

/// A row per run and class: the columns of `information.csv`, and p/m.
pub fn information_table(runs: &[&Run]) -> Table {
    let row = |run: &Run, class: &Class| {
        let information = class.information;
        let floor = information.and_then(|information| information.floor);
        vec![
            run.name.as_str().into(),
            Cell::Integer(class.id),
            class.name.as_str().into(),
            class.instances.into(),
            information.map(|information| information.bits).into(),
            class.normalized.into(),
            floor.map(|floor| floor.level).into(),
            floor.map(|floor| floor.fraction).into(),
            floor.map(|floor| floor.bits).into(),
            class.ap.into(),
            information.map(|information| information.dim_per_instance).into(),
        ]
    };
    let rows =
        runs.iter().flat_map(|run| run.classes.iter().map(move |class| row(run, class))).collect();
    Table { columns: INFORMATION_COLUMNS.to_vec(), rows }
}

/// The columns of `information.csv`: all but p/m.
pub fn information_csv(runs: &[&Run]) -> Table {
    let mut table = information_table(runs);
    table.remove("dim_per_instance");
    table
}
