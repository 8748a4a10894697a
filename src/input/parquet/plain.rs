//! Lists as embeddings are written: all there, all of equal length, of floats as they are or out of a
//! dictionary. polars decodes lists value by value; here their levels are checked run by run and the
//! values copied, several times as fast. Polars decodes all other lists, and reports their errors.

use polars::prelude::PolarsResult;
use polars_parquet::parquet::encoding::Encoding;
use polars_parquet::parquet::encoding::hybrid_rle::{HybridRleChunk, HybridRleDecoder};
use polars_parquet::parquet::page::{EncodedSplitBuffer, split_buffer};
use polars_parquet::parquet::schema::types::PhysicalType;

use super::{Chunk, pages};
use crate::input::float::Float;
use crate::rows::Element;

/// Puts the values of the lists of a row group, `rows` lists of `dim`, into `values`; answers whether they are
/// such lists.
///
/// # Errors
/// If a page cannot be decompressed.
pub fn values<T: Element>(
    mut chunks: Vec<Chunk>,
    rows: usize,
    dim: usize,
    values: &mut Vec<T>,
) -> PolarsResult<bool> {
    let (Some((chunk, bytes)), true) = (chunks.pop(), chunks.is_empty()) else { return Ok(false) };
    let float = match chunk.physical_type() {
        PhysicalType::Float => Some(Float::SINGLE),
        PhysicalType::Double => Some(Float::DOUBLE),
        _ => None,
    };
    let levels = &chunk.descriptor().descriptor;
    let length = usize::try_from(chunk.num_values()).ok();
    let length = length.filter(|&length| Some(length) == rows.checked_mul(dim));
    let (Some(float), Some(length), 1) = (float, length, levels.max_rep_level) else {
        return Ok(false);
    };
    let mut pages = pages(chunk, bytes);
    let mut dictionary: Vec<T> = Vec::new();
    if let Some(page) = pages.read_dict_page()? {
        float.decode(&page.buffer, &mut dictionary);
    }
    values.clear();
    values.reserve_exact(length);
    while let Some(page) = pages.next() {
        let page = page?.decompress(&mut pages)?;
        let count = page.num_values();
        let EncodedSplitBuffer { rep, def, values: data } = split_buffer(&page)?;
        let first = values.len();
        let highest = u32::from(levels.max_def_level.unsigned_abs());
        let there = runs(def, highest, count, |_, _, level| level == highest);
        // A list starts where the level is 0, and nowhere else.
        let starts = runs(rep, 1, count, |from, to, level| {
            let next = (first + from).next_multiple_of(dim);
            if level == 0 {
                next == first + from && (to == from + 1 || dim == 1)
            } else {
                next >= first + to
            }
        });
        if !there || !starts {
            return Ok(false);
        }
        match page.encoding() {
            Encoding::Plain => {
                let Some(data) = data.get(..count * float.width) else { return Ok(false) };
                float.decode(data, values);
            }
            Encoding::PlainDictionary | Encoding::RleDictionary => {
                let Some((&bits, data)) = data.split_first() else { return Ok(false) };
                for at in HybridRleDecoder::new(data, bits.into(), count).collect()? {
                    let Some(&value) = dictionary.get(at as usize) else { return Ok(false) };
                    values.push(value);
                }
            }
            _ => return Ok(false),
        }
        pages.reuse_page_buffer(page);
    }
    Ok(values.len() == length)
}

/// Whether `right(from, to, level)` holds for all runs of equal levels, `count` in all.
fn runs(
    levels: &[u8],
    highest: u32,
    count: usize,
    right: impl Fn(usize, usize, u32) -> bool,
) -> bool {
    let bits = u32::BITS - highest.leading_zeros();
    let mut at = 0;
    for chunk in HybridRleDecoder::new(levels, bits, count).into_chunk_iter() {
        let all_right = match chunk {
            Ok(HybridRleChunk::Rle(level, length)) => {
                at += length;
                length == 0 || right(at - length, at, level)
            }
            Ok(HybridRleChunk::Bitpacked(mut levels)) => {
                let mut levels = levels.chunked();
                std::iter::from_fn(|| levels.next_inexact()).all(|(levels, length)| {
                    levels[..length].iter().all(|&level| {
                        at += 1;
                        right(at - 1, at, level)
                    })
                })
            }
            Err(_) => false,
        };
        if !all_right {
            return false;
        }
    }
    at == count
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::input::parquet::ParquetFile;

    /// Lists as pyarrow writes them are read here; what is otherwise, as are halves, is left to polars.
    #[test]
    fn lists_of_floats_are_not_left_to_polars() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/formats");
        for (name, here) in [
            ("list_f4", true),
            ("list_f8", true),
            ("fixed_f4", true),
            ("fixed_f8", true),
            ("pages_f4", true),
            ("pages_f8", true),
            ("pages_v2_f4", true),
            ("pages_v2_f8", true),
            ("list_f2", false),
            ("fixed_f2", false),
        ] {
            let path = folder.join(name).with_extension("parquet");
            let file = ParquetFile::open(&path, "embedding").unwrap().expect("rows");
            for group in &file.column.metadata.row_groups {
                let chunks = file.column.load(group).unwrap();
                let mut values = Vec::<f64>::new();
                let lists = super::values(chunks, group.num_rows(), file.dim, &mut values);
                assert_eq!(lists.unwrap(), here, "{name}");
            }
        }
    }
}
