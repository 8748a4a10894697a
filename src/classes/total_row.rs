//! Rows over all classes, which evaluators put beside those of single classes.

/// What such rows are called, in small letters without spaces.
const NAMES: [&str; 16] = [
    "all",
    "allclasses",
    "overall",
    "total",
    "totals",
    "sum",
    "mean",
    "average",
    "avg",
    "map",
    "meanap",
    "map50",
    "map5095",
    "macroavg",
    "microavg",
    "weightedavg",
];

/// Those of them that are called after AP: counts have no mean AP, but LVIS has a class `map`.
const OF_AP: [&str; 4] = ["map", "meanap", "map50", "map5095"];

/// Fewest other rows of which a sum or a mean is no accident.
const FEWEST: usize = 3;

/// A row that may be over all classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summary {
    /// It is called so: it is no class, unless one is really called so.
    Called(usize),
    /// Its value says so: that of the first or last row is made of the others'.
    Looks(usize),
}

/// The values of rows.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// Instance counts: those of all classes are their sum.
    Counts(&'a [u64]),
    /// APs: that of all classes is their mean.
    Aps(&'a [Option<f64>]),
}

/// The row over all classes, if there is one.
pub fn summary(names: &[String], values: Values) -> Option<Summary> {
    let called = |row: usize| {
        let letters: String = names[row].chars().filter(|c| c.is_alphanumeric()).collect();
        let letters = letters.to_lowercase();
        let of_ap = OF_AP.contains(&letters.as_str());
        let is_class = |counts: &[u64]| of_ap && !is_sum(counts, row);
        NAMES.contains(&letters.as_str())
            && !matches!(values, Values::Counts(counts) if is_class(counts))
    };
    if let Some(row) = (0..names.len()).find(|&row| called(row)) {
        return Some(Summary::Called(row));
    }
    // The first or the last.
    let ends = [0, names.len().checked_sub(1)?];
    ends.into_iter().find(|&row| made_of_others(row, values)).map(Summary::Looks)
}

fn made_of_others(row: usize, values: Values) -> bool {
    match values {
        Values::Counts(counts) => {
            let others = counts.iter().filter(|&&count| count > 0).count().saturating_sub(1);
            let alone = counts.iter().filter(|&&count| count == counts[row]).count() == 1;
            others >= FEWEST && alone && counts[row] > 0 && is_sum(counts, row)
        }
        Values::Aps(aps) => {
            let others: Vec<f64> =
                (0..aps.len()).filter(|&at| at != row).filter_map(|at| aps[at]).collect();
            let mean = others.iter().sum::<f64>() / others.len() as f64;
            aps[row].is_some_and(|ap| {
                let alone = !others.contains(&ap);
                ap > 0.0 && alone && others.len() >= FEWEST && (ap - mean).abs() <= rounding(ap)
            })
        }
    }
}

/// Whether a count is the sum of the others.
pub fn is_sum(counts: &[u64], row: usize) -> bool {
    let sum = counts.iter().fold(0_u64, |sum, &count| sum.saturating_add(count));
    sum - counts[row] == counts[row]
}

/// By how much a number may have been rounded when it was printed; one of few decimals was not.
fn rounding(number: f64) -> f64 {
    const EXACT: f64 = 1e-9;
    let decimals = number.to_string().split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if decimals < 3 { EXACT } else { 0.5 * 10_f64.powi(-(decimals as i32)) + EXACT }
}
