use crate::bytes::*;
use crate::plugins::{compress, decompress};
use crate::round_trip::content;

#[test]
fn members_follow_one_another() {
    let (framed, solo, empty) = (
        compress(&content(70), 30),
        compress(&content(40), 50),
        compress(b"", 50),
    );
    let file = [&framed[..], &solo, &empty, &solo, &framed].concat();
    let expected = [content(70), content(40), content(40), content(70)].concat();
    assert_eq!(decompress(&file).unwrap(), expected);
}

#[test]
fn members_have_their_own_block_size_and_check() {
    let mut large = vec![1, 0];
    large.extend(varint(70_000));
    large.extend([64, 0, 1, 2, 1, 1]);
    let head = section(HEADER, &large);
    let mut file = stored_member(&[b"abc"]);
    let length = 4 + head.len() as u64 + END_LENGTH + 12;
    file.extend(OPENING);
    file.extend(head);
    // BLAKE3-128 of nothing: 16 bytes in place of 4.
    let mut body = vec![0; 16];
    body.extend(&blake3::hash(b"").as_bytes()[..16]);
    body.extend(length.to_le_bytes());
    file.extend(section(END, &body));
    assert_eq!(decompress(&file).unwrap(), b"abc");
}
