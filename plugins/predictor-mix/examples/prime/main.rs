//! Makes `primed.bin` of `predictor-cm`: what streams begin with, learned from small files (`plugins/predictor-cm/spec.md`,
//! section 12), and shows what that is worth.
//!
//! `prime train DATA LIST CACHE OUT [PRESET..]` learns from the files of LIST below the folder DATA; LIST has lines of a name, how
//! many pieces of each size, and the sizes. What the network says of them is kept in the folder CACHE.
//! `prime check DATA LIST CACHE FILE [PRESET..]` prints what pieces cost flat, and how much less with FILE.

mod learn;
mod pieces;
mod write;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use umoec_predictor_cm::training::{Begin, code, with_preset};

use learn::{Trained, learn};
use pieces::{Piece, parallel};

/// A preset, the presets of `max` that the planner chooses for the data it is for, and the vectors that its selectors share.
struct Task {
    preset: &'static str,
    data: &'static [u8],
    advised: bool,
    vectors: usize,
}

const fn task(preset: &'static str, data: &'static [u8], advised: bool, vectors: usize) -> Task {
    Task {
        preset,
        data,
        advised,
        vectors,
    }
}

/// Numbers of the presets that the planner chooses among: what a piece is.
const TEXT: &[u8] = &[6];
const RECORD: &[u8] = &[7, 8, 15];
const GRID: &[u8] = &[8];

/// Where networks rest in profile `balanced`: at matches of so many bytes, in streams from that length on.
const REST: u32 = 32;
const RESTLESS: usize = 4 << 10;

/// By the number of the preset.
const TASKS: [Task; 10] = [
    task("text", TEXT, true, 4),
    task("record", RECORD, true, 4),
    task("grid", GRID, true, 4),
    task("fast-text", TEXT, false, 16),
    task("fast-record", RECORD, false, 16),
    task("deep-text", TEXT, true, 16),
    task("deep-record", RECORD, true, 8),
    task("deep-grid", GRID, true, 8),
    task("mid-text", TEXT, true, 8),
    task("mid-record", RECORD, true, 4),
];

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [command, data, list, cache, file, presets @ ..] = &args[..] else {
        return Err("usage: prime train|check DATA LIST CACHE FILE [PRESET..]".into());
    };
    let pieces = pieces::read(Path::new(data), Path::new(list), Path::new(cache))?;
    let wanted = |task: &&Task| presets.is_empty() || presets.iter().any(|p| p == task.preset);
    let tasks = TASKS.iter().filter(wanted);
    match command.as_str() {
        "train" => {
            let mut out = vec![umoec_predictor_cm::training::FORMAT];
            for task in tasks {
                let own: Vec<&Piece> = pieces.iter().filter(|p| task.takes(p)).collect();
                let before = out.len();
                write::preset(&mut out, task, &own)?;
                eprintln!("{}: {} bytes", task.preset, out.len() - before);
                std::fs::write(file, &out)?;
            }
        }
        "check" => {
            let primed = std::fs::read(file)?;
            for task in tasks {
                for advised in [false, true] {
                    if advised <= task.advised {
                        check(task, &pieces, advised, &primed)?;
                    }
                }
            }
        }
        _ => return Err("prime train or prime check".into()),
    }
    Ok(())
}

impl Task {
    fn takes(&self, piece: &Piece) -> bool {
        self.data.contains(&piece.params[0])
    }

    fn params(&self, piece: &Piece) -> umoec_codec::Result<Vec<u8>> {
        with_preset(&piece.params, self.preset, piece.data.len() as u64)
    }

    /// What is learned from those pieces.
    fn learn(&self, pieces: &[&Piece], advised: bool) -> Result<Trained, Box<dyn Error>> {
        let params = pieces.iter().map(|p| self.params(p));
        let params = params.collect::<umoec_codec::Result<Vec<_>>>()?;
        Ok(learn(pieces, &params, advised)?)
    }
}

/// Prints costs by family and size.
fn check(
    task: &Task,
    pieces: &[Piece],
    advised: bool,
    primed: &[u8],
) -> Result<(), Box<dyn Error>> {
    let own: Vec<&Piece> = pieces.iter().filter(|p| task.takes(p)).collect();
    let costs = parallel(own.len(), |i| {
        let piece = own[i];
        let params = task.params(piece)?;
        let advice = advised.then_some(&piece.advice[..]);
        let rest = if piece.data.len() < RESTLESS {
            u32::MAX
        } else {
            REST
        };
        let cost = |begin: Begin<'_>| code(&params, &piece.data, advice, rest, &begin);
        Ok((cost(Begin::Flat)?.0, cost(Begin::Primed(primed))?.0))
    })?;
    let mut rows: BTreeMap<(&str, usize), [f64; 3]> = BTreeMap::new();
    for (piece, (flat, primed)) in own.iter().zip(costs) {
        for family in ["(all)", &piece.family] {
            let row = rows.entry((family, piece.size)).or_default();
            for (sum, value) in row.iter_mut().zip([piece.data.len() as f64, flat, primed]) {
                *sum += value;
            }
        }
    }
    for ((family, size), [bytes, flat, primed]) in rows {
        println!(
            "{:12} {:7} {family:16} {:3} KiB {:9.0} bytes: {:9.0} flat, {:9.0} primed, {:+.2} %",
            task.preset,
            if advised { "advised" } else { "alone" },
            size >> 10,
            bytes,
            flat,
            primed,
            100.0 * (primed / flat - 1.0)
        );
    }
    Ok(())
}
