//! Arrays of numbers in files: the header with their shape and element type, and rows of
//! embeddings from their data. Whatever file they lie in, NumPy's header and names of types describe them.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};

use ndarray_npy::npy::header::{Header, Layout};

use super::float::Float;
use crate::rows::{Element, Sink, check_dim};

/// Longest header read, as NumPy's own limit: a plain array's is some hundred bytes.
const LONGEST_HEADER: u32 = 10_000;

/// Deepest brackets in a header: `{(`, and for records `{[((`. The parser's time triples with each.
const DEEPEST_HEADER: usize = 4;

/// Shape, element type and position of an array.
#[derive(Clone, Debug)]
pub struct Array {
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// Whether the first axis varies fastest.
    pub fortran: bool,
    /// Element type, such as `<f4`.
    pub descr: String,
    /// Bytes before the first element.
    pub start: u64,
}

/// A tensor or array that was found in a file.
pub struct Found {
    /// Its name; empty if it has none.
    pub name: String,
    /// At its data.
    pub reader: BufReader<File>,
    /// What it is.
    pub array: Array,
    /// Bytes of data.
    pub bytes: u64,
}

impl Found {
    /// How a sentence on it begins: nothing is said of what has no name.
    pub fn called(what: &str, name: &str) -> String {
        if name.is_empty() { String::new() } else { format!("{what} {name:?} ") }
    }
}

impl Array {
    /// Reads a header, whatever its version.
    ///
    /// # Errors
    /// A sentence about what is wrong.
    pub fn parse(reader: &mut impl Read) -> std::result::Result<Array, String> {
        let mut prefix = [0; 12];
        let cut = |_| "is cut off within its npy header: save it again".to_string();
        reader
            .read_exact(&mut prefix[..10])
            .map_err(|_| "is not an npy file: it is too short".to_string())?;
        if !prefix.starts_with(b"\x93NUMPY") {
            return Err("is not an npy file: it does not start with \\x93NUMPY".into());
        }
        if !(1..=3).contains(&prefix[6]) {
            return Err(format!("is of npy version {}, which is not known", prefix[6]));
        }
        let (length, used) = if prefix[6] == 1 {
            (u16::from_le_bytes([prefix[8], prefix[9]]).into(), 10)
        } else {
            reader.read_exact(&mut prefix[10..]).map_err(cut)?;
            (u32::from_le_bytes([prefix[8], prefix[9], prefix[10], prefix[11]]), 12)
        };
        if length > LONGEST_HEADER {
            return Err(format!("claims an npy header of {length} bytes: it is damaged"));
        }
        let mut text = vec![0; length as usize];
        reader.read_exact(&mut text).map_err(cut)?;
        if depth(&text) > DEEPEST_HEADER {
            return Err("has an npy header with too many nested brackets: it is damaged".into());
        }
        let mut whole = Cursor::new(&prefix[..used]).chain(Cursor::new(&text));
        let header = Header::from_reader(&mut whole).map_err(|error| {
            // What follows the first line is a picture of where the parser stopped.
            let reason = error.to_string();
            format!("has a bad npy header: {}", reason.lines().next().unwrap_or_default())
        })?;
        let Some(descr) = header.type_descriptor.as_string() else {
            return Err("holds structured records: save a plain array".into());
        };
        if descr.contains('O') {
            return Err("holds Python objects, which are never read: save a plain array".into());
        }
        Ok(Array {
            fortran: header.layout == Layout::Fortran,
            descr: descr.clone(),
            start: (used + text.len()) as u64,
            shape: header.shape,
        })
    }

    /// Checks that `bytes` of data are what the header promises.
    ///
    /// # Errors
    /// A sentence about what is wrong.
    pub fn check_length(&self, width: usize, bytes: u64) -> std::result::Result<(), String> {
        let promised =
            self.shape.iter().try_fold(width as u64, |n, &axis| n.checked_mul(axis as u64));
        match promised {
            Some(promised) if promised == bytes => Ok(()),
            Some(promised) if promised < bytes => Err(format!(
                "holds {bytes} bytes of data where its header promises {promised}: is there more than one array in it?"
            )),
            _ => Err(format!(
                "is cut off: its header promises an array of shape {:?} ({}), but there are {bytes} bytes of data; save it again",
                self.shape, self.descr
            )),
        }
    }
}

/// How deep brackets are nested.
fn depth(text: &[u8]) -> usize {
    let (mut deepest, mut depth) = (0, 0_usize);
    for byte in text {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// A two-dimensional array of floating-point numbers: a row per instance. There may be none.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns p.
    pub dim: usize,
    /// Element type.
    pub float: Float,
    /// Whether columns, not rows, are contiguous.
    pub fortran: bool,
    /// Bytes before the first element.
    pub start: u64,
}

impl Matrix {
    /// Checks that an array of `bytes` bytes of data is a matrix of floats.
    ///
    /// # Errors
    /// A sentence about what is wrong.
    pub fn new(array: Array, bytes: u64) -> std::result::Result<Matrix, String> {
        let Some(float) = Float::parse(&array.descr) else {
            return Err(match array.descr.as_str() {
                // So ml_dtypes' types of one byte are written, and what lost its name.
                "<V1" | "|V1" | "|V2" => format!(
                    "holds elements of type {:?}, which does not say what numbers they are: save \
                     x.astype(numpy.float32)",
                    array.descr
                ),
                descr => {
                    format!(
                        "holds elements of type {descr:?}: embeddings are f16, bf16, f32 or f64"
                    )
                }
            });
        };
        let (rows, dim) = match array.shape[..] {
            [rows, dim] => (rows, dim),
            // What NumPy makes of no rows at all.
            [0] => (0, 0),
            _ => {
                return Err(format!(
                    "holds an array of shape {:?}: embeddings have two axes, instances and dimensions",
                    array.shape
                ));
            }
        };
        if rows > 0 && dim == 0 {
            return Err(format!("holds an empty array of shape {:?}", array.shape));
        }
        array.check_length(float.width, bytes)?;
        check_dim(dim)?;
        Ok(Matrix { rows, dim, float, fortran: array.fortran, start: array.start })
    }

    /// Hands out blocks of `rows` rows of a matrix in C order from its data, until `sink` declines.
    ///
    /// # Errors
    /// If reading fails.
    pub fn read_rows<T: Element>(
        &self,
        data: &mut dyn Read,
        rows: usize,
        sink: Sink<T>,
    ) -> io::Result<()> {
        let (mut bytes, mut block) = (Vec::new(), Vec::new());
        let mut left = self.rows;
        while left > 0 {
            let count = rows.min(left);
            self.float
                .read(count * self.dim, &mut block, &mut bytes, |bytes| data.read_exact(bytes))?;
            if !sink(&mut block) {
                break;
            }
            left -= count;
        }
        Ok(())
    }

    /// The same for a matrix in Fortran order, by a piece of every column for each block.
    ///
    /// # Errors
    /// If reading fails.
    pub fn read_columns<T: Element>(
        &self,
        file: &mut File,
        rows: usize,
        sink: Sink<T>,
    ) -> io::Result<()> {
        let mut bytes = vec![0; rows.min(self.rows) * self.float.width];
        let (mut piece, mut block): (Vec<T>, Vec<T>) = (Vec::new(), Vec::new());
        let mut first = 0;
        while first < self.rows {
            let count = rows.min(self.rows - first);
            let bytes = &mut bytes[..count * self.float.width];
            block.resize(count * self.dim, T::zeroed());
            for column in 0..self.dim {
                let element = (column * self.rows + first) as u64;
                file.seek(SeekFrom::Start(self.start + element * self.float.width as u64))?;
                file.read_exact(bytes)?;
                piece.clear();
                self.float.decode(bytes, &mut piece);
                for (row, &value) in piece.iter().enumerate() {
                    block[row * self.dim + column] = value;
                }
            }
            if !sink(&mut block) {
                break;
            }
            first += count;
        }
        Ok(())
    }
}
