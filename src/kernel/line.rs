//! The pieces that matrices are stored in: lines, and memory that is used again.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// `W` numbers that begin where a line of the cache begins: vectors are loaded from one line alone.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Line<R, const W: usize>(pub [R; W]);

impl<R: Copy + Default, const W: usize> Default for Line<R, W> {
    fn default() -> Self {
        Line([R::default(); W])
    }
}

/// Lines in memory that its thread uses again: for a matrix that is used once, fresh pages would take as long as a
/// third of the work on it.
#[derive(Debug)]
pub struct Lines<L: Kept>(Vec<L>);

/// Buffers that a thread keeps, of each kind of line.
const KEPT: usize = 3;

/// Lines of which a thread keeps buffers.
pub trait Kept: Copy + Default + 'static {
    /// Does `with` something with them.
    fn kept<T>(with: impl FnOnce(&mut Vec<Vec<Self>>) -> T) -> T;
}

macro_rules! kept {
    ($real:ty, $width:expr) => {
        impl Kept for Line<$real, $width> {
            fn kept<T>(with: impl FnOnce(&mut Vec<Vec<Self>>) -> T) -> T {
                thread_local!(static KEPT: RefCell<Vec<Vec<Line<$real, $width>>>> = const {
                    RefCell::new(Vec::new())
                });
                KEPT.with_borrow_mut(with)
            }
        }
    };
}

kept!(f64, 8);
kept!(f32, 16);

impl<L: Kept> Lines<L> {
    /// So many lines, of any numbers.
    pub fn any(length: usize) -> Lines<L> {
        let mut lines = L::kept(|kept| {
            let large = |at: &usize| kept[*at].capacity() >= length;
            let best = (0..kept.len()).filter(large).min_by_key(|&at| kept[at].capacity());
            best.map(|at| kept.swap_remove(at)).unwrap_or_default()
        });
        if lines.capacity() < length {
            lines = Vec::with_capacity(length);
        }
        lines.resize(length, L::default());
        Lines(lines)
    }
}

impl<L: Kept> Drop for Lines<L> {
    fn drop(&mut self) {
        let lines = std::mem::take(&mut self.0);
        L::kept(|kept| {
            kept.push(lines);
            if kept.len() > KEPT {
                let smallest = (0..kept.len()).min_by_key(|&at| kept[at].capacity());
                smallest.map(|at| kept.swap_remove(at));
            }
        });
    }
}

impl<L: Kept> Deref for Lines<L> {
    type Target = [L];

    fn deref(&self) -> &[L] {
        &self.0
    }
}

impl<L: Kept> DerefMut for Lines<L> {
    fn deref_mut(&mut self) -> &mut [L] {
        &mut self.0
    }
}
