//! Compression and decompression in memory.

use std::io::{Read, Write};
use std::sync::Arc;

use super::{DecodeOptions, Decoder, EncodeOptions, Encoder};
use crate::plugin::Registry;
use crate::{Error, Result};

/// Compresses `data`. The content's size is known, whatever `options` say.
///
/// # Errors
/// `Config` where the profile does not fit the plugins, `Plugin` where a plugin breaks its
/// contract.
pub fn compress(data: &[u8], registry: &Arc<Registry>, options: &EncodeOptions) -> Result<Vec<u8>> {
    let options = EncodeOptions {
        content_size: Some(data.len() as u64),
        ..options.clone()
    };
    let mut encoder = Encoder::new(Vec::new(), Arc::clone(registry), options)?;
    encoder.write_all(data)?;
    Ok(encoder.finish()?.0)
}

/// Decompresses all members in `data`.
///
/// # Errors
/// `Format`, `Truncated`, `Unsupported`, `Integrity` or `Limit` for what is wrong with `data`.
pub fn decompress(
    data: &[u8],
    registry: &Arc<Registry>,
    options: &DecodeOptions,
) -> Result<Vec<u8>> {
    let mut decoder = Decoder::new(data, Arc::clone(registry), options.clone())?;
    let mut content = Vec::new();
    decoder.read_to_end(&mut content).map_err(Error::from_io)?;
    Ok(content)
}
