//! `compare.csv`.

use crate::analysis::{Comparison, NUMBERS, Pair, difference};
use crate::output::{Cell, Table};

/// The columns of `compare.csv`; a difference is b − a, and above 0 where a rank has risen.
pub fn compare(comparison: &Comparison) -> Table {
    let row = |pair: &Pair| {
        let mut row: Vec<Cell> = vec![pair.name.as_str().into()];
        for (_, number) in NUMBERS {
            let values = number(pair);
            row.extend(values.map(Cell::from));
            row.push(difference(values).into());
        }
        let rank =
            |side: usize| pair.rank.map_or(Cell::Missing, |rank| Cell::Integer(rank[side] as i64));
        row.extend([rank(0), rank(1)]);
        row.push(pair.risen().map_or(Cell::Missing, Cell::Integer));
        row
    };
    let columns = vec![
        "class",
        "information_a",
        "information_b",
        "information_difference",
        "ap_a",
        "ap_b",
        "ap_difference",
        "rank_a",
        "rank_b",
        "rank_difference",
    ];
    Table { columns, rows: comparison.pairs.iter().map(row).collect() }
}
