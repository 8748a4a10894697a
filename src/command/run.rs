//! One detector: its files read, joined by class, and its information amounts computed.

use super::console::Console;
use super::joined::{self, Side};
use super::stages;
use super::warning::Warning;
use crate::ap::ApScale;
use crate::classes::{Classes, Doubt, Labels, Numbering, Rows, none_left, tally};
use crate::error::{Error, Result};
use crate::groups::Frequency;
use crate::information::Information;
use crate::input::annotations::Include;
use crate::input::ap::{self, ApColumn, ApFormat};
use crate::input::class_groups;
use crate::input::classes;
use crate::input::counts::{self, Counts};
use crate::input::covariates;
use crate::input::embeddings::Dump;
use crate::input::information::{self, RunInformation};
use crate::input::runs::RunFiles;
use crate::moments_file::MomentsFiles;
use crate::normalization::Normalization;
use crate::output::{Cell, Table};
use crate::rows::{Element, Rows as _};
use crate::shrinkage::{Estimator, Refusal};
use crate::stream::{self, ClassInformation, MomentsSource as _, Plan};

/// What the results over all runs are called, which no run may be.
pub use crate::input::runs::ALL_RUNS;

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
    /// Names of the class's other numbers, to be held constant.
    pub covariates: Vec<String>,
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
    /// Embeddings in the dump, of which the information amount is made.
    pub embeddings: Option<u64>,
    /// From the counts file.
    pub frequency: Option<Frequency>,
    /// A number for each of the run's covariates, where there is one.
    pub covariates: Vec<Option<f64>>,
    /// The group of similar classes that it belongs to, such as its supercategory.
    pub group: Option<String>,
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
        RunInformation {
            name: run.name,
            estimator: run.estimator,
            ap_scale: run.ap_scale,
            classes: run.classes.into_iter().map(class).collect(),
        }
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

impl Instances {
    fn new(dump: Dump, labels: Vec<u32>, classes: usize) -> Instances {
        let counts = tally(&labels, classes);
        Instances { dump, labels, counts }
    }
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
        Some(path) => {
            ap::read(path, &files.ap_column, files.ap_format, files.ap_iou, files.ap_scale)?
        }
        None => Vec::new(),
    };
    for column in &columns {
        column.doubts.iter().for_each(|doubt| console.warn(Warning::Ap { doubt: doubt.clone() }));
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
        column.notes.iter().for_each(|note| console.note(note));
    }
    // They are held constant in what information amount says of AP.
    let covariates = files.covariates.as_deref().map(covariates::read).transpose()?;
    covariates.iter().flat_map(|table| &table.notes).for_each(|note| console.note(note));
    let groups = files.class_groups.as_deref().map(class_groups::read).transpose()?;
    let listed = listed(files, console)?;
    let counts = counts(files, listed.as_ref(), console)?;
    let expected = listed.or_else(|| counts.as_ref()?.classes.clone());
    let count = |classes: &Classes, known: Option<&[Option<u64>]>, console: &mut Console| {
        let known = known.or(classes.boxes());
        counts.as_ref().map(|counts| joined::counts(classes, counts, known, console)).transpose()
    };
    let mut counted = match &expected {
        Some(classes) => count(classes, None, console)?,
        None => None,
    };
    let (classes, source) = if !files.moments.is_empty() {
        let (classes, source) = moments(files, expected, console)?;
        (classes, Some(source))
    } else if files.embeddings.is_empty() {
        (classes_without_embeddings(expected, counts.as_ref())?, None)
    } else {
        let known = counted.as_ref().map(|counted| &counted.instances[..]);
        let (classes, instances) = instances(files, expected, known, true, console)?;
        (classes, Some(Source::Embeddings(instances)))
    };
    let in_dump: Option<Vec<Option<u64>>> =
        source.as_ref().map(|source| source.counts().iter().copied().map(Some).collect());
    if counted.is_none() {
        counted = count(&classes, in_dump.as_deref(), console)?;
    }

    let mut rows = rows(&classes);
    if let Some(counted) = &counted {
        for (class, row) in rows.iter_mut().enumerate() {
            row.instances = counted.instances[class];
            row.frequency = counted.frequencies[class];
        }
    }
    let known = counted.as_ref().map(|counted| &counted.instances[..]);
    let known = known.or(classes.boxes()).or(in_dump.as_deref());
    let columns = columns.into_iter().map(|column| {
        let column = joined::ap_without_summary(column, &classes, console)?;
        let weights: Vec<_> = column.values.iter().map(|ap| ap.is_some().into()).collect();
        let rows = Rows {
            keys: &column.keys,
            weights: &weights,
            asked: files.ap_numbering,
            whole: true,
            once: true,
            counted: false,
            known,
        };
        let side = Side { path: &column.path, option: Some("--ap-numbering") };
        let places = side.join(&classes, &rows, console)?;
        Ok((column, places))
    });
    let columns: Vec<(ApColumn, Vec<Option<usize>>)> = columns.collect::<Result<_>>()?;
    let mut covariate_names = Vec::new();
    if source.is_none() {
        for path in [&files.covariates, &files.class_groups].into_iter().flatten() {
            console.warn(Warning::NoEmbeddings { path: path.clone() });
        }
    }
    if files.ap.is_some() {
        let counted = counts.as_ref().zip(counted.as_ref());
        let covariates =
            joined::covariates(&classes, counted, covariates.as_ref(), known, console)?;
        let groups = joined::groups(&classes, counted, groups.as_ref(), known, console)?;
        for (class, (row, group)) in rows.iter_mut().zip(groups).enumerate() {
            row.covariates = covariates.iter().map(|covariate| covariate.values[class]).collect();
            row.group = group;
        }
        covariate_names = covariates.into_iter().map(|covariate| covariate.name).collect();
    }
    let mut run = Run {
        name: files.name.clone(),
        backbone: files.backbone.clone(),
        loss: files.loss.clone(),
        estimator: None,
        dim: None,
        ap_scale: None,
        ap_column: String::new(),
        covariates: covariate_names,
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
    let with = |(column, places): &(ApColumn, Vec<Option<usize>>)| {
        runs.iter().map(|run| with_ap(run.clone(), column, places, several)).collect()
    };
    Ok(columns.iter().map(with).collect())
}

/// The classes, where a file of class names lists them.
pub fn listed(files: &RunFiles, console: &Console) -> Result<Option<Classes>> {
    let Some(path) = &files.class_names else { return Ok(None) };
    let (classes, notes) = classes::read(path)?;
    notes.iter().for_each(|note| console.note(note));
    Ok(Some(classes))
}

/// The instance counts, where a file gives them, without a row over all classes.
pub fn counts(
    files: &RunFiles,
    listed: Option<&Classes>,
    console: &mut Console,
) -> Result<Option<Counts>> {
    let Some(path) = &files.counts else { return Ok(None) };
    let include = Include { crowd: files.include_crowd, ignored: files.include_ignored };
    let counts = counts::read(path, files.counts_column.as_deref(), include)?;
    counts.notes.iter().for_each(|note| console.note(note));
    joined::counts_without_summary(counts, listed, console).map(Some)
}

/// The classes, where a file lists them, for a command that counts the labels itself.
pub fn named(files: &RunFiles, console: &mut Console) -> Result<Option<Classes>> {
    let listed = listed(files, console)?;
    let Some(counts) = counts(files, listed.as_ref(), console)? else { return Ok(listed) };
    if listed.is_some() || counts.classes.is_none() {
        console.warn(Warning::NoPart { path: counts.path });
    }
    Ok(listed.or(counts.classes))
}

/// The classes, of which nothing else is known yet.
pub fn rows(classes: &Classes) -> Vec<Class> {
    let row = |(&id, name): (&i64, &String)| Class {
        id,
        name: name.clone(),
        instances: None,
        embeddings: None,
        frequency: None,
        covariates: Vec::new(),
        group: None,
        information: None,
        refusal: None,
        normalized: None,
        ap: None,
    };
    classes.ids().iter().zip(classes.names()).map(row).collect()
}

fn classes_without_embeddings(
    expected: Option<Classes>,
    counts: Option<&Counts>,
) -> Result<Classes> {
    match (expected, counts) {
        (Some(classes), _) => Ok(classes),
        (None, Some(counts)) => {
            Classes::of_keys(&counts.keys).map_err(|problem| Error::content(&counts.path, problem))
        }
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
            let (runs, of) = (vec![files.name.clone()], dump.rows_in_files());
            console.warn(Warning::Invalid { runs, rows, of });
        }
    }
    Ok(dump)
}

/// The embeddings and their labels as they stand in the files, without the rows of the background; and
/// which rows those are.
pub fn labelled(files: &RunFiles, console: &mut Console) -> Result<(Dump, Labels, Vec<usize>)> {
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
    let background = match files.background_label.as_deref() {
        Some(label) => leave_out_background(&mut dump, &labels, label, &files.name, console)?,
        None => Vec::new(),
    };
    Ok((dump, labels, background))
}

/// The classes, and the embeddings with their labels. The classes are those `expected`, or else those
/// that the labels name. The `whole` of the data set is there, or a shard of it.
pub fn instances(
    files: &RunFiles,
    expected: Option<Classes>,
    known: Option<&[Option<u64>]>,
    whole: bool,
    console: &mut Console,
) -> Result<(Classes, Instances)> {
    let (dump, labels, background) = labelled(files, console)?;
    let path = files.labels.first().or(files.embeddings.first());
    let side =
        Side { path: path.map_or("".as_ref(), |path| path), option: Some("--label-numbering") };
    let Some(classes) = expected else {
        if files.label_numbering.is_some() {
            return Err(Error::Usage(
                "--label-numbering needs a file that lists the classes: give --class-names".into(),
            ));
        }
        let classes = labels.classes(&background)?;
        side.say_named(&classes, console);
        let index = labels.index_as_given(&classes, dump.left_out())?;
        let count = classes.len();
        return Ok((classes, Instances::new(dump, index, count)));
    };
    let rows = Rows {
        keys: labels.keys(),
        weights: &labels.weights(dump.left_out()),
        asked: files.label_numbering,
        whole,
        once: false,
        counted: true,
        known: known.or(classes.boxes()),
    };
    let index = match classes.join(&rows) {
        Ok(join) => {
            side.say(&classes, &join, console);
            labels.index(&join.classes, dump.left_out(), classes.len())?
        }
        Err(Doubt::NoName | Doubt::Outside { .. }) => {
            let found = classes.read(labels.keys(), Numbering::Names);
            let by_id = || classes.read(labels.keys(), Numbering::Ids);
            let found = found.filter(|found| found.iter().any(Option::is_some)).or_else(by_id);
            labels.index(&found.unwrap_or_default(), dump.left_out(), classes.len())?
        }
        Err(doubt) => return Err(side.refuse(&doubt, &classes, &rows)),
    };
    let count = classes.len();
    Ok((classes, Instances::new(dump, index, count)))
}

/// Leaves the background out; says which rows that are.
fn leave_out_background(
    dump: &mut Dump,
    labels: &Labels,
    label: &str,
    run: &str,
    console: &mut Console,
) -> Result<Vec<usize>> {
    let rows = labels.rows_of(label)?;
    if rows.is_empty() {
        let (runs, label) = (vec![run.to_owned()], label.to_owned());
        console.warn(Warning::NoBackground { runs, label });
    } else {
        console.note(&format!("{} rows of the background {label} are left out", rows.len()));
    }
    dump.leave_out(rows.iter().copied());
    match dump.rows() {
        0 => Err(none_left(label)),
        _ => Ok(rows),
    }
}

/// Moments files and their classes; those `expected`, or else their own.
fn moments(
    files: &RunFiles,
    expected: Option<Classes>,
    console: &mut Console,
) -> Result<(Classes, Source)> {
    let moments = MomentsFiles::open(&files.moments)?;
    let side = Side { path: &files.moments[0], option: Some("--label-numbering") };
    let Some(classes) = expected else {
        let places = (0..moments.classes().len()).collect();
        let counts = moments.counts().to_vec();
        side.say_named(moments.classes(), console);
        return Ok((
            moments.classes().clone(),
            Source::Moments { files: moments.into(), places, counts },
        ));
    };
    let keys = moments.keys();
    let rows = Rows {
        keys: &keys,
        weights: moments.counts(),
        asked: files.label_numbering,
        whole: true,
        once: true,
        counted: true,
        known: None,
    };
    let found = match classes.join(&rows) {
        Ok(join) => {
            side.say(&classes, &join, console);
            join.classes
        }
        // Says below which class is none.
        Err(Doubt::NoName) => classes.read(&keys, Numbering::Ids).unwrap_or_default(),
        Err(doubt) => return Err(side.refuse(&doubt, &classes, &rows)),
    };
    let mut counts = vec![0; classes.len()];
    let mut places = Vec::new();
    for (at, place) in found.into_iter().enumerate() {
        let Some(place) = place else {
            let problem = format!(
                "its class {:?} is none of the {} classes: check --class-names",
                keys.text(at),
                classes.len()
            );
            return Err(Error::content(side.path, problem));
        };
        counts[place] = moments.counts()[at];
        places.push(place);
    }
    Ok((classes, Source::Moments { files: moments.into(), places, counts }))
}

/// Adds the counts of the labels, which are the instance counts too unless a file gave them; warns
/// where the two differ.
fn add_counts(rows: &mut [Class], counts: &[u64], file: Option<&Counts>, console: &mut Console) {
    for (row, &labelled) in rows.iter_mut().zip(counts) {
        row.embeddings = Some(labelled);
    }
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
        let runs = vec![run.to_owned()];
        console.warn(Warning::Refused { runs, estimator, refusal, classes });
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
        let (runs, share) = (vec![run.to_owned()], floor_bits / bits);
        console.warn(Warning::Floor { runs, classes, of, share: (share, share) });
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
        // "all" is what all runs together are called.
        run.name =
            if column.name == ALL_RUNS { format!("AP {ALL_RUNS}") } else { column.name.clone() };
    } else if several {
        run.name = format!("{} {}", run.name, column.name);
    }
    run
}

const INFORMATION_COLUMNS: [&str; 13] = [
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
    "ap_scale",
    "estimator",
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
            run.ap_scale.map(ApScale::name).into(),
            run.estimator.map(Estimator::name).into(),
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
