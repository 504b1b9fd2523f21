//! Memory: what the system has, and what a run takes.

use std::fs;

use crate::config::Config;
use crate::error::TrainError;
use crate::network::initial_states;
use crate::tables::Tables;

/// The most memory that this process had, in bytes (Linux).
pub fn peak() -> Option<u64> {
    field("/proc/self/status", "VmHWM:")
}

/// Memory that is to be had, in bytes (Linux).
pub fn free() -> Option<u64> {
    field("/proc/meminfo", "MemAvailable:")
}

fn field(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = rest.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

/// Bytes that training takes in values, gradients, the optimiser and states; what the passes work on comes on top.
pub fn need(config: &Config, parameters: &[Vec<f32>], tables: &Tables, threads: usize) -> u64 {
    let training = &config.training;
    let dense: usize = parameters.iter().map(Vec::len).sum();
    let states = initial_states(&config.model, 1);
    let states = training.lanes * states.iter().map(Vec::len).sum::<usize>();
    // Values, two moments and the sum; a copy and a gradient for each pass under way, and one that waits.
    let per_dense = 4 + 3 * training.parts.min(threads.max(1));
    // Values and squared gradients.
    let tables = 2 * tables.values.len();
    4 * (per_dense * dense + tables + states) as u64
}

/// Refuses what needs more bytes than there are: the system would kill it on its way.
///
/// # Errors
///
/// [`TrainError::Usage`] with both numbers.
pub fn enough(need: u64, free: Option<u64>) -> Result<(), TrainError> {
    match free {
        Some(free) if need > free => Err(TrainError::Usage(format!(
            "{} MB of memory are needed, and {} MB are free: fewer threads (--threads) or a smaller model take less",
            need.div_ceil(1_000_000),
            free / 1_000_000
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_both_numbers() {
        assert!(enough(5_000_000, Some(5_000_000)).is_ok());
        assert!(enough(5_000_000, None).is_ok());
        let error = enough(5_000_001, Some(4_900_000)).unwrap_err().to_string();
        assert!(
            error.contains("6 MB") && error.contains("4 MB are free"),
            "{error}"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_tells_what_there_is() {
        assert!(peak().unwrap() > 1 << 20);
        assert!(free().unwrap() > 1 << 20);
    }
}
