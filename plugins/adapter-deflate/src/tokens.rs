//! Deflate's tokens, blocks and tables (RFC 1951).

/// The order in which a header gives the lengths of the code for code lengths.
pub(crate) const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];
/// Least length of length code 257 + i, and its extra bits.
pub(crate) const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
/// Least distance of distance code i, and its extra bits.
pub(crate) const DISTANCES: [(u16, u8); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];

/// Most tokens of a block that is opened: so many are held at one time.
pub(crate) const TOKENS: usize = 1 << 22;

/// A literal or a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(u32);

impl Token {
    pub(crate) fn literal(byte: u8) -> Self {
        Self(u32::from(byte))
    }

    /// `length` 3 to 258, `distance` 1 to 32768.
    pub(crate) fn reference(length: usize, distance: usize) -> Self {
        Self((length as u32) << 16 | distance as u32)
    }

    /// Bytes that it stands for.
    pub(crate) fn length(self) -> usize {
        if self.is_literal() {
            1
        } else {
            (self.0 >> 16) as usize
        }
    }

    /// 0: a literal.
    pub(crate) fn distance(self) -> usize {
        if self.is_literal() {
            0
        } else {
            (self.0 & 0xFFFF) as usize
        }
    }

    pub(crate) fn is_literal(self) -> bool {
        self.0 < 256
    }

    /// The byte of a literal.
    pub(crate) fn byte(self) -> u8 {
        self.0 as u8
    }
}

/// How a block is coded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As it is: so many bytes.
    Stored(usize),
    Fixed,
    Dynamic(Header),
}

/// The codes of a block, as they were written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Header {
    /// Lengths of literal and length codes, 257 to 286.
    pub(crate) literals: Vec<u8>,
    /// Lengths of distance codes, 1 to 30.
    pub(crate) distances: Vec<u8>,
    /// Lengths of the codes for code lengths, in the header's order, 4 to 19.
    pub(crate) meta: Vec<u8>,
    /// Symbols and extra bits that give the lengths.
    pub(crate) symbols: Vec<(u8, u8)>,
}

/// A block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) coding: Coding,
    pub(crate) last: bool,
    /// Empty for what is stored.
    pub(crate) tokens: Vec<Token>,
}

/// The lengths of the fixed codes.
pub(crate) fn fixed_lengths() -> ([u8; 288], [u8; 30]) {
    let mut literals = [8; 288];
    literals[144..256].fill(9);
    literals[256..280].fill(7);
    (literals, [5; 30])
}
