//! What the user has: dumps of embeddings and labels, class names, counts, AP tables and runs
//! files, a file a format. Everything that is wrong with a file is said here, with its place.

pub mod annotations;
pub mod ap;
pub mod by_class;
pub mod class_groups;
pub mod classes;
pub mod counts;
pub mod covariates;
pub mod datasets;
pub mod element;
pub mod embeddings;
mod file;
mod hive;
pub mod information;
mod json;
pub mod labels;
pub mod moments;
pub mod names;
pub mod npy;
pub mod npz;
pub mod parquet;
pub mod runs;
mod safetensors;
mod shards;
mod table;
