//! The progress bar: only for long work, only on a terminal.

use std::io::{self, Read};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::console::Console;

/// Work that takes less time than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(700);

/// Counts bytes of input and shows them.
pub(crate) struct Meter<'a> {
    console: Option<&'a Console>,
    total: Option<u64>,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bytes: u64,
    bar: Option<ProgressBar>,
}

impl<'a> Meter<'a> {
    /// A meter for `total` bytes, if that is known.
    pub(crate) fn new(console: &'a Console, total: Option<u64>) -> Self {
        Self {
            console: console.progress.then_some(console),
            total,
            started: Instant::now(),
            state: Mutex::default(),
        }
    }

    /// `bytes` more are done.
    pub(crate) fn add(&self, bytes: u64) {
        let Some(console) = self.console else {
            return;
        };
        let Ok(mut state) = self.state.lock() else {
            return;
        };
        state.bytes += bytes;
        if state.bar.is_none() && self.started.elapsed() > PATIENCE {
            let bar = console.bars.add(bar(self.total));
            bar.set_elapsed(self.started.elapsed());
            bar.enable_steady_tick(Duration::from_millis(200));
            state.bar = Some(bar);
        }
        if let Some(bar) = &state.bar {
            bar.set_position(state.bytes);
        }
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        if let Ok(state) = self.state.get_mut()
            && let Some(bar) = &state.bar
        {
            bar.finish_and_clear();
        }
    }
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
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

/// A reader that tells a meter what was read.
pub(crate) struct Metered<'a, R> {
    pub(crate) inner: R,
    pub(crate) meter: &'a Meter<'a>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.meter.add(read as u64);
        Ok(read)
    }
}
