//! `igam-analyze moments`: what a shard adds to each class's covariance.

use std::path::Path;

use super::console::Console;
use super::run::{self, Instances};
use crate::classes::Classes;
use crate::cli::Moments;
use crate::error::{Error, Result};
use crate::input::runs::RunFiles;
use crate::moments_file::{Header, write_moments};
use crate::rows::{Element, Rows};
use crate::stream;

/// Runs the command.
pub fn run(arguments: Moments, console: &mut Console) -> Result<()> {
    let files = RunFiles::from(arguments.input);
    if files.embeddings.is_empty() {
        return Err(Error::Usage("moments needs --embeddings".into()));
    }
    let named = run::named(&files, console)?;
    let (classes, instances) = run::instances(&files, named, None, false, console)?;
    if instances.dump.double() {
        write::<f64>(&arguments.out, &classes, &instances, console)
    } else {
        write::<f32>(&arguments.out, &classes, &instances, console)
    }
}

fn write<T: Element>(
    out: &Path,
    classes: &Classes,
    Instances { dump, labels, counts }: &Instances,
    console: &Console,
) -> Result<()> {
    let precision = console.precision();
    let passes = stream::passes::<T>(dump, counts, console.memory_limit())?;
    let progress = console.progress((passes.len() * dump.rows()) as u64);
    let header = Header::new(dump.dim(), precision, dump.double());
    write_moments(out, header, classes, |sink| {
        let digest =
            stream::moments::<T>(&passes, dump, labels, counts, precision, &progress, sink)?;
        Ok(vec![digest.to_string()])
    })?;
    let (rows, classes) = (dump.rows(), classes.len());
    console.note(&format!(
        "wrote the moments of {rows} embeddings of {classes} class(es) to {}",
        out.display()
    ));
    Ok(())
}
