//! `igam-analyze moments`: the moments of one shard, to merge later.

use std::path::Path;
use std::sync::Arc;

use super::arguments::Moments;
use super::console::Console;
use crate::classes::Classes;
use crate::detector::Extent;
use crate::error::{Error, Result};
use crate::moments_file::{Header, write_moments};
use crate::observer::{Observer, Unit};
use crate::options::Options;
use crate::rows::{Element, Rows};
use crate::run_files::{self, Instances, RunFiles};
use crate::stream;

/// Runs the command.
pub fn run(arguments: Moments, console: &mut Console) -> Result<()> {
    let files = RunFiles::from(arguments.input);
    if files.embeddings.is_empty() {
        return Err(Error::Usage("moments needs --embeddings".into()));
    }
    let files = run_files::collected(&files, console)?;
    let named = run_files::named(&files, console)?.map(Arc::new);
    let (classes, instances) = run_files::instances(&files, named, None, Extent::Shard, console)?;
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
    console: &mut Console,
) -> Result<()> {
    let Options { precision, memory_limit, .. } = console.options(&[]);
    let passes = stream::passes::<T>(dump, counts, memory_limit)?;
    let progress = console.progress((passes.len() * dump.rows()) as u64, Unit::Rows);
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
