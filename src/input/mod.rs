//! The input files: embeddings and labels, class names, counts, AP tables; a
//! module per format. Errors in a file are reported here, with their position.

pub mod annotations;
pub mod ap;
mod arrow;
pub mod class_groups;
pub mod classes;
pub mod counts;
pub mod covariates;
pub mod datasets;
pub mod detections;
mod each;
pub mod embeddings;
mod evaluations;
pub(crate) mod file;
pub(crate) mod float;
mod hive;
mod hugging_face;
mod image_size;
pub mod in_memory;
pub mod information;
mod json;
mod keys;
pub mod labels;
pub mod matrix;
pub mod names;
pub mod npy;
pub mod npz;
pub mod parquet;
mod safetensors;
mod series;
pub(crate) mod shards;
pub mod stored_array;
mod table;
mod torch;
mod wide_csv;
mod yaml;
