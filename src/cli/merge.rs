//! `igam-analyze merge`: moments files as one.

use std::path::Path;

use super::arguments::Merge;
use super::console::Console;
use crate::error::Result;
use crate::moments_file::{Header, MomentsFiles, write_moments};
use crate::observer::{Observer, Unit};
use crate::rows::Element;
use crate::stream::{self, MomentsSource};

/// Runs the command.
pub fn run(arguments: Merge, console: &mut Console) -> Result<()> {
    let files = MomentsFiles::open(&arguments.moments)?;
    if files.header().double() {
        write::<f64>(&arguments.out, &files, console)
    } else {
        write::<f32>(&arguments.out, &files, console)
    }
}

fn write<T: Element>(out: &Path, files: &MomentsFiles, console: &mut Console) -> Result<()> {
    let limit = console.options(&[]).memory_limit;
    let passes = stream::passes_of_moments::<T>(files, limit)?;
    let embeddings = files.counts().iter().sum();
    let progress = console.progress(embeddings, Unit::Rows);
    let header = files.header();
    let new = Header::new(header.dimension, header.precision(), header.double());
    write_moments(out, new, files.classes(), |sink| {
        stream::merged::<T>(&passes, files, &progress, sink)?;
        Ok(header.sources.clone())
    })?;
    console.note(&format!(
        "wrote the moments of {embeddings} embeddings of {} class(es), merged from {} file(s), to {}",
        files.classes().len(),
        files.paths().count(),
        out.display()
    ));
    Ok(())
}
