//! Tiles of the triangle, summed up in registers, in either precision.

use pulp::{Simd, WithSimd};

use super::{SINGLE_WIDTH, STRIP, WIDTH};
use crate::kernel::line::Line;

/// A number that tiles are summed up in, and its vectors.
pub trait Real: Copy + Default + Into<f64> {
    type Vector<S: Simd>: Copy;
    fn vectors<S: Simd>(values: &[Self]) -> &[Self::Vector<S>];
    fn vectors_mut<S: Simd>(values: &mut [Self]) -> &mut [Self::Vector<S>];
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    fn mul_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;
}

macro_rules! real {
    ($real:ty, $vector:ident, $vectors:ident, $vectors_mut:ident, $splat:ident, $mul_add:ident) => {
        impl Real for $real {
            type Vector<S: Simd> = S::$vector;
            #[inline(always)]
            fn vectors<S: Simd>(values: &[$real]) -> &[S::$vector] {
                S::$vectors(values).0
            }
            #[inline(always)]
            fn vectors_mut<S: Simd>(values: &mut [$real]) -> &mut [S::$vector] {
                S::$vectors_mut(values).0
            }
            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: $real) -> S::$vector {
                simd.$splat(value)
            }
            #[inline(always)]
            fn mul_add<S: Simd>(
                simd: S,
                a: S::$vector,
                b: S::$vector,
                c: S::$vector,
            ) -> S::$vector {
                simd.$mul_add(a, b, c)
            }
        }
    };
}

real!(f64, f64s, as_simd_f64s, as_mut_simd_f64s, splat_f64s, mul_add_e_f64s);
real!(f32, f32s, as_simd_f32s, as_mut_simd_f32s, splat_f32s, mul_add_e_f32s);

/// What a strip adds up: the product of its own columns of Y with all up to them.
pub struct StripProduct<'a, R, const W: usize> {
    pub k: usize,
    pub strip: &'a mut [f64],
    pub depth: usize,
    /// Panels of `W` columns, of `depth` rows each.
    pub panels: &'a [Line<R, W>],
}

impl WithSimd for StripProduct<'_, f64, WIDTH> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // What holds a tile leaves registers for a row of it.
        match S::F64_LANES {
            8 => self.run::<S, 1, 3, 8>(simd),
            4 => self.run::<S, 2, 1, 4>(simd),
            2 => self.run::<S, 4, 1, 4>(simd),
            _ => self.run::<S, 8, 1, 1>(simd),
        }
    }
}

impl WithSimd for StripProduct<'_, f32, SINGLE_WIDTH> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.run::<S, 1, 3, 8>(simd),
            8 => self.run::<S, 2, 1, 4>(simd),
            4 => self.run::<S, 4, 1, 2>(simd),
            _ => self.run::<S, 16, 1, 1>(simd),
        }
    }
}

impl<R: Real, const W: usize> StripProduct<'_, R, W> {
    /// Tiles of `P` panels (of `V` vectors) by `N` columns.
    #[inline(always)]
    fn run<S: Simd, const V: usize, const P: usize, const N: usize>(self, simd: S) {
        let panels: Vec<_> = self.panels.chunks_exact(self.depth).collect();
        let first = self.k * STRIP / W;
        let end = panels.len().min(first + STRIP / W);
        for (j, &other) in panels[..end].iter().enumerate() {
            let mut at = first.max(j);
            while at < end {
                let whole = (at - first).is_multiple_of(P) && at + P <= end;
                for shift in (0..W).step_by(N) {
                    let into = &mut self.strip[(j * W + shift) * STRIP + (at - first) * W..];
                    if whole && let Ok(own) = panels[at..at + P].try_into() {
                        tile::<S, R, W, V, P, N>(simd, own, other, shift, into);
                    } else {
                        tile::<S, R, W, V, 1, N>(simd, [panels[at]], other, shift, into);
                    }
                }
                at += if whole { P } else { 1 };
            }
        }
    }
}

/// Adds AᵀB, where A are `P` panels, B the columns from `shift` on of one, into a tile of a strip.
#[inline(always)]
fn tile<S: Simd, R: Real, const W: usize, const V: usize, const P: usize, const N: usize>(
    simd: S,
    a: [&[Line<R, W>]; P],
    b: &[Line<R, W>],
    shift: usize,
    into: &mut [f64],
) {
    let zero = R::splat(simd, R::default());
    let mut sums = [[[zero; V]; P]; N];
    let a = a.map(|a| &a[..b.len()]);
    for (k, b) in b.iter().enumerate() {
        let mut rows = [[zero; V]; P];
        for p in 0..P {
            rows[p].copy_from_slice(R::vectors::<S>(&a[p][k].0));
        }
        for (sums, &factor) in sums.iter_mut().zip(&b.0[shift..shift + N]) {
            let factor = R::splat(simd, factor);
            for (sums, rows) in sums.iter_mut().zip(&rows) {
                for (sum, &row) in sums.iter_mut().zip(rows) {
                    *sum = R::mul_add(simd, row, factor, *sum);
                }
            }
        }
    }
    for (j, sums) in sums.iter().enumerate() {
        for (p, sums) in sums.iter().enumerate() {
            let mut numbers = [R::default(); W];
            R::vectors_mut::<S>(&mut numbers).copy_from_slice(sums);
            let column = &mut into[j * STRIP + p * W..][..W];
            for (value, number) in column.iter_mut().zip(numbers) {
                *value += number.into();
            }
        }
    }
}
