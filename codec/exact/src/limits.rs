//! What a model may ask for, checked before anything is allocated.

/// Bounds on a model. A model beyond them is refused with
/// [`ExactError::Limit`](crate::ExactError::Limit).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelLimits {
    /// Most bytes of the file.
    pub file_bytes: usize,
    /// Most fields of all messages of the file, a byte of packed numbers counting as one: bounds
    /// the memory for the parsed file beside its raw tensors.
    pub fields: usize,
    /// Most nodes of the graph.
    pub nodes: usize,
    /// Most elements of one tensor, for one lane.
    pub tensor_elements: usize,
    /// Most elements of all tensors together, for one lane.
    pub elements: usize,
    /// Most elementary operations of one step of one lane, and of the proof.
    pub operations: u64,
}

impl ModelLimits {
    /// Most axes of a tensor. Part of the format, not of the caller's choice.
    pub const RANK: usize = 8;
}

impl Default for ModelLimits {
    fn default() -> Self {
        Self {
            file_bytes: 256 << 20,
            fields: 1 << 18,
            nodes: 1 << 14,
            tensor_elements: 1 << 24,
            elements: 1 << 26,
            operations: 1 << 30,
        }
    }
}
