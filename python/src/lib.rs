//! The Python module `igam_analyze._igam_analyze`: arrays of NumPy in, arrays of NumPy out, and the work
//! between them done by the library with the interpreter released. `docs/python.md` has examples.

#![forbid(unsafe_code)]

mod arrays;
mod by_class;
mod columns;
mod information;
mod kept;
mod loss;
mod moments;
mod storage;
mod work;

use std::panic;

use pyo3::prelude::*;

/// Information amounts of classes, and what training makes of them.
#[pymodule(gil_used = false)]
mod _igam_analyze {
    use super::*;

    #[pymodule_export]
    use by_class::_by_class;
    #[pymodule_export]
    use information::information;
    #[pymodule_export]
    use loss::{igam_loss, margins};
    #[pymodule_export]
    use moments::Moments;
    #[pymodule_export]
    use storage::queue_size;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // What panics becomes an exception; standard error belongs to the user's program.
        panic::set_hook(Box::new(|_| {}));
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
