//! From the content of a deflate stream back to the stream.

use umoec_codec::Result;

use crate::fault;
use crate::inflate::Inflated;

/// What has to be known beside the content to make `compressed` again. `None` where that does not work.
pub(crate) fn explain(compressed: &[u8], inflated: &Inflated) -> Option<Vec<u8>> {
    let config = preflate_rs::PreflateConfig {
        max_chain_length: 4096,
        plain_text_limit: inflated.plain.len() + 1,
        verify_compression: true,
    };
    let run = || preflate_rs::preflate_whole_deflate_stream(compressed, &config);
    let (result, plain) = std::panic::catch_unwind(run).ok()?.ok()?;
    let whole = result.compressed_size == compressed.len() && plain.text() == inflated.plain;
    whole.then_some(result.corrections)
}

/// Appends the stream with that content.
pub(crate) fn rebuild(plain: &[u8], corrections: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let run = || preflate_rs::recreate_whole_deflate_stream(plain, corrections);
    match std::panic::catch_unwind(run) {
        Ok(Ok(made)) => out.extend(made),
        _ => return Err(fault("its corrections do not fit the content")),
    }
    Ok(())
}
