//! The progress bar: only for long work, only on a terminal.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use umoec_codec::pipeline::Progress;

use crate::console::Console;
use crate::size;

/// Work that takes less time than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(700);
const TICK: Duration = Duration::from_millis(200);

/// Shows what a [`Progress`] counts, until it is dropped.
pub(crate) struct Meter {
    progress: Progress,
    painter: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Meter {
    /// A meter for `total` bytes, if that is known.
    pub(crate) fn new(console: &Console, total: Option<u64>) -> Self {
        let mut meter = Self::silent();
        if console.progress {
            let (stop, stopped) = channel();
            let (progress, bars) = (meter.counter(), console.bars.clone());
            let wait = move |time| stopped.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
            let painter = std::thread::spawn(move || paint(&progress, &bars, total, wait));
            meter.painter = Some((stop, painter));
        }
        meter
    }

    /// A meter that shows nothing.
    pub(crate) fn silent() -> Self {
        Self {
            progress: Progress::default(),
            painter: None,
        }
    }

    /// Where the codec counts.
    pub(crate) fn counter(&self) -> Progress {
        self.progress.clone()
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some((stop, painter)) = self.painter.take() {
            drop(stop);
            // A bar that failed is no reason to fail.
            let _ = painter.join();
        }
    }
}

/// Paints as long as `wait` returns true.
fn paint(
    progress: &Progress,
    bars: &MultiProgress,
    total: Option<u64>,
    wait: impl Fn(Duration) -> bool,
) {
    let started = Instant::now();
    if !wait(PATIENCE) {
        return;
    }
    let bar = bars.add(bar(total));
    loop {
        let seconds = started.elapsed().as_secs_f64();
        let bytes = total.map_or(progress.bytes(), |total| progress.bytes().min(total));
        bar.set_position(bytes);
        bar.set_message(describe(bytes, total, seconds));
        if !wait(TICK) {
            break;
        }
    }
    bar.finish_and_clear();
}

fn bar(total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (ProgressBar::new(total), "{percent:>3} % [{bar:30}] {msg}"),
        None => (ProgressBar::new_spinner(), "{spinner} {msg}"),
    };
    // The templates are constants; a mistake in one shows the default bar.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

/// Bytes, the rate since the beginning, and the time that is left at that rate.
fn describe(bytes: u64, total: Option<u64>, seconds: f64) -> String {
    let rate = size::speed(bytes, seconds);
    let megabytes = |n: u64| format!("{:.1}", n as f64 / 1e6);
    match total {
        Some(total) if bytes > 0 => format!(
            "{} of {} MB, {rate} MB/s, {} left",
            megabytes(bytes),
            megabytes(total),
            clock(seconds * (total - bytes) as f64 / bytes as f64)
        ),
        _ => format!("{} MB, {rate} MB/s, {}", megabytes(bytes), clock(seconds)),
    }
}

/// `0:07`, `12:00`, `1:02:03`.
fn clock(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_time_left_are_those_of_the_whole_run() {
        let half = describe(2_000_000, Some(4_000_000), 10.0);
        assert_eq!(half, "2.0 of 4.0 MB, 0.20 MB/s, 0:10 left");
        assert_eq!(describe(0, Some(9), 3.0), "0.0 MB, 0.00 MB/s, 0:03");
        assert_eq!(describe(5_000_000, None, 70.0), "5.0 MB, 0.07 MB/s, 1:10");
        assert_eq!(clock(3723.0), "1:02:03");
    }
}
