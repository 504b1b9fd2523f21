//! `umoec plugins`.

use std::fmt::Write as _;

use serde::Serialize;
use umoec_codec::plugin::PluginId;

use crate::failure::{Failure, Outcome};
use crate::{setup, size};

/// What the command takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listing {
    plugins: Vec<Row>,
    profiles: Vec<ProfileRow>,
}

#[derive(Serialize)]
struct Row {
    kind: String,
    id: u64,
    name: String,
    version: u8,
    oldest: u8,
    summary: String,
    origin: String,
}

#[derive(Serialize)]
struct ProfileRow {
    name: String,
    number: u8,
    default: bool,
    adapter: String,
    predictor: String,
    coder: String,
    block_size: u64,
    memory: u64,
}

/// Lists plugins and profiles.
pub(crate) fn run(args: &Args) -> Outcome {
    let listing = collect()?;
    if args.json {
        super::print_json(&listing)
    } else {
        super::print(table(&listing).as_bytes())
    }
}

fn collect() -> Outcome<Listing> {
    let registry = setup::registry()?;
    let plugins = registry
        .iter()
        .map(|(plugin, origin)| {
            let d = plugin.descriptor();
            Row {
                kind: d.kind.to_string(),
                id: d.id.0,
                name: d.name.to_string(),
                version: d.version,
                oldest: d.oldest,
                summary: d.summary.to_string(),
                origin: origin.to_string(),
            }
        })
        .collect();
    let mut profiles = Vec::new();
    for name in umoec_builtin::profiles() {
        let p = umoec_builtin::profile(name).map_err(|e| Failure::codec("cannot read", e))?;
        profiles.push(ProfileRow {
            default: p.name == setup::DEFAULT_PROFILE,
            name: p.name,
            number: p.number,
            adapter: p.adapter.name,
            predictor: p.predictor.name,
            coder: p.coder.name,
            block_size: p.block_size,
            memory: p.memory,
        });
    }
    Ok(Listing { plugins, profiles })
}

fn table(listing: &Listing) -> String {
    // Plugins of others have longer names, and ids of 14 digits.
    let widest =
        |of: fn(&Row) -> usize, least| listing.plugins.iter().map(of).max().max(Some(least));
    let name_width = widest(|p| p.name.len(), 10).unwrap_or(10);
    let id_width = widest(|p| PluginId(p.id).to_string().len(), 3).unwrap_or(3);
    let mut out = format!(
        "{:<10} {:<name_width$} {:>id_width$}  STREAM  WHAT IT DOES\n",
        "KIND", "NAME", "ID"
    );
    for p in &listing.plugins {
        let id = PluginId(p.id).to_string();
        let versions = if p.oldest == p.version {
            p.version.to_string()
        } else {
            format!("{}-{}", p.oldest, p.version)
        };
        // A String never fails to be written to.
        let _ = writeln!(
            out,
            "{:<10} {:<name_width$} {id:>id_width$}  {versions:>6}  {} [{}]",
            p.kind, p.name, p.summary, p.origin
        );
    }
    out.push_str("\nPROFILE    ADAPTER  PREDICTOR  CODER  BLOCK     MEMORY\n");
    for p in &listing.profiles {
        let name = if p.default {
            format!("{} *", p.name)
        } else {
            p.name.clone()
        };
        let _ = writeln!(
            out,
            "{name:<10} {:<8} {:<10} {:<6} {:<9} {}",
            p.adapter,
            p.predictor,
            p.coder,
            size::binary(p.block_size),
            size::binary(p.memory)
        );
    }
    out.push_str("* used unless --profile names another\n");
    out
}
