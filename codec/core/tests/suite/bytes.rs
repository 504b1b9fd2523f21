//! Files put together by hand from spec/umc.md alone, for what no encoder writes.

/// The opening of a member of version 1 (spec umc §4.1).
pub(crate) const OPENING: [u8; 4] = [0x55, 0x4d, 0x43, 0x81];

pub(crate) const HEADER: u8 = 0x01;
pub(crate) const FRAME: u8 = 0x02;
pub(crate) const SOLO: u8 = 0x03;
pub(crate) const END: u8 = 0x06;
pub(crate) const INDEX: u8 = 0x81;
pub(crate) const COMMENT: u8 = 0x82;

/// A varint (spec umc §3.1).
pub(crate) fn varint(value: u64) -> Vec<u8> {
    let bytes = value.to_le_bytes();
    match value {
        0..=250 => vec![value as u8],
        251..=0xffff => [&[251], &bytes[..2]].concat(),
        0x1_0000..=0xffff_ffff => [&[252], &bytes[..4]].concat(),
        _ => [&[253], &bytes[..]].concat(),
    }
}

/// CRC-32 bit by bit (spec umc §3.3).
pub(crate) fn crc(bytes: &[u8]) -> [u8; 4] {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let odd = crc & 1 == 1;
            crc >>= 1;
            if odd {
                crc ^= 0xedb8_8320;
            }
        }
    }
    (!crc).to_le_bytes()
}

/// A section (spec umc §4.2).
pub(crate) fn section(id: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![id];
    out.extend(varint(body.len() as u64));
    out.extend(body);
    let crc = crc(&out);
    out.extend(crc);
    out
}

/// The body of a HEADER with CRC-32, the plugins of the tests, and no content size.
pub(crate) fn header(block_size: u64, memory_kib: u64) -> Vec<u8> {
    let mut out = vec![0, 0];
    out.extend(varint(block_size));
    out.extend(varint(memory_kib));
    out.push(0);
    // Kind, id, version of: adapters 1 and 2, predictor 1, coders 1 and 2.
    out.push(5);
    out.extend([0, 1, 1, 0, 2, 1, 1, 1, 1, 2, 1, 1, 2, 2, 1]);
    out
}

/// The body of a stored frame (spec umc §6.2).
pub(crate) fn stored(block: &[u8]) -> Vec<u8> {
    let mut out = vec![0];
    out.extend(varint(block.len() as u64));
    out.extend([0, 0, 1, 1]);
    out.extend(block);
    out
}

/// The body of an END with CRC-32.
pub(crate) fn end(index_offset: u64, content: &[u8], member_length: u64) -> Vec<u8> {
    [
        &index_offset.to_le_bytes()[..],
        &(content.len() as u64).to_le_bytes(),
        &crc(content),
        &member_length.to_le_bytes(),
    ]
    .concat()
}

/// Bytes of an END section with CRC-32.
pub(crate) const END_LENGTH: u64 = 34;

/// A member of these sections, with the END that belongs behind them.
pub(crate) fn member(sections: &[Vec<u8>], index_offset: u64, content: &[u8]) -> Vec<u8> {
    let mut out = OPENING.to_vec();
    out.extend(sections.concat());
    let length = out.len() as u64 + END_LENGTH;
    out.extend(section(END, &end(index_offset, content, length)));
    out
}

/// A member of stored frames without an index.
pub(crate) fn stored_member(blocks: &[&[u8]]) -> Vec<u8> {
    let mut sections = vec![section(HEADER, &header(1000, 64))];
    sections.extend(blocks.iter().map(|block| section(FRAME, &stored(block))));
    member(&sections, 0, &blocks.concat())
}

/// The bytes of a SOLO section's body (spec umc §5.4) with CRC-32.
pub(crate) fn solo(memory: u8, frame: &[u8], content: &[u8]) -> Vec<u8> {
    [&[memory], frame, &crc(content), &[0x80]].concat()
}

#[test]
fn the_crc_has_the_check_value_of_the_specification() {
    assert_eq!(crc(b"123456789"), 0xcbf4_3926u32.to_le_bytes());
}
