//! What other losses do to the classes, as parts of a page.

use super::page::{self, Part};
use super::tables;
use crate::analysis::probe::Probe;
use crate::error::Result;
use crate::figure;

const CAPTION: &str =
    "Change of each class's recall by each loss, the classes with most information first";

/// The verdict, the table of the losses, and the change of each class; `run` is named where there are several.
pub(super) fn parts(probe: &Probe, run: Option<&String>) -> Result<Vec<Part>> {
    let of = run.map_or(String::new(), |run| format!(" ({run})"));
    let mut parts = vec![Part::Heading(format!("Would another loss help?{of}"))];
    parts.extend(said(probe));
    let changes = probe.changes();
    if !changes.is_empty() {
        parts.push(Part::List(changes));
    }
    parts.push(Part::Figure { caption: CAPTION.into(), svg: figure::probe(probe)? });
    Ok(parts)
}

/// The verdict and the table as HTML, for a page that is there already, such as a notebook.
pub fn probe_html(probe: &Probe) -> String {
    page::fragment(&said(probe))
}

fn said(probe: &Probe) -> [Part; 2] {
    [Part::List(probe.verdict()), Part::Table(tables::probe_in_short(probe))]
}
