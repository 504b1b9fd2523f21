//! Encoder: how a deflate stream differs from what zlib would have made of its content (`spec.md`, section 4).

use crate::huffman::header;
use crate::inflate::Inflated;
use crate::model::{Model, Zlib};
use crate::rebuild::{COUNTED, CUT, HEADED, LAST};
use crate::tokens::{Block, Coding};
use crate::wire::put;
use crate::write::frequencies;

/// What has to be known beside the content to make a stream again.
pub(crate) fn explain(inflated: &Inflated, settings: Zlib) -> Vec<u8> {
    let most = inflated
        .blocks
        .iter()
        .rev()
        .skip(1)
        .map(|b| b.tokens.len())
        .max();
    // Blocks of zlib have a token less than its buffer.
    let buffer = most
        .map_or(15, |m| (m + 1).next_power_of_two().ilog2())
        .clamp(7, 15) as u8;
    let cut = inflated.tail.map_or(0, |_| CUT);
    let mut out = vec![
        settings.level | (settings.strategy as u8) << 4 | cut,
        (settings.window - 9) | (settings.hash - 8) << 3,
        buffer,
    ];
    out.extend(inflated.tail);
    put(&mut out, inflated.blocks.len());
    let mut differences = Vec::new();
    let mut model = Model::new(&inflated.plain, settings);
    let mut right = 0;
    for block in &inflated.blocks {
        for &token in &block.tokens {
            let said = model.next();
            if said == token {
                right += 1;
            } else {
                put(&mut differences, right);
                right = 0;
                put(
                    &mut differences,
                    if token.is_literal() {
                        0
                    } else {
                        token.length() - 2
                    },
                );
                if !token.is_literal() {
                    let rank = model.rank(token.length(), token.distance());
                    put(&mut differences, rank);
                    if rank == 0 {
                        put(&mut differences, token.distance());
                    }
                }
            }
            model.take(token, said);
        }
        if let Coding::Stored(length) = block.coding {
            model.skip(length);
        }
        let (count, full) = (block.tokens.len(), (1 << buffer) - 1);
        let ended = model.at() == inflated.plain.len();
        let usual = count == full || (count < full && ended);
        explain_block(block, !usual, &mut out);
    }
    out.extend(differences);
    out
}

fn explain_block(block: &Block, counted: bool, out: &mut Vec<u8>) {
    let last = if block.last { LAST } else { 0 };
    let counted = if counted { COUNTED } else { 0 };
    match &block.coding {
        Coding::Stored(length) => {
            out.push(last);
            put(out, *length);
        }
        Coding::Fixed => {
            out.push(1 | last | counted);
            if counted != 0 {
                put(out, block.tokens.len());
            }
        }
        Coding::Dynamic(written) => {
            let (literals, distances) = frequencies(&block.tokens);
            let headed = *written != header(&literals, &distances);
            out.push(2 | last | counted | if headed { HEADED } else { 0 });
            if counted != 0 {
                put(out, block.tokens.len());
            }
            if headed {
                out.push((written.literals.len() - 257) as u8);
                out.push(written.distances.len() as u8);
                out.push(written.meta.len() as u8);
                out.extend(&written.meta);
                for &(symbol, extra) in &written.symbols {
                    out.push(symbol);
                    if symbol >= 16 {
                        out.push(extra);
                    }
                }
            }
        }
    }
}
