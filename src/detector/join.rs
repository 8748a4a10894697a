//! Matches input per class to the classes, notes how, and refuses what is doubtful.

use std::path::{Path, PathBuf};

use super::given::{ApColumn, ClassGroups, Counts, Covariate, Covariates, Evaluated};
use crate::classes::{
    Classes, Doubt, FROM_ONE, IdsFrom, Join, Keys, Rows, Summary, Values, is_sum, summary,
};
use crate::detections::ClassDetections;
use crate::error::{Error, Result};
use crate::evidence::groups_tell;
use crate::groups::Frequency;
use crate::observer::Observer;
use crate::warning::Warning;
use crate::words::list;

/// A file whose rows are joined, and the option that says how.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The file, or its name in messages.
    pub path: &'a Path,
    /// The option.
    pub option: Option<&'static str>,
}

impl Side<'_> {
    /// The class of each row of a table; warns of rows that have none.
    pub fn join(
        &self,
        classes: &Classes,
        rows: &Rows,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Option<usize>>> {
        let join = classes.join(rows).map_err(|doubt| self.refuse(&doubt, classes, rows))?;
        self.say(classes, &join, observer);
        self.say_renamed(classes, &join, rows, observer);
        let none = |row: &usize| join.classes[*row].is_none();
        let unmatched: Vec<_> =
            (0..join.classes.len()).filter(none).map(|row| rows.keys.text(row)).collect();
        if !unmatched.is_empty() {
            observer.warn(Warning::Unmatched { path: self.path.to_owned(), classes: unmatched });
        }
        Ok(join.classes)
    }

    /// Says how the file was joined.
    pub fn say(&self, classes: &Classes, join: &Join, observer: &mut dyn Observer) {
        observer.note(&format!(
            "{}: {} of {} classes matched, {}",
            self.path.display(),
            join.matched(),
            classes.len(),
            join.by
        ));
    }

    /// Says which rows are of a class of another name, whose id they have.
    fn say_renamed(
        &self,
        classes: &Classes,
        join: &Join,
        rows: &Rows,
        observer: &mut dyn Observer,
    ) {
        let Keys::Both(names, _) = rows.keys else { return };
        let other = |(name, class): (&String, &Option<usize>)| {
            let class = &classes.names()[(*class)?];
            (class != name).then(|| format!("{name:?} for {class:?}"))
        };
        let renamed: Vec<_> = names.iter().zip(&join.classes).filter_map(other).collect();
        if !renamed.is_empty() {
            observer.note(&format!(
                "{}: matched by id, because the names differ: {}",
                self.path.display(),
                renamed.join(", ")
            ));
        }
    }

    /// Says that the file itself names the classes.
    pub fn say_named(&self, classes: &Classes, observer: &mut dyn Observer) {
        let by = match classes.ids_from() {
            IdsFrom::Nobody => "by the names in this file",
            _ => "by the ids in this file",
        };
        observer.note(&format!("{}: {} classes, {by}", self.path.display(), classes.len()));
    }

    /// What is doubtful, and the way out.
    pub fn refuse(&self, doubt: &Doubt, classes: &Classes, rows: &Rows) -> Error {
        let option = |value: &str| match self.option {
            Some(option) => format!("give {option} {value}"),
            None => "write the names of the classes into it".into(),
        };
        let numbered = format!(
            "; give --class-names with these numbers as ids, or, if these are already the ids of \
             the classes, {}",
            option("ids")
        );
        let way_out = match doubt {
            Doubt::NoName => {
                let texts: Vec<_> = (0..rows.keys.len()).map(|row| rows.keys.text(row)).collect();
                format!(
                    ": it has {}; the classes are {}; give --class-names",
                    list(&texts),
                    list(classes.names())
                )
            }
            Doubt::OtherNames => format!("; if the classes are the same, {}", option("ids")),
            Doubt::NoIds => format!(
                "; give --class-names in the order of the numbers, or, if the file that names the classes has \
                 that order, {}",
                option("file-order")
            ),
            Doubt::CannotBe { .. } => {
                format!("; remove {}", self.option.unwrap_or("this option"))
            }
            Doubt::Mixed { .. } | Doubt::Rows { .. } | Doubt::Twice { .. } => String::new(),
            Doubt::Ambiguous { interpretations, .. } => {
                let names: Vec<_> = interpretations.iter().map(|(by, _)| by.name()).collect();
                format!("; {}", option(&names.join(" or ")))
            }
            Doubt::Shifted { by } => shifted(*by, classes, rows),
            Doubt::FirstMissing { class, least: 1 } => format!(
                "; if its 1 means {class:?}, {FROM_ONE}; if these are the ids of the classes, {}",
                option("ids")
            ),
            Doubt::Outside { .. } | Doubt::FirstMissing { .. } | Doubt::NoBoxes { .. } => numbered,
            Doubt::Reordered { .. } => format!(
                "; give the --class-names in the order of the numbers, or, if the counts are of other data, {}",
                option("ids")
            ),
        };
        Error::content(self.path, format!("{doubt}{way_out}"))
    }
}

/// The way out where all numbers would be classes if 1 were added, or subtracted.
fn shifted(by: i64, classes: &Classes, rows: &Rows) -> String {
    let numbers = rows.keys.numbers().unwrap_or_default();
    let said = (0..numbers.len()).filter(|&row| rows.weights[row] > 0).map(|row| numbers[row]);
    let (least, greatest) = said.fold((i64::MAX, i64::MIN), |(least, greatest), number| {
        (least.min(number), greatest.max(number))
    });
    let ids = classes.ids();
    let (first, last) = (ids.first().unwrap_or(&0), ids.last().unwrap_or(&0));
    let way_out = match (by, first) {
        (-1, 0) => {
            format!("torchvision, where 0 is the background, and COCO count from 1: {FROM_ONE}")
        }
        (-1, _) => "give --class-names with these numbers as ids, or subtract 1 from each".into(),
        _ => "give --class-names with these numbers as ids, or add 1 to each".into(),
    };
    format!("; its numbers are {least}…{greatest}, but the classes have {first}…{last}: {way_out}")
}

/// What a file of instance counts says of each class.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The file.
    pub path: PathBuf,
    pub instances: Vec<Option<u64>>,
    pub frequencies: Vec<Option<Frequency>>,
    /// Other numbers of an annotation file.
    pub covariates: Vec<Covariate>,
    /// Groups of an annotation file.
    pub groups: Vec<Option<String>>,
}

/// What the row of each class has, if it has one.
pub fn by_class<T: Clone>(
    rows: &[Option<T>],
    places: &[Option<usize>],
    classes: &Classes,
) -> Vec<Option<T>> {
    let mut of_class = vec![None; classes.len()];
    for (row, place) in rows.iter().zip(places) {
        if let Some(class) = *place {
            of_class[class] = row.clone();
        }
    }
    of_class
}

/// The counts of each class.
pub fn counts(
    classes: &Classes,
    counts: &Counts,
    known: Option<&[Option<u64>]>,
    observer: &mut dyn Observer,
) -> Result<Counted> {
    let rows = Rows {
        keys: &counts.keys,
        weights: &counts.values,
        asked: None,
        whole: true,
        once: true,
        counted: true,
        known,
    };
    let side = Side { path: &counts.path, option: None };
    let places = side.join(classes, &rows, observer)?;
    let instances: Vec<_> = counts.values.iter().copied().map(Some).collect();
    let frequencies = counts.frequencies.iter().flatten().copied().map(Some);
    Ok(Counted {
        path: counts.path.clone(),
        instances: by_class(&instances, &places, classes),
        frequencies: by_class(&frequencies.collect::<Vec<_>>(), &places, classes),
        covariates: covariates_by_class(&counts.covariates, &places, classes),
        groups: by_class(&counts.groups, &places, classes),
    })
}

/// What is known of the detections of each class. `places` are the classes of the categories.
pub fn detections(
    classes: &Classes,
    evaluated: &Evaluated,
    places: &[Option<usize>],
) -> Vec<Option<ClassDetections>> {
    let of_class = |class: &ClassDetections| {
        let taken_for = class.taken_for.iter();
        let taken_for = taken_for.filter_map(|&(other, count)| Some((places[other]?, count)));
        Some(ClassDetections { taken_for: taken_for.collect(), ..class.clone() })
    };
    let rows: Vec<_> = evaluated.detections.iter().map(of_class).collect();
    by_class(&rows, places, classes)
}

/// The numbers of each class that can be held constant: those of an annotation file that was counted, and
/// those of a `table`, which win where names are the same.
pub fn covariates(
    classes: &Classes,
    counted: Option<&Counted>,
    table: Option<&Covariates>,
    known: Option<&[Option<u64>]>,
    observer: &mut dyn Observer,
) -> Result<Vec<Covariate>> {
    let mut wanted = Vec::new();
    if let Some(table) = table {
        let has = |row: usize| table.columns.iter().any(|column| column.values[row].is_some());
        let weights: Vec<u64> = (0..table.keys.len()).map(|row| has(row).into()).collect();
        let places = join_table(&table.path, &table.keys, &weights, classes, known, observer)?;
        wanted = covariates_by_class(&table.columns, &places, classes);
    }
    let mut all = Vec::new();
    if let Some(counted) = counted {
        let named =
            |name: &str| wanted.iter().any(|covariate| covariate.name.eq_ignore_ascii_case(name));
        let own = counted.covariates.iter();
        let own = own.filter(|covariate| covariate.varies() && !named(&covariate.name));
        all.extend(own.cloned());
        say_covariates(&counted.path, &all, observer);
    }
    if let Some(table) = table {
        let (vary, same): (Vec<_>, Vec<_>) = wanted.into_iter().partition(Covariate::varies);
        if !same.is_empty() {
            observer.note(&format!(
                "{}: skipped, because they are the same for all classes: {}",
                table.path.display(),
                list(&same.iter().map(|covariate| &covariate.name).collect::<Vec<_>>())
            ));
        }
        say_covariates(&table.path, &vary, observer);
        all.extend(vary);
    }
    Ok(all)
}

fn covariates_by_class(
    covariates: &[Covariate],
    places: &[Option<usize>],
    classes: &Classes,
) -> Vec<Covariate> {
    let of_classes = |Covariate { name, values }: &Covariate| {
        let values = by_class(values, places, classes);
        Covariate { name: name.clone(), values }
    };
    covariates.iter().map(of_classes).collect()
}

fn say_covariates(path: &Path, covariates: &[Covariate], observer: &mut dyn Observer) {
    if !covariates.is_empty() {
        let names: Vec<_> = covariates.iter().map(|covariate| covariate.name.as_str()).collect();
        observer.note(&format!("{}: covariates: {}", path.display(), names.join(", ")));
    }
}

/// The group of each class: of a `table`, or else of an annotation file that was counted. None, where
/// they do not say which classes are similar.
pub fn groups(
    classes: &Classes,
    counted: Option<&Counted>,
    table: Option<&ClassGroups>,
    known: Option<&[Option<u64>]>,
    observer: &mut dyn Observer,
) -> Result<Vec<Option<String>>> {
    let nothing = vec![None; classes.len()];
    let Some(table) = table else {
        let Some(Counted { path, groups, .. }) = counted else { return Ok(nothing) };
        if !tell(classes, groups) {
            return Ok(nothing);
        }
        say_groups(path, groups, observer);
        return Ok(groups.clone());
    };
    let weights: Vec<u64> = table.values.iter().map(|group| group.is_some().into()).collect();
    let places = join_table(&table.path, &table.keys, &weights, classes, known, observer)?;
    let groups = by_class(&table.values, &places, classes);
    let path = table.path.clone();
    if !tell(classes, &groups) {
        observer.warn(Warning::NoGroups { path });
        return Ok(nothing);
    }
    say_groups(&path, &groups, observer);
    let without = classes.names().iter().zip(&groups).filter(|(_, group)| group.is_none());
    let without: Vec<_> = without.map(|(name, _)| name.clone()).collect();
    if !without.is_empty() {
        observer.warn(Warning::NoGroup { path, classes: without });
    }
    Ok(groups)
}

fn tell(classes: &Classes, groups: &[Option<String>]) -> bool {
    let groups = groups.iter().map(Option::as_deref);
    groups_tell(classes.names().iter().map(String::as_str).zip(groups))
}

fn say_groups(path: &Path, groups: &[Option<String>], observer: &mut dyn Observer) {
    let mut names: Vec<_> = groups.iter().flatten().collect();
    names.sort_unstable();
    names.dedup();
    let s = if names.len() == 1 { "" } else { "s" };
    observer.note(&format!("{}: {} group{s} of classes", path.display(), names.len()));
}

/// The class of each row of a table that says more of the classes.
fn join_table(
    path: &Path,
    keys: &Keys,
    weights: &[u64],
    classes: &Classes,
    known: Option<&[Option<u64>]>,
    observer: &mut dyn Observer,
) -> Result<Vec<Option<usize>>> {
    let rows = Rows { keys, weights, asked: None, whole: true, once: true, counted: false, known };
    Side { path, option: None }.join(classes, &rows, observer)
}

/// The counts without a row over all classes. Where a file `listed` the classes, that says which rows are
/// classes.
pub fn counts_without_summary(
    mut counts: Counts,
    listed: Option<&Classes>,
    observer: &mut dyn Observer,
) -> Result<Counts> {
    // An annotation file counts nothing but its categories.
    if counts.classes.is_some() {
        return Ok(counts);
    }
    let row = match summary_row(&counts.keys, Values::Counts(&counts.values)) {
        // Without a list of the classes, it may be one that is called so: then it is no sum.
        Some(Summary::Called(row))
            if !is_class(listed, &counts.keys, row)
                && (listed.is_some() || is_sum(&counts.values, row)) =>
        {
            row
        }
        Some(Summary::Called(row)) if listed.is_none() => {
            let name = counts.keys.text(row);
            let problem = format!(
                "the row {name:?} may be a total over all classes, but its count is not their sum: \
                 remove it, or list it in --class-names"
            );
            return Err(Error::content(&counts.path, problem));
        }
        Some(Summary::Looks(row)) if listed.is_none() => {
            return Err(looks(&counts.path, &counts.keys, row, "count is the sum of the others'"));
        }
        _ => return Ok(counts),
    };
    say_summary(&counts.path, &counts.keys, row, observer);
    counts.keys = counts.keys.without(row);
    counts.values.remove(row);
    if let Some(frequencies) = &mut counts.frequencies {
        frequencies.remove(row);
    }
    Ok(counts)
}

/// APs without a row over all classes.
pub fn ap_without_summary(
    mut column: ApColumn,
    classes: &Classes,
    observer: &mut dyn Observer,
) -> Result<ApColumn> {
    let row = match summary_row(&column.keys, Values::Aps(&column.values)) {
        Some(Summary::Called(row)) if !is_class(Some(classes), &column.keys, row) => row,
        // A counts table that names the classes may have that row too.
        Some(Summary::Looks(row)) if classes.ids_from() == IdsFrom::Nobody => {
            return Err(looks(&column.path, &column.keys, row, "AP is the mean of the others'"));
        }
        _ => return Ok(column),
    };
    say_summary(&column.path, &column.keys, row, observer);
    column.keys = column.keys.without(row);
    column.values.remove(row);
    Ok(column)
}

fn summary_row(keys: &Keys, values: Values) -> Option<Summary> {
    summary(keys.names()?, values)
}

fn is_class(classes: Option<&Classes>, keys: &Keys, row: usize) -> bool {
    classes.is_some_and(|classes| classes.names().contains(&keys.text(row)))
}

fn say_summary(path: &Path, keys: &Keys, row: usize, observer: &mut dyn Observer) {
    let name = keys.text(row);
    observer
        .note(&format!("{}: skipped the row {name:?}, which is over all classes", path.display()));
}

fn looks(path: &Path, keys: &Keys, row: usize, why: &str) -> Error {
    let name = keys.text(row);
    let problem = format!(
        "the row {name:?} seems to be over all classes, because its {why}: remove it, or list it \
         in --class-names"
    );
    Error::content(path, problem)
}
