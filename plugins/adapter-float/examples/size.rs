//! Compresses files under a profile with the adapters linked here, and back again:
//! `size PROFILE.toml FILE...` prints size, compressed size, seconds and the adapters chosen.

use std::sync::Arc;
use std::time::Instant;

use umoec_adapter_audio as _;
use umoec_adapter_exe as _;
use umoec_adapter_float as _;
use umoec_codec::pipeline::{DecodeOptions, EncodeOptions, Profile, compress, decompress, inspect};
use umoec_codec::plugin::{PluginId, Registry};
use umoec_coder_rans as _;
use umoec_coder_stored as _;
use umoec_predictor_cm as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let profile = args.next().ok_or("usage: size PROFILE.toml FILE...")?;
    let mut options = EncodeOptions::new(Profile::from_toml(&std::fs::read_to_string(profile)?)?);
    options.threads = 2;
    let registry = Arc::new(Registry::linked()?);
    for file in args {
        let data = std::fs::read(&file)?;
        let start = Instant::now();
        let packed = compress(&data, &registry, &options)?;
        let seconds = start.elapsed().as_secs_f32();
        let back = decompress(&packed, &registry, &DecodeOptions::default())?;
        assert!(back == data, "{file} does not come back");
        let mut chosen = Vec::new();
        for frame in inspect(&packed[..])?.members.iter().flat_map(|m| &m.frames) {
            let Some(a) = &frame.adapter else { continue };
            let adapter = registry.adapter(PluginId(a.id), a.version)?;
            let bytes: Vec<u8> = (0..a.params.len() / 2)
                .filter_map(|i| u8::from_str_radix(&a.params[2 * i..2 * i + 2], 16).ok())
                .collect();
            let about = adapter.describe(a.version, &bytes).unwrap_or_default();
            chosen.push(format!("{} {about}", adapter.descriptor().name));
        }
        println!(
            "{file} {} {} {seconds:.2} s {chosen:?}",
            data.len(),
            packed.len()
        );
    }
    Ok(())
}
