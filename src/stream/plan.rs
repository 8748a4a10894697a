//! Plans how rows are read, so that the moments fit into memory.

use bytesize::ByteSize;

use super::moments::IN_FLIGHT;
use super::one_pass::IN_FLIGHT as BLOCKS;
use super::{MomentsSource, READ};
use crate::error::{Error, Result};
use crate::moments::Moments;
use crate::queue::fillings_of_classes;
use crate::rows::{Element, Rows};

/// Bytes that all moments may take together unless a limit is given: a quarter of the
/// embeddings, or half of those that must be decoded at each pass, within these bounds.
const MOMENTS: (u64, u64) = (256 << 20, 2 << 30);

/// Bytes of a row that is worth a read by itself.
const WIDE: usize = 2048;

/// Bytes that the program and its allocator take beside what is counted.
pub const PROGRAM: u64 = 96 << 20;

/// In which order rows are read.
pub enum Plan {
    /// As they come, once for each of these sets of classes, whose moments are in memory together.
    Passes(Vec<Vec<usize>>),
    /// The same, until rows come at once: what a pass has read from a disk may be in memory for the next one. Then
    /// the remaining classes are read class by class.
    PassesFromDisk(Vec<Vec<usize>>),
    /// Class by class, each row by itself. Each thread then holds the moments of one class.
    ByClass,
}

impl Plan {
    /// For classes that have `counts` rows: class by class if [rows come at
    /// once](Rows::rows_come_at_once), unless they are narrow and all moments fit into memory: into a
    /// quarter of the embeddings (half of those that come in groups) or 256 MiB, and never more than
    /// 2 GiB, or into what `limit` bytes leave for them. Otherwise in as many passes as that needs. Rows
    /// [in memory](Rows::in_memory) without a limit are always read class by class.
    ///
    /// # Errors
    /// If rows cannot be read, or the largest class does not fit into the limit.
    pub fn new<T: Element>(rows: &impl Rows, counts: &[u64], limit: Option<u64>) -> Result<Plan> {
        if rows.in_memory() && limit.is_none() {
            return Ok(Plan::ByClass);
        }
        let (largest, room) = largest_and_room::<T>(rows, counts, limit)?;
        let passes = fitting::<T>(room, rows.dim(), counts);
        let wide = rows.dim() * size_of::<T>() >= WIDE;
        let by_class =
            (wide || passes.len() > 1) && largest * rayon::current_num_threads() as u64 <= room;
        Ok(match by_class {
            true if rows.rows_come_at_once::<T>()? => Plan::ByClass,
            true => Plan::PassesFromDisk(passes),
            false => Plan::Passes(passes),
        })
    }

    /// The same for [`Plan::replay`] with a queue of `length`: every class then holds moments for
    /// each filling of the queue in which it occurs.
    ///
    /// # Errors
    /// If one class alone needs more than 2 GiB for that, or does not fit into the limit.
    pub fn of_replay<T: Element>(
        rows: &impl Rows,
        labels: &[u32],
        counts: &[u64],
        length: u64,
        limit: Option<u64>,
    ) -> Result<Plan> {
        let turns = fillings_of_classes(labels, counts.len(), length);
        let folded = Moments::<T>::bytes(rows.dim(), u64::MAX);
        let most = turns.iter().max().map_or(0, |most| (most + 2) * folded);
        if most > MOMENTS.1 {
            return Err(Error::Input(format!(
                "to replay a queue of {length} takes {} of memory for the local covariances of one class alone: choose a longer --queue-length",
                ByteSize::b(most)
            )));
        }
        let room = room::<T>(rows, counts, limit, most)?;
        Ok(Plan::Passes(within(room, counts, |class| (turns[class] + 2) * folded)))
    }

    /// How many times all rows are read, at most.
    pub fn passes(&self) -> usize {
        match self {
            Plan::Passes(passes) | Plan::PassesFromDisk(passes) => passes.len(),
            Plan::ByClass => 1,
        }
    }
}

/// Passes in order of class, for a file of moments to be written in that order.
///
/// # Errors
/// As for [`Plan::new`].
pub fn passes<T: Element>(
    rows: &impl Rows,
    counts: &[u64],
    limit: Option<u64>,
) -> Result<Vec<Vec<usize>>> {
    let (_, room) = largest_and_room::<T>(rows, counts, limit)?;
    Ok(fitting::<T>(room, rows.dim(), counts))
}

/// Bytes of the largest class's moments, and those that the moments of one pass may take.
fn largest_and_room<T: Element>(
    rows: &impl Rows,
    counts: &[u64],
    limit: Option<u64>,
) -> Result<(u64, u64)> {
    let largest = largest::<T>(rows.dim(), counts);
    Ok((largest, room::<T>(rows, counts, limit, largest)?))
}

fn largest<T: Element>(dim: usize, counts: &[u64]) -> u64 {
    counts.iter().map(|&count| Moments::<T>::bytes(dim, count)).max().unwrap_or(0)
}

/// The same for a source of moments. To read them in many passes costs little: most of what is not wanted is
/// skipped.
///
/// # Errors
/// If the largest class does not fit into the limit.
pub fn passes_of_moments<T: Element>(
    source: &impl MomentsSource,
    limit: Option<u64>,
) -> Result<Vec<Vec<usize>>> {
    let (dim, counts) = (source.dim(), source.counts());
    // Some wait to be merged, and one is held as it is in the file and decoded.
    let groups = (IN_FLIGHT as u64 + 3) * source.largest_row_group();
    let Some(limit) = limit else {
        return Ok(fitting::<T>(MOMENTS.0.saturating_sub(groups), dim, counts));
    };
    let rest = PROGRAM + matrices(counts, dim) + groups;
    check(limit, rest, largest::<T>(dim, counts), "these moments")?;
    Ok(fitting::<T>(limit - rest, dim, counts))
}

/// Passes of classes whose moments take `room` together at most.
fn fitting<T: Element>(room: u64, dim: usize, counts: &[u64]) -> Vec<Vec<usize>> {
    within(room, counts, |class| Moments::<T>::bytes(dim, counts[class]))
}

/// Passes of classes that take `bytes` each, `limit` together at most. A class that is larger alone has
/// a pass of its own.
pub fn within(limit: u64, counts: &[u64], bytes: impl Fn(usize) -> u64) -> Vec<Vec<usize>> {
    let mut passes: Vec<Vec<usize>> = Vec::new();
    let mut held = 0;
    for (class, _) in counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
        let bytes = bytes(class);
        match passes.last_mut() {
            Some(pass) if held + bytes <= limit => {
                pass.push(class);
                held += bytes;
            }
            _ => {
                passes.push(vec![class]);
                held = bytes;
            }
        }
    }
    passes
}

/// Bytes that the moments of one pass may take, `largest` at least.
fn room<T: Element>(
    rows: &impl Rows,
    counts: &[u64],
    limit: Option<u64>,
    largest: u64,
) -> Result<u64> {
    let bytes = (rows.rows() * rows.dim() * size_of::<T>()) as u64;
    let group = rows.largest_group();
    let Some(limit) = limit else {
        let share = if group.is_some() { 2 } else { 4 };
        return Ok((bytes / share).clamp(MOMENTS.0, MOMENTS.1));
    };
    // A row group is held as it is in the file, decoded, and in rows.
    let groups = 3 * group.unwrap_or(0);
    // Those in flight, one that waits for that, and what it was decoded from.
    let blocks = bytes.min((BLOCKS as u64 + 2) * READ as u64);
    let labels = (rows.rows() * (size_of::<u32>() + size_of::<i64>() + size_of::<usize>())) as u64;
    let rest = PROGRAM + groups + blocks + labels + matrices(counts, rows.dim());
    check(limit, rest, largest, "these embeddings")?;
    Ok(limit - rest)
}

/// Bytes of the matrices of all threads: one whose eigenvalues are wanted, a copy that is worked on, and
/// as much again that the allocator keeps.
fn matrices(counts: &[u64], dim: usize) -> u64 {
    let side = counts.iter().copied().max().unwrap_or(0).min(dim as u64);
    rayon::current_num_threads() as u64 * 4 * side * (side + 64) * size_of::<f64>() as u64
}

/// Checks that the `largest` class fits into what `rest` leaves of the limit.
fn check(limit: u64, rest: u64, largest: u64, what: &str) -> Result<()> {
    if limit >= rest + largest {
        return Ok(());
    }
    Err(Error::Input(format!(
        "--memory-limit {}: with {} thread(s), {what} take {} at least ({} for the largest class): \
         raise it, or use fewer --threads",
        ByteSize::b(limit),
        rayon::current_num_threads(),
        ByteSize::mib((rest + largest).div_ceil(1 << 20)),
        ByteSize::b(largest)
    )))
}
