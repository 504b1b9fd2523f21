//! The setting `schema`: records that are given rather than found.

use toml::Value;
use umoec_adapter_float::number::Number;
use umoec_codec::plugin::Settings;
use umoec_codec::{Error, Result};

use crate::geometry::{Column, Geometry};
use crate::params::FIELDS_MAX;

/// Columns that a profile gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schema {
    /// Bytes before the first record.
    header: usize,
    columns: Vec<Column>,
    /// Distance of rows in bytes.
    row: Option<usize>,
}

impl Schema {
    /// `schema` of the settings, if it is there; it is the only setting.
    pub(crate) fn from_settings(settings: &Settings) -> Result<Option<Self>> {
        if let Some(key) = settings.keys().find(|k| *k != "schema") {
            return Err(config(&format!("there is no `{key}`; there is: schema")));
        }
        match settings.get("schema") {
            None => Ok(None),
            Some(Value::Table(table)) => Self::from_table(table).map(Some),
            Some(_) => Err(config("`schema` is a table")),
        }
    }

    /// Either `{header, record, fields = [{type, offset, count, endian}]}`, all but `fields` and `type`
    /// optional, or what stands beside arrays of NumPy: `{dtype, shape, fields = [names]}` or
    /// `{dtype_descr = [[name, type]]}`.
    fn from_table(table: &Settings) -> Result<Self> {
        let header = size(table, "header")?.unwrap_or(0);
        let (mut columns, mut row) = (Vec::new(), None);
        if let Some(list) = table.get("dtype_descr") {
            for item in array(list, "dtype_descr")? {
                let pair = item.as_array().map(Vec::as_slice);
                let Some([_, Value::String(kind)]) = pair else {
                    return Err(config("`dtype_descr` is a list of names with types"));
                };
                push(&mut columns, kind, 1, None)?;
            }
        } else if let Some(kind) = table.get("dtype") {
            let kind = kind
                .as_str()
                .ok_or_else(|| config("`dtype` is a type such as \"<f4\""))?;
            let fields = table.get("fields").map(|f| array(f, "fields"));
            let last = last_axis(table)?;
            let count = match fields.transpose()? {
                Some(names) => names.len(),
                None => last.filter(|n| *n <= COLUMNS_MAX).unwrap_or(1),
            };
            push(&mut columns, kind, count, None)?;
            let element: usize = columns.iter().map(|c| c.width).sum();
            row = last
                .filter(|_| count == 1)
                .and_then(|n| n.checked_mul(element));
        } else {
            let fields = table
                .get("fields")
                .ok_or_else(|| config("`schema` has no `fields`"))?;
            for field in array(fields, "fields")? {
                let Value::Table(field) = field else {
                    return Err(config("a field of `schema` is no table"));
                };
                push_field(&mut columns, field)?;
            }
        }
        let record = ["record", "record_bytes", "itemsize"].into_iter();
        let record = record.filter_map(|key| size(table, key).transpose()).next();
        if let Some(record) = record.transpose()? {
            fill(&mut columns, record, "`record` is smaller than its fields")?;
        }
        if columns.is_empty() {
            return Err(config("the records of `schema` are empty"));
        }
        Ok(Self {
            header,
            columns,
            row,
        })
    }

    /// The records of a block of `len` bytes at `offset` of its content; the last may be cut.
    pub(crate) fn geometry(&self, offset: u64, len: usize) -> Geometry {
        let all = Geometry {
            head: self.header,
            records: usize::MAX,
            columns: self.columns.clone(),
            row: self.row,
        };
        let none = || Geometry::new(len, 0, self.columns.clone(), None, len);
        all.within(offset, len).unwrap_or_else(none)
    }
}

/// Arrays of so many columns are records; wider ones are grids.
pub(crate) const COLUMNS_MAX: usize = 64;

/// The last of several numbers of `shape`: what varies fastest.
fn last_axis(table: &Settings) -> Result<Option<usize>> {
    let Some(shape) = table.get("shape") else {
        return Ok(None);
    };
    let axes = array(shape, "shape")?.iter().map(Value::as_integer);
    let axes: Option<Vec<i64>> = axes.collect();
    let axes = axes.ok_or_else(|| config("`shape` is a list of numbers"))?;
    let last = axes.last().filter(|_| axes.len() > 1);
    Ok(last
        .and_then(|&n| usize::try_from(n).ok())
        .filter(|n| *n > 1))
}

fn push_field(columns: &mut Vec<Column>, field: &Settings) -> Result<()> {
    const KEYS: [&str; 5] = ["name", "type", "offset", "count", "endian"];
    if let Some(key) = field.keys().find(|k| !KEYS.contains(&k.as_str())) {
        let known = KEYS.join(", ");
        return Err(config(&format!(
            "a field of `schema` has no `{key}`; it has: {known}"
        )));
    }
    let kind = field
        .get("type")
        .and_then(Value::as_str)
        .ok_or_else(|| config("a field of `schema` has no `type`"))?;
    let big_endian = match field.get("endian").map(Value::as_str) {
        None => None,
        Some(Some("little")) => Some(false),
        Some(Some("big")) => Some(true),
        Some(_) => return Err(config("`endian` is \"little\" or \"big\"")),
    };
    if let Some(offset) = size(field, "offset")? {
        fill(columns, offset, "fields of `schema` overlap")?;
    }
    let count = size(field, "count")?.unwrap_or(1);
    push(columns, kind, count, big_endian)
}

/// Bytes of anything up to `end`.
fn fill(columns: &mut Vec<Column>, end: usize, reason: &str) -> Result<()> {
    let at: usize = columns.iter().map(|c| c.width).sum();
    let gap = end.checked_sub(at).ok_or_else(|| config(reason))?;
    extend(columns, &[Column::BYTE], gap)
}

fn push(
    columns: &mut Vec<Column>,
    kind: &str,
    count: usize,
    big_endian: Option<bool>,
) -> Result<()> {
    let mut of = columns_of(kind).ok_or_else(|| {
        config(&format!(
            "there is no type `{}`; there are f16, bf16, f32, f64, i8 to i64, u8 to u64, and those \
             of NumPy such as \"<f4\"",
            kind.escape_debug()
        ))
    })?;
    for column in &mut of {
        column.big_endian = big_endian.unwrap_or(column.big_endian);
    }
    if count == 0 {
        return Err(config("a field of `schema` is empty"));
    }
    extend(columns, &of, count)
}

fn extend(columns: &mut Vec<Column>, with: &[Column], times: usize) -> Result<()> {
    let room = FIELDS_MAX - columns.len();
    if with.len().checked_mul(times).is_none_or(|n| n > room) {
        return Err(config(
            "the records of `schema` have more than 4096 numbers",
        ));
    }
    columns.extend(with.repeat(times));
    Ok(())
}

/// The columns of a type, `f32` or `<f4`: one, but for texts, which are bytes.
pub(crate) fn columns_of(kind: &str) -> Option<Vec<Column>> {
    let (big_endian, name) = match kind.as_bytes().first()? {
        b'>' | b'!' => (true, &kind[1..]),
        b'<' | b'=' | b'|' => (false, &kind[1..]),
        _ => (false, kind),
    };
    // NumPy counts bytes, and has the sign before the count.
    let of_numpy = name.len() < kind.len();
    let (number, width) = match (of_numpy, name) {
        (false, "f16" | "bf16") | (true, "f2") => (Number::Float, 2),
        (false, "f32") | (true, "f4") => (Number::Float, 4),
        (false, "f64") | (true, "f8") => (Number::Float, 8),
        (false, "i8") | (true, "i1") => (Number::Signed, 1),
        (false, "i16") | (true, "i2") => (Number::Signed, 2),
        (false, "i32") | (true, "i4") => (Number::Signed, 4),
        (false, "i64") | (true, "i8") => (Number::Signed, 8),
        (false, "u8" | "bool") | (true, "u1" | "b1") => (Number::Unsigned, 1),
        (false, "u16") | (true, "u2") => (Number::Unsigned, 2),
        (false, "u32") | (true, "u4") => (Number::Unsigned, 4),
        (false, "u64") | (true, "u8" | "m8" | "M8") => (Number::Unsigned, 8),
        (true, _) if matches!(name.as_bytes().first()?, b'S' | b'V' | b'U') => {
            let each = if name.starts_with('U') { 4 } else { 1 };
            let count: usize = name[1..].parse().ok()?;
            let count = count.checked_mul(each).filter(|&c| c <= FIELDS_MAX)?;
            return Some(vec![Column::BYTE; count]);
        }
        (true, "c8") => return Some(vec![float(4, big_endian); 2]),
        (true, "c16") => return Some(vec![float(8, big_endian); 2]),
        _ => return None,
    };
    Some(vec![Column {
        width,
        number,
        big_endian,
    }])
}

fn float(width: usize, big_endian: bool) -> Column {
    Column {
        width,
        number: Number::Float,
        big_endian,
    }
}

fn size(table: &Settings, key: &str) -> Result<Option<usize>> {
    match table.get(key) {
        None => Ok(None),
        Some(value) => value
            .as_integer()
            .and_then(|v| usize::try_from(v).ok())
            .map(Some)
            .ok_or_else(|| config(&format!("`{key}` is a number from 0 on"))),
    }
}

fn array<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    value
        .as_array()
        .ok_or_else(|| config(&format!("`{key}` is a list")))
}

fn config(reason: &str) -> Error {
    Error::Config(format!("settings of adapter record: {reason}"))
}
