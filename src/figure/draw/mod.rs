//! Finished numbers as SVG text, one file per figure.
//!
//! A figure takes finished numbers and gives the same bytes on every machine: coordinates are whole
//! units of a fine canvas, labels are rounded, and no system font is asked for its metrics.

mod axis;
mod by_backbone;
mod canvas;
mod colours;
mod commonality;
mod expected;
mod figure1;
mod figure2;
mod figure3;
mod figure4;
mod heat_map;
mod labels;
mod legend;
mod margins;
mod overlap;
mod panels;
mod probe;
mod scatter;
mod sensitivity;
mod slope;
mod style;
mod table1;
mod theme;
mod ticks;

pub use crate::error::FigureError as Error;
pub use commonality::commonality;
pub use expected::{ExpectedFigure, ExpectedPoint, Place, expected};
pub use figure1::{Figure1Class, Figure1Panel, figure1};
pub use figure2::{Figure2Run, figure2};
pub use figure3::{Figure3Panel, Figure3Store, figure3};
pub use figure4::{Figure4Run, figure4};
pub use margins::{MarginsFigure, margins};
pub use overlap::{OverlapFigure, overlap};
pub use probe::{ProbeBar, ProbePanel, probe};
pub use scatter::{ScatterPanel, ScatterPoint, scatter};
pub use sensitivity::{SensitivityPanel, SensitivityRow, Whiskered, sensitivity};
pub use slope::{SlopeClass, SlopePanel, slope};
pub use table1::{Table1Curve, Table1Figure, Table1Group, Table1Row, Table1Section, table1};
pub use theme::Theme;
