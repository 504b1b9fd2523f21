//! What can be wrong with a model, always with the place.

/// A result with this crate's error.
pub type Result<T, E = ExactError> = std::result::Result<T, E>;

/// Why a model is refused, or why a step failed.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExactError {
    /// The bytes are no ONNX file, or one that ends too early.
    #[error("not a readable ONNX model, at byte {offset}: {reason}")]
    Malformed {
        /// Offset in the file at which the fault was noticed.
        offset: usize,
        /// What is wrong there.
        reason: String,
    },

    /// The model is larger than the caller allows.
    #[error("the model's {what}: {needed}, the limit is {limit}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much of it was found before the reading stopped.
        needed: u64,
        /// How much is allowed.
        limit: u64,
    },

    /// The model uses something of ONNX that is outside the exact subset (`spec/numerics.md`).
    #[error("{0}")]
    Unsupported(String),

    /// A node is ill-formed: operator, attribute, type or shape.
    #[error("node {node} ({operator}): {reason}")]
    Node {
        /// The node's name.
        node: String,
        /// Its operator.
        operator: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The graph as a whole is ill-formed: names, order, inputs, outputs, initializers.
    #[error("{0}")]
    Graph(String),

    /// The verifier cannot prove a node exact: a bound reaches what float32 does not hold.
    #[error(
        "node {node} ({operator}) is not exact: {reason} {bound}, at most {allowed} is allowed"
    )]
    Inexact {
        /// The node's name.
        node: String,
        /// Its operator.
        operator: String,
        /// What the bound is of.
        reason: String,
        /// The bound that was found.
        bound: u64,
        /// The largest bound that is allowed.
        allowed: u64,
    },

    /// The verifier cannot prove what an operator demands of its inputs.
    #[error("node {node} ({operator}) is not exact: {reason}")]
    Unproved {
        /// The node's name.
        node: String,
        /// Its operator.
        operator: String,
        /// What could not be proved.
        reason: String,
    },

    /// The graph is exact, but no step graph: names, states, metadata, ranges.
    #[error("not a step graph: {0}")]
    Interface(String),

    /// A backend could not be set up, or failed in a step.
    #[error("backend {backend}: {reason}")]
    Backend {
        /// The name of the backend.
        backend: String,
        /// What it said.
        reason: String,
    },
}

impl ExactError {
    pub(crate) fn limit(what: &'static str, needed: usize, limit: usize) -> Self {
        Self::Limit {
            what,
            needed: needed as u64,
            limit: limit as u64,
        }
    }
}

/// A name of a model, fit for a message: escaped and cut, since a hostile model's names could
/// hold terminal codes or megabytes.
#[must_use]
pub fn shown(name: &str) -> String {
    const LONGEST: usize = 80;
    let mut text: String = name.chars().take(LONGEST).collect();
    if text.len() < name.len() {
        text.push('…');
    }
    text.escape_debug().collect()
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn names_are_harmless_in_messages() {
        assert_eq!(shown("block.0/mul"), "block.0/mul");
        assert_eq!(shown("\u{1b}[2J"), "\\u{1b}[2J");
        assert_eq!(shown(&"x".repeat(1 << 20)).chars().count(), 81);
    }
}
