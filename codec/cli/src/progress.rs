//! The progress bar: only for long work, only on a terminal.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use umoec_codec::pipeline::Progress;

use crate::console::Console;

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
    let bar = bars.add(bar(total).with_elapsed(started.elapsed()));
    loop {
        let bytes = progress.bytes();
        bar.set_position(total.map_or(bytes, |total| bytes.min(total)));
        if !wait(TICK) {
            break;
        }
    }
    bar.finish_and_clear();
}

fn bar(total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{percent:>3} % [{bar:30}] {decimal_bytes} of {decimal_total_bytes}, \
             {decimal_bytes_per_sec}, {eta} left",
        ),
        None => (
            ProgressBar::new_spinner(),
            "{spinner} {decimal_bytes}, {decimal_bytes_per_sec}, {elapsed}",
        ),
    };
    // The templates are constants; a mistake in one shows the default bar.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}
