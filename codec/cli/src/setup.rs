//! Plugins and profile for a run.

use std::path::Path;
use std::sync::Arc;

use umoec_codec::pipeline::{DecodeOptions, EncodeOptions, PluginChoice, Profile, Progress};
use umoec_codec::plugin::{Kind, Registry};

use crate::args::{Coding, Memory};
use crate::failure::{Failure, Outcome, shown};

/// The profile that is used unless another is asked for.
pub(crate) const DEFAULT_PROFILE: &str = umoec_builtin::DEFAULT_PROFILE;

/// Every plugin this program has.
pub(crate) fn registry() -> Outcome<Arc<Registry>> {
    let registry = umoec_builtin::registry().map_err(|e| Failure::codec("cannot start", e))?;
    Ok(Arc::new(registry))
}

/// The profile that the command line asks for.
pub(crate) fn profile(coding: &Coding, registry: &Registry) -> Outcome<Profile> {
    let mut profile = match &coding.config {
        Some(path) => from_file(path)?,
        None => umoec_builtin::profile(&coding.profile).map_err(usage)?,
    };
    if let Some(name) = &coding.plugin {
        registry.by_name(Kind::Predictor, name).map_err(usage)?;
        if profile.predictor.name != *name {
            profile.number = 0;
            profile.predictor = PluginChoice {
                name: name.clone(),
                settings: Default::default(),
            };
        }
    }
    if let Some(size) = coding.block_size {
        profile.block_size = size;
    }
    Ok(profile)
}

/// Options to compress an input of `size` bytes.
pub(crate) fn encode_options(
    coding: &Coding,
    profile: &Profile,
    threads: usize,
    size: Option<u64>,
    progress: Progress,
) -> EncodeOptions {
    EncodeOptions {
        profile: profile.clone(),
        threads,
        check: coding.check,
        content_size: size,
        memory: coding.memory.memory,
        progress: Some(progress),
    }
}

/// Options to decompress.
pub(crate) fn decode_options(memory: &Memory, threads: usize, progress: Progress) -> DecodeOptions {
    DecodeOptions {
        threads,
        memory: memory.memory,
        output_limit: u64::MAX,
        progress: Some(progress),
    }
}

fn from_file(path: &Path) -> Outcome<Profile> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::io("cannot read", &e).at(shown(path)))?;
    Profile::from_toml(&text).map_err(|e| {
        Failure {
            hint: Some("it must be laid out as the profiles in configs/codec".into()),
            ..usage(e)
        }
        .at(shown(path))
    })
}

fn usage(error: umoec_codec::Error) -> Failure {
    Failure {
        hint: Some("`umoec plugins` lists plugins and profiles".into()),
        ..Failure::codec("cannot start", error)
    }
}

/// The name of a profile by its number on the wire.
pub(crate) fn profile_name(number: u8) -> String {
    match number {
        0 => "custom".into(),
        1 => "turbo".into(),
        2 => "balanced".into(),
        3 => "max".into(),
        n => format!("number {n}"),
    }
}
