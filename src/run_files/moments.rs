//! The moments files of a run.

use std::sync::Arc;

use super::RunFiles;
use crate::classes::{Classes, Doubt, Numbering, Rows};
use crate::detector::Side;
use crate::error::{Error, Result};
use crate::moments_file::MomentsFiles;
use crate::observer::Observer;
use crate::stream::MomentsSource;

/// Moments files, to be merged.
pub struct Merged {
    pub files: MomentsFiles,
    /// The class of each class of the files, an index into the run's classes.
    pub places: Vec<usize>,
    /// Embeddings of each of the run's classes.
    pub counts: Arc<[u64]>,
}

/// Moments files and their classes; those `expected`, or else their own.
pub fn moments(
    files: &RunFiles,
    expected: Option<Arc<Classes>>,
    observer: &mut dyn Observer,
) -> Result<(Arc<Classes>, Merged)> {
    let moments = MomentsFiles::open(&files.moments)?;
    observer.detail(&format!("{} moments file(s)", moments.paths().count()));
    let side = Side { path: &files.moments[0], option: Some("--label-numbering") };
    let Some(classes) = expected else {
        let places = (0..moments.classes().len()).collect();
        let counts = moments.counts().into();
        side.say_named(moments.classes(), observer);
        let classes = Arc::new(moments.classes().clone());
        return Ok((classes, Merged { files: moments, places, counts }));
    };
    let keys = moments.keys();
    let rows = Rows {
        keys: &keys,
        weights: moments.counts(),
        asked: files.label_numbering,
        whole: true,
        once: true,
        counted: true,
        known: None,
    };
    let found = match classes.join(&rows) {
        Ok(join) => {
            side.say(&classes, &join, observer);
            join.classes
        }
        // Says below which class is none.
        Err(Doubt::NoName) => classes.read(&keys, Numbering::Ids).unwrap_or_default(),
        Err(doubt) => return Err(side.refuse(&doubt, &classes, &rows)),
    };
    let mut counts = vec![0; classes.len()];
    let mut places = Vec::new();
    for (at, place) in found.into_iter().enumerate() {
        let Some(place) = place else {
            let problem = format!(
                "its class {:?} is not one of the {} classes: check --class-names",
                keys.text(at),
                classes.len()
            );
            return Err(Error::content(side.path, problem));
        };
        counts[place] = moments.counts()[at];
        places.push(place);
    }
    Ok((classes, Merged { files: moments, places, counts: counts.into() }))
}
