//! The moments of all classes at once: saved as a moments file, and loaded from one or several.

use std::path::{Path, PathBuf};

use super::{Header, MomentsFiles, write_moments};
use crate::class_moments::{ClassMoments, Stores};
use crate::error::{Error, Result};
use crate::moments::Moments;
use crate::rows::Element;

/// Writes a moments file.
///
/// # Errors
/// If it cannot be written, there are no embeddings, or a class's moments are not finite.
pub fn save(path: &Path, moments: &ClassMoments) -> Result<()> {
    match moments.stores() {
        Stores::Single(stores) => save_stores(path, moments, stores, false),
        Stores::Double(stores) => save_stores(path, moments, stores, true),
    }
}

fn save_stores<T: Element>(
    path: &Path,
    all: &ClassMoments,
    stores: &[Moments<T>],
    double: bool,
) -> Result<()> {
    let sources = all.sources();
    let (Some(dim), false) = (all.dim(), sources.is_empty()) else {
        return Err(Error::Input("there are no moments to save: push embeddings first".into()));
    };
    let (classes, index) = all.classes()?;
    let mut places: Vec<_> = index.into_iter().zip(stores).collect();
    places.sort_by_key(|&(class, _)| class);
    write_moments(path, Header::new(dim, all.precision(), double), &classes, |sink| {
        for (class, moments) in places.into_iter().filter(|(_, moments)| moments.count() > 0) {
            sink(vec![(class, moments.clone())])?;
        }
        Ok(sources.into_iter().collect())
    })
}

/// Reads moments files, directories and globs, merged.
///
/// # Errors
/// As for [`MomentsFiles::open`]; or if a file holds what are no moments.
pub fn load(paths: &[PathBuf]) -> Result<ClassMoments> {
    let files = MomentsFiles::open(paths)?;
    let header = files.header();
    let sources = header.sources.iter().cloned();
    ClassMoments::of_source(&files, files.classes(), header.double(), sources)
}
