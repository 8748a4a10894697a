//! Which class each row of a file means. If two interpretations of its keys lead to different classes, or
//! if there is a pattern that is nearly always an error, the result is a doubt and not a join.

use std::fmt;

use serde::Deserialize;

use super::{Classes, IdsFrom, Keys, number};

/// How keys mean classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Numbering {
    /// By name.
    Names,
    /// By the ids of the classes.
    Ids,
    /// 0 is the class of the lowest id, 1 the next.
    Positions,
    /// 0 is the class that the file lists first, 1 the next.
    FileOrder,
}

impl Numbering {
    /// All values.
    pub const ALL: &'static [Numbering] =
        &[Numbering::Names, Numbering::Ids, Numbering::Positions, Numbering::FileOrder];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Numbering::Names => "names",
            Numbering::Ids => "ids",
            Numbering::Positions => "positions",
            Numbering::FileOrder => "file-order",
        }
    }
}

impl fmt::Display for Numbering {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Numbering::Names => "by name",
            Numbering::Ids => "by id",
            Numbering::Positions => "counting from 0 in order of id",
            Numbering::FileOrder => {
                "counting from 0 in the order of the file that lists the classes"
            }
        })
    }
}

/// The rows of a file that are to be joined to classes.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The key of each row.
    pub keys: &'a Keys,
    /// How many instances each row stands for, or 1 where it has a value; 0 where it says nothing.
    pub weights: &'a [u64],
    /// How to interpret the keys, if the user said so. Then there are no doubts.
    pub asked: Option<Numbering>,
    /// Whether these are all rows. In a shard, any class may be missing.
    pub whole: bool,
    /// Whether a class can have one row alone.
    pub once: bool,
    /// Whether the weights count instances, which can be compared with other counts.
    pub counted: bool,
    /// Instances of each class, as far as they are known otherwise.
    pub known: Option<&'a [Option<u64>]>,
}

/// The classes of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// The index of each row's class; none where it has none.
    pub classes: Vec<Option<usize>>,
    /// How the keys were interpreted.
    pub by: Numbering,
}

impl Join {
    /// Number of different classes that have a row.
    pub fn matched(&self) -> usize {
        let mut classes: Vec<_> = self.classes.iter().flatten().collect();
        classes.sort_unstable();
        classes.dedup();
        classes.len()
    }
}

/// Why rows cannot be matched for sure. Its text says what was seen, not what to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// No name is that of a class.
    NoName,
    /// No name is that of a class, but the ids beside them are.
    OtherNames,
    /// The classes have no ids that the numbers could mean.
    NoIds,
    /// The keys cannot be read as asked.
    CannotBe {
        /// What was asked.
        asked: Numbering,
    },
    /// There are more or fewer rows than classes, and no keys.
    Rows {
        /// Number of rows.
        rows: usize,
        /// Number of classes.
        classes: usize,
    },
    /// Two rows are of the same class.
    Twice {
        /// The class.
        class: String,
    },
    /// Some keys are names, and one is a number that could be an id.
    Mixed {
        /// It.
        number: String,
    },
    /// Numbers that are no class, however they are read.
    Outside {
        /// The first of them.
        number: i64,
        /// Number of classes.
        classes: usize,
    },
    /// Two interpretations lead to different classes.
    Ambiguous {
        /// A key that shows it.
        key: String,
        /// The interpretations, and the class that each gives that key.
        interpretations: Vec<(Numbering, String)>,
        /// The interpretation under which the counts agree with those known otherwise.
        agrees: Option<Numbering>,
    },
    /// The numbers are no class as they are, but all are when they are shifted by one.
    Shifted {
        /// What has to be added to each.
        by: i64,
    },
    /// No row is of the first class, and every number would be a class if 1 were subtracted.
    FirstMissing {
        /// The first class.
        class: String,
        /// The least number.
        least: i64,
    },
    /// A class without boxes has rows, another with boxes has none, and another interpretation fits.
    NoBoxes {
        /// The class without boxes.
        class: String,
        /// The class without rows.
        other: String,
    },
    /// The counts are those known otherwise, but of other classes.
    Reordered {
        /// A class, its rows, and the count known otherwise.
        class: String,
        /// Its rows.
        rows: u64,
        /// The count that is known otherwise.
        known: u64,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Doubt::NoName => f.write_str("names none of the classes"),
            Doubt::OtherNames => f.write_str(
                "names none of the classes, but its ids are ids of the classes: the two files may \
                 be about different classes",
            ),
            Doubt::NoIds => f.write_str(
                "has numbers, but the classes have names and no ids, so nothing says which class a \
                 number means",
            ),
            Doubt::CannotBe { asked } => {
                write!(f, "cannot be matched {asked}: it does not give its classes in this way")
            }
            Doubt::Rows { rows, classes } => write!(
                f,
                "holds {rows} categories without names, in order of id, but there are {classes} \
                 classes: give --class-names with the classes that were evaluated"
            ),
            Doubt::Twice { class } => write!(f, "has two rows for the class {class:?}"),
            Doubt::Mixed { number } => write!(
                f,
                "gives some classes by name and one as {number:?}, which is not the name of a \
                 class: use names only or ids only"
            ),
            Doubt::Outside { number, classes } => write!(
                f,
                "has the number {number}, which is not one of the {classes} classes; its other \
                 numbers may then mean other classes too"
            ),
            Doubt::Ambiguous { key, interpretations, agrees } => {
                write!(f, "can be matched in more than one way: ")?;
                for (at, (interpretation, class)) in interpretations.iter().enumerate() {
                    let or = if at > 0 { "; " } else { "" };
                    write!(f, "{or}{interpretation}, {key} means {class}")?;
                }
                match agrees {
                    Some(interpretation) => {
                        write!(f, " (the instance counts agree if matched {interpretation})")
                    }
                    None => Ok(()),
                }
            }
            Doubt::Shifted { by } => write!(
                f,
                "has numbers that do not all match a class, but all match after 1 is {} each: its \
                 first class has another number",
                if *by > 0 { "added to" } else { "subtracted from" }
            ),
            Doubt::FirstMissing { class, least } => write!(
                f,
                "has numbers from {least} on and no row of the first class {class:?}: if 0 is the \
                 background, as in torchvision, every class is off by one"
            ),
            Doubt::NoBoxes { class, other } => write!(
                f,
                "has rows of {class:?}, which has no boxes, and none of {other:?}, which has \
                 boxes: its numbers mean other classes"
            ),
            Doubt::Reordered { class, rows, known } => write!(
                f,
                "has the known counts, but for other classes: {class:?} has {rows} instead of \
                 {known}, so its rows are not in the order of the class numbers"
            ),
        }
    }
}

/// The class of each row, where it has one.
type Found = Vec<Option<usize>>;

impl Classes {
    /// The class of each row.
    ///
    /// # Errors
    /// If that is doubtful, no row is of any class, or two are of one.
    pub fn join(&self, rows: &Rows) -> Result<Join, Doubt> {
        let join = match rows.asked {
            Some(by) => {
                let classes = self.read(rows.keys, by).ok_or(Doubt::CannotBe { asked: by })?;
                Join { classes, by }
            }
            None => self.decide(rows)?,
        };
        let mut seen = vec![false; self.len()];
        for &class in join.classes.iter().flatten() {
            if std::mem::replace(&mut seen[class], true) && rows.once {
                return Err(Doubt::Twice { class: self.names()[class].clone() });
            }
        }
        if !seen.contains(&true) && !rows.keys.is_empty() {
            return Err(self.none_found(rows.keys, join.by));
        }
        Ok(join)
    }

    fn none_found(&self, keys: &Keys, by: Numbering) -> Doubt {
        match (by, keys.numbers().and_then(|numbers| numbers.first().copied())) {
            (Numbering::Names, _) | (_, None) => Doubt::NoName,
            (_, Some(number)) => Doubt::Outside { number, classes: self.len() },
        }
    }

    /// How the keys are read where the user does not say it.
    fn decide(&self, rows: &Rows) -> Result<Join, Doubt> {
        let by_name = || {
            let classes = self.read(rows.keys, Numbering::Names)?;
            Some(Join { classes, by: Numbering::Names })
        };
        match rows.keys {
            Keys::InOrder(count) if *count != self.len() => {
                return Err(Doubt::Rows { rows: *count, classes: self.len() });
            }
            Keys::Both(names, ids) if self.ids_from() == IdsFrom::Labels => {
                return self.by_id_or_its_text(names, ids, rows);
            }
            Keys::Strings(_) | Keys::Cells(_) if self.ids_from() == IdsFrom::Labels => {
                if rows.keys.numbers().is_none() {
                    return Err(Doubt::NoName);
                }
            }
            Keys::Names(_) => return by_name().ok_or(Doubt::NoName),
            Keys::Both(names, ids) => return self.by_name_else_id(names, ids),
            Keys::Strings(_) | Keys::Cells(_) => {
                if let Some(named) = by_name() {
                    if rows.keys.numbers().is_none() {
                        return self.names_among_numbers(named, rows);
                    } else if named.classes.iter().any(Option::is_some) {
                        return self.name_or_number(named, rows);
                    }
                }
            }
            Keys::Numbers(_) | Keys::InOrder(_) => {}
        }
        self.by_number(rows)
    }

    /// Rows with names and ids, where the labels alone name the classes: by id, unless their names are
    /// the labels too, and of other classes.
    fn by_id_or_its_text(&self, names: &[String], ids: &[i64], rows: &Rows) -> Result<Join, Doubt> {
        let named = self.read(&Keys::Names(names.to_vec()), Numbering::Names);
        let by_id = self.by_number(&Rows { keys: &Keys::Numbers(ids.to_vec()), ..*rows })?;
        let named = Join { classes: named.unwrap_or_default(), by: Numbering::Names };
        let other = differ(&named.classes, &by_id.classes, rows.weights).is_some();
        if other && fits(&named.classes, rows.weights) {
            return Err(self.interpretations(&[named, by_id], rows));
        }
        Ok(by_id)
    }

    /// By name; and where all names that are classes have those classes' ids, the others by id.
    fn by_name_else_id(&self, names: &[String], ids: &[i64]) -> Result<Join, Doubt> {
        let by_name = |name| self.by_name.get(name).copied();
        let mut classes: Found = names.iter().map(by_name).collect();
        let of_id: Found = ids.iter().map(|id| self.by_id.get(id).copied()).collect();
        if classes.iter().all(Option::is_none) {
            let fits = of_id.iter().all(Option::is_some);
            return Err(if fits { Doubt::OtherNames } else { Doubt::NoName });
        }
        let mut pairs = classes.iter().zip(&of_id);
        if pairs.all(|(class, of_id)| class.is_none() || class == of_id) {
            classes.iter_mut().zip(of_id).for_each(|(class, of_id)| *class = class.or(of_id));
        }
        Ok(Join { classes, by: Numbering::Names })
    }

    /// Texts that are not all numbers: names. One that is no class by name, but by id, is in doubt.
    fn names_among_numbers(&self, named: Join, rows: &Rows) -> Result<Join, Doubt> {
        let texts = rows.keys.names().unwrap_or_default();
        let by_id = |row: usize| self.by_id.get(&number(&texts[row])?).copied();
        let odd = |row: &usize| named.classes[*row].is_none() && by_id(*row).is_some();
        let mixed = (0..texts.len()).find(odd).filter(|_| named.matched() > 0);
        match mixed.and_then(|row| Some((row, by_id(row)?))) {
            None => Ok(named),
            Some((_, class)) if named.classes.contains(&Some(class)) => {
                Err(Doubt::Twice { class: self.names()[class].clone() })
            }
            Some((row, _)) => Err(Doubt::Mixed { number: texts[row].clone() }),
        }
    }

    /// Texts of which some are classes' names, and all are numbers too.
    fn name_or_number(&self, named: Join, rows: &Rows) -> Result<Join, Doubt> {
        if matches!(rows.keys, Keys::Strings(_)) {
            return Ok(named);
        }
        let complete = fits(&named.classes, rows.weights);
        let mut interpretations = vec![named];
        self.add_fitting(&mut interpretations, rows);
        match interpretations.len() {
            1 if complete => Ok(interpretations.remove(0)),
            // That one of the numbers is a name may be an accident.
            1 => self.none_fits(rows),
            _ => Err(self.interpretations(&interpretations, rows)),
        }
    }

    /// Adds the interpretations as numbers that find a class for each row, if they find other classes.
    fn add_fitting(&self, interpretations: &mut Vec<Join>, rows: &Rows) {
        let possible: &[Numbering] = match (rows.keys, self.ids_from()) {
            (_, IdsFrom::Nobody) => &[],
            // pycocotools sorts the ids.
            (Keys::InOrder(_), _) => &[Numbering::Positions],
            (_, IdsFrom::Annotations) => {
                &[Numbering::Ids, Numbering::Positions, Numbering::FileOrder]
            }
            (_, IdsFrom::Table) => &[Numbering::Ids, Numbering::Positions],
            (_, IdsFrom::List | IdsFrom::Labels) => &[Numbering::Ids],
        };
        for &by in possible {
            let Some(classes) = self.read(rows.keys, by) else { continue };
            let new = |before: &Join| differ(&before.classes, &classes, rows.weights).is_some();
            if fits(&classes, rows.weights) && interpretations.iter().all(new) {
                interpretations.push(Join { classes, by });
            }
        }
    }

    /// Keys that are numbers.
    fn by_number(&self, rows: &Rows) -> Result<Join, Doubt> {
        if self.ids_from() == IdsFrom::Nobody {
            return Err(Doubt::NoIds);
        }
        let mut interpretations = Vec::new();
        self.add_fitting(&mut interpretations, rows);
        // Where every number is an id, also those of rows that say nothing, what cannot read them all is refuted.
        let complete = |join: &Join| join.classes.iter().all(Option::is_some);
        if interpretations
            .first()
            .is_some_and(|first| first.by == Numbering::Ids && complete(first))
        {
            interpretations.retain(complete);
        }
        let others = self.other_interpretations(rows);
        let Some(first) = interpretations.first().cloned() else {
            return self.none_fits(rows);
        };
        let sound: Vec<&Join> =
            interpretations.iter().filter(|join| self.boxless(join, rows).is_none()).collect();
        let join = match (&sound[..], interpretations.len()) {
            ([only], 1) => (*only).clone(),
            // Boxes refute the others; they must refute what explains errors, too.
            ([only], _) => {
                let sound = |classes: &Found| {
                    let other = Join { classes: classes.clone(), by: only.by };
                    differ(classes, &only.classes, rows.weights).is_some()
                        && self.boxless(&other, rows).is_none()
                };
                match others.iter().any(sound) {
                    true => return Err(self.interpretations(&interpretations, rows)),
                    false => (*only).clone(),
                }
            }
            ([], 1) => {
                let other =
                    |classes: &Found| differ(classes, &first.classes, rows.weights).is_some();
                // Ids that are no positions are sure.
                let low = |number: i64| (0..=self.len() as i64).contains(&number);
                let positions =
                    rows.keys.numbers().is_some_and(|numbers| numbers.into_iter().all(low));
                let doubtful = |_: &Doubt| positions || others.iter().any(other);
                match self.boxless(&first, rows).filter(doubtful) {
                    Some(doubt) => return Err(doubt),
                    None => first,
                }
            }
            _ => return Err(self.interpretations(&interpretations, rows)),
        };
        self.check_first(&join, rows)?;
        self.check_counts(&join, &others, rows)?;
        Ok(join)
    }

    /// Numbers of which some are no class, however they are read.
    fn none_fits(&self, rows: &Rows) -> Result<Join, Doubt> {
        for by in [-1, 1] {
            if self.shifted(rows, by, Numbering::Ids).is_some() {
                return Err(Doubt::Shifted { by });
            }
        }
        let classes = self.read(rows.keys, Numbering::Ids).unwrap_or_default();
        let join = Join { classes, by: Numbering::Ids };
        // Classes that only the labels name may be some of those that were evaluated.
        if self.ids_from() == IdsFrom::Labels && join.matched() == self.len() {
            return Ok(join);
        }
        let outside = |row: &usize| join.classes[*row].is_none() && rows.weights[*row] > 0;
        let number = (0..join.classes.len()).find(outside);
        match number.zip(rows.keys.numbers()) {
            Some((row, numbers)) => {
                Err(Doubt::Outside { number: numbers[row], classes: self.len() })
            }
            None => Ok(join),
        }
    }

    /// Interpretations that nobody can ask for, but that explain errors, if they find a class for each row.
    fn other_interpretations(&self, rows: &Rows) -> Vec<Found> {
        let mut others: Vec<Found> =
            [-1, 1].into_iter().filter_map(|by| self.shifted(rows, by, Numbering::Ids)).collect();
        let mut proper = Vec::new();
        self.add_fitting(&mut proper, rows);
        others.extend(proper.into_iter().map(|join| join.classes));
        others.extend(
            self.read(rows.keys, Numbering::FileOrder).filter(|found| {
                self.ids_from() == IdsFrom::Annotations && fits(found, rows.weights)
            }),
        );
        // The classes that have boxes, numbered by themselves.
        if let (Some(known), Some(numbers)) = (rows.known, rows.keys.numbers()) {
            let boxed: Vec<usize> =
                (0..self.len()).filter(|&class| known[class] != Some(0)).collect();
            let found =
                numbers.iter().map(|&number| boxed.get(usize::try_from(number).ok()?).copied());
            let found: Found = found.collect();
            if fits(&found, rows.weights) {
                others.push(found);
            }
        }
        others
    }

    /// The numbers under an interpretation after `by` is added, if each row then has a class.
    fn shifted(&self, rows: &Rows, by: i64, interpretation: Numbering) -> Option<Found> {
        let numbers = rows.keys.numbers()?.into_iter().map(|number| number.checked_add(by));
        let classes = self.read(&Keys::Numbers(numbers.collect::<Option<_>>()?), interpretation)?;
        fits(&classes, rows.weights).then_some(classes)
    }

    /// A class without boxes that has rows while another with boxes has none.
    fn boxless(&self, join: &Join, rows: &Rows) -> Option<Doubt> {
        // In a shard, any class may be missing.
        let known = rows.known.filter(|_| rows.whole)?;
        let got = self.totals(&join.classes, rows.weights);
        let has = |class: usize| known[class].is_some_and(|boxes| boxes > 0);
        let class = (0..self.len()).find(|&class| got[class] > 0 && known[class] == Some(0))?;
        let other = (0..self.len()).find(|&class| got[class] == 0 && has(class))?;
        let name = |class: usize| self.names()[class].clone();
        Some(Doubt::NoBoxes { class: name(class), other: name(other) })
    }

    /// Doubts the numbers of held-out rows that begin with 1 where they could begin with 0: in these any class
    /// may be missing, but that it is the first alone is suspicious.
    ///
    /// # Errors
    /// If so.
    pub fn check_held_out(&self, join: &Join, rows: &Rows) -> Result<(), Doubt> {
        if self.len() < 3 || join.matched() + 1 < self.len() {
            return Ok(());
        }
        self.check_first(join, &Rows { whole: true, ..*rows })
    }

    /// Doubts numbers that begin with 1 where they could begin with 0.
    fn check_first(&self, join: &Join, rows: &Rows) -> Result<(), Doubt> {
        let (Some(numbers), true) = (rows.keys.numbers(), rows.whole) else { return Ok(()) };
        if self.ids_from() == IdsFrom::Labels && rows.counted || numbers.contains(&0) {
            return Ok(());
        }
        let least = numbers.iter().copied().min();
        let shifted = self.shifted(rows, -1, join.by);
        // Rows of a class of which there is none are no proof, but refute an interpretation beside one without.
        let refuted = |classes: &Found| {
            let none = |class: usize| rows.known.is_some_and(|known| known[class] == Some(0));
            let mut rows = classes.iter().zip(rows.weights);
            rows.any(|(class, &weight)| weight > 0 && class.is_some_and(none))
        };
        let doubtful = shifted.is_some_and(|classes| !refuted(&classes) || refuted(&join.classes));
        let first = self.read(&Keys::Numbers(vec![0]), join.by).and_then(|classes| classes[0]);
        // Where nine of ten classes are missing, that the first is too says nothing.
        let many = 10 * join.matched() >= self.len() || least == Some(1);
        match (first, least) {
            (Some(class), Some(least)) if doubtful && many => {
                Err(Doubt::FirstMissing { class: self.names()[class].clone(), least })
            }
            _ => Ok(()),
        }
    }

    /// Doubts counts that agree with those known otherwise only under another interpretation or order.
    fn check_counts(&self, join: &Join, others: &[Found], rows: &Rows) -> Result<(), Doubt> {
        let known: Option<Vec<u64>> = rows.known.and_then(|known| known.iter().copied().collect());
        let (Some(known), true) = (known, rows.counted && rows.whole) else { return Ok(()) };
        let got = self.totals(&join.classes, rows.weights);
        let agreeing = |got: &[u64]| {
            (0..self.len()).filter(|&class| got[class] > 0 && got[class] == known[class]).count()
        };
        let Some(class) = (0..self.len()).find(|&class| got[class] != known[class]) else {
            return Ok(());
        };
        let (as_joined, labelled) = (agreeing(&got), got.iter().filter(|&&rows| rows > 0).count());
        let better = |other: &Found| {
            let agreeing = agreeing(&self.totals(other, rows.weights));
            agreeing >= FEWEST_AGREEING && 2 * agreeing >= labelled && 2 * as_joined < agreeing
        };
        let sorted = |counts: &[u64]| {
            let mut counts: Vec<u64> = counts.iter().copied().filter(|&count| count > 0).collect();
            counts.sort_unstable();
            counts
        };
        if others.iter().any(better) || sorted(&got) == sorted(&known) {
            let name = self.names()[class].clone();
            return Err(Doubt::Reordered { class: name, rows: got[class], known: known[class] });
        }
        Ok(())
    }

    /// The doubt between interpretations.
    fn interpretations(&self, interpretations: &[Join], rows: &Rows) -> Doubt {
        let row = differ(&interpretations[0].classes, &interpretations[1].classes, rows.weights)
            .unwrap_or(0);
        let class = |join: &Join| {
            join.classes[row].map_or("none".into(), |class| format!("{:?}", self.names()[class]))
        };
        let agrees = |join: &&Join| {
            let totals = self.totals(&join.classes, rows.weights).into_iter().map(Some);
            rows.counted && rows.known.is_some_and(|known| totals.eq(known.iter().copied()))
        };
        Doubt::Ambiguous {
            key: rows.keys.text(row),
            interpretations: interpretations.iter().map(|join| (join.by, class(join))).collect(),
            agrees: match interpretations.iter().filter(agrees).collect::<Vec<_>>()[..] {
                [only] => Some(only.by),
                _ => None,
            },
        }
    }

    /// The weights of each class.
    fn totals(&self, classes: &[Option<usize>], weights: &[u64]) -> Vec<u64> {
        let mut totals = vec![0; self.len()];
        for (class, &weight) in classes.iter().zip(weights) {
            if let Some(class) = *class {
                totals[class] += weight;
            }
        }
        totals
    }

    /// The classes of keys under an interpretation; none if they cannot be read so.
    pub fn read(&self, keys: &Keys, by: Numbering) -> Option<Vec<Option<usize>>> {
        let place = |number: i64| usize::try_from(number).ok();
        if by == Numbering::Names {
            let names = keys.names()?.iter();
            return Some(names.map(|name| self.by_name.get(name).copied()).collect());
        }
        let find = |number: i64| match by {
            Numbering::Positions => place(number).filter(|&place| place < self.len()),
            Numbering::FileOrder => self.file_order.get(place(number)?).copied(),
            Numbering::Ids | Numbering::Names => self.by_id.get(&number).copied(),
        };
        match (keys, by) {
            (Keys::InOrder(_), Numbering::Ids) => None,
            _ => Some(keys.numbers()?.into_iter().map(find).collect()),
        }
    }
}

/// Fewest classes whose counts agree under another interpretation that are no accident.
const FEWEST_AGREEING: usize = 3;

/// Whether each row that says something has a class.
fn fits(classes: &[Option<usize>], weights: &[u64]) -> bool {
    classes.iter().zip(weights).all(|(class, &weight)| class.is_some() || weight == 0)
}

/// The first row that says something and has another class in each.
fn differ(a: &[Option<usize>], b: &[Option<usize>], weights: &[u64]) -> Option<usize> {
    (0..weights.len()).find(|&row| weights[row] > 0 && a[row] != b[row])
}
