//! `umoec-train generate`

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::load_model;
use crate::error::TrainError;
use crate::sample::{Sampler, Sampling};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Model (ONNX), or its name
    #[arg(long, value_name = "PATH|NAME")]
    model: PathBuf,
    /// Folder to look for models by name in, before others
    #[arg(long, value_name = "FOLDER")]
    models: Option<PathBuf>,
    /// What the text begins with; it is not written out
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    prompt: String,
    /// File to begin with instead
    #[arg(long, value_name = "FILE", conflicts_with = "prompt")]
    prompt_file: Option<PathBuf>,
    /// Bytes to write
    #[arg(short = 'n', long, value_name = "N", default_value_t = 500)]
    bytes: u64,
    /// Below 1: likely bytes become likelier; 0: always the likeliest; above 1: more surprises
    #[arg(short, long, value_name = "T", default_value_t = 0.8, value_parser = temperature)]
    #[arg(allow_negative_numbers = true)]
    temperature: f64,
    /// Draw only from the likeliest bytes that hold this much probability together
    #[arg(long, value_name = "P", default_value_t = 1.0, value_parser = probability)]
    top_p: f64,
    /// The same seed writes the same text
    #[arg(short, long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

fn temperature(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(t) if (0.0..=100.0).contains(&t) => Ok(t),
        _ => Err("it is a number from 0 to 100".into()),
    }
}

fn probability(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(p) if (0.0..=1.0).contains(&p) => Ok(p),
        _ => Err("it is a number from 0 to 1".into()),
    }
}

pub(super) fn run(args: &Args) -> Result<(), TrainError> {
    let (_, model) = load_model(&args.model, args.models.as_deref())?;
    let prompt = match &args.prompt_file {
        Some(path) => std::fs::read(path).map_err(TrainError::file(path))?,
        None => args.prompt.clone().into_bytes(),
    };
    let sampling = Sampling {
        temperature: args.temperature,
        top_p: args.top_p,
    };
    let mut sampler = Sampler::new(&model, sampling, args.seed, &prompt)?;
    for byte in prompt {
        sampler.read(byte)?;
    }
    let mut out = io::stdout().lock();
    let terminal = out.is_terminal();
    let mut last = 0;
    for _ in 0..args.bytes {
        let byte = sampler.write()?;
        // A terminal obeys control codes, those of UTF-8 too; a model may write any.
        let shown = match (last, byte) {
            (0xc2, 0x80..0xa0) if terminal => b'?',
            (_, b'\n' | b'\t' | b' '..=b'~' | 128..) => byte,
            _ if terminal => b'?',
            _ => byte,
        };
        last = byte;
        match out.write_all(&[shown]).and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            other => other.map_err(TrainError::file(Path::new("standard output")))?,
        }
    }
    if terminal && args.bytes > 0 {
        let _ = out.write_all(b"\n");
    }
    Ok(())
}
