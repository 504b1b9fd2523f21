//! Object headers and their messages (section IV.A).

use super::Budget;
use super::source::{Reader, Source};

/// A message of an object.
pub(super) struct Message<'a> {
    pub(super) kind: u8,
    pub(super) body: Reader<'a>,
}

/// Bit of the flags of a message that says that it is stored elsewhere.
const SHARED: u8 = 2;
/// The message that says where more messages are.
const CONTINUATION: u8 = 16;

/// The messages of the object at `address`, but for shared ones; `None` where there is no object header.
pub(super) fn messages<'a>(
    source: &Source<'a>,
    address: u64,
    budget: &mut Budget,
) -> Option<Vec<Message<'a>>> {
    let form;
    let first = match source.at(address, 4)? {
        [1, ..] => {
            form = Form::Old;
            let mut fields = source.reader(address, 12)?;
            fields.take(8)?;
            (address.checked_add(16)?, fields.number(4)?)
        }
        b"OHDR" => {
            let fixed = source.at(address, 6)?;
            if fixed[4] != 2 {
                return None;
            }
            let flags = fixed[5];
            form = Form::New {
                ordered: flags & 4 != 0,
            };
            // Times, and limits of attributes.
            let times = if flags & 32 != 0 { 16 } else { 0 };
            let limits = if flags & 16 != 0 { 4 } else { 0 };
            let at = address.checked_add(6 + times + limits)?;
            let width = 1 << (flags & 3);
            let size = source.reader(at, width)?.number(width)?;
            (at.checked_add(width as u64)?, size)
        }
        _ => return None,
    };
    let mut found = Vec::new();
    let mut pieces = vec![first];
    while let Some((at, size)) = pieces.pop() {
        let Some(mut piece) = source.reader(at, usize::try_from(size).ok()?) else {
            continue;
        };
        while let Some((flags, message)) = form.next(&mut piece) {
            // Continuations that lead in a circle end with the budget.
            budget.spend()?;
            if flags & SHARED != 0 {
                continue;
            }
            if message.kind == CONTINUATION {
                let mut body = message.body;
                if let (Some(at), Some(size)) = (body.address(), body.length()) {
                    pieces.extend(form.piece(at, size));
                }
            } else {
                found.push(message);
            }
        }
    }
    Some(found)
}

/// How messages lie in a header.
#[derive(Clone, Copy)]
enum Form {
    /// Version 1.
    Old,
    /// Version 2; and whether each message has the number of its creation.
    New { ordered: bool },
}

impl Form {
    /// The next message with its flags.
    fn next<'a>(self, piece: &mut Reader<'a>) -> Option<(u8, Message<'a>)> {
        let (kind, size, flags);
        match self {
            Self::Old => {
                (kind, size) = (piece.number(2)?, piece.number(2)?);
                flags = piece.u8()?;
                piece.take(3)?;
            }
            Self::New { ordered } => {
                (kind, size) = (piece.number(1)?, piece.number(2)?);
                flags = piece.u8()?;
                piece.take(if ordered { 2 } else { 0 })?;
            }
        }
        let bytes = piece.take(size as usize)?;
        let sizes = piece.sizes;
        let body = Reader { bytes, sizes };
        // Kinds of two bytes are none that are known: of no matter is 255.
        let kind = u8::try_from(kind).unwrap_or(u8::MAX);
        Some((flags, Message { kind, body }))
    }

    /// Where the messages of a continuation are: newer ones have a signature before and a checksum behind.
    fn piece(self, at: u64, size: u64) -> Option<(u64, u64)> {
        match self {
            Self::Old => Some((at, size)),
            Self::New { .. } => Some((at.checked_add(4)?, size.checked_sub(8)?)),
        }
    }
}
