//! The lists in annotation files, before ids are replaced by indices.

use crate::input::json::Scalar;

/// The id of an image: a number, or in some data sets a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    Number(i64),
    Text(String),
}

impl Id {
    /// The id that a value is.
    pub fn of(value: &Scalar) -> Option<Id> {
        match (value.whole(), value) {
            (Some(number), _) => Some(Id::Number(number)),
            (None, Scalar::Text(text)) => Some(Id::Text(text.clone())),
            _ => None,
        }
    }
}

/// An image as it is listed.
pub struct ListedImage {
    pub id: Id,
    pub file_name: Option<String>,
    pub negative: Vec<i64>,
    pub not_exhaustive: Vec<i64>,
}

/// An object as it is listed; its image and category may not be.
pub struct ListedObject {
    pub image: Id,
    pub category: i64,
    pub bbox: [f64; 4],
    pub area: f64,
    pub crowd: bool,
}

/// What the files list.
#[derive(Default)]
pub struct Lists {
    pub images: Vec<ListedImage>,
    pub categories: Vec<(i64, String)>,
    pub objects: Vec<ListedObject>,
    pub federated: bool,
    /// Objects of images or categories that are not listed, as far as that is known already.
    pub left_out: usize,
}
