//! Reads long lists of JSON, one item at a time.

use std::fmt;

use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A list whose items are handed on as they come. Its value is whether there is one: it may be null.
pub struct Each<'a, T> {
    pub what: &'static str,
    pub item: &'a mut dyn FnMut(T) -> std::result::Result<(), String>,
    /// What is wrong with an item.
    pub problem: &'a mut Option<String>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Each<'_, T> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Each<'_, T> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a list of {}", self.what)
    }

    fn visit_unit<E>(self) -> std::result::Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<bool, A::Error> {
        while let Some(item) = items.next_element()? {
            if let Err(problem) = (self.item)(item) {
                *self.problem = Some(problem);
                return Err(failed());
            }
        }
        Ok(true)
    }
}

/// Ends the read; what is wrong is said elsewhere.
pub fn failed<E: serde::de::Error>() -> E {
    E::custom("")
}
