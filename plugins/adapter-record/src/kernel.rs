//! Records to streams and back (`spec.md`, section 2).

use umoec_adapter_float::number::{Number, mask, ordered, read, sign, unordered, write};
use umoec_codec::Result;

use crate::lattice::{Lattice, Meaning, float_value};
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
            in_group[field.group] += field.stored();
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

    /// What stands for a number in the stream; an exception goes to `exceptions` too.
    fn forward(&mut self, n: usize, number: u64, exceptions: &mut Vec<u8>) -> u64 {
        let field = &self.params.fields[n];
        let width = field.width;
        let code = match (&field.change, field.kind) {
            (Change::Relation(r), _) => return r.forward(number, &self.values, width),
            (_, Kind::Number(kind)) => ordered(number, kind, width),
            (_, Kind::Stored(stored)) => {
                let code = stored.code(number, width);
                if stored.meaning(code, width) == Meaning::Exception {
                    exceptions.extend(&number.to_be_bytes()[8 - width..]);
                }
                code
            }
        };
        let stored = field.stored();
        let changed = match field.change {
            Change::Delta => (code.wrapping_sub(self.before[n]) & mask(stored)) ^ sign(stored),
            _ => code,
        };
        self.before[n] = code;
        self.keep(n, number);
        changed
    }

    /// The way back.
    fn inverse(&mut self, n: usize, changed: u64, exceptions: &mut &[u8]) -> Result<u64> {
        let field = &self.params.fields[n];
        let (width, stored) = (field.width, field.stored());
        let code = match &field.change {
            Change::Relation(r) => return Ok(r.inverse(changed, &self.values, width)),
            Change::Delta => self.before[n].wrapping_add(changed ^ sign(stored)) & mask(stored),
            Change::Nothing => changed,
        };
        let number = match field.kind {
            Kind::Number(kind) => unordered(code, kind, width),
            Kind::Stored(stored) => match stored.meaning(code, width) {
                Meaning::Number(number) => number,
                Meaning::Exception => {
                    let next = exceptions.split_at_checked(width);
                    let (next, rest) = next.ok_or_else(|| fault("it has too few exceptions"))?;
                    *exceptions = rest;
                    read(next, true)
                }
            },
        };
        self.before[n] = code;
        self.keep(n, number);
        Ok(number)
    }
}

/// What relations count with.
pub(crate) fn value(field: &Field, number: u64) -> f64 {
    let unsigned = number as f64;
    let shift = 64 - 8 * field.width;
    let signed = ((number << shift) as i64 >> shift) as f64;
    match field.kind {
        Kind::Number(Number::Unsigned) => unsigned,
        Kind::Number(Number::Signed) => signed,
        Kind::Stored(stored) if stored.lattice == (Lattice::Whole { signed: false }) => unsigned,
        Kind::Stored(stored) if stored.lattice == (Lattice::Whole { signed: true }) => signed,
        _ if matches!(field.width, 4 | 8) => float_value(number, field.width),
        _ => 0.0,
    }
}

/// Turns a block, its records record by record, into streams, the last of them that of the exceptions.
pub(crate) fn forward(block: &[u8], params: &Params) -> Vec<Vec<u8>> {
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
    let mut exceptions = Vec::new();
    let mut records = Records::new(params);
    let mut starts = vec![0; params.groups];
    for bytes in body.chunks_exact(record) {
        for ((start, stream), share) in starts.iter_mut().zip(&mut streams).zip(&shares) {
            *start = stream.len();
            stream.resize(stream.len() + share, 0);
        }
        for i in 0..params.fields.len() {
            let n = records.order[i];
            let (field, [at, to]) = (&params.fields[n], records.places[n]);
            let number = read(&bytes[at..at + field.width], field.big_endian);
            let to = starts[field.group] + to;
            let code = records.forward(n, number, &mut exceptions);
            let to = &mut streams[field.group][to..to + field.stored()];
            write(to, code, true);
        }
    }
    streams[0].extend(tail);
    streams.push(exceptions);
    streams
}

/// Turns streams into a block of `len` bytes; records lie in it record by record.
pub(crate) fn inverse(streams: &[Vec<u8>], params: &Params, len: usize) -> Result<Vec<u8>> {
    let unfit = || fault("its streams do not fit its records");
    let body = params.record().checked_mul(params.records);
    let end = body.and_then(|body| params.head.checked_add(body));
    let end = end.filter(|&end| end <= len).ok_or_else(unfit)?;
    let (begin, tail) = (params.head, len - end);
    let groups = streams.get(..params.groups).ok_or_else(unfit)?;
    let mut exceptions = match (&streams[params.groups..], params.exceptions) {
        ([], false) => &[][..],
        ([exceptions], true) => exceptions,
        _ => return Err(unfit()),
    };
    let shares: Vec<usize> = (0..params.groups).map(|g| params.share(g)).collect();
    for (group, (stream, share)) in groups.iter().zip(&shares).enumerate() {
        let around = if group == 0 { begin + tail } else { 0 };
        // A share may be wider than the record: a number of one byte may be stored in eight.
        let own = share.checked_mul(params.records).ok_or_else(unfit)?;
        if stream.len().checked_sub(around) != Some(own) {
            return Err(unfit());
        }
    }
    let mut block = vec![0; len];
    block[..begin].copy_from_slice(&groups[0][..begin]);
    block[end..].copy_from_slice(&groups[0][groups[0].len() - tail..]);
    let mut starts = vec![0; params.groups];
    starts[0] = begin;
    let mut records = Records::new(params);
    for bytes in block[begin..end].chunks_exact_mut(params.record()) {
        for i in 0..params.fields.len() {
            let n = records.order[i];
            let (field, [at, from]) = (&params.fields[n], records.places[n]);
            let from = starts[field.group] + from;
            let code = read(&groups[field.group][from..from + field.stored()], true);
            let number = records.inverse(n, code, &mut exceptions)?;
            write(&mut bytes[at..at + field.width], number, field.big_endian);
        }
        for (start, share) in starts.iter_mut().zip(&shares) {
            *start += share;
        }
    }
    if exceptions.is_empty() {
        Ok(block)
    } else {
        Err(fault("it has too many exceptions"))
    }
}
