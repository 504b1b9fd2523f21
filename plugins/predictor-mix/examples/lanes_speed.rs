//! Time that streams take with a network beside `cm`, on one thread and on two: `lanes_speed FILE [BYTES [MODELS]]`. The first BYTES of
//! FILE (200,000), the embedded network, models of `cm` (`mid-text`). Each number is the least of several rounds: the machine may be busy.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use umoec_codec::Limits;
use umoec_codec::plugin::{DecisionCoder, Helpers, Layout, Opened, Registry, Settings};
use umoec_codec::probability::{BitProbability, ByteDistribution};
use umoec_coder_rans as _;

/// Rounds, of all ways one after another.
const ROUNDS: usize = 5;

/// Lanes and threads; without lanes there is no network either.
const WAYS: [(usize, usize); 4] = [(0, 1), (1, 1), (2, 1), (2, 2)];

/// Knows the answers.
struct Known<'a> {
    data: &'a [u8],
    at: usize,
    bit: u32,
}

impl DecisionCoder for Known<'_> {
    fn bit(&mut self, _: BitProbability) -> bool {
        let bit = self.data[self.at] >> (7 - self.bit) & 1 == 1;
        self.bit += 1;
        if self.bit == 8 {
            (self.bit, self.at) = (0, self.at + 1);
        }
        bit
    }

    fn byte(&mut self, _: &ByteDistribution) -> u8 {
        unreachable!("mix codes bits")
    }

    fn seek(&mut self, position: usize) {
        (self.at, self.bit) = (position, 0);
    }

    fn shareable(&mut self) -> Option<&mut (dyn DecisionCoder + Send)> {
        Some(self)
    }
}

/// Microseconds a byte.
fn time(opened: &dyn Opened, data: &[u8], threads: usize) -> Result<f64, Box<dyn Error>> {
    let mut state = opened.start()?;
    state.assist(&Helpers::new(threads - 1));
    let (mut coder, mut history) = (
        Known {
            data,
            at: 0,
            bit: 0,
        },
        Vec::new(),
    );
    let started = Instant::now();
    state.code(data.len(), &mut coder, &mut history);
    let seconds = started.elapsed().as_secs_f64();
    assert!(history == data, "not coded: {:?}", state.failure());
    Ok(seconds * 1e6 / data.len() as f64)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut data = std::fs::read(arguments.next().ok_or("which file?")?)?;
    let bytes = arguments.next().map_or(Ok(200_000), |n| n.parse())?;
    data.truncate(bytes);
    let models = arguments.next().unwrap_or_else(|| "mid-text".into());
    let registry = Arc::new(Registry::linked()?);
    let mix = registry.predictor(umoec_predictor_mix::ID, 1)?;
    let mut opened = Vec::new();
    for (lanes, _) in WAYS {
        let network = if lanes == 0 { "never" } else { "always" };
        let settings: Settings = toml::from_str(&format!(
            "network = '{network}'\nrest = 32\nlanes = {}\nlanes_kib = 0\n[cm]\nmodels = ['{models}']\nsmall_models = ['{models}']\ntable_mib = 192\n",
            lanes.max(1)
        ))?;
        let found = mix.models(&settings, registry.models())?;
        let params = mix.plan_with_models(&data, &Layout::default(), &settings, &found)?;
        let limits = Limits {
            memory: u64::MAX,
            output: u64::MAX,
        };
        opened.push(mix.open_with_models(1, &params, data.len() as u64, &found, &limits)?);
    }
    let mut least = [f64::MAX; WAYS.len()];
    for _ in 0..ROUNDS {
        for (least, (opened, (_, threads))) in least.iter_mut().zip(opened.iter().zip(WAYS)) {
            *least = least.min(time(opened.as_ref(), &data, threads)?);
        }
    }
    println!("lanes  threads  us/byte");
    for ((lanes, threads), least) in WAYS.into_iter().zip(least) {
        println!("{lanes:>5}  {threads:>7}  {least:>7.2}");
    }
    Ok(())
}
