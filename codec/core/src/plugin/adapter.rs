//! Adapters: a block's bytes to streams and back.

use super::{Plugin, Settings};
use crate::{Limits, Result};

/// What an adapter learned about a stream that helps a predictor on the encoding side.
///
/// A predictor that uses it writes what it used into its own parameters: a decoder never
/// sees a layout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// Distances in bytes at which the stream resembles itself, the best first: the size of
    /// a record, of an image row, of a sample. Each at least 1.
    pub strides: Vec<u32>,
}

/// One stream of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// The stream's bytes.
    pub data: Vec<u8>,
    /// Hints for the predictor.
    pub layout: Layout,
}

/// What an adapter made of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adapted {
    /// What the way back needs beside the streams; stored in the frame.
    pub params: Vec<u8>,
    /// At least one stream.
    pub streams: Vec<Stream>,
}

/// Turns the bytes of a block into streams that are easier to predict, and back.
pub trait Adapter: Plugin {
    /// Encoder side.
    ///
    /// # Errors
    /// `Config` where the settings are unknown or out of range.
    fn forward(&self, input: &[u8], settings: &Settings) -> Result<Adapted>;

    /// Decoder side: exactly the `output_len` bytes that `forward` was given, from what stream
    /// version `version` of this adapter made of them.
    ///
    /// # Errors
    /// `Plugin` where parameters and streams do not fit together; `Limit` where more memory
    /// than `limits` allows would be needed.
    fn inverse(
        &self,
        version: u8,
        params: &[u8],
        streams: Vec<Vec<u8>>,
        output_len: usize,
        limits: &Limits,
    ) -> Result<Vec<u8>>;
}
