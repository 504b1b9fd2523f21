//! What a run shows while it is under way: the live view or plain lines, and the record.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::say;
use crate::error::TrainError;
use crate::log::{Log, Row};
use crate::report::StepReport;
use crate::trainer::Trainer;
use crate::validate::Validation;
use crate::view::{View, beside, duration};

/// Time between plain lines; a shown loss is the mean of one to two such times.
const LINE: Duration = Duration::from_secs(10);
/// Time between drawings of the live view.
const DRAW: Duration = Duration::from_millis(500);
/// Width where the terminal does not tell its own.
const WIDTH: usize = 80;

pub(super) struct Monitor {
    live: bool,
    end: u64,
    begun: (Instant, u64),
    per_step: u64,
    losses: Vec<f64>,
    /// Steps since the last plain line, and those of the time before.
    recent: (StepReport, StepReport),
    line: Instant,
    drawn: (Instant, usize),
    log: Option<Log>,
    log_every: u64,
    /// Steps since the last row of the record, and since when.
    row: (StepReport, Instant),
}

impl Monitor {
    pub(super) fn new(
        trainer: &Trainer,
        end: u64,
        plain: bool,
        log: Option<&Path>,
        log_every: u64,
    ) -> Result<Self, TrainError> {
        let modalities = trainer.feeder.modalities();
        let log = log.map(|folder| Log::open(folder, modalities, trainer.step));
        let now = Instant::now();
        Ok(Self {
            live: !plain && io::stdout().is_terminal(),
            end,
            begun: (now, trainer.step),
            per_step: trainer.config.training.bytes_per_step() as u64,
            losses: Vec::new(),
            recent: Default::default(),
            line: now,
            drawn: (now, 0),
            log: log.transpose()?,
            log_every,
            row: (StepReport::default(), now),
        })
    }

    /// Takes in a step.
    pub(super) fn take(
        &mut self,
        trainer: &Trainer,
        report: &StepReport,
        validation: Option<&Validation>,
    ) -> Result<(), TrainError> {
        self.losses.push(report.bits());
        self.recent.1.merge(report);
        self.row.0.merge(report);
        if trainer.step.is_multiple_of(self.log_every) || validation.is_some() {
            self.write_row(validation)?;
        }
        if !self.live
            && let Some(validation) = validation
        {
            let best = if validation.best {
                ", the least so far"
            } else {
                ""
            };
            let (step, bits) = (trainer.step, validation.bits());
            let together = beside(validation.together());
            say(&format!(
                "step {step}: held out {bits:.4} bits per byte{together}{best}"
            ));
        }
        if self.live && self.drawn.0.elapsed() >= DRAW {
            self.draw(trainer);
        }
        if self.line.elapsed() >= LINE {
            self.print(trainer);
        }
        Ok(())
    }

    /// Shows and records what was not yet.
    pub(super) fn finish(&mut self, trainer: &Trainer) -> Result<(), TrainError> {
        if self.live && !self.losses.is_empty() {
            self.draw(trainer);
        }
        if !self.recent.1.modalities.is_empty() {
            self.print(trainer);
        }
        if !self.row.0.modalities.is_empty() {
            self.write_row(None)?;
        }
        Ok(())
    }

    fn write_row(&mut self, validation: Option<&Validation>) -> Result<(), TrainError> {
        let (report, since) = (&self.row.0, self.row.1.elapsed());
        let bytes = report.spent().bytes as f64;
        if let Some(log) = &mut self.log {
            log.write(&Row {
                report,
                bytes: report.step * self.per_step,
                speed: bytes / since.as_secs_f64().max(1e-9),
                validation,
            })?;
        }
        self.row = (StepReport::default(), Instant::now());
        Ok(())
    }

    /// Bytes per second since the start, and the time that is left at that rate.
    fn pace(&self, step: u64) -> (f64, Duration) {
        let (since, first) = self.begun;
        let (seconds, steps) = (since.elapsed().as_secs_f64(), step.saturating_sub(first));
        let speed = (steps * self.per_step) as f64 / seconds.max(1e-9);
        let left = self.end.saturating_sub(step) as f64 * seconds / steps.max(1) as f64;
        let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX);
        (speed, left)
    }

    fn print(&mut self, trainer: &Trainer) {
        let (speed, left) = self.pace(trainer.step);
        if !self.live {
            say(&format!(
                "step {} of {}: {:.4} bits per byte{}, {:.1} kB/s, {} left",
                trainer.step,
                self.end,
                self.recent.1.bits(),
                beside(self.recent.1.together()),
                speed / 1e3,
                duration(left)
            ));
        }
        self.recent.0 = std::mem::take(&mut self.recent.1);
        self.line = Instant::now();
    }

    fn draw(&mut self, trainer: &Trainer) {
        let (speed, left) = self.pace(trainer.step);
        let mut report = self.recent.0.clone();
        if !self.recent.1.modalities.is_empty() {
            report.merge(&self.recent.1);
        }
        let view = View {
            name: &trainer.config.name,
            steps: self.end,
            report: &report,
            modalities: trainer.feeder.modalities(),
            speed,
            left,
            losses: &self.losses,
            progress: &trainer.progress,
        };
        let width = terminal_size::terminal_size().map_or(WIDTH, |(width, _)| width.0.into());
        let lines = view.lines(width.saturating_sub(1));
        // Back to the first line of the last drawing, and away with all of it.
        let back = match self.drawn.1 {
            0 => String::new(),
            n => format!("\x1b[{n}A\r\x1b[J"),
        };
        let mut out = io::stdout().lock();
        // A terminal that is gone is no reason to stop training.
        let _ = writeln!(out, "{back}{}", lines.join("\n")).and_then(|()| out.flush());
        self.drawn = (Instant::now(), lines.len());
    }
}
