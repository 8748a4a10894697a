//! What the values of a column are, by its parquet types. Arrow's own schema, which many writers put
//! beside them, is not read: it adds names of extensions and of layouts in memory, never other values,
//! and polars panics on those that it does not know.

use polars::prelude::*;
use polars_parquet::read::{
    ParquetType, PhysicalType, PrimitiveLogicalType, schema::parquet_to_arrow_schema,
};

/// Longest decimal, bytes, whose digits an `i128` holds.
const LONGEST_DECIMAL: usize = 16;

/// How a column is decoded.
#[derive(Clone, Debug)]
pub struct Kind {
    /// What it is called in a sentence, such as `list[f32]`.
    pub name: String,
    /// As what it is decoded, if its type is known.
    pub field: ArrowField,
    /// The type of what comes out; unknown if it is not decoded.
    pub dtype: DataType,
    /// Of decimals, how many digits stand behind the point; they come out as floats.
    pub scale: Option<usize>,
}

impl Kind {
    /// Of a column.
    pub fn of(column: &ParquetType) -> Kind {
        let schema = parquet_to_arrow_schema(std::slice::from_ref(column));
        let empty = || ArrowField::new(column.name().into(), ArrowDataType::Struct(vec![]), true);
        let mut field = schema.get_at_index(0).map_or_else(empty, |(_, field)| field.clone());
        let (mut dtype, mut scale) = (DataType::Unknown(UnknownKind::Any), None);
        let name = name(column, &field.dtype);
        if let Some((stored, decoded)) = stored(&field.dtype, leaf(column)) {
            dtype = decoded;
            if let ArrowDataType::Decimal(_, digits) = field.dtype {
                (dtype, scale) = (DataType::Float64, Some(digits));
            }
            field.dtype = stored;
        }
        Kind { name, field, dtype, scale }
    }
}

/// The one column of values in it, if there is one alone.
fn leaf(column: &ParquetType) -> Option<&ParquetType> {
    match column {
        ParquetType::PrimitiveType(_) => Some(column),
        ParquetType::GroupType { fields, .. } => match &fields[..] {
            [field] => leaf(field),
            _ => None,
        },
    }
}

/// As what values of this type are decoded, and the type of what comes out.
fn stored(dtype: &ArrowDataType, leaf: Option<&ParquetType>) -> Option<(ArrowDataType, DataType)> {
    use ArrowDataType as Arrow;
    let Some(ParquetType::PrimitiveType(primitive)) = leaf else { return None };
    let is = |logical| primitive.logical_type == Some(logical);
    Some(match dtype {
        // Nothing but nulls.
        Arrow::Int32 if is(PrimitiveLogicalType::Unknown) => (Arrow::Int32, DataType::Null),
        // Narrow integers are stored as i32: polars is built without types of their own.
        Arrow::Int8 | Arrow::Int16 | Arrow::Int32 | Arrow::UInt8 | Arrow::UInt16 => {
            (Arrow::Int32, DataType::Int32)
        }
        Arrow::UInt32 => (Arrow::UInt32, DataType::UInt32),
        Arrow::Int64 => (Arrow::Int64, DataType::Int64),
        Arrow::UInt64 => (Arrow::UInt64, DataType::UInt64),
        Arrow::FixedSizeBinary(2) if is(PrimitiveLogicalType::Float16) => {
            (Arrow::Float16, DataType::Float16)
        }
        Arrow::Float32 => (Arrow::Float32, DataType::Float32),
        Arrow::Float64 => (Arrow::Float64, DataType::Float64),
        Arrow::Utf8View => (Arrow::Utf8View, DataType::String),
        Arrow::BinaryView => (Arrow::BinaryView, DataType::Binary),
        Arrow::Decimal(..) => match primitive.physical_type {
            PhysicalType::Int32 => (Arrow::Int32, DataType::Int32),
            PhysicalType::Int64 => (Arrow::Int64, DataType::Int64),
            PhysicalType::FixedLenByteArray(bytes) if bytes <= LONGEST_DECIMAL => {
                (Arrow::FixedSizeBinary(bytes), DataType::Binary)
            }
            _ => return None,
        },
        Arrow::LargeList(inner) => {
            let (of, dtype) = stored(&inner.dtype, leaf)?;
            let inner = ArrowField::new(inner.name.clone(), of, inner.is_nullable);
            (Arrow::LargeList(inner.into()), DataType::List(dtype.into()))
        }
        _ => return None,
    })
}

/// What a type is called.
fn name(column: &ParquetType, dtype: &ArrowDataType) -> String {
    use ArrowDataType as Arrow;
    use polars_parquet::read::GroupLogicalType::Map;
    if matches!(column, ParquetType::GroupType { logical_type: Some(Map), .. }) {
        return "map".into();
    }
    let is = |logical| match column {
        ParquetType::PrimitiveType(of) => of.logical_type == Some(logical),
        ParquetType::GroupType { .. } => false,
    };
    match dtype {
        Arrow::LargeList(inner) => {
            format!("list[{}]", name(leaf(column).unwrap_or(column), &inner.dtype))
        }
        Arrow::Int32 if is(PrimitiveLogicalType::Unknown) => "null".into(),
        Arrow::Int8 => "i8".into(),
        Arrow::Int16 => "i16".into(),
        Arrow::Int32 => "i32".into(),
        Arrow::Int64 => "i64".into(),
        Arrow::UInt8 => "u8".into(),
        Arrow::UInt16 => "u16".into(),
        Arrow::UInt32 => "u32".into(),
        Arrow::UInt64 => "u64".into(),
        Arrow::FixedSizeBinary(2) if is(PrimitiveLogicalType::Float16) => "f16".into(),
        Arrow::Float32 => "f32".into(),
        Arrow::Float64 => "f64".into(),
        Arrow::Boolean => "bool".into(),
        Arrow::Utf8View => "str".into(),
        Arrow::BinaryView | Arrow::FixedSizeBinary(_) => "binary".into(),
        Arrow::Decimal(precision, scale) => format!("decimal[{precision},{scale}]"),
        Arrow::Date32 => "date".into(),
        Arrow::Time32(_) | Arrow::Time64(_) => "time".into(),
        Arrow::Timestamp(unit, _) => format!("datetime[{}]", TimeUnit::from(unit)),
        Arrow::Interval(_) => "interval".into(),
        Arrow::Map(..) => "map".into(),
        Arrow::Struct(_) => "struct".into(),
        other => format!("{other:?}"),
    }
}

/// Decimals, as they are stored, as floats.
pub fn decimals(stored: &Series, scale: usize) -> PolarsResult<Series> {
    let unit = 10_f64.powi(scale as i32);
    let numbers: Float64Chunked = match stored.dtype() {
        DataType::Binary => stored
            .binary()?
            .iter()
            .map(|bytes| bytes.map(|bytes| big_endian(bytes) as f64 / unit))
            .collect(),
        _ => {
            let stored = stored.cast(&DataType::Int64)?;
            let stored = stored.i64()?;
            stored.iter().map(|number| number.map(|number| number as f64 / unit)).collect()
        }
    };
    Ok(numbers.with_name(stored.name().clone()).into_series())
}

/// A signed integer, its highest byte first.
fn big_endian(bytes: &[u8]) -> i128 {
    let sign = if bytes.first().is_some_and(|first| first & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(sign, |number, &byte| number << 8 | i128::from(byte))
}
