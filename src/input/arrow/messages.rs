//! The messages of an Arrow stream: the columns that it has, and where in the file the parts of one of them
//! lie. A file of Arrow is such a stream between two marks, and a footer, which is not needed to read it.
//!
//! Follows `docs/source/format/Columnar.rst` of Apache Arrow. polars' own reader makes room for whatever a
//! message claims, and decodes a whole batch at once; so its tables of the format alone are used.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use polars_arrow_format::ipc::planus::{self, ReadAsRoot as _};
use polars_arrow_format::ipc::{
    CompressionType, DictionaryBatchRef, Endianness, FieldRef, MessageHeaderRef, MessageRef,
    MetadataVersion, Precision, RecordBatchRef, SchemaRef, TypeRef, UnionMode,
};

use crate::error::{Error, Result};
use crate::input::file;
use crate::words::{list, suggestion};

/// How files of Arrow, and feather of version 2, begin and end.
const MAGIC: &[u8] = b"ARROW1";

/// What stands before the length of a message.
const CONTINUES: u32 = u32::MAX;

/// Longest message read, without its values.
const LONGEST_MESSAGE: u64 = 256 << 20;

/// Deepest nesting of columns, and most columns with all that lies in them.
const DEEPEST: usize = 64;
const MOST_FIELDS: usize = 1 << 20;

/// A column, or what its values are made of.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: Kind,
    /// Of what lists and structs are made.
    pub children: Vec<Field>,
    /// Of values that are numbers in a dictionary: its id, and what the numbers are. The kind is that of
    /// the dictionary's values.
    pub dictionary: Option<(i64, Kind)>,
}

/// What values are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Integers of so many bytes, signed or not.
    Integer(usize, bool),
    /// Floats of so many bytes.
    Float(usize),
    /// Texts or bytes, whose offsets are 4 or 8 bytes wide.
    Text(usize),
    /// The same, of bytes.
    Bytes(usize),
    /// Views of texts.
    TextView,
    /// Views of bytes.
    BytesView,
    /// Lists, whose offsets are 4 or 8 bytes wide.
    List(usize),
    /// Lists of so many values.
    FixedList(usize),
    /// Lists by offset and length.
    ListView,
    /// Structs.
    Struct,
    /// Keys and values.
    Map,
    /// Nothing but nulls.
    Null,
    /// One kind or another; whether dense.
    Union(bool),
    /// Runs of equal values.
    Runs,
    /// Another kind of one width, by its name.
    Other(&'static str),
}

/// Bytes of the file.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The first.
    pub start: u64,
    /// How many.
    pub length: u64,
}

/// The parts of one column in a batch.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Number of rows.
    pub rows: usize,
    /// Values, and nulls among them, of the column and of what it is made of.
    pub nodes: Vec<(usize, usize)>,
    /// Where their validity, offsets and values lie.
    pub buffers: Vec<Place>,
    /// How the buffers are compressed.
    pub codec: Option<CompressionType>,
}

/// Values that are numbered from one batch on.
#[derive(Clone, Debug)]
pub struct Dictionary {
    /// The batch before which it stands.
    pub before: usize,
    /// Whether its values add to those before.
    pub adds: bool,
    /// Its values, as a column.
    pub values: Batch,
}

/// A column of a file.
#[derive(Clone, Debug)]
pub struct Column {
    /// The file.
    pub path: PathBuf,
    /// What it is.
    pub field: Field,
    /// Its batches, in order.
    pub batches: Vec<Batch>,
    /// Its dictionaries, in order.
    pub dictionaries: Vec<Dictionary>,
    /// Number of rows.
    pub rows: usize,
}

impl Column {
    /// The column of this name.
    ///
    /// # Errors
    /// If the file cannot be read, is no Arrow file or cut off; if there is no such column: says which there
    /// are; or if there are two.
    pub fn open(path: &Path, name: &str) -> Result<Column> {
        let mut messages = Messages::open(path)?;
        let fields = messages.schema()?;
        let mut named = (0..).zip(&fields).filter(|(_, field)| field.name == name);
        let Some((at, field)) = named.next() else {
            let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
            let near = suggestion(name, &names);
            let problem = format!("has no column {name:?}; its columns are {}{near}", list(&names));
            return Err(Error::content(path, problem));
        };
        if named.next().is_some() {
            let problem = format!("has two columns {name:?}: remove or rename one");
            return Err(Error::content(path, problem));
        }
        let (path, field) = (path.to_owned(), field.clone());
        let mut column =
            Column { path, field, batches: Vec::new(), dictionaries: Vec::new(), rows: 0 };
        while let Some((message, body)) = messages.next()? {
            column.take(&fields, at, &message, body).map_err(|error| messages.unreadable(error))?;
        }
        Ok(column)
    }

    /// Takes what a message says of the column.
    fn take(
        &mut self,
        fields: &[Field],
        at: usize,
        message: &[u8],
        body: Place,
    ) -> std::result::Result<(), String> {
        let message = MessageRef::read_as_root(message).map_err(damaged)?;
        let oldest = message.version().map_err(damaged)? < MetadataVersion::V5;
        match message.header().map_err(damaged)? {
            Some(MessageHeaderRef::RecordBatch(batch)) => {
                let batch = part(&batch, fields, at, oldest, body)?;
                let rows = self.rows.checked_add(batch.rows);
                self.rows = rows.ok_or("claims more rows than can be counted")?;
                self.batches.push(batch);
            }
            Some(MessageHeaderRef::DictionaryBatch(batch)) => self.dictionary(&batch, body)?,
            _ => return Err("has a message that is neither a batch nor a dictionary".into()),
        }
        Ok(())
    }

    fn dictionary(
        &mut self,
        batch: &DictionaryBatchRef,
        body: Place,
    ) -> std::result::Result<(), String> {
        let id = batch.id().map_err(damaged)?;
        if self.field.dictionary.is_none_or(|(own, _)| own != id) {
            return Ok(());
        }
        let values = Field { dictionary: None, ..self.field.clone() };
        let data = batch.data().map_err(damaged)?.ok_or("has a dictionary without values")?;
        let adds = batch.is_delta().map_err(damaged)?;
        let values = part(&data, &[values], 0, false, body)?;
        self.dictionaries.push(Dictionary { before: self.batches.len(), adds, values });
        Ok(())
    }
}

/// The names of the columns.
///
/// # Errors
/// If the file cannot be read or is no Arrow file.
pub fn names(path: &Path) -> Result<Vec<String>> {
    Ok(Messages::open(path)?.schema()?.into_iter().map(|field| field.name).collect())
}

fn damaged(error: planus::Error) -> String {
    format!("is damaged: {}", error.to_string().lines().next().unwrap_or_default())
}

/// A file, message by message.
struct Messages<'a> {
    path: &'a Path,
    file: File,
    /// Where the next message begins.
    at: u64,
    length: u64,
    /// Whether it is a stream, which ends with the mark of its end; a file has a footer behind that.
    stream: bool,
}

impl Messages<'_> {
    fn open(path: &Path) -> Result<Messages<'_>> {
        let (mut file, length) = file::open(path)?;
        let mut head = [0; 8];
        let bad = |problem: &str| Err(Error::content(path, problem));
        if length < 8 || file.read_exact(&mut head).is_err() {
            return bad("is not an Arrow file: it is too short");
        }
        if head.starts_with(b"FEA1") {
            return bad("is feather of version 1: save it as version 2, the default of pyarrow");
        }
        let stream = !head.starts_with(MAGIC);
        let mut at = 0;
        if !stream {
            let mut end = [0; MAGIC.len()];
            let from = SeekFrom::End(-(MAGIC.len() as i64));
            file.seek(from).and_then(|_| file.read_exact(&mut end)).map_err(Error::read(path))?;
            if end != MAGIC {
                return bad("is cut off: it does not end with ARROW1; save it again");
            }
            at = 8;
        }
        Ok(Messages { path, file, at, length, stream })
    }

    fn unreadable(&self, problem: String) -> Error {
        Error::content(self.path, format!("is not a readable Arrow file: it {problem}"))
    }

    /// A number of four bytes.
    fn number(&mut self) -> Result<u32> {
        const CUT: &str = "is cut off, or was not written to its end, or is not an Arrow file: its \
                           end mark is missing; save it again";
        let mut bytes = [0; 4];
        if self.at + 4 > self.length {
            return Err(Error::content(self.path, CUT));
        }
        let read =
            self.file.seek(SeekFrom::Start(self.at)).and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(|error| file::failed(self.path, error))?;
        self.at += 4;
        Ok(u32::from_le_bytes(bytes))
    }

    /// The next message, and where its values lie; none at the mark of the end.
    fn next(&mut self) -> Result<Option<(Vec<u8>, Place)>> {
        let mut length = self.number()?;
        if length == CONTINUES {
            length = self.number()?;
        }
        let length = u64::from(length);
        if length == 0 {
            if self.stream && self.at < self.length {
                let problem = "continues after its end mark, as several streams in one file do: \
                               save each in its own file";
                return Err(Error::content(self.path, problem));
            }
            return Ok(None);
        }
        if length > self.length - self.at || length > LONGEST_MESSAGE {
            let problem = "is cut off, or not an Arrow file: a message continues after the end of \
                           the file; save it again";
            return Err(Error::content(self.path, problem));
        }
        let mut message = vec![0; length as usize];
        self.file.read_exact(&mut message).map_err(|error| file::failed(self.path, error))?;
        let body = MessageRef::read_as_root(&message).and_then(|message| message.body_length());
        let body = body.map_err(|error| self.unreadable(damaged(error)))?;
        let body = u64::try_from(body).map_err(|_| self.unreadable("is damaged".into()))?;
        let start = self.at + length;
        if body > self.length - start {
            let problem = "is cut off: a batch continues after the end of the file; save it again";
            return Err(Error::content(self.path, problem));
        }
        self.at = start + body;
        Ok(Some((message, Place { start, length: body })))
    }

    /// The columns.
    fn schema(&mut self) -> Result<Vec<Field>> {
        let first = self.next()?;
        let Some((message, _)) = first else {
            return Err(self.unreadable("has no schema".into()));
        };
        let schema = MessageRef::read_as_root(&message).and_then(|message| message.header());
        match schema.map_err(|error| self.unreadable(damaged(error)))? {
            Some(MessageHeaderRef::Schema(schema)) => {
                fields(&schema).map_err(|problem| self.unreadable(problem))
            }
            _ => Err(self.unreadable("does not begin with a schema".into())),
        }
    }
}

fn fields(schema: &SchemaRef) -> std::result::Result<Vec<Field>, String> {
    if schema.endianness().map_err(damaged)? != Endianness::Little {
        return Err("holds numbers of big-endian byte order".into());
    }
    let mut left = MOST_FIELDS;
    let fields = schema.fields().map_err(damaged)?.into_iter().flatten();
    fields.map(|of| field(&of.map_err(damaged)?, DEEPEST, &mut left)).collect()
}

/// A field; `left` is how many may still come.
fn field(of: &FieldRef, depth: usize, left: &mut usize) -> std::result::Result<Field, String> {
    *left = left.checked_sub(1).filter(|_| depth > 0).ok_or("nests its columns too deeply")?;
    let name = of.name().map_err(damaged)?.unwrap_or_default().to_owned();
    let of_type = of.type_().map_err(damaged)?.ok_or("has a column without a type")?;
    let kind = kind(&of_type)?;
    let children = of.children().map_err(damaged)?.into_iter().flatten();
    let children = children
        .map(|child| field(&child.map_err(damaged)?, depth - 1, left))
        .collect::<std::result::Result<Vec<_>, String>>()?;
    let dictionary = match of.dictionary().map_err(damaged)? {
        Some(dictionary) => {
            let numbers = match dictionary.index_type().map_err(damaged)? {
                Some(int) => self::kind(&TypeRef::Int(int))?,
                None => Kind::Integer(4, true),
            };
            Some((dictionary.id().map_err(damaged)?, numbers))
        }
        None => None,
    };
    Ok(Field { name, kind, children, dictionary })
}

fn kind(of: &TypeRef) -> std::result::Result<Kind, String> {
    Ok(match of {
        TypeRef::Null(_) => Kind::Null,
        TypeRef::Int(int) => {
            let bits = int.bit_width().map_err(damaged)?;
            if ![8, 16, 32, 64].contains(&bits) {
                return Err(format!("has integers of {bits} bits"));
            }
            Kind::Integer(bits as usize / 8, int.is_signed().map_err(damaged)?)
        }
        TypeRef::FloatingPoint(float) => match float.precision().map_err(damaged)? {
            Precision::Half => Kind::Float(2),
            Precision::Single => Kind::Float(4),
            Precision::Double => Kind::Float(8),
        },
        TypeRef::Utf8(_) => Kind::Text(4),
        TypeRef::LargeUtf8(_) => Kind::Text(8),
        TypeRef::Binary(_) => Kind::Bytes(4),
        TypeRef::LargeBinary(_) => Kind::Bytes(8),
        TypeRef::Utf8View(_) => Kind::TextView,
        TypeRef::BinaryView(_) => Kind::BytesView,
        TypeRef::List(_) => Kind::List(4),
        TypeRef::LargeList(_) => Kind::List(8),
        TypeRef::FixedSizeList(of) => {
            let size = usize::try_from(of.list_size().map_err(damaged)?);
            Kind::FixedList(size.map_err(|_| "has lists of negative length")?)
        }
        TypeRef::ListView(_) | TypeRef::LargeListView(_) => Kind::ListView,
        TypeRef::Struct(_) => Kind::Struct,
        TypeRef::Map(_) => Kind::Map,
        TypeRef::Union(of) => Kind::Union(of.mode().map_err(damaged)? == UnionMode::Dense),
        TypeRef::RunEndEncoded(_) => Kind::Runs,
        TypeRef::Bool(_) => Kind::Other("bool"),
        TypeRef::FixedSizeBinary(_) => Kind::Other("binary of one length"),
        TypeRef::Decimal(_) => Kind::Other("decimal"),
        TypeRef::Date(_) => Kind::Other("date"),
        TypeRef::Time(_) => Kind::Other("time"),
        TypeRef::Timestamp(_) => Kind::Other("datetime"),
        TypeRef::Interval(_) => Kind::Other("interval"),
        TypeRef::Duration(_) => Kind::Other("duration"),
    })
}

/// Counts through the nodes and buffers of a batch.
struct Walk {
    nodes: usize,
    buffers: usize,
    /// Extra buffers of each column of views that is still to come.
    views: std::vec::IntoIter<i64>,
    /// Whether the batch is of a version in which all unions have a validity.
    oldest: bool,
}

impl Walk {
    fn pass(&mut self, field: &Field) -> std::result::Result<(), String> {
        self.nodes += 1;
        if field.dictionary.is_some() {
            self.buffers += 2;
            return Ok(());
        }
        self.buffers += match field.kind {
            Kind::Null | Kind::Runs => 0,
            Kind::Struct | Kind::FixedList(_) => 1,
            Kind::Union(dense) => 1 + usize::from(dense) + usize::from(self.oldest),
            Kind::Integer(..) | Kind::Float(_) | Kind::Other(_) | Kind::List(_) | Kind::Map => 2,
            Kind::Text(_) | Kind::Bytes(_) | Kind::ListView => 3,
            Kind::TextView | Kind::BytesView => {
                let more = self.views.next().and_then(|more| usize::try_from(more).ok());
                2 + more.ok_or("is damaged: views of texts without their number of buffers")?
            }
        };
        field.children.iter().try_for_each(|child| self.pass(child))
    }
}

/// What a batch, whose buffers lie in `body`, has of one column.
fn part(
    batch: &RecordBatchRef,
    fields: &[Field],
    at: usize,
    oldest: bool,
    body: Place,
) -> std::result::Result<Batch, String> {
    const DAMAGED: &str = "is damaged: a part of a column is missing in a batch";
    let views = batch.variadic_buffer_counts().map_err(damaged)?;
    let views: Vec<_> = views.into_iter().flatten().collect();
    let mut walk = Walk { nodes: 0, buffers: 0, views: views.into_iter(), oldest };
    fields[..at].iter().try_for_each(|field| walk.pass(field))?;
    let (first_node, first_buffer) = (walk.nodes, walk.buffers);
    walk.pass(&fields[at])?;
    let length = |length: i64| usize::try_from(length).map_err(|_| DAMAGED);
    let rows = length(batch.length().map_err(damaged)?)?;
    let mut nodes = Vec::new();
    let all = batch.nodes().map_err(damaged)?.into_iter().flatten();
    for node in all.skip(first_node).take(walk.nodes - first_node) {
        nodes.push((length(node.length())?, length(node.null_count())?));
    }
    let mut buffers = Vec::new();
    let all = batch.buffers().map_err(damaged)?.into_iter().flatten();
    for buffer in all.skip(first_buffer).take(walk.buffers.saturating_sub(first_buffer)) {
        let (offset, length) = (buffer.offset() as u64, buffer.length() as u64);
        if offset.checked_add(length).is_none_or(|end| end > body.length) {
            return Err("is damaged: a buffer goes on after the end of its batch".into());
        }
        buffers.push(Place { start: body.start + offset, length });
    }
    let there = (nodes.len(), buffers.len());
    if there != (walk.nodes - first_node, walk.buffers - first_buffer) || nodes[0].0 != rows {
        return Err(DAMAGED.into());
    }
    let codec = match batch.compression().map_err(damaged)? {
        Some(compression) => Some(compression.codec().map_err(damaged)?),
        None => None,
    };
    Ok(Batch { rows, nodes, buffers, codec })
}
