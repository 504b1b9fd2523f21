//! Samples to the front and back to their places (`spec.md`, section 2).

use crate::params::{Colour, Params};

/// The stream of a block: samples, then all else. `params` must be within the block.
pub(crate) fn forward(input: &[u8], params: &Params) -> Vec<u8> {
    let (row, pad) = (params.row as usize, params.pad as usize);
    let skip = params.skip as usize;
    let (head, body) = input.split_at(skip);
    let (body, tail) = body.split_at((row + pad) * params.rows as usize);
    let mut out = Vec::with_capacity(input.len());
    for line in body.chunks_exact(row + pad) {
        out.extend_from_slice(&line[..row]);
    }
    pixels(&mut out, params, leave);
    out.extend_from_slice(head);
    for line in body.chunks_exact(row + pad) {
        out.extend_from_slice(&line[row..]);
    }
    out.extend_from_slice(tail);
    out
}

/// The block of a stream as long. `params` must be within it.
pub(crate) fn inverse(stream: &[u8], params: &Params) -> Vec<u8> {
    let (row, pad) = (params.row as usize, params.pad as usize);
    let rows = params.rows as usize;
    let (samples, rest) = stream.split_at(row * rows);
    let (head, rest) = rest.split_at(params.skip as usize);
    let (pads, tail) = rest.split_at(pad * rows);
    let mut out = Vec::with_capacity(stream.len());
    out.extend_from_slice(head);
    let mut line = vec![0; if rows > 0 { row } else { 0 }];
    for number in 0..rows {
        line.copy_from_slice(&samples[row * number..][..row]);
        pixels(&mut line, params, enter);
        out.extend_from_slice(&line);
        out.extend_from_slice(&pads[pad * number..][..pad]);
    }
    out.extend_from_slice(tail);
    out
}

/// Turns every pixel of `data`, whole ones.
fn pixels(data: &mut [u8], params: &Params, turn: fn(&mut [u8], &Params)) {
    let plain = params.width == 1 && !params.signed && params.colour == Colour::Same;
    if !plain {
        for pixel in data.chunks_exact_mut(params.pixel()) {
            turn(pixel, params);
        }
    }
}

/// A pixel on its way into the stream.
#[inline(always)]
fn leave(pixel: &mut [u8], params: &Params) {
    let width = params.width;
    for sample in pixel.chunks_exact_mut(width) {
        if !params.big_endian {
            sample.reverse();
        }
        sample[0] ^= u8::from(params.signed) << 7;
    }
    if params.colour == Colour::LessGreen {
        let green = number(&pixel[width..2 * width]);
        for at in [0, 2 * width] {
            let value = number(&pixel[at..at + width]).wrapping_sub(green);
            put(
                &mut pixel[at..at + width],
                value.wrapping_add(middle(width)),
            );
        }
    }
    if params.colour != Colour::Same {
        swap_first(pixel, width);
    }
}

/// A pixel on its way back.
#[inline(always)]
fn enter(pixel: &mut [u8], params: &Params) {
    let width = params.width;
    if params.colour != Colour::Same {
        swap_first(pixel, width);
    }
    if params.colour == Colour::LessGreen {
        let green = number(&pixel[width..2 * width]);
        for at in [0, 2 * width] {
            let value = number(&pixel[at..at + width]).wrapping_add(green);
            put(
                &mut pixel[at..at + width],
                value.wrapping_sub(middle(width)),
            );
        }
    }
    for sample in pixel.chunks_exact_mut(width) {
        sample[0] ^= u8::from(params.signed) << 7;
        if !params.big_endian {
            sample.reverse();
        }
    }
}

/// The first two samples change places.
fn swap_first(pixel: &mut [u8], width: usize) {
    let (first, rest) = pixel.split_at_mut(width);
    first.swap_with_slice(&mut rest[..width]);
}

/// What stands for a difference of 0.
fn middle(width: usize) -> u32 {
    1 << (8 * width - 1)
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |v, &b| (v << 8) | u32::from(b))
}

fn put(bytes: &mut [u8], mut value: u32) {
    for byte in bytes.iter_mut().rev() {
        *byte = value as u8;
        value >>= 8;
    }
}
