//! Merges several annotation files into one data set.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use super::counted::Annotations;
use super::tally::Category;
use crate::error::{Error, Result};

/// Puts sources together that are disjoint parts. They must have the same categories, those of Pascal VOC and
/// Open Images by name alone.
///
/// # Errors
/// If their categories differ, or two hold the same.
pub(super) fn merged(sources: Vec<Annotations>) -> Result<Annotations> {
    let mut sources = sources.into_iter();
    let Some(mut all) = sources.next() else {
        return Err(Error::Input("no annotation file is given".into()));
    };
    let mut paths = vec![all.path.clone()];
    for tally in all.tallies.iter_mut().flatten().map(|(_, tally)| tally) {
        tally.leave_each_image_once();
    }
    let mut marks = vec![marks(&all)];
    let mut notes = std::mem::take(&mut all.notes);
    for mut source in sources {
        for tally in source.tallies.iter_mut().flatten().map(|(_, tally)| tally) {
            tally.leave_each_image_once();
        }
        let ids = all.ids_of(&source)?;
        let of_source = self::marks(&source);
        if let Some(same) = marks.iter().position(|one| one == &of_source && !one.is_empty()) {
            let problem = format!(
                "holds the same annotations as {}: they would be counted twice",
                paths[same].display()
            );
            return Err(Error::content(&source.path, problem));
        }
        marks.push(of_source);
        if let Some(name) = all.shares_an_image(&source, &ids) {
            let problem = format!(
                "has objects of {name:?} on an image on which {} has some: they may be the same, \
                 and would be counted twice; give files that share no image, or one file",
                together(&paths).display()
            );
            return Err(Error::content(&source.path, problem));
        }
        paths.push(source.path.clone());
        notes.append(&mut source.notes);
        all.add(source, &ids, paths.len() as u64);
    }
    // Those of its parts; the number of images that all hold is counted.
    if paths.len() > 1 {
        all.categories.iter_mut().for_each(|one| one.image_count = None);
    }
    if !all.has_ids() {
        all.number_by_name();
    }
    all.path = together(&paths);
    all.notes = notes;
    Ok(all)
}

/// What tells the annotations of a source from those of another: instances and images of each category.
fn marks(source: &Annotations) -> Vec<(i64, u64, u64)> {
    let mut marks: Vec<_> = source
        .tallies
        .iter()
        .flatten()
        .map(|(&id, tally)| {
            let mut hasher = DefaultHasher::new();
            let mut names: Vec<_> = tally
                .images
                .iter()
                .map(|image| source.image_names.get(image).unwrap_or(image))
                .collect();
            names.sort_unstable();
            names.hash(&mut hasher);
            tally.areas.len().hash(&mut hasher);
            (id, tally.instances, hasher.finish())
        })
        .filter(|(_, instances, _)| *instances > 0)
        .collect();
    marks.sort_unstable();
    marks
}

/// What stands for several sources in sentences.
fn together(paths: &[PathBuf]) -> PathBuf {
    match paths {
        [one] => one.clone(),
        [first, second] => format!("{}, {}", first.display(), second.display()).into(),
        [first, rest @ ..] => format!("{} and {} more", first.display(), rest.len()).into(),
        [] => PathBuf::new(),
    }
}

impl Annotations {
    /// The ids here of another source's categories, where they are others.
    fn ids_of(&mut self, source: &Annotations) -> Result<HashMap<i64, i64>> {
        match self.has_ids() {
            true => self.check_ids(source).map(|()| HashMap::new()),
            false => Ok(self.ids_by_name(source)),
        }
    }

    /// The name of a category that has objects on one image in both, if images are known by more than ids.
    fn shares_an_image(&self, source: &Annotations, ids: &HashMap<i64, i64>) -> Option<&str> {
        let is_one = |image: &u64| {
            let name = self.image_names.get(image);
            name.is_some() && name == source.image_names.get(image)
        };
        let shared = source.tallies.iter().flatten().find_map(|(id, theirs)| {
            let id = ids.get(id).unwrap_or(id);
            let ours: HashSet<u64> =
                self.tallies.as_ref()?.get(id)?.images.iter().copied().collect();
            theirs.images.iter().any(|image| ours.contains(image) && is_one(image)).then_some(*id)
        })?;
        let category = self.categories.iter().find(|one| one.id == shared);
        category.map(|one| one.name.as_str())
    }

    /// Adds a source, the `number`th, with these ids for its own.
    fn add(&mut self, source: Annotations, ids: &HashMap<i64, i64>, number: u64) {
        // An image of the same id and another name is another one.
        let names = &self.image_names;
        let other = |image: u64| match (names.get(&image), source.image_names.get(&image)) {
            (Some(ours), Some(theirs)) if ours != theirs => hashed((number, image)),
            _ => image,
        };
        for (id, mut tally) in source.tallies.into_iter().flatten() {
            tally.images = tally.images.into_iter().map(other).collect();
            let id = ids.get(&id).copied().unwrap_or(id);
            self.tallies.get_or_insert_default().entry(id).or_default().add(tally);
        }
        self.lacks_image |= source.lacks_image;
        for (image, name) in source.image_names {
            self.image_names.entry(image).or_insert(name);
        }
    }

    /// Checks that another source has the same ids and names.
    fn check_ids(&self, source: &Annotations) -> Result<()> {
        let pairs = |of: &Annotations| -> HashSet<(i64, String)> {
            of.categories.iter().map(|one| (one.id, one.name.clone())).collect()
        };
        let (ours, theirs) = (pairs(self), pairs(source));
        let mut differ: Vec<_> = ours.symmetric_difference(&theirs).collect();
        differ.sort();
        let Some((id, name)) = differ.first() else { return Ok(()) };
        let has = if ours.contains(&(*id, name.clone())) { "lacks" } else { "has" };
        let problem = format!(
            "{has} the category {id}, {name:?}, unlike {}: annotation files that are given \
             together must have the same categories",
            self.path.display()
        );
        Err(Error::content(&source.path, problem))
    }

    /// Numbers categories that have names alone in alphabetical order.
    fn number_by_name(&mut self) {
        self.categories.sort_by(|a, b| a.name.cmp(&b.name));
        let old: HashMap<i64, i64> = self.categories.iter().map(|one| one.id).zip(0..).collect();
        let new = |id: i64| old.get(&id).copied().unwrap_or(id);
        self.categories.iter_mut().for_each(|one| one.id = new(one.id));
        let tallies = self.tallies.take();
        self.tallies = tallies
            .map(|tallies| tallies.into_iter().map(|(id, tally)| (new(id), tally)).collect());
    }

    /// The ids of another source's categories, which are known by name; new ones are added.
    fn ids_by_name(&mut self, source: &Annotations) -> HashMap<i64, i64> {
        let mut ids = HashMap::new();
        for category in &source.categories {
            let known = self.categories.iter().find(|one| one.name == category.name);
            let id = match known {
                Some(known) => known.id,
                None => {
                    let id = self.categories.len() as i64;
                    self.categories.push(Category::new(id, &category.name));
                    id
                }
            };
            ids.insert(category.id, id);
        }
        ids
    }
}

fn hashed(value: (u64, u64)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
