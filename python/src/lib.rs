//! The Python module `igam_analyze._igam_analyze`: arrays of NumPy in, arrays of NumPy out, and the work
//! between them done by the library with the interpreter released. `docs/python.md` has examples.

#![forbid(unsafe_code)]

mod amounts;
mod arrays;
mod by_class;
mod choices;
mod command;
mod compare;
mod explain;
mod figure;
mod information;
mod loss;
mod moments;
mod pickle;
mod probe;
mod storage;
mod study;
mod tables;
mod warn;
mod work;

use std::panic;

use pyo3::prelude::*;

/// Information amounts of classes, and what training makes of them.
#[pymodule(gil_used = false)]
mod _igam_analyze {
    use super::*;

    #[pymodule_export]
    use crate::compare::{Comparison, MarginReadings, compare, margin_readings};
    #[pymodule_export]
    use crate::probe::{PyProbe, probe};
    #[pymodule_export]
    use amounts::{_Amounts, _joined};
    #[pymodule_export]
    use by_class::_by_class;
    #[pymodule_export]
    use command::_main;
    #[pymodule_export]
    use explain::{ClassCard, PyGeometry, geometry};
    #[pymodule_export]
    use figure::Figure;
    #[pymodule_export]
    use information::information;
    #[pymodule_export]
    use loss::{igam_loss, losses, margins};
    #[pymodule_export]
    use moments::Moments;
    #[pymodule_export]
    use storage::{_figure3, queue_size, replay};
    #[pymodule_export]
    use study::{PyStudy, correlate, report};
    #[pymodule_export]
    use tables::_Cells;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // What panics becomes an exception; standard error belongs to the user's program.
        panic::set_hook(Box::new(|_| {}));
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
