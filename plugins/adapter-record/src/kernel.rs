//! Records to streams and back (`spec.md`, section 2).

use umoec_adapter_float::number::{Number, mask, ordered, read, sign, unordered, write};
use umoec_codec::Result;

use crate::lattice::float_value;
use crate::params::{Change, Field, Kind, Params, fault};

/// The state within one block.
struct Records<'a> {
    params: &'a Params,
    /// Of each field: where it lies in its record, and in the part of its stream.
    places: Vec<[usize; 2]>,
    /// Of each field: the value in the record before, in its order.
    before: Vec<u64>,
    /// Of each field: what relations count with.
    values: Vec<f64>,
    /// The fields without relations, then those with.
    order: Vec<usize>,
    /// Whether there are relations.
    related: bool,
}

impl<'a> Records<'a> {
    fn new(params: &'a Params) -> Self {
        let (mut at, mut in_group) = (0, vec![0; params.groups]);
        let place = |field: &Field| {
            let place = [at, in_group[field.group]];
            at += field.width;
            in_group[field.group] += field.width;
            place
        };
        let places = params.fields.iter().map(place).collect();
        let is_related = |&n: &usize| matches!(params.fields[n].change, Change::Relation(_));
        let (related, plain): (Vec<_>, Vec<_>) = (0..params.fields.len()).partition(is_related);
        Self {
            params,
            places,
            before: vec![0; params.fields.len()],
            values: vec![0.0; params.fields.len()],
            related: !related.is_empty(),
            order: plain.into_iter().chain(related).collect(),
        }
    }

    /// Keeps the value of a number for relations.
    fn keep(&mut self, field: usize, number: u64) {
        if self.related {
            self.values[field] = value(&self.params.fields[field], number);
        }
    }

    /// What stands for a number in the stream; `None` where nothing can.
    fn forward(&mut self, n: usize, number: u64) -> Option<u64> {
        let field = &self.params.fields[n];
        let width = field.width;
        let code = match (&field.change, field.kind) {
            (Change::Relation(r), _) => return Some(r.forward(number, &self.values, width)),
            (_, Kind::Number(kind)) => ordered(number, kind, width),
            (_, Kind::Lattice(lattice)) => lattice.forward(number, width)?,
        };
        let changed = match field.change {
            Change::Delta => (code.wrapping_sub(self.before[n]) & mask(width)) ^ sign(width),
            _ => code,
        };
        self.before[n] = code;
        self.keep(n, number);
        Some(changed)
    }

    /// The way back.
    fn inverse(&mut self, n: usize, changed: u64) -> Option<u64> {
        let field = &self.params.fields[n];
        let width = field.width;
        let code = match &field.change {
            Change::Relation(r) => return Some(r.inverse(changed, &self.values, width)),
            Change::Delta => self.before[n].wrapping_add(changed ^ sign(width)) & mask(width),
            Change::Nothing => changed,
        };
        let number = match field.kind {
            Kind::Number(kind) => unordered(code, kind, width),
            Kind::Lattice(lattice) => lattice.inverse(code, width)?,
        };
        self.before[n] = code;
        self.keep(n, number);
        Some(number)
    }
}

/// What relations count with.
pub(crate) fn value(field: &Field, number: u64) -> f64 {
    let shift = 64 - 8 * field.width;
    match (field.kind, field.width) {
        (Kind::Number(Number::Unsigned), _) => number as f64,
        (Kind::Number(Number::Signed), _) => ((number << shift) as i64 >> shift) as f64,
        (_, 4 | 8) => float_value(number, field.width),
        _ => 0.0,
    }
}

/// Turns a block into streams; `None` where a number has no place on its lattice.
pub(crate) fn forward(block: &[u8], params: &Params) -> Option<Vec<Vec<u8>>> {
    let record = params.record();
    let body = record * params.records;
    let (head, rest) = block.split_at(params.head);
    let (body, tail) = rest.split_at(body);
    let shares: Vec<usize> = (0..params.groups).map(|g| params.share(g)).collect();
    let mut streams: Vec<Vec<u8>> = shares
        .iter()
        .map(|share| Vec::with_capacity(share * params.records))
        .collect();
    streams[0].extend(head);
    let mut records = Records::new(params);
    for bytes in body.chunks_exact(record) {
        let starts: Vec<usize> = streams.iter().map(Vec::len).collect();
        for (stream, share) in streams.iter_mut().zip(&shares) {
            stream.resize(stream.len() + share, 0);
        }
        for i in 0..params.fields.len() {
            let n = records.order[i];
            let (field, [at, to]) = (&params.fields[n], records.places[n]);
            let number = read(&bytes[at..at + field.width], field.big_endian);
            let to = starts[field.group] + to;
            let code = records.forward(n, number)?;
            write(&mut streams[field.group][to..to + field.width], code, true);
        }
    }
    streams[0].extend(tail);
    Some(streams)
}

/// Turns streams into a block of `len` bytes.
pub(crate) fn inverse(streams: &[Vec<u8>], params: &Params, len: usize) -> Result<Vec<u8>> {
    let unfit = || fault("its streams do not fit its records");
    let record = params.record();
    let body = record.checked_mul(params.records).ok_or_else(unfit)?;
    let begin = params.head;
    let end = begin.checked_add(body).filter(|&end| end <= len);
    let end = end.ok_or_else(unfit)?;
    let around = len - body;
    let fits = |(group, stream): (usize, &Vec<u8>)| {
        let own = if group == 0 { around } else { 0 };
        stream.len() == params.share(group) * params.records + own
    };
    if streams.len() != params.groups || !streams.iter().enumerate().all(fits) {
        return Err(unfit());
    }
    let mut block = vec![0; len];
    block[..begin].copy_from_slice(&streams[0][..begin]);
    let tail = streams[0].len() - (len - end);
    block[end..].copy_from_slice(&streams[0][tail..]);
    let shares: Vec<usize> = (0..params.groups).map(|g| params.share(g)).collect();
    let mut starts = vec![0; params.groups];
    starts[0] = begin;
    let mut records = Records::new(params);
    for bytes in block[begin..end].chunks_exact_mut(record) {
        for i in 0..params.fields.len() {
            let n = records.order[i];
            let (field, [at, from]) = (&params.fields[n], records.places[n]);
            let from = starts[field.group] + from;
            let code = read(&streams[field.group][from..from + field.width], true);
            let number = records
                .inverse(n, code)
                .ok_or_else(|| fault("a number is not on its lattice"))?;
            write(&mut bytes[at..at + field.width], number, field.big_endian);
        }
        for (start, share) in starts.iter_mut().zip(&shares) {
            *start += share;
        }
    }
    Ok(block)
}
