//! What `cm` makes of files, plain and through this adapter: `image_cost SETTINGS.toml FILE...`.
//!
//! SETTINGS.toml is the `[predictor.cm]` part of a profile. Columns: bytes, ideal size with adapter `bytes`,
//! with each proposal of this one, speed of the last, its parameters in words.

use std::time::Instant;

use umoec_adapter_bytes::Bytes;
use umoec_adapter_image::Image;
use umoec_codec::Limits;
use umoec_codec::plugin::{Adapted, Adapter, Meter, Place, Predictor, Settings};
use umoec_predictor_cm::Cm;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Bytes, megabytes a second, and the model.
fn cost(adapted: &Adapted, settings: &Settings) -> Result<(u64, f64, String)> {
    let limits = Limits {
        memory: u64::MAX,
        output: u64::MAX,
    };
    let (mut sum, mut told) = (adapted.params.len() as u64, String::new());
    let start = Instant::now();
    let mut length = 0;
    for stream in &adapted.streams {
        let data = &stream.data;
        let params = Cm.plan(data, &stream.layout, settings)?;
        told = Cm.describe(1, &params).unwrap_or_default();
        let mut state = Cm.open(1, &params, data.len() as u64, &limits)?.start()?;
        let mut meter = Meter::new(data);
        state.code(data.len(), &mut meter, &mut Vec::with_capacity(data.len()));
        sum += meter.cost() >> 19;
        length += data.len();
    }
    Ok((
        sum,
        length as f64 / start.elapsed().as_secs_f64() / 1e6,
        told,
    ))
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let settings = args
        .next()
        .ok_or("usage: image_cost SETTINGS.toml FILE...")?;
    let settings: Settings = toml::from_str(&std::fs::read_to_string(settings)?)?;
    let plain = std::env::var_os("PLAIN").is_some();
    for file in args {
        let data = std::fs::read(&file)?;
        print!("{file} {}", data.len());
        if plain {
            let (bytes, ..) = cost(&Bytes.forward(&data, &Settings::new())?, &settings)?;
            print!(" plain {bytes}");
        }
        let place = Place {
            offset: 0,
            head: &data,
        };
        let only: Option<usize> = std::env::var("ONLY").ok().and_then(|v| v.parse().ok());
        for (number, proposal) in Image
            .propose(&data, &place, &Settings::new())?
            .into_iter()
            .enumerate()
        {
            if only.is_some_and(|only| only != number) {
                continue;
            }
            let told = Image.describe(1, &proposal.adapted.params);
            let (bytes, speed, model) = cost(&proposal.adapted, &settings)?;
            let told = told.unwrap_or_default();
            print!(" | {bytes} {speed:.2} MB/s ({told}) ({model})");
        }
        println!();
    }
    Ok(())
}
