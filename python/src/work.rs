//! Work with the interpreter released, and what goes wrong in it as a Python exception.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::{Arc, Mutex, PoisonError};

use igam_analyze::error::{Error, Result};
use pyo3::exceptions::{PyFileNotFoundError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Does `work` on all threads and without the interpreter, which others may use meanwhile.
///
/// # Errors
/// What `work` returns, as an exception; a panic is one too.
pub fn released<R: Send>(py: Python, work: impl FnOnce() -> Result<R> + Send) -> PyResult<R> {
    locked(py, &Mutex::new(()), |()| work())
}

/// The same with what only one thread may use at a time.
///
/// # Errors
/// As for [`released`].
pub fn locked<S: Send, R: Send>(
    py: Python,
    state: &Mutex<S>,
    work: impl FnOnce(&mut S) -> Result<R> + Send,
) -> PyResult<R> {
    let pool = pool()?;
    let done = py.detach(|| {
        // Locked before the work goes to the pool: a thread there that waits for a part of it takes up
        // other work, which must not wait for this.
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        catch_unwind(AssertUnwindSafe(|| pool.install(|| work(state))))
    });
    let done = done.map_err(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default();
        PyRuntimeError::new_err(format!("this is a bug in igam-analyze, please report it: {words}"))
    })?;
    done.map_err(exception)
}

/// An error as an exception: `OSError`, as what it is of these, where the system refused; else
/// `ValueError`.
pub fn exception(error: Error) -> PyErr {
    let sentence = error.to_string();
    match error {
        Error::Read { source, .. } | Error::Write { source, .. } => {
            io::Error::new(source.kind(), sentence).into()
        }
        Error::Missing { .. } => PyFileNotFoundError::new_err(sentence),
        _ => PyValueError::new_err(sentence),
    }
}

/// The threads of this process: a parent's are not there after a fork, and to wait for them is to wait
/// for ever.
fn pool() -> PyResult<Arc<ThreadPool>> {
    static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((process, pool)) = &*pool
        && *process == process::id()
    {
        return Ok(pool.clone());
    }
    let new = ThreadPoolBuilder::new().build();
    let new = Arc::new(new.map_err(|error| PyRuntimeError::new_err(error.to_string()))?);
    // The parent's is left as it is: there is nobody to stop.
    std::mem::forget(pool.replace((process::id(), new.clone())));
    Ok(new)
}
