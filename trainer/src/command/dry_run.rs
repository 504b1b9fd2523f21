//! `umoec-train train --dry-run`

use std::time::Duration;

use super::say;
use crate::config::Config;
use crate::error::TrainError;
use crate::memory::{enough, free, peak};
use crate::plan::{Plan, measure_step, peak as peak_rate};
use crate::view::{duration, grouped};

pub(super) fn run(config: Config, threads: usize) -> Result<(), TrainError> {
    let (name, training) = (config.name.clone(), config.training.clone());
    let plan = Plan::new(&config, threads)?;
    let bytes = training.bytes_per_step() as u64;
    say(&format!("model       {name}"));
    say(&format!(
        "parameters  {}, of which {} are read for a byte",
        grouped(plan.parameters),
        grouped(plan.active)
    ));
    say(&format!(
        "cost        {} MAC per byte, {} bytes of state per stream",
        grouped(plan.macs),
        grouped(plan.state_bytes)
    ));
    for (block, macs) in &plan.exits {
        say(&format!(
            "exit        after block {block}: {} MAC per byte",
            grouped(*macs)
        ));
    }
    say(&format!("file        {} bytes", grouped(plan.file_bytes)));
    if let Some(why) = &plan.refused {
        say(&format!("note        umoec will not load it: {why}"));
    }
    say(&format!(
        "memory      {} MB of values, gradients and optimiser, data not counted",
        plan.memory.div_ceil(1_000_000)
    ));
    say(&format!(
        "data        {} bytes a step, {} in all",
        grouped(bytes),
        grouped(bytes * training.steps)
    ));
    // What the passes work on was as much again in the tiers that could be measured.
    if let Err(why) = enough(2 * plan.memory, free()) {
        say(&format!("time        not measured: {why}"));
        return Ok(());
    }
    let measured = measure_step(config, threads)?;
    let step = measured.time;
    let total = step.as_secs_f64() * training.steps as f64;
    let total = Duration::try_from_secs_f64(total).unwrap_or(Duration::MAX);
    say(&format!(
        "time        {} for {} steps: {:.1} ms each on {threads} threads, {:.1} kB/s",
        duration(total),
        grouped(training.steps),
        1e3 * step.as_secs_f64(),
        bytes as f64 / step.as_secs_f64() / 1e3
    ));
    let (rate, most) = (measured.operations(), peak_rate(threads));
    say(&format!(
        "            {:.1} GFLOP/s in matrix products, {:.0} % of the {:.1} that they alone reach here",
        rate / 1e9,
        100.0 * rate / most,
        most / 1e9
    ));
    if let Some(peak) = peak() {
        say(&format!(
            "            in a process of {} MB",
            peak / 1_000_000
        ));
    }
    Ok(())
}
