//! Parameters on the wire (`spec.md`, section 1).

use umoec_adapter_float::number::Number;
use umoec_codec::plugin::{ParamReader, put_leb128};
use umoec_codec::{Error, Result};

use crate::DESCRIPTOR;
use crate::lattice::{BINARY_MAX, Lattice, POWERS_OF_TEN, Stored};
use crate::relation::{Formula, OPERANDS_MAX, Operand, Relation};

/// Most fields of a record.
pub(crate) const FIELDS_MAX: usize = 4096;
/// Most streams.
pub(crate) const GROUPS_MAX: usize = 16;
/// Most sections of records that lie field by field.
pub(crate) const SECTIONS_MAX: usize = 1024;
/// Bit of the byte of streams that says that records lie field by field.
const BY_FIELD: u8 = 64;

/// What the numbers of a field are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// Whole numbers, floats, or anything else.
    Number(Number),
    /// Whole numbers in disguise.
    Stored(Stored),
}

/// What stands in place of the numbers of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// The numbers.
    Nothing,
    /// The differences from the record before.
    Delta,
    /// What a relation to other fields missed.
    Relation(Relation),
}

/// One number of a record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    /// Bytes, 1 to 8.
    pub(crate) width: usize,
    pub(crate) big_endian: bool,
    pub(crate) kind: Kind,
    pub(crate) change: Change,
    /// Number of the stream that it goes to.
    pub(crate) group: usize,
}

impl Field {
    /// Bytes of its stream.
    pub(crate) fn stored(&self) -> usize {
        match self.kind {
            Kind::Stored(stored) => stored.bytes,
            Kind::Number(_) => self.width,
        }
    }
}

/// How records lie in a block.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Params {
    /// Bytes before the first record.
    pub(crate) head: usize,
    pub(crate) records: usize,
    /// Where the records lie field by field: how many are in each section; else none.
    pub(crate) sections: Vec<usize>,
    /// Streams of fields.
    pub(crate) groups: usize,
    /// Whether a stream of exceptions follows them.
    pub(crate) exceptions: bool,
    /// At least one.
    pub(crate) fields: Vec<Field>,
}

impl Params {
    /// Bytes of a record.
    pub(crate) fn record(&self) -> usize {
        self.fields.iter().map(|f| f.width).sum()
    }

    /// Bytes of each field.
    pub(crate) fn widths(&self) -> Vec<usize> {
        self.fields.iter().map(|f| f.width).collect()
    }

    /// Bytes of a record that go to a stream.
    pub(crate) fn share(&self, group: usize) -> usize {
        let fields = self.fields.iter().filter(|f| f.group == group);
        fields.map(Field::stored).sum()
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_leb128(&mut out, self.head as u64);
        put_leb128(&mut out, self.records as u64);
        let by_field = if self.sections.is_empty() {
            0
        } else {
            BY_FIELD
        };
        out.push(self.groups as u8 | by_field | u8::from(self.exceptions) << 7);
        if let [first @ .., _] = &self.sections[..] {
            put_leb128(&mut out, first.len() as u64);
            first.iter().for_each(|&s| put_leb128(&mut out, s as u64));
        }
        let mut rest = &self.fields[..];
        while let Some(field) = rest.first() {
            let run = rest.iter().take_while(|f| *f == field).count();
            rest = &rest[run..];
            let kind = match field.kind {
                Kind::Number(Number::Unsigned) => 0,
                Kind::Number(Number::Signed) => 1,
                Kind::Number(Number::Float) => 2,
                Kind::Stored(_) => 3,
            };
            let change = match field.change {
                Change::Nothing => 0,
                Change::Delta => 1,
                Change::Relation(_) => 2,
            };
            let big_endian = u8::from(field.big_endian);
            out.push((field.width - 1) as u8 | kind << 3 | big_endian << 5 | change << 6);
            if self.groups > 1 {
                out.push(field.group as u8);
            }
            put_leb128(&mut out, (run - 1) as u64);
            if let Kind::Stored(stored) = field.kind {
                push_stored(&mut out, stored, field.width);
            }
            if let Change::Relation(relation) = &field.change {
                push_relation(&mut out, relation);
            }
        }
        out
    }

    /// Reads parameters, all of `bytes`.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader(ParamReader::new(&DESCRIPTOR, bytes));
        let (head, records) = (reader.0.leb128_usize()?, reader.0.leb128_usize()?);
        let streams = reader.0.u8()?;
        let groups = usize::from(streams & (BY_FIELD - 1));
        if !(1..=GROUPS_MAX).contains(&groups) {
            return Err(fault("it has no streams, or more than 16"));
        }
        let sections = match streams & BY_FIELD {
            0 => Vec::new(),
            _ => reader.sections(records)?,
        };
        let mut fields: Vec<Field> = Vec::new();
        while !reader.0.is_empty() {
            let (field, run) = reader.field(groups)?;
            if run > FIELDS_MAX - fields.len() {
                return Err(fault("its records have more than 4096 fields"));
            }
            fields.extend(std::iter::repeat_n(field, run));
        }
        let params = Self {
            head,
            records,
            sections,
            groups,
            exceptions: streams >> 7 != 0,
            fields,
        };
        params.check()?;
        Ok(params)
    }

    /// What no single field shows.
    fn check(&self) -> Result<()> {
        if self.fields.is_empty() {
            return Err(fault("its records have no fields"));
        }
        for field in &self.fields {
            let Change::Relation(relation) = &field.change else {
                continue;
            };
            for operand in &relation.operands {
                let other = self.fields.get(operand.field);
                // So that no relation waits for another.
                if other.is_none_or(|o| matches!(o.change, Change::Relation(_))) {
                    return Err(fault("a relation of its fields has an unfit operand"));
                }
            }
        }
        Ok(())
    }
}

/// What is left of the parameters.
struct Reader<'a>(ParamReader<'a>);

impl Reader<'_> {
    /// The sections of so many records: all but the last are told.
    fn sections(&mut self, records: usize) -> Result<Vec<usize>> {
        let more = self.0.leb128_usize()?;
        let mut left = records;
        let mut sections = Vec::new();
        for _ in 0..more {
            let section = self.0.leb128_usize()?;
            let rest = left.checked_sub(section);
            left = rest.ok_or_else(|| fault("its sections have more records than it has"))?;
            sections.push(section);
            if sections.len() == SECTIONS_MAX {
                return Err(fault("it has more than 1024 sections"));
            }
        }
        sections.push(left);
        Ok(sections)
    }

    /// A field, and how many of it there are.
    fn field(&mut self, groups: usize) -> Result<(Field, usize)> {
        let first = self.0.u8()?;
        let width = usize::from(first & 7) + 1;
        let group = match groups {
            1 => 0,
            _ => usize::from(self.0.u8()?),
        };
        if group >= groups {
            return Err(fault("a field goes to a stream that there is not"));
        }
        let run = self
            .0
            .leb128_usize()?
            .checked_add(1)
            .ok_or_else(|| fault("a number is too large"))?;
        let kind = match first >> 3 & 3 {
            0 => Kind::Number(Number::Unsigned),
            1 => Kind::Number(Number::Signed),
            2 => Kind::Number(Number::Float),
            _ => Kind::Stored(self.stored(width)?),
        };
        let change = match first >> 6 {
            0 => Change::Nothing,
            1 => Change::Delta,
            2 => Change::Relation(self.relation()?),
            _ => return Err(fault("a field has an unknown change")),
        };
        let related = matches!(change, Change::Relation(_));
        let whole = matches!(kind, Kind::Number(Number::Unsigned | Number::Signed));
        let stored = matches!(kind, Kind::Stored(_));
        if related && (stored || whole || !matches!(width, 4 | 8)) {
            return Err(fault("a field has a relation that does not fit its kind"));
        }
        let field = Field {
            width,
            big_endian: first & 32 != 0,
            kind,
            change,
            group,
        };
        Ok((field, run))
    }

    fn stored(&mut self, width: usize) -> Result<Stored> {
        let first = self.0.u8()?;
        let lattice = match first & 7 {
            0 => Lattice::Decimal(self.0.u8()?),
            1 => Lattice::Binary(self.0.u8()?),
            2 => Lattice::Double {
                step: f64::from_le_bytes(self.0.array()?),
                base: f64::from_le_bytes(self.0.array()?),
            },
            3 => Lattice::Single {
                step: f32::from_le_bytes(self.0.array()?),
                base: f32::from_le_bytes(self.0.array()?),
            },
            4 => Lattice::Whole { signed: false },
            5 => Lattice::Whole { signed: true },
            _ => return Err(fault("a lattice of its fields is unknown")),
        };
        let sound = match lattice {
            Lattice::Decimal(digits) => usize::from(digits) < POWERS_OF_TEN.len(),
            Lattice::Binary(digits) => digits <= BINARY_MAX,
            Lattice::Double { step, base } => step.is_normal() && base.is_finite(),
            Lattice::Single { step, base } => step.is_normal() && base.is_finite(),
            Lattice::Whole { .. } => true,
        };
        let is_float = !matches!(lattice, Lattice::Whole { .. });
        if !sound || is_float && !matches!(width, 4 | 8) || first & 8 != 0 || first >> 7 != 0 {
            return Err(fault("a lattice of its fields is unfit"));
        }
        let bottom = i64::from_le_bytes(self.0.array()?);
        let mut missing = 0;
        for shift in 0..width {
            missing |= u64::from(self.0.u8()?) << (8 * shift);
        }
        Ok(Stored {
            lattice,
            bytes: usize::from(first >> 4) + 1,
            bottom,
            missing,
        })
    }

    fn relation(&mut self) -> Result<Relation> {
        let first = self.0.u8()?;
        let formula = Formula::ALL.get(usize::from(first & 7));
        let count = usize::from(first >> 4);
        let (Some(&formula), 1..=OPERANDS_MAX) = (formula, count) else {
            return Err(fault("a relation of its fields is unknown"));
        };
        let mut operands = Vec::with_capacity(count);
        for _ in 0..count {
            let value = self.0.leb128_usize()?;
            operands.push(Operand {
                field: value >> 1,
                negative: value & 1 != 0,
            });
        }
        Ok(Relation {
            formula,
            one: first & 8 != 0,
            operands,
        })
    }
}

fn push_stored(out: &mut Vec<u8>, stored: Stored, width: usize) {
    let bytes = ((stored.bytes - 1) as u8) << 4;
    match stored.lattice {
        Lattice::Decimal(digits) => out.extend([bytes, digits]),
        Lattice::Binary(digits) => out.extend([1 | bytes, digits]),
        Lattice::Double { step, base } => {
            out.push(2 | bytes);
            out.extend(step.to_le_bytes());
            out.extend(base.to_le_bytes());
        }
        Lattice::Single { step, base } => {
            out.push(3 | bytes);
            out.extend(step.to_le_bytes());
            out.extend(base.to_le_bytes());
        }
        Lattice::Whole { signed } => out.push((4 + u8::from(signed)) | bytes),
    }
    out.extend(stored.bottom.to_le_bytes());
    out.extend(&stored.missing.to_le_bytes()[..width]);
}

fn push_relation(out: &mut Vec<u8>, relation: &Relation) {
    let formula = relation.formula as u8;
    let count = relation.operands.len() as u8;
    out.push(formula | u8::from(relation.one) << 3 | count << 4);
    for operand in &relation.operands {
        put_leb128(
            out,
            (operand.field << 1 | usize::from(operand.negative)) as u64,
        );
    }
}

/// A fault of parameters or streams.
pub(crate) fn fault(reason: &str) -> Error {
    DESCRIPTOR.fault(reason)
}
