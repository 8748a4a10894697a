//! The angular margins of the IGAM loss (after Eq. 6), and whether they are worth training with.

use ndarray::Array2;

use crate::detector::ClassSummary;
use crate::error::Result;
use crate::loss::SCALE;
use crate::margin::{MarginError, Summary, check_size, expand, known, logit_change, margins};
use crate::normalization::Normalization;
use crate::warning::{Warning, Warnings};

/// Below this largest margin (radians), training hardly changes.
pub const FELT: f64 = 0.01;

/// Classes named at either end, for each formula.
const NAMED: usize = 3;

/// The margins between classes, under each formula of the normalization.
///
/// ```
/// use igam_analyze::{ClassSummary, Margins, Normalization};
///
/// let class = |id, bits| ClassSummary { id, name: format!("class {id}"), information: Some(bits), ap: None };
/// let classes = [class(0, 12.0), class(1, 3.0)];
/// let margins = Margins::of(&classes, Normalization::Softmax, false)?;
/// // The class with more information has a margin towards the other, and not the other way round.
/// assert!(margins.all[[0, 1]] > 0.0 && margins.all[[1, 0]] == 0.0);
/// # Ok::<(), igam_analyze::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Margins {
    /// The formula of the matrix `all`.
    pub chosen: Normalization,
    /// Whether negative margins are allowed.
    pub signed: bool,
    /// Each formula, summarized.
    pub formulas: Vec<Formula>,
    /// Names of the classes that have an information amount.
    pub names: Vec<String>,
    /// Their information amounts, bits.
    pub information: Vec<f64>,
    /// m_ij in radians between them, row i the true class.
    pub known: Array2<f64>,
    /// The margins between all classes; 0 for a class without information amount.
    pub all: Array2<f64>,
    /// Warnings.
    pub warnings: Warnings,
}

/// One formula of the normalization, summarized.
#[derive(Clone, Debug)]
pub struct Formula {
    /// The formula.
    pub normalization: Normalization,
    /// Its margins, summarized.
    pub summary: Summary,
    /// The classes that gain most angle in training, the most first. At test time, without margins, it
    /// is the other way round.
    pub gain: Vec<String>,
    /// Those that lose most.
    pub lose: Vec<String>,
}

impl Margins {
    /// The margins between classes of these information amounts.
    ///
    /// # Errors
    /// If there are too many classes, or none has an information amount.
    pub fn of(classes: &[ClassSummary], chosen: Normalization, signed: bool) -> Result<Margins> {
        check_size(classes.len())?;
        let (places, information) = known(classes.iter().map(|class| class.information));
        if places.is_empty() {
            return Err(MarginError::NoInformation.into());
        }
        let mut warnings = Warnings::default();
        if places.len() < classes.len() {
            let empty = classes.iter().filter(|class| class.information.is_none());
            let classes = empty.map(|class| class.name.clone()).collect();
            warnings.add(Warning::NoMargins { classes });
        }
        let names: Vec<String> = places.iter().map(|&class| classes[class].name.clone()).collect();
        let mut formulas = Vec::new();
        let mut matrix = Array2::zeros((0, 0));
        for &normalization in Normalization::ALL {
            let margins = margins(&normalization.normalize(&information), signed);
            formulas.push(Formula::new(normalization, Summary::of(&margins), &names));
            if normalization == chosen {
                matrix = margins;
            }
        }
        warnings.extend(too_small(chosen, &formulas));
        let all = expand(&matrix, &places, classes.len());
        Ok(Margins { chosen, signed, formulas, names, information, known: matrix, all, warnings })
    }
}

impl Formula {
    fn new(normalization: Normalization, summary: Summary, names: &[String]) -> Formula {
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by(|&a, &b| summary.gain[b].total_cmp(&summary.gain[a]));
        let named = |class: usize| names[class].clone();
        let gain = order.iter().copied().filter(|&class| summary.gain[class] > 0.0);
        let lose = order.iter().rev().copied().filter(|&class| summary.gain[class] < 0.0);
        Formula {
            normalization,
            gain: gain.take(NAMED).map(named).collect(),
            lose: lose.take(NAMED).map(named).collect(),
            summary,
        }
    }

    /// Whether its largest margin is large enough to change training.
    pub fn is_felt(&self) -> bool {
        self.summary.largest >= FELT
    }

    /// The largest change of a logit at the paper's scale.
    pub fn logit_change(&self) -> f64 {
        logit_change(self.summary.largest, SCALE)
    }
}

/// Margins of the chosen formula that are too small to change training.
fn too_small(chosen: Normalization, formulas: &[Formula]) -> Option<Warning> {
    let largest = |formula: &&Formula| formula.summary.largest;
    let small = formulas
        .iter()
        .find(|formula| formula.normalization == chosen)
        .filter(|formula| !formula.is_felt())?;
    let best = formulas.iter().max_by(|a, b| largest(a).total_cmp(&largest(b)))?;
    Some(Warning::SmallMargins {
        formula: chosen.name(),
        largest: small.summary.largest,
        better: best.is_felt().then(|| (best.normalization.name(), best.summary.largest)),
    })
}
