//! Prints the strides that the adapter finds in each file: `strides FILE...`.

use umoec_adapter_bytes::Bytes;
use umoec_codec::plugin::{Adapter, Settings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for file in std::env::args().skip(1) {
        let data = std::fs::read(&file)?;
        let start = std::time::Instant::now();
        let adapted = Bytes.forward(&data, &Settings::new())?;
        let seconds = start.elapsed().as_secs_f32();
        println!(
            "{:?} {seconds:.3} s {file}",
            adapted.streams[0].layout.strides
        );
    }
    Ok(())
}
