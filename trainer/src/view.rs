//! A run as it is seen in a terminal: plain text of some lines, drawn again and again.

use std::time::Duration;

use crate::report::StepReport;
use crate::validate::Progress;

/// Rows of the loss curve.
const CURVE: usize = 6;

/// What there is to see.
#[derive(Debug)]
pub struct View<'a> {
    /// Name of the model.
    pub name: &'a str,
    /// Steps in all.
    pub steps: u64,
    /// The last steps together.
    pub report: &'a StepReport,
    /// Names of the report's modalities.
    pub modalities: &'a [String],
    /// Bytes per second.
    pub speed: f64,
    /// Time to the end of the run.
    pub left: Duration,
    /// Losses so far, oldest first.
    pub losses: &'a [f64],
    /// Evaluations so far.
    pub progress: &'a Progress,
}

/// `12 s`, `3 min 20 s`, `5 h 12 min`, `3 d 4 h`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// `, 1.2345 beside the prior`, where there is one.
pub fn beside(together: Option<f64>) -> String {
    together.map_or_else(String::new, |bits| format!(", {bits:.4} beside the prior"))
}

/// `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `values` as `rows` lines of `columns` characters, the highest value on top: each column is
/// the mean of its share of the values, in eighths of a line.
pub fn curve(values: &[f64], columns: usize, rows: usize) -> Vec<String> {
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let columns = columns.min(values.len());
    let means: Vec<f64> = (0..columns)
        .map(|i| &values[i * values.len() / columns..(i + 1) * values.len() / columns])
        .map(|part| part.iter().sum::<f64>() / part.len() as f64)
        .collect();
    let low = means.iter().copied().fold(f64::MAX, f64::min);
    let high = means.iter().copied().fold(f64::MIN, f64::max);
    let scale = (rows * 8 - 1) as f64 / (high - low).max(1e-9);
    let heights: Vec<usize> = means
        .iter()
        .map(|mean| ((mean - low) * scale).round() as usize + 1)
        .collect();
    (0..rows)
        .rev()
        .map(|row| {
            let eighths = heights.iter().map(|h| h.saturating_sub(row * 8).min(8));
            eighths.map(|n| EIGHTHS[n]).collect()
        })
        .collect()
}

impl View<'_> {
    /// The lines, each at most `width` characters.
    pub fn lines(&self, width: usize) -> Vec<String> {
        let report = self.report;
        let share = 100.0 * report.step as f64 / self.steps.max(1) as f64;
        let mut lines = vec![
            format!(
                "{}: step {} of {} ({share:.1} %), {:.1} kB/s, {} left",
                self.name,
                grouped(report.step),
                grouped(self.steps),
                self.speed / 1e3,
                duration(self.left),
            ),
            format!(
                "{:.4} bits per byte{}{}",
                report.bits(),
                beside(report.together()),
                self.held_out()
            ),
        ];
        let graph = curve(self.losses, width.saturating_sub(9), CURVE);
        let (first, last) = (0, graph.len().saturating_sub(1));
        let (low, high) = self.bounds();
        for (row, line) in graph.iter().enumerate() {
            let label = match row {
                _ if row == first => format!("{high:7.3}"),
                _ if row == last => format!("{low:7.3}"),
                _ => " ".repeat(7),
            };
            lines.push(format!("{label} {line}"));
        }
        let means = self.modalities.iter().zip(&report.modalities);
        let means = means.filter_map(|(name, spent)| Some(format!("{name} {:.3}", spent.mean()?)));
        let means: Vec<String> = means.collect();
        if means.len() > 1 {
            lines.extend(wrapped(&means, width));
        }
        for (layer, load) in report.experts().enumerate() {
            let shares = load.iter().map(|share| format!("{:.0}", 100.0 * share));
            let shares = shares.collect::<Vec<_>>().join(" ");
            lines.push(format!("experts of layer {layer}, % of bytes: {shares}"));
        }
        let fits = |line: String| line.chars().take(width).collect();
        lines.into_iter().map(fits).collect()
    }

    fn held_out(&self) -> String {
        match self.progress.best {
            Some((bits, step)) => format!("; held out {bits:.4} at step {}", grouped(step)),
            None => String::new(),
        }
    }

    fn bounds(&self) -> (f64, f64) {
        let values = self.losses.iter().copied();
        (
            values.clone().fold(f64::MAX, f64::min),
            values.fold(f64::MIN, f64::max),
        )
    }
}

/// Words in lines of at most `width`, two spaces between.
fn wrapped(words: &[String], width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 2 + word.chars().count() <= width {
            line.push_str("  ");
            line.push_str(word);
        } else {
            lines.push(word.clone());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Spent;

    #[test]
    fn a_falling_curve_falls() {
        let rows = curve(&[8.0, 8.0, 6.0, 4.0, 2.0, 1.0], 3, 2);
        assert_eq!(rows, ["█▁ ", "██▁"]);
        assert_eq!(curve(&[], 10, 2), ["", ""]);
        assert_eq!(curve(&[3.0], 10, 1), ["▁"]);
    }

    #[test]
    fn every_line_fits_and_says_its_number() {
        let spent = |bits, bytes| Spent { bits, bytes };
        let mut report = StepReport::new(3);
        report.step = 1_200;
        report.modalities = vec![spent(30.0, 10), spent(0.0, 0), spent(10.0, 10)];
        report.load = vec![vec![0.25, 0.75]];
        let names = ["books", "dna", "wiki"].map(str::to_owned);
        let mut progress = Progress::default();
        progress.take(2.5, 1_000);
        let view = View {
            name: "nano",
            steps: 22_000,
            report: &report,
            modalities: &names,
            speed: 58_200.0,
            left: Duration::from_secs(3_900),
            losses: &[4.0, 3.0, 2.0],
            progress: &progress,
        };
        let lines = view.lines(80);
        assert_eq!(
            lines[0],
            "nano: step 1,200 of 22,000 (5.5 %), 58.2 kB/s, 1 h 5 min left"
        );
        assert_eq!(
            lines[1],
            "2.0000 bits per byte; held out 2.5000 at step 1,000"
        );
        assert_eq!(lines[2], "  4.000 █  ");
        assert_eq!(lines[8], "books 3.000  wiki 1.000");
        assert_eq!(lines[9], "experts of layer 0, % of bytes: 25 75");
        for width in [10, 20, 40] {
            assert!(view.lines(width).iter().all(|l| l.chars().count() <= width));
        }
    }
}
