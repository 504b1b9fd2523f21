//! Event files of TensorBoard: TFRecords (TensorFlow, `core/lib/io/record_writer.h`) of `Event`
//! messages (`core/util/event.proto`), of which only scalars are written.

use std::io::{self, Write};

use super::crc::masked;

/// What a file begins with.
const VERSION: &str = "brain.Event:2";

/// One record: length, its checksum, data, its checksum, all little-endian.
pub fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = length.to_vec();
    record.extend(masked(&length).to_le_bytes());
    record.extend(data);
    record.extend(masked(data).to_le_bytes());
    record
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A field of bytes: tag, length, content.
fn bytes(out: &mut Vec<u8>, field: u8, content: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, content.len() as u64);
    out.extend(content);
}

/// `Event { wall_time = 1 }`, in seconds since 1970.
fn event(time: f64) -> Vec<u8> {
    let mut event = vec![1 << 3 | 1];
    event.extend(time.to_le_bytes());
    event
}

/// The first record of a file: `Event { wall_time = 1, file_version = 3 }`.
pub fn head(time: f64) -> Vec<u8> {
    let mut event = event(time);
    bytes(&mut event, 3, VERSION.as_bytes());
    record(&event)
}

/// A record of scalars: `Event { wall_time = 1, step = 2, summary = 5 }`, where a
/// `Summary { value = 1 }` holds `Value { tag = 1, simple_value = 2 }`.
pub fn scalars(time: f64, step: u64, values: &[(String, f64)]) -> Vec<u8> {
    let mut summary = Vec::new();
    for (tag, number) in values {
        let mut value = Vec::new();
        bytes(&mut value, 1, tag.as_bytes());
        value.push(2 << 3 | 5);
        value.extend((*number as f32).to_le_bytes());
        bytes(&mut summary, 1, &value);
    }
    let mut event = event(time);
    event.push(2 << 3);
    varint(&mut event, step);
    bytes(&mut event, 5, &summary);
    record(&event)
}

/// Writes `record` at once, so that a reader beside sees whole ones.
pub fn write(out: &mut impl Write, record: &[u8]) -> io::Result<()> {
    out.write_all(record)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that TensorBoard's own writer gives for `Event(wall_time=1.5,
    /// file_version="brain.Event:2")`: 9 + 2 + 13 bytes of message.
    #[test]
    fn the_head_is_the_known_one() {
        let head = head(1.5);
        assert_eq!(head[..8], [24, 0, 0, 0, 0, 0, 0, 0]);
        // The masked checksum of a length of 24 that every event file begins with.
        assert_eq!(head[8..12], [0xa3, 0x7f, 0x4b, 0x22]);
        assert_eq!(head[12..21], [9, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f]);
        assert_eq!(head[21..36], *b"\x1a\x0dbrain.Event:2");
        assert_eq!(head.len(), 8 + 4 + 24 + 4);
    }

    #[test]
    fn scalars_are_the_fields_of_the_protocol() {
        let record = scalars(0.0, 300, &[("loss".into(), 2.5)]);
        let message = &record[12..record.len() - 4];
        assert_eq!(message[..9], [9, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(message[9..12], [0x10, 0xac, 0x02]);
        let summary = [0x2a, 13, 0x0a, 11, 0x0a, 4];
        assert_eq!(message[12..18], summary);
        assert_eq!(message[18..], *b"loss\x15\x00\x00\x20\x40");
        let end = record.len() - 4;
        assert_eq!(record[end..], masked(message).to_le_bytes());
    }
}
