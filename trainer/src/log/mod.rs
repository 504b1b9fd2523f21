//! The record of a run in a folder: `run.jsonl` and `run.csv` for people and scripts, and an
//! event file for TensorBoard.
//!
//! A run that goes on where a checkpoint ends goes on in the same files: rows of steps that are
//! done again are taken out first, so that they read as those of one uninterrupted run.
//! TensorBoard's are a new file each time, which it puts together itself.

mod crc;
pub mod tensorboard;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

pub use crc::{crc32c, masked};

use crate::checkpoint::write_whole;
use crate::error::TrainError;
use crate::report::StepReport;
use crate::validate::Validation;

/// One row of the record.
#[derive(Debug)]
pub struct Row<'a> {
    /// The steps since the row before.
    pub report: &'a StepReport,
    /// Bytes trained on so far.
    pub bytes: u64,
    /// Bytes per second since the row before.
    pub speed: f64,
    /// Held-out loss, where it was measured at this step.
    pub validation: Option<&'a Validation>,
}

/// The files of a record.
#[derive(Debug)]
pub struct Log {
    lines: (PathBuf, File),
    table: (PathBuf, File),
    events: (PathBuf, File),
    modalities: Vec<String>,
}

/// Columns of `run.csv` before those of the modalities.
const COLUMNS: [&str; 6] = [
    "step",
    "bytes",
    "bytes_per_second",
    "rate",
    "bits_per_byte",
    "validation",
];

fn now() -> f64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH);
    time.map_or(0.0, |time| time.as_secs_f64())
}

/// The number with the fewest digits that is `x` as an `f32`.
fn decimal(x: f32) -> f64 {
    x.to_string().parse().unwrap_or_else(|_| x.into())
}

/// A field of a table: in quotation marks where it must be (RFC 4180).
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Opens `path` to append, without rows of a later step than `step`; `head` begins it.
fn open(
    path: &Path,
    head: &str,
    step: u64,
    step_of: impl Fn(&str) -> Option<u64>,
) -> Result<File, TrainError> {
    let failed = TrainError::file(path);
    let mut text = head.to_owned();
    if step > 0 && path.exists() {
        let before = fs::read_to_string(path).map_err(&failed)?;
        let rows = before.lines().skip(usize::from(!head.is_empty()));
        for row in rows.filter(|row| step_of(row).is_some_and(|of| of <= step)) {
            text.push_str(row);
            text.push('\n');
        }
    }
    write_whole(path, text.as_bytes())?;
    let file = OpenOptions::new().append(true).open(path);
    file.map_err(&failed)
}

impl Log {
    /// The record in `folder`, which is made where it is not there, of a run that goes on after
    /// `step`.
    ///
    /// # Errors
    ///
    /// What the system says of the files.
    pub fn open(folder: &Path, modalities: &[String], step: u64) -> Result<Self, TrainError> {
        fs::create_dir_all(folder).map_err(TrainError::file(folder))?;
        let columns = COLUMNS.iter().map(|&name| name.to_owned());
        let columns: Vec<String> = columns.chain(modalities.iter().map(|m| field(m))).collect();
        let lines = folder.join("run.jsonl");
        let in_line = |row: &str| serde_json::from_str::<Value>(row).ok()?["step"].as_u64();
        let table = folder.join("run.csv");
        let in_row = |row: &str| row.split(',').next()?.parse().ok();
        let time = now();
        let events = folder.join(format!("events.out.tfevents.{:.0}.umoec", time * 1e3));
        let mut file = File::create(&events).map_err(TrainError::file(&events))?;
        tensorboard::write(&mut file, &tensorboard::head(time))
            .map_err(TrainError::file(&events))?;
        Ok(Self {
            lines: (lines.clone(), open(&lines, "", step, in_line)?),
            table: (
                table.clone(),
                open(&table, &(columns.join(",") + "\n"), step, in_row)?,
            ),
            events: (events, file),
            modalities: modalities.to_vec(),
        })
    }

    /// Adds a row to each file.
    ///
    /// # Errors
    ///
    /// What the system says of the files.
    pub fn write(&mut self, row: &Row<'_>) -> Result<(), TrainError> {
        let line = format!("{}\n", self.line(row));
        let text = self.text(row);
        let record = tensorboard::scalars(now(), row.report.step, &self.scalars(row));
        let files = [
            (&mut self.lines, line.as_bytes()),
            (&mut self.table, text.as_bytes()),
            (&mut self.events, &record),
        ];
        for ((path, file), bytes) in files {
            file.write_all(bytes).map_err(TrainError::file(path))?;
        }
        Ok(())
    }

    fn line(&self, row: &Row<'_>) -> Value {
        let report = row.report;
        let mut line = json!({
            "step": report.step,
            "bytes": row.bytes,
            "bytes_per_second": row.speed.round(),
            "rate": decimal(report.rate),
            "bits_per_byte": report.bits(),
        });
        line["modalities"] = self.by_name(&report.modalities);
        if let Some(bits) = report.together() {
            line["together"] = json!({
                "bits_per_byte": bits,
                "modalities": self.by_name(&report.together),
            });
        }
        if !report.exits.is_empty() {
            let means = report.exits.iter().map(|spent| spent.mean());
            line["exits"] = json!(means.collect::<Vec<_>>());
        }
        if report.experts().next().is_some() {
            line["experts"] = json!(report.experts().collect::<Vec<_>>());
        }
        if let Some(validation) = row.validation {
            line["validation"] = json!({
                "bits_per_byte": validation.bits(),
                "best": validation.best,
                "modalities": self.by_name(&validation.modalities),
            });
            if let Some(bits) = validation.together() {
                line["validation"]["together"] = json!({
                    "bits_per_byte": bits,
                    "modalities": self.by_name(&validation.together),
                });
            }
        }
        line
    }

    fn by_name(&self, spent: &[crate::data::Spent]) -> Value {
        let pairs = self.modalities.iter().zip(spent);
        let means = pairs.filter_map(|(name, spent)| Some((name.clone(), json!(spent.mean()?))));
        Value::Object(means.collect::<Map<_, _>>())
    }

    fn text(&self, row: &Row<'_>) -> String {
        let report = row.report;
        let mut fields = vec![
            report.step.to_string(),
            row.bytes.to_string(),
            format!("{:.0}", row.speed),
            decimal(report.rate).to_string(),
            report.bits().to_string(),
            row.validation
                .map_or_else(String::new, |v| v.bits().to_string()),
        ];
        let means = report.modalities.iter().map(|spent| spent.mean());
        fields.extend(means.map(|mean| mean.map_or_else(String::new, |mean| mean.to_string())));
        fields.join(",") + "\n"
    }

    fn scalars(&self, row: &Row<'_>) -> Vec<(String, f64)> {
        let report = row.report;
        let mut values = vec![
            ("loss/all".to_owned(), report.bits()),
            ("rate".to_owned(), f64::from(report.rate)),
            ("bytes_per_second".to_owned(), row.speed),
        ];
        let mut add = |group: &str, spent: &[crate::data::Spent]| {
            for (name, spent) in self.modalities.iter().zip(spent) {
                values.extend(spent.mean().map(|mean| (format!("{group}/{name}"), mean)));
            }
        };
        add("loss", &report.modalities);
        add("together", &report.together);
        if let Some(validation) = row.validation {
            add("validation", &validation.modalities);
            add("validation_together", &validation.together);
            values.push(("validation/all".to_owned(), validation.bits()));
        }
        for (number, spent) in report.exits.iter().enumerate() {
            values.push((format!("exits/{number}"), spent.mean().unwrap_or(0.0)));
        }
        for (layer, load) in report.experts().enumerate() {
            for (expert, share) in load.iter().enumerate() {
                values.push((format!("experts/{layer}.{expert}"), f64::from(*share)));
            }
        }
        values
    }
}
