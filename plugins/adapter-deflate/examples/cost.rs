//! What files cost with the adapter `deflate` and without, under a profile's settings, without coding.
//!
//! `cost SETTINGS.toml FILE...`: SETTINGS.toml is the `[predictor.settings]` part of a profile. Every file is
//! brought back and compared. With `-` for the settings only the adapter is run.

use std::time::Instant;

use umoec_adapter_deflate::Deflate;
use umoec_codec::Limits;
use umoec_codec::plugin::{Adapter, Layout, Meter, Place, Predictor, Settings, Stream};
use umoec_predictor_cm::Cm;

const LIMITS: Limits = Limits {
    memory: u64::MAX,
    output: u64::MAX,
};

/// Bytes that a stream takes.
fn cost(stream: &Stream, settings: &Settings) -> Result<u64, Box<dyn std::error::Error>> {
    let len = stream.data.len();
    if len == 0 {
        return Ok(0);
    }
    let params = Cm.plan(&stream.data, &stream.layout, settings)?;
    let mut meter = Meter::new(&stream.data);
    let opened = Cm.open(1, &params, len as u64, &LIMITS)?;
    opened
        .start()?
        .code(len, &mut meter, &mut Vec::with_capacity(len));
    Ok(meter.cost() / (8 << 16) + params.len() as u64 + 8)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let settings = args.next().ok_or("usage: cost SETTINGS.toml FILE...")?;
    let settings: Option<Settings> = match &*settings {
        "-" => None,
        path => Some(toml::from_str(&std::fs::read_to_string(path)?)?),
    };
    for file in args {
        let data = std::fs::read(&file)?;
        let place = Place {
            offset: 0,
            head: &data[..data.len().min(Place::HEAD)],
        };
        let start = Instant::now();
        let proposal = Deflate.propose(&data, &place, &Settings::new())?.pop();
        let there = start.elapsed().as_secs_f64();
        let Some(proposal) = proposal else {
            println!("{:9} no proposal, {there:.4} s {file}", data.len());
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
            "{:9} there {there:.3} s back {back:.3} s, streams {lengths:?}",
            data.len()
        );
        if let Some(settings) = &settings {
            let plain = Stream {
                data,
                layout: Layout::default(),
            };
            let plain = cost(&plain, settings)?;
            let costs = streams
                .iter()
                .map(|s| cost(s, settings))
                .collect::<Result<Vec<_>, _>>()?;
            let sum = costs.iter().sum::<u64>() + proposal.adapted.params.len() as u64;
            let percent = 100.0 * sum as f64 / plain as f64;
            print!(", plain {plain} deflate {sum} {percent:.1} % {costs:?}");
        }
        println!(" {file}");
    }
    Ok(())
}
