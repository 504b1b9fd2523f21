//! Ideal code length of files under a profile's settings, without coding: the tool for tuning.
//!
//! `cost FILE SETTINGS.toml [STRIDES [WIDTH]]`: size, ideal size in bytes, speed, parameters chosen.
//! SETTINGS.toml is the `[predictor.settings]` part of a profile; STRIDES such as `3,2304`
//! stand for the adapter's hints.

use std::time::Instant;

use umoec_codec::Limits;
use umoec_codec::plugin::{DecisionCoder, Layout, NumberLayout, Predictor, Settings};
use umoec_codec::probability::{BitProbability, ByteDistribution};
use umoec_predictor_cm::{Adviser, Cm, start_advised};

struct Meter<'a> {
    data: &'a [u8],
    at: usize,
    shift: u32,
    /// Bits of cost, and the probability of what is not in it yet.
    cost: f64,
    product: f64,
}

impl DecisionCoder for Meter<'_> {
    fn bit(&mut self, one: BitProbability) -> bool {
        let bit = (self.data[self.at] >> self.shift) & 1 == 1;
        if self.shift == 0 {
            (self.shift, self.at) = (7, self.at + 1);
        } else {
            self.shift -= 1;
        }
        self.product *= f64::from(if bit { one.one() } else { one.zero() }) / 65_536.0;
        if self.product < 1e-200 {
            self.cost -= self.product.log2();
            self.product = 1.0;
        }
        bit
    }

    fn byte(&mut self, _: &ByteDistribution) -> u8 {
        unreachable!("cm codes bits")
    }

    fn seek(&mut self, _: usize) {}
}

struct Recorded {
    logits: Vec<u8>,
    counts: [u32; 256],
    table: Vec<f64>,
}

impl Adviser for Recorded {
    fn advise(&mut self, history: &[u8]) -> Option<&[u32; 256]> {
        let l: Vec<i32> = self.logits[512 * history.len()..][..512]
            .chunks(2)
            .map(|c| i32::from(i16::from_le_bytes([c[0], c[1]])))
            .collect();
        let max = *l.iter().max()?;
        for (c, l) in self.counts.iter_mut().zip(&l) {
            *c = self.table.get((max - l) as usize).map_or(0, |&v| v as u32);
        }
        Some(&self.counts)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let file = args
        .next()
        .ok_or("usage: cost FILE SETTINGS.toml [STRIDES [WIDTH]]")?;
    let settings = args
        .next()
        .ok_or("usage: cost FILE SETTINGS.toml [STRIDES [WIDTH]]")?;
    let settings: Settings = toml::from_str(&std::fs::read_to_string(settings)?)?;
    let mut layout = Layout::default();
    if let Some(list) = args.next() {
        layout.strides = list.split(',').map(str::parse).collect::<Result<_, _>>()?;
    }
    if let Some(width) = args.next() {
        let width = width.parse()?;
        layout.number = Some(NumberLayout { width, phase: 0 });
    }
    let data = std::fs::read(&file)?;
    let start = Instant::now();
    let params = Cm.plan(&data, &layout, &settings)?;
    let planned = start.elapsed().as_secs_f64();
    let limits = Limits {
        memory: u64::MAX,
        output: u64::MAX,
    };
    let opened = Cm.open(1, &params, data.len() as u64, &limits)?;
    let mut meter = Meter {
        data: &data,
        at: 0,
        shift: 7,
        cost: 0.0,
        product: 1.0,
    };
    let mut history = Vec::new();
    let mut state = match std::env::var("ADVICE") {
        Ok(path) => {
            let table = (0..64 * 31)
                .map(|d| (30.0 - d as f64 / 64.0).exp2())
                .collect();
            start_advised(
                &params,
                data.len() as u64,
                Recorded {
                    logits: std::fs::read(path)?,
                    counts: [0; 256],
                    table,
                },
                u32::MAX,
            )?
        }
        Err(_) => opened.start()?,
    };
    state.code(data.len(), &mut meter, &mut history);
    assert!(history == data, "the model did not reproduce the stream");
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{:9} {:9.0} {:.3} MB/s plan {planned:.2} s {} MiB {params:?} {file}",
        data.len(),
        (meter.cost - meter.product.log2()) / 8.0,
        data.len() as f64 / seconds / 1e6,
        opened.memory() >> 20,
    );
    Ok(())
}
