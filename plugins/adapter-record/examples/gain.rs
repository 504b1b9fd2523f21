//! What `cm` takes for files as they are, and for what the adapters make of them.
//!
//! `gain SETTINGS.toml FILE...`: SETTINGS.toml is `[predictor.cm]` of a profile. With `-s SCHEMA.json`
//! before the files, that schema is used.

use std::time::Instant;

use umoec_adapter_bytes::Bytes;
use umoec_adapter_float::Float;
use umoec_adapter_record::Record;
use umoec_codec::Limits;
use umoec_codec::plugin::{Adapted, Adapter, Meter, Place, Predictor, Settings};
use umoec_predictor_cm::Cm;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Fallible<()> {
    let mut args = std::env::args().skip(1);
    let settings = args.next().ok_or("usage: gain SETTINGS.toml [-s TOML] FILE...")?;
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
        let place = Place {
            offset: 0,
            head: &data[..data.len().min(Place::HEAD)],
        };
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
        println!("  found {} in {:.4} s", proposals.len(), start.elapsed().as_secs_f64());
        for proposal in proposals {
            let adapted = proposal.adapted;
            let cost = cost(&adapted, &settings)?;
            let told = Record.describe(1, &adapted.params).unwrap_or_default();
            println!("  record {cost} score {} {told}", proposal.score);
            let streams = adapted.streams.into_iter().map(|s| s.data).collect();
            let back = Record.inverse(1, &adapted.params, streams, data.len(), &Limits::default())?;
            assert!(back == data, "the way back gave something else");
        }
    }
    Ok(())
}

/// Bytes of the streams under `cm`, and of the parameters.
fn cost(adapted: &Adapted, settings: &Settings) -> Fallible<u64> {
    let limits = Limits {
        memory: u64::MAX,
        output: u64::MAX,
    };
    let mut sum = adapted.params.len() as u64;
    for stream in &adapted.streams {
        let params = Cm.plan(&stream.data, &stream.layout, settings)?;
        let len = stream.data.len();
        let opened = Cm.open(1, &params, len as u64, &limits)?;
        let mut meter = Meter::new(&stream.data);
        opened.start()?.code(len, &mut meter, &mut Vec::new());
        sum += params.len() as u64 + (meter.cost() >> 19);
    }
    Ok(sum)
}
