//! What a model costs.

use crate::graph::Graph;
use crate::interface::Interface;

/// Cost of a step graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Multiplications in matrix products for one byte of one lane.
    pub macs_per_byte: u64,
    /// Elements of all weights and tables.
    pub parameters: u64,
    /// Bytes of the states of one lane, as floats.
    pub state_bytes: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
}

impl Cost {
    pub(crate) fn of(graph: &Graph, interface: &Interface, file_bytes: usize) -> Self {
        let elements: usize = interface.states.iter().map(|state| state.elements()).sum();
        Self {
            macs_per_byte: graph.macs(),
            parameters: graph.parameters(),
            state_bytes: 4 * elements as u64,
            file_bytes: file_bytes as u64,
        }
    }
}
