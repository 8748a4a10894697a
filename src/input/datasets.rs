//! Data sets whose numbers are known: the paper's two, and LVIS.

use std::path::Path;

use super::counts;
use super::table::Table;
use crate::analysis::Population;
use crate::error::Result;

/// The counts of LVIS v1.0 train; origin and licence in `data/README.md`.
const LVIS: &str = include_str!("../../data/tables/lvis_v1_train_counts.csv");

/// A data set that needs no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownDataset {
    /// Pascal VOC with the paper's N.
    Voc,
    /// MS COCO with the paper's N.
    Coco,
    /// LVIS v1.0 train.
    Lvis,
}

impl KnownDataset {
    /// All values.
    pub const ALL: &'static [KnownDataset] =
        &[KnownDataset::Voc, KnownDataset::Coco, KnownDataset::Lvis];

    /// The p of the paper's Listing 2.
    pub const DIM: u64 = 128;

    /// The name on the command line and in the files.
    pub fn name(self) -> &'static str {
        match self {
            KnownDataset::Voc => "voc",
            KnownDataset::Coco => "coco",
            KnownDataset::Lvis => "lvis",
        }
    }

    /// The name in words.
    pub fn title(self) -> &'static str {
        match self {
            KnownDataset::Voc => "Pascal VOC",
            KnownDataset::Coco => "MS COCO",
            KnownDataset::Lvis => "LVIS v1.0",
        }
    }

    /// Its numbers. Of Pascal VOC and COCO those in Listing 2 of the paper, which does not say how
    /// the instances are shared by the classes.
    ///
    /// # Errors
    /// None, unless the table of LVIS that is compiled in is damaged.
    pub fn population(self) -> Result<Population> {
        let listing_2 = |instances, classes| Population { instances, classes, counts: None };
        match self {
            KnownDataset::Voc => Ok(listing_2(55_800, 20)),
            KnownDataset::Coco => Ok(listing_2(605_638, 80)),
            KnownDataset::Lvis => {
                let table = Table::parse(Path::new("lvis_v1_train_counts.csv"), LVIS)?;
                Population::of(counts::from_table(&table, None)?.values)
            }
        }
    }
}
