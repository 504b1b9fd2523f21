//! What the user sees on standard error.

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar};

use crate::exit::Exit;
use crate::failure::Failure;

/// How much to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Errors.
    Error,
    /// Results and notices.
    Info,
    /// Details.
    Detail,
}

/// Standard error, with a progress bar that messages do not tear.
pub(crate) struct Console {
    level: Option<Level>,
    /// Whether progress may be shown.
    pub(crate) progress: bool,
    pub(crate) bars: MultiProgress,
    worst: Mutex<Exit>,
}

impl Console {
    /// From counts of -q and -v, and --no-progress.
    pub(crate) fn new(quiet: u8, verbose: u8, no_progress: bool) -> Self {
        let level = match i32::from(verbose) - i32::from(quiet) {
            ..=-2 => None,
            -1 => Some(Level::Error),
            0 => Some(Level::Info),
            1.. => Some(Level::Detail),
        };
        Self {
            level,
            progress: !no_progress && level >= Some(Level::Info) && io::stderr().is_terminal(),
            bars: MultiProgress::new(),
            worst: Mutex::new(Exit::Ok),
        }
    }

    /// Whether messages of that level are shown.
    pub(crate) fn shows(&self, level: Level) -> bool {
        self.level >= Some(level)
    }

    /// Shows `text`, if it is asked for.
    pub(crate) fn say(&self, level: Level, text: &str) {
        if self.shows(level) {
            // Nothing can be done about a closed standard error.
            self.bars.suspend(|| {
                let _ = writeln!(io::stderr(), "{text}");
            });
        }
    }

    /// Shows a failure. The first one decides the exit code.
    pub(crate) fn fail(&self, failure: &Failure) {
        if failure.broken_pipe {
            return;
        }
        if let Ok(mut worst) = self.worst.lock()
            && *worst == Exit::Ok
        {
            *worst = failure.exit;
        }
        self.say(Level::Error, &failure.to_string());
    }

    /// The exit code so far.
    pub(crate) fn exit(&self) -> Exit {
        self.worst.lock().map_or(Exit::Plugin, |worst| *worst)
    }

    /// A sign of life with a text, where progress may be shown.
    pub(crate) fn spinner(&self, text: &str) -> Option<ProgressBar> {
        self.progress.then(|| {
            let spinner = self.bars.add(ProgressBar::new_spinner());
            spinner.set_message(text.to_owned());
            spinner.enable_steady_tick(Duration::from_millis(200));
            spinner
        })
    }

    /// Asks before something is overwritten; `None` where nobody can answer.
    pub(crate) fn confirm(&self, question: &str) -> Option<bool> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() || !self.shows(Level::Info) {
            return None;
        }
        let mut answer = String::new();
        self.bars.suspend(|| {
            let _ = write!(io::stderr(), "umoec: {question} (y/N) ");
        });
        io::stdin().lock().read_line(&mut answer).ok()?;
        Some(matches!(answer.trim(), "y" | "Y" | "yes"))
    }
}

/// Messages of one file, kept until those of the files before it are out.
#[derive(Default)]
pub(crate) struct Log(Vec<(Level, String)>);

impl Log {
    /// Notes a message.
    pub(crate) fn say(&mut self, level: Level, text: impl Into<String>) {
        self.0.push((level, text.into()));
    }

    /// Shows all of them.
    pub(crate) fn show(self, console: &Console) {
        for (level, text) in self.0 {
            console.say(level, &text);
        }
    }
}
