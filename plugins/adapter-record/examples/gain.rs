//! What `cm` takes for files as they are, and for what the adapters make of them.
//!
//! `gain SETTINGS.toml FILE...`: SETTINGS.toml is `[predictor.cm]` of a profile. With `-s SCHEMA.json`
//! before the files, that schema is used.

use std::time::Instant;

use umoec_adapter_bytes::Bytes;
use umoec_adapter_float::Float;
use umoec_adapter_record::Record;
use umoec_codec::Limits;
use umoec_codec::plugin::{Adapted, Adapter, DecisionCoder, Place, Predictor, Settings};
use umoec_codec::probability::{BitProbability, ByteDistribution};
use umoec_predictor_cm::Cm;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Fallible<()> {
    let mut args = std::env::args().skip(1);
    let settings = args
        .next()
        .ok_or("usage: gain SETTINGS.toml [-s TOML] FILE...")?;
    let settings: Settings = toml::from_str(&std::fs::read_to_string(settings)?)?;
    let mut own = Settings::new();
    let plain = std::env::var_os("PLAIN").is_some();
    let float = std::env::var_os("FLOAT").is_some();
    let mut args = args.peekable();
    if args.next_if(|a| a == "-s").is_some() {
        own = toml::from_str(&std::fs::read_to_string(args.next().ok_or("-s FILE")?)?)?;
    }
    for file in args {
        let data = std::fs::read(&file)?;
        let place = Place::own(&data);
        println!("{} {file}", data.len());
        if plain {
            let adapted = Bytes.forward(&data, &Settings::new())?;
            println!("  bytes {}", cost(&adapted, &settings)?);
        }
        if float {
            for proposal in Float.propose(&data, &place, &Settings::new())? {
                let cost = cost(&proposal.adapted, &settings)?;
                println!("  float {cost} {:02x?}", proposal.adapted.params);
            }
        }
        let start = Instant::now();
        let proposals = Record.propose(&data, &place, &own)?;
        println!(
            "  found {} in {:.4} s",
            proposals.len(),
            start.elapsed().as_secs_f64()
        );
        for proposal in proposals {
            let adapted = proposal.adapted;
            let (cost, models) = costs(&adapted, &settings)?;
            let told = Record.describe(1, &adapted.params).unwrap_or_default();
            println!(
                "  record {cost} score {} models {models:?} {told}",
                proposal.score
            );
            let streams = adapted.streams.into_iter().map(|s| s.data).collect();
            let back =
                Record.inverse(1, &adapted.params, streams, data.len(), &Limits::default())?;
            assert!(back == data, "the way back gave something else");
        }
    }
    Ok(())
}

/// Ideal code length; the core's own meter is a quick estimate.
struct Meter<'a> {
    data: &'a [u8],
    bits: usize,
    cost: f64,
}

impl DecisionCoder for Meter<'_> {
    fn bit(&mut self, one: BitProbability) -> bool {
        let bit = self.data[self.bits / 8] >> (7 - self.bits % 8) & 1 == 1;
        self.bits += 1;
        let share = if bit { one.one() } else { one.zero() };
        self.cost += 16.0 - f64::from(share).log2();
        bit
    }

    fn byte(&mut self, _: &ByteDistribution) -> u8 {
        unreachable!("cm codes bits")
    }

    fn seek(&mut self, _: usize) {}
}

/// Bytes of the streams under `cm`, and of the parameters.
fn cost(adapted: &Adapted, settings: &Settings) -> Fallible<u64> {
    Ok(costs(adapted, settings)?.0)
}

/// The same, and the model of each stream.
fn costs(adapted: &Adapted, settings: &Settings) -> Fallible<(u64, Vec<u8>)> {
    let limits = Limits {
        memory: u64::MAX,
        output: u64::MAX,
    };
    let (mut sum, mut models) = (adapted.params.len() as u64, Vec::new());
    for stream in &adapted.streams {
        let params = Cm.plan(&stream.data, &stream.layout, settings)?;
        let len = stream.data.len();
        let opened = Cm.open(1, &params, len as u64, &limits)?;
        let mut meter = Meter {
            data: &stream.data,
            bits: 0,
            cost: 0.0,
        };
        opened.start()?.code(len, &mut meter, &mut Vec::new());
        sum += params.len() as u64 + (meter.cost / 8.0) as u64;
        models.push(params[0]);
    }
    Ok((sum, models))
}
