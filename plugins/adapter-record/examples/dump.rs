//! Writes what the adapter makes of files, for decoders in other languages.
//!
//! `dump DIR [-s TOML] FILE...`: for each proposal, for a file and for the tables in it, `N.params`, `N.0`, `N.1` and so on, and `N.block`.

use umoec_adapter_record::Record;
use umoec_codec::plugin::{Adapter, Place, Settings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1).peekable();
    let folder = args.next().ok_or("usage: dump DIR [-s TOML] FILE...")?;
    let mut settings = Settings::new();
    if args.next_if(|a| a == "-s").is_some() {
        settings = toml::from_str(&std::fs::read_to_string(args.next().ok_or("-s TOML")?)?)?;
    }
    let mut number = 0;
    for file in args {
        let data = std::fs::read(&file)?;
        let place = Place::own(&data);
        let mut blocks = vec![(data.clone(), Record.propose(&data, &place, &settings)?)];
        // The tables of a file of several.
        let regions = Record.regions(&data, &place)?;
        for region in regions.chunk_by(|a, b| a.note == b.note) {
            let bytes = region.iter().flat_map(|r| &data[r.range.clone()]);
            let bytes: Vec<u8> = bytes.copied().collect();
            let proposals = Record.propose_region(&bytes, &region[0].note, &settings)?;
            blocks.push((bytes, proposals));
        }
        for (block, proposals) in blocks {
            for proposal in proposals {
                let path = |what: &str| format!("{folder}/{number}.{what}");
                std::fs::write(path("params"), &proposal.adapted.params)?;
                std::fs::write(path("block"), &block)?;
                for (n, stream) in proposal.adapted.streams.iter().enumerate() {
                    std::fs::write(path(&n.to_string()), &stream.data)?;
                }
                number += 1;
            }
        }
    }
    Ok(())
}
