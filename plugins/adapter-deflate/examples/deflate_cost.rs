//! What files cost with the adapter `deflate` and without, under a profile's settings, without coding.
//!
//! `deflate_cost SETTINGS.toml FILE...`: SETTINGS.toml is the `[predictor.cm]` part of a profile. Every file is
//! brought back and compared. With `-` for the settings only the adapter is run. `judged` is what the
//! pipeline's tournament, which measures samples, says of both.

use std::time::Instant;

use umoec_adapter_deflate::Deflate;
use umoec_codec::Limits;
use umoec_codec::plugin::{
    Adapter, DecisionCoder, Layout, Meter, Place, Predictor, Settings, Stream,
};
use umoec_codec::probability::{BitProbability, ByteDistribution};
use umoec_predictor_cm::Cm;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const LIMITS: Limits = Limits {
    memory: u64::MAX,
    output: u64::MAX,
};

/// Exact to the bit, where the codec's meter is an estimate.
struct Exact<'a> {
    meter: Meter<'a>,
    cost: f64,
}

impl DecisionCoder for Exact<'_> {
    fn bit(&mut self, one: BitProbability) -> bool {
        let bit = self.meter.bit(one);
        let share = if bit { one.one() } else { one.zero() };
        self.cost += 16.0 - f64::from(share).log2();
        bit
    }

    fn byte(&mut self, _: &ByteDistribution) -> u8 {
        unreachable!("cm codes bits")
    }

    fn seek(&mut self, position: usize) {
        self.meter.seek(position);
    }
}

/// Bytes that a stream takes, by the meter if it is an estimate.
fn cost(stream: &Stream, settings: &Settings, estimate: bool) -> Result<f64> {
    let len = stream.data.len();
    if len == 0 {
        return Ok(0.0);
    }
    let params = Cm.plan(&stream.data, &stream.layout, settings)?;
    let opened = Cm.open(1, &params, len as u64, &LIMITS)?;
    let mut coder = Exact {
        meter: Meter::new(&stream.data),
        cost: 0.0,
    };
    opened
        .start()?
        .code(len, &mut coder, &mut Vec::with_capacity(len));
    let bits = if estimate {
        coder.meter.cost() as f64 / 65_536.0
    } else {
        coder.cost
    };
    Ok(bits / 8.0 + params.len() as f64 + 8.0)
}

/// As `codec/core/src/pipeline/tournament.rs` has it.
fn judged(stream: &Stream, settings: &Settings) -> Result<f64> {
    let (least, most, rows) = (48 << 10, 128 << 10, 512);
    let (data, strides) = (&stream.data, &stream.layout.strides);
    let longest = strides.iter().max().map_or(0, |&s| s as usize);
    let least = (rows * longest).clamp(least, most);
    let length = (data.len() / 16).clamp(48 << 10, most).max(least);
    if data.len() <= length {
        return cost(stream, settings, true);
    }
    let pieces = if length >= 2 * least { 2 } else { 1 };
    let (each, step) = (length / pieces, strides.first().map_or(1, |&s| s as usize));
    let mut sum = 0.0;
    for number in 0..pieces {
        let start = (data.len() - each) * (2 * number + 1) / (2 * pieces);
        let start = start - start % step;
        let piece = Stream {
            data: data[start..start + each].to_vec(),
            layout: stream.layout.clone(),
        };
        sum += cost(&piece, settings, true)?;
    }
    Ok(sum * data.len() as f64 / (each * pieces) as f64)
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let settings = args
        .next()
        .ok_or("usage: deflate_cost SETTINGS.toml FILE...")?;
    let settings: Option<Settings> = match &*settings {
        "-" => None,
        path => Some(toml::from_str(&std::fs::read_to_string(path)?)?),
    };
    for file in args {
        let data = std::fs::read(&file)?;
        let name = file.rsplit('/').next().unwrap_or(&file);
        let place = Place::own(&data);
        let start = Instant::now();
        let proposal = Deflate.propose(&data, &place, &Settings::new())?.pop();
        let there = start.elapsed().as_secs_f64();
        let Some(proposal) = proposal else {
            println!("{name:24} {:9} no proposal after {there:.4} s", data.len());
            continue;
        };
        let streams = &proposal.adapted.streams;
        let start = Instant::now();
        let raw = streams.iter().map(|s| s.data.clone()).collect();
        let made = Deflate.inverse(1, &proposal.adapted.params, raw, data.len(), &LIMITS)?;
        let back = start.elapsed().as_secs_f64();
        assert!(made == data, "{file} does not come back");
        let lengths: Vec<_> = streams.iter().map(|s| s.data.len()).collect();
        print!(
            "{name:24} {:9} there {there:.3} s back {back:.3} s",
            data.len()
        );
        if let Some(settings) = &settings {
            let plain = Stream {
                data,
                layout: Layout::default(),
            };
            let all = |f: &dyn Fn(&Stream) -> Result<f64>| -> Result<(f64, Vec<i64>)> {
                let costs = streams.iter().map(f).collect::<Result<Vec<_>>>()?;
                Ok((
                    costs.iter().sum(),
                    costs.iter().map(|&c| c as i64).collect(),
                ))
            };
            let bytes = cost(&plain, settings, false)?;
            let (ours, each) = all(&|s| cost(s, settings, false))?;
            let (judged_bytes, (judged, _)) =
                (judged(&plain, settings)?, all(&|s| judged(s, settings))?);
            print!(
                " bytes {bytes:.0} deflate {ours:.0} {:.1} % {each:?} judged {judged_bytes:.0} {judged:.0}",
                100.0 * ours / bytes,
            );
        }
        println!(" streams {lengths:?}");
    }
    Ok(())
}
