//! Encoder: how a deflate stream differs from what zlib would have made of its content (`spec.md`,
//! section 4).

use crate::block::{Head, Kind};
use crate::huffman::header;
use crate::inflate::Inflated;
use crate::model::{Model, Zlib};
use crate::rebuild::CUT;
use crate::tokens::{Block, Coding, Token};
use crate::wire::put;
use crate::write::frequencies;

/// What has to be known beside the content to make a stream again.
pub(crate) fn explain(inflated: &Inflated, zlib: Zlib) -> Vec<u8> {
    let buffer = inflated.buffer().unwrap_or(15);
    let cut = inflated.tail.map_or(0, |_| CUT);
    let mut out = vec![
        zlib.level | (zlib.strategy as u8) << 4 | cut,
        (zlib.window - 9) | (zlib.hash - 8) << 3,
        buffer,
    ];
    out.extend(inflated.tail);
    put(&mut out, inflated.blocks.len());
    let mut differences = Vec::new();
    let mut model = Model::new(&inflated.plain, zlib);
    let mut right = 0;
    for block in &inflated.blocks {
        for &token in &block.tokens {
            let said = model.next();
            if said == token {
                right += 1;
            } else {
                put(&mut differences, right);
                right = 0;
                difference(token, &model, &mut differences);
            }
            model.take(token, said);
        }
        if let Coding::Stored(length) = block.coding {
            model.skip(length);
        }
        let (count, full) = (block.tokens.len(), (1 << buffer) - 1);
        let ended = model.at() == inflated.plain.len();
        let usual = count == full || (count < full && ended);
        head(block, (!usual).then_some(count)).write(&mut out);
    }
    out.extend(differences);
    out
}

/// Writes a token that the model does not say.
fn difference(token: Token, model: &Model<'_>, out: &mut Vec<u8>) {
    if token.is_literal() {
        put(out, 0);
        return;
    }
    put(out, token.length() - 2);
    let rank = model.rank(token.length(), token.distance());
    put(out, rank);
    if rank == 0 {
        put(out, token.distance());
    }
}

fn head(block: &Block, count: Option<usize>) -> Head {
    let (kind, count) = match &block.coding {
        Coding::Stored(length) => (Kind::Stored(*length), None),
        Coding::Fixed => (Kind::Fixed, count),
        Coding::Dynamic(written) => {
            let (literals, distances) = frequencies(&block.tokens);
            let own = *written != header(&literals, &distances);
            (Kind::Dynamic(own.then(|| written.clone())), count)
        }
    };
    Head {
        last: block.last,
        kind,
        count,
    }
}
