//! Eq. 9–10: the memory for the covariances of an epoch, and the queue length that needs the least.
//!
//! Everything is counted in values. A value takes 2, 4 or 8 bytes on a GPU or in a file.
//!
//! | Store | Holds | Values |
//! | --- | --- | --- |
//! | original | every embedding | N·p (Eq. 9) |
//! | paper | a queue of d embeddings, and C covariances each time it is full | d·p + C·(⌊N/d⌋+1)·p² (Eq. 9) |
//! | running | a queue, and one mean and packed covariance a class, merged by Eq. 8 each time the queue is full | d·p + C·(p(p+1)/2+p) |
//! | hybrid | of each class its m embeddings, or mean and packed covariance where those are fewer values | Σ min(m·p, p(p+1)/2+p) |
//!
//! The paper's count ignores the local means that Eq. 8 needs, 1/p as many values as the
//! covariances; so does this one, to give the paper's numbers.

/// Points of Listing 2's grid, from [`GRID_START`] to N.
const GRID: u64 = 100;

/// First point of Listing 2's grid.
const GRID_START: u64 = 1000;

/// A strategy to store the covariances of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Every embedding.
    Original,
    /// The paper's, at the d that Listing 2's grid finds.
    PaperGrid,
    /// The paper's, at the best d.
    Paper,
    /// One covariance per class, merged each time the queue is full.
    Running,
    /// Of each class the smaller of embeddings and moments.
    Hybrid,
}

impl Strategy {
    /// The name in the files.
    pub fn name(self) -> &'static str {
        match self {
            Strategy::Original => "original",
            Strategy::PaperGrid => "paper-grid",
            Strategy::Paper => "paper",
            Strategy::Running => "running",
            Strategy::Hybrid => "hybrid",
        }
    }
}

/// The memory that a strategy needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Store {
    /// Which.
    pub strategy: Strategy,
    /// Embeddings in its queue, where it has one.
    pub queue_length: Option<u64>,
    /// The most values that it stores; `None` if not known.
    pub values: Option<f64>,
}

/// What is stored: N embeddings of p values in C classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    instances: u64,
    dim: u64,
    classes: u64,
}

/// Why a shape is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// There are no instances, no dimensions or no classes.
    #[error("instances, dimensions and classes must all be above 0, not {0}, {1} and {2}")]
    Empty(u64, u64, u64),
    /// The paper's store at d = 1, its largest, has more bytes than 64 bits count.
    #[error(
        "{0} instances of {1} dimensions in {2} classes are more than 64 bits can count: check the numbers"
    )]
    TooLarge(u64, u64, u64),
}

impl Shape {
    /// N = `instances` embeddings of p = `dim` values in C = `classes` classes.
    ///
    /// # Errors
    /// If one of them is 0, or the stores are too large to be counted in bytes of 64 bits.
    pub fn new(instances: u64, dim: u64, classes: u64) -> Result<Shape, ShapeError> {
        let shape = Shape { instances, dim, classes };
        if instances == 0 || dim == 0 || classes == 0 {
            return Err(ShapeError::Empty(instances, dim, classes));
        }
        // No store is larger than the queue of all embeddings beside one covariance per class and filling.
        let turns = instances.checked_add(1);
        let covariances =
            turns.and_then(|turns| turns.checked_mul(classes)?.checked_mul(dim)?.checked_mul(dim));
        let queue = instances.checked_mul(dim);
        let values = covariances.zip(queue).and_then(|(a, b)| a.checked_add(b));
        let bytes = values.and_then(|values| values.checked_mul(8));
        bytes.map(|_| shape).ok_or(ShapeError::TooLarge(instances, dim, classes))
    }

    /// Number of instances N.
    pub fn instances(&self) -> u64 {
        self.instances
    }

    /// Number of dimensions p.
    pub fn dim(&self) -> u64 {
        self.dim
    }

    /// Number of classes C.
    pub fn classes(&self) -> u64 {
        self.classes
    }

    /// S_original of Eq. 9, in values: N·p.
    pub fn original(&self) -> u64 {
        self.instances * self.dim
    }

    /// S_new of Eq. 9, in values: d·p + C·(⌊N/d⌋+1)·p², at queue length d from 1 to N.
    pub fn paper(&self, d: u64) -> u64 {
        d * self.dim + self.classes * self.turns(d) * self.dim * self.dim
    }

    /// ⌊N/d⌋+1: how often a queue of length d is turned over in an epoch, the last time with what is
    /// left in it.
    pub fn turns(&self, d: u64) -> u64 {
        self.instances / d + 1
    }

    /// Values of the running store with a queue of length d: d·p + C·(p(p+1)/2+p).
    pub fn running(&self, d: u64) -> u64 {
        d * self.dim + self.classes * packed(self.dim)
    }

    /// Values of the hybrid store for `counts`, the m of each class, N in all: Σ min(m·p,
    /// p(p+1)/2+p), never more than N·p.
    pub fn hybrid(&self, counts: &[u64]) -> u64 {
        counts.iter().map(|count| (count * self.dim).min(packed(self.dim))).sum()
    }

    /// All strategies, in the order of [`Strategy`]: the paper's at its grid's d and at the best d,
    /// running at d = 1, hybrid if `counts`, the instances of each class, are known.
    pub fn stores(&self, counts: Option<&[u64]>) -> Vec<Store> {
        let store = |strategy, queue_length, values: Option<u64>| {
            let values = values.map(|values| values as f64);
            Store { strategy, queue_length, values }
        };
        let best = self.best_length();
        let (grid, at_grid) = self.grid_length().unzip();
        vec![
            store(Strategy::Original, None, Some(self.original())),
            Store { strategy: Strategy::PaperGrid, queue_length: grid, values: at_grid },
            store(Strategy::Paper, Some(best), Some(self.paper(best))),
            store(Strategy::Running, Some(1), Some(self.running(1))),
            store(Strategy::Hybrid, None, counts.map(|counts| self.hybrid(counts))),
        ]
    }

    /// R of Eq. 10 for a store of so many values: its share of S_original. For the paper's store that
    /// is R(d) = (d + C·(⌊N/d⌋+1)·p)/N.
    pub fn ratio(&self, values: f64) -> f64 {
        values / self.original() as f64
    }

    /// The d of Listing 2 and S_new there: the best of 100 values evenly spaced from 1000 to N. They
    /// are not whole, and the listing prints d rounded down but R at d as it is; so does this. Where
    /// N is less than 1000 there are none.
    pub fn grid_length(&self) -> Option<(u64, f64)> {
        let [n, c, p, start, steps] =
            [self.instances, self.classes, self.dim, GRID_START, GRID - 1].map(u128::from);
        let span = n.checked_sub(start)?;
        // d and S_new/p in units of 1/99, and so exact.
        let points = (0..=steps).map(|k| steps * start + k * span);
        let rows = |d: u128| d + steps * c * (steps * n / d + 1) * p;
        let best = points.min_by_key(|&d| rows(d))?;
        Some(((best / steps) as u64, rows(best) as f64 / steps as f64 * p as f64))
    }

    /// The d of all from 1 to N at which the paper's store is smallest, the least if there are several.
    ///
    /// While ⌊N/d⌋ stays the same, S_new rises with d: only the first d of such a run can be best,
    /// which is d = ⌊N/q⌋+1 for a number of fillings q = ⌊N/d⌋+1 from 2 on. From q fillings on, the
    /// covariances alone take C·q·p²: once that is more than the best so far, none better follows.
    /// The best is about 2√(N·C·p)·p, so that this ends after O(√N) steps.
    pub fn best_length(&self) -> u64 {
        let (mut best, mut least) = (self.instances, self.paper(self.instances));
        for q in 2..=self.instances + 1 {
            if self.classes * q * self.dim * self.dim > least {
                break;
            }
            let d = self.instances / q + 1;
            let values = self.paper(d);
            if values <= least {
                (best, least) = (d, values);
            }
        }
        best
    }

    /// The ranges of queue lengths that are filled equally often, (first d, last d), from the longest on.
    fn runs(&self) -> impl Iterator<Item = (u64, u64)> {
        let mut last = self.instances;
        std::iter::from_fn(move || {
            (last > 0).then(|| {
                let run = (self.instances / self.turns(last) + 1, last);
                last = run.0 - 1;
                run
            })
        })
    }

    /// The corners of Figure 3's sawtooth, (d, R(d)): the ends of every run of equal ⌊N/d⌋, from N down
    /// to N/1000, beyond which no eye tells them apart.
    pub fn sawtooth(&self) -> Vec<(u64, f64)> {
        let runs = self.runs().take_while(|&(first, _)| first >= self.instances / 1000);
        runs.flat_map(|(first, last)| [last, first])
            .map(|d| (d, self.ratio(self.paper(d) as f64)))
            .collect()
    }

    /// The longest queue, up to N, with which the paper's store is at most `values`.
    pub fn longest_paper_queue(&self, values: u64) -> Option<u64> {
        for (first, last) in self.runs() {
            // Shorter queues are filled more often: once the covariances alone are too many, all are.
            let covariances = self.classes * self.turns(last) * self.dim * self.dim;
            let d = last.min(values.checked_sub(covariances)? / self.dim);
            if d >= first {
                return Some(d);
            }
        }
        None
    }

    /// The longest queue, up to N, with which the running store is at most `values`.
    pub fn longest_running_queue(&self, values: u64) -> Option<u64> {
        let room = values.checked_sub(self.classes * packed(self.dim))?;
        let d = self.instances.min(room / self.dim);
        (d > 0).then_some(d)
    }
}

/// Values of a mean and of a covariance's triangle.
pub(crate) fn packed(dim: u64) -> u64 {
    dim * (dim + 1) / 2 + dim
}

/// Values of so many bytes, in MiB.
pub fn mib(values: f64, bytes_per_value: u64) -> f64 {
    values * bytes_per_value as f64 / (1 << 20) as f64
}
