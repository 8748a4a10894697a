//! Which classes are the worst, and how AP compares to the expected AP.

use super::{ExplainedClass, Explanation};

/// The number by which the worst classes are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The deleted residual: AP minus the expected AP.
    Expectation,
    /// AP, if there is no expected AP.
    Ap,
    /// Recall, if there is no AP.
    Recall,
}

/// Where AP is, relative to the interval of the expected AP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is below the interval.
    Below,
    /// It is within it.
    Within,
    /// It is above it.
    Above,
}

impl ExplainedClass {
    /// Where AP is, relative to the interval of the expected AP.
    pub fn standing(&self) -> Option<Standing> {
        let (ap, expected) = (self.ap?, self.expected?);
        let (low, high) = expected.interval;
        Some(match ap {
            ap if ap < low => Standing::Below,
            ap if ap > high => Standing::Above,
            _ => Standing::Within,
        })
    }

    /// The number that the worst are chosen by; the worst has the least.
    fn number(&self, by: By) -> Option<f64> {
        match by {
            By::Expectation => Some(self.expected?.deleted_residual),
            By::Ap => self.ap,
            By::Recall => self.recognition.as_ref()?.recall(),
        }
    }
}

impl Explanation {
    /// The indices of the classes, the worst first, and what they are chosen by. Those of which that is not
    /// known are last.
    pub fn worst_first(&self) -> (By, Vec<usize>) {
        let known = |by: &By| self.classes.iter().any(|class| class.number(*by).is_some());
        let by = [By::Expectation, By::Ap].into_iter().find(known).unwrap_or(By::Recall);
        let number = |at: &usize| self.classes[*at].number(by).unwrap_or(f64::INFINITY);
        let mut places: Vec<usize> = (0..self.classes.len()).collect();
        places.sort_by(|a, b| number(a).total_cmp(&number(b)));
        (by, places)
    }

    /// The worst alone: those below expectation, or all of which AP or recall is known.
    pub fn worst(&self) -> (By, Vec<usize>) {
        let (by, mut places) = self.worst_first();
        places.retain(|&at| match self.classes[at].number(by) {
            Some(number) => by != By::Expectation || number < 0.0,
            None => false,
        });
        (by, places)
    }
}
