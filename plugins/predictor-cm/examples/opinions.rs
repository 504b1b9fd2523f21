//! What a model of `cm` says of each bit of a file, for the training of a network that is to stand beside it
//! (`trainer/README.md`, "Beside another predictor").
//!
//! `opinions MODEL FILE OUT [RESTART]`: MODEL is a name such as `mid-text`, OUT gets eight little-endian i16 a byte of FILE,
//! the first for its highest bit: the logit ln(p / (1 - p)) of a 1, in units of 1/256. Every RESTART bytes (512 KiB unless
//! given) the model begins anew, so that it knows as much as in files of that length.

use std::io::{BufWriter, Write};

use umoec_codec::Limits;
use umoec_codec::plugin::{DecisionCoder, Layout, Predictor, Settings};
use umoec_codec::probability::{BitProbability, ByteDistribution};
use umoec_predictor_cm::Cm;

const USAGE: &str = "usage: opinions MODEL FILE OUT [RESTART]";

/// Decodes what is known already, and notes what was thought of it.
struct Listener<'a, W> {
    data: &'a [u8],
    at: usize,
    out: W,
    failed: Option<std::io::Error>,
}

impl<W: Write> DecisionCoder for Listener<'_, W> {
    fn bit(&mut self, one: BitProbability) -> bool {
        let bit = (self.data[self.at / 8] >> (7 - self.at % 8)) & 1 == 1;
        self.at += 1;
        let logit = (f64::from(one.one()) / f64::from(one.zero())).ln();
        let logit = (256.0 * logit).round() as i16;
        if let Err(error) = self.out.write_all(&logit.to_le_bytes()) {
            self.failed.get_or_insert(error);
        }
        bit
    }

    fn byte(&mut self, _: &ByteDistribution) -> u8 {
        unreachable!("cm codes bits")
    }

    fn seek(&mut self, _: usize) {}
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [model, file, out, rest @ ..] = &args[..] else {
        return Err(USAGE.into());
    };
    let restart = match rest {
        [] => 512 << 10,
        [restart] => restart.parse::<usize>()?.max(1),
        _ => return Err(USAGE.into()),
    };
    let settings: Settings = toml::from_str(&format!("models = [{model:?}]"))?;
    let limits = Limits {
        memory: u64::MAX,
        output: u64::MAX,
    };
    let mut out = BufWriter::new(std::fs::File::create(out)?);
    for data in std::fs::read(file)?.chunks(restart) {
        let params = Cm.plan(data, &Layout::default(), &settings)?;
        let opened = Cm.open(1, &params, data.len() as u64, &limits)?;
        let mut listener = Listener {
            data,
            at: 0,
            out: &mut out,
            failed: None,
        };
        let mut history = Vec::new();
        opened
            .start()?
            .code(data.len(), &mut listener, &mut history);
        if let Some(error) = listener.failed {
            return Err(error.into());
        }
        assert!(history == data, "the model did not reproduce the stream");
    }
    out.flush()?;
    Ok(())
}
