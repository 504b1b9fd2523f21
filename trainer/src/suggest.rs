//! Faults of a configuration file in one line, with what might have been meant.

use std::path::Path;

use crate::error::TrainError;

/// Names less alike than this are no typing errors of each other (0 to 1, Jaro and Winkler).
const ALIKE: f64 = 0.75;

/// The one of `known` nearest to `name`, if any is near.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known
        .into_iter()
        .map(|k| (strsim::jaro_winkler(name, k), k));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= ALIKE).then_some(best.1)
}

/// What the TOML reader says of `text`, the content of `path`, as an error of one line.
pub(crate) fn fault(path: &Path, text: &str, error: &toml::de::Error) -> TrainError {
    let at = error.span().map_or(0, |span| span.start).min(text.len());
    let line = text.as_bytes()[..at]
        .iter()
        .filter(|&&b| b == b'\n')
        .count()
        + 1;
    let message = error.message().lines().collect::<Vec<_>>().join(" ");
    // "unknown field `speed`, expected one of `rate`, `steps`": the names stand in backticks.
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let unknown = ["unknown field", "unknown variant"];
    let unknown = unknown.iter().any(|start| message.starts_with(start));
    let (reason, hint) = match &names[..] {
        [name, known @ ..] if unknown && !known.is_empty() => {
            let what = if message.starts_with("unknown field") {
                "key"
            } else {
                "value"
            };
            let hint = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", known.join(", ")),
            };
            (format!("unknown {what} `{name}`"), Some(hint))
        }
        _ => (message.clone(), None),
    };
    TrainError::Line {
        path: path.to_owned(),
        line,
        reason,
        hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_near_and_other_words_are_not() {
        let known = ["steps", "warmup", "decay", "table_rate"];
        assert_eq!(nearest("step", known), Some("steps"));
        assert_eq!(nearest("warm_up", known), Some("warmup"));
        assert_eq!(nearest("tablerate", known), Some("table_rate"));
        assert_eq!(nearest("zzz", known), None);
    }
}
