//! Samples to residuals in place, and back (`spec.md`, section 2).

use crate::params::Params;
use crate::predict::Channel;

/// Replaces samples by what their prediction missed.
pub(crate) fn forward(samples: &mut [u8], params: &Params) {
    each(samples, params, |bytes, predicted| {
        let sample = signed(read(bytes, params.big_endian), params);
        let residual = sample.wrapping_sub(predicted) as u64;
        write(bytes, residual.wrapping_add(middle(params)), true);
        sample
    });
}

/// The way back.
pub(crate) fn inverse(residuals: &mut [u8], params: &Params) {
    each(residuals, params, |bytes, predicted| {
        let residual = read(bytes, true).wrapping_sub(middle(params));
        let number = residual.wrapping_add(predicted as u64);
        let bias = if params.unsigned { middle(params) } else { 0 };
        write(bytes, number.wrapping_add(bias), params.big_endian);
        signed(read(bytes, params.big_endian), params)
    });
}

/// Calls `replace` for each sample with its prediction; it returns the sample.
fn each(data: &mut [u8], params: &Params, mut replace: impl FnMut(&mut [u8], i64) -> i64) {
    let (least, most) = (-(middle(params) as i64), middle(params) as i64 - 1);
    let mut channels: Vec<Channel> = (0..params.channels)
        .map(|_| Channel::new(params.width, params.channels > 1))
        .collect();
    let mut beside = 0;
    for frame in data.chunks_exact_mut(params.frame()) {
        for (channel, bytes) in channels
            .iter_mut()
            .zip(frame.chunks_exact_mut(params.width))
        {
            if params.channels > 1 {
                channel.beside(beside);
            }
            let predicted = channel.predict().clamp(least, most);
            beside = replace(bytes, predicted);
            channel.learn(beside);
        }
    }
}

/// Half of the range of a sample.
fn middle(params: &Params) -> u64 {
    1 << (8 * params.width - 1)
}

/// A number as a sample with its sign.
fn signed(number: u64, params: &Params) -> i64 {
    let shift = 64 - 8 * params.width;
    let number = if params.unsigned {
        number.wrapping_sub(middle(params))
    } else {
        number
    };
    (number << shift) as i64 >> shift
}

fn read(bytes: &[u8], big_endian: bool) -> u64 {
    let push = |value: u64, &byte: &u8| (value << 8) | u64::from(byte);
    if big_endian {
        bytes.iter().fold(0, push)
    } else {
        bytes.iter().rev().fold(0, push)
    }
}

fn write(bytes: &mut [u8], mut value: u64, big_endian: bool) {
    let mut put = |byte: &mut u8| {
        *byte = value as u8;
        value >>= 8;
    };
    if big_endian {
        bytes.iter_mut().rev().for_each(&mut put);
    } else {
        bytes.iter_mut().for_each(&mut put);
    }
}
