//! Plugins and profile for a run.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use umoec_codec::pipeline::{DecodeOptions, EncodeOptions, PluginChoice, Profile, Progress};
use umoec_codec::plugin::{Kind, Model, Registry, Settings, hex};
use umoec_predictor_mix::NAME as MIX;
use umoec_predictor_onnx::{Loaded, folders};

use crate::args::{Coding, Memory};
use crate::failure::{Failure, Outcome, shown};
use crate::jobs::Share;
use crate::libraries;
use crate::schema;

/// The profile that is used unless another is asked for.
pub(crate) const DEFAULT_PROFILE: &str = umoec_builtin::DEFAULT_PROFILE;

/// Every plugin this program has, and every model it can find.
pub(crate) fn registry() -> Outcome<Arc<Registry>> {
    Ok(Arc::new(editable_registry()?))
}

/// As [`registry`], to add to it.
pub(crate) fn editable_registry() -> Outcome<Registry> {
    let mut registry = umoec_builtin::registry().map_err(|e| Failure::codec("cannot start", e))?;
    for folder in folders::search_path() {
        registry.models_mut().add_folder(folder);
    }
    libraries::add_to(&mut registry)?;
    Ok(registry)
}

/// Plugins and profile to compress with.
pub(crate) fn compression(coding: &Coding) -> Outcome<(Arc<Registry>, Profile)> {
    let mut registry = editable_registry()?;
    let model = match &coding.model {
        Some(wanted) => Some(hex(&model(wanted, &mut registry)?.hash())),
        None => None,
    };
    let profile = profile(coding, model, &registry)?;
    Ok((Arc::new(registry), profile))
}

/// The model that is meant. A file is checked and added to those known.
pub(crate) fn model(wanted: &str, registry: &mut Registry) -> Outcome<Arc<Model>> {
    let path = Path::new(wanted);
    let is_file = path.extension().is_some_and(|e| e == "onnx") || path.components().count() > 1;
    if is_file {
        let model = read_model(path)?;
        registry.models_mut().insert(Arc::clone(&model));
        return Ok(model);
    }
    let found = registry.models().find(wanted);
    found.map_err(|e| Failure {
        hint: Some("`umoec model list` lists them; a file is named by its path".into()),
        ..Failure::codec("cannot read", e)
    })
}

/// Reads a model from a file and proves it exact.
pub(crate) fn read_model(path: &Path) -> Outcome<Arc<Model>> {
    let bytes = fs::read(path).map_err(|e| Failure::io("cannot read", &e).at(shown(path)))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let model = Model::of_file(name.into_owned(), bytes, path.to_owned());
    Loaded::new(Arc::clone(&model)).map_err(|e| refused(&e).at(shown(path)))?;
    Ok(model)
}

/// A model that is not exact, or no model at all.
pub(crate) fn refused(error: &umoec_exact::ExactError) -> Failure {
    Failure::model(
        error.to_string(),
        "only graphs that are proved exact are run: spec/numerics.md says which are",
    )
}

/// The adapter that stands for all, and the one that takes a schema.
const AUTO: &str = "auto";
const RECORD: &str = "record";

/// The profile that the command line asks for; `model` is the hash of the model, if it names one.
fn profile(coding: &Coding, model: Option<String>, registry: &Registry) -> Outcome<Profile> {
    let mut profile = match &coding.config {
        Some(path) => from_file(path)?,
        None => umoec_builtin::profile(&coding.profile).map_err(usage)?,
    };
    let (adapter, joining) = match coding.adapter.as_deref().map(|list| list.split_once(',')) {
        None => (None, None),
        Some(None) => (coding.adapter.as_deref(), None),
        Some(Some((AUTO, others))) => (Some(AUTO), Some(others)),
        Some(Some((first, _))) => {
            return Err(Failure::usage(
                format!(
                    "--adapter takes one adapter, and others only after `auto`, not after `{first}`"
                ),
                "`--adapter auto,NAME` lets the adapter NAME of others into the choice",
            ));
        }
    };
    let adapter = match adapter {
        Some("none") => Some("bytes".to_owned()),
        None if coding.schema.is_some() => Some(RECORD.to_owned()),
        other => other.map(str::to_owned),
    };
    for (kind, name) in [
        (Kind::Adapter, &adapter),
        (Kind::Predictor, &coding.plugin),
        (Kind::Coder, &coding.coder),
    ] {
        if let Some(name) = name {
            if (kind, name.as_str()) != (Kind::Adapter, AUTO) {
                registry.by_name(kind, name).map_err(usage)?;
            }
            replace(&mut profile, kind, name);
        }
    }
    for name in joining.into_iter().flat_map(|names| names.split(',')) {
        registry.by_name(Kind::Adapter, name).map_err(usage)?;
        let settings = &mut profile.adapter.settings;
        settings
            .entry(name)
            .or_insert_with(|| Settings::new().into());
        profile.number = 0;
    }
    if let Some(path) = &coding.schema {
        let schema = schema::read(path)?;
        let adapter = &mut profile.adapter;
        let settings = Settings::from_iter([("schema".to_owned(), schema.into())]);
        match &*adapter.name {
            RECORD => adapter.settings = settings,
            AUTO => drop(adapter.settings.insert(RECORD.into(), settings.into())),
            _ => {
                return Err(Failure::usage(
                    format!("--schema says nothing to adapter {}", adapter.name),
                    "it is for the adapters `record` and `auto`",
                ));
            }
        }
    }
    if model.is_some() || coding.embed_model {
        listen_to_a_network(&mut profile);
    }
    let settings = &mut profile.predictor.settings;
    if coding.embed_model {
        settings.insert("by_hash".into(), true.into());
    }
    if let Some(hash) = model {
        settings.insert("model".into(), hash.into());
    }
    if let Some(size) = coding.block_size {
        profile.block_size = size;
    }
    Ok(profile)
}

/// Puts a network beside the context mixer of a profile: who names a model means it, whatever
/// the length of the content.
fn listen_to_a_network(profile: &mut Profile) {
    let predictor = &mut profile.predictor;
    if predictor.name == "cm" {
        let cm = std::mem::take(&mut predictor.settings);
        predictor.name = MIX.to_owned();
        predictor.settings.insert("cm".into(), cm.into());
    }
    if predictor.name == MIX {
        profile.number = 0;
        predictor.settings.remove("network_kib");
        predictor.settings.insert("network".into(), "always".into());
    }
}

/// Puts another plugin into a profile, without the settings of the one that was there.
fn replace(profile: &mut Profile, kind: Kind, name: &str) {
    let place = match kind {
        Kind::Adapter => &mut profile.adapter,
        Kind::Predictor => &mut profile.predictor,
        Kind::Coder => &mut profile.coder,
    };
    if place.name != name {
        *place = PluginChoice {
            name: name.to_owned(),
            settings: Default::default(),
        };
        profile.number = 0;
    }
}

/// Options to compress an input of `size` bytes.
pub(crate) fn encode_options(
    coding: &Coding,
    profile: &Profile,
    share: &Share,
    size: Option<u64>,
    progress: Progress,
) -> EncodeOptions {
    EncodeOptions {
        profile: profile.clone(),
        threads: share.threads,
        helpers: Some(share.idle.clone()),
        check: coding.check,
        content_size: size,
        memory: coding.memory.memory,
        embed_models: coding.embed_model,
        progress: Some(progress),
        contests: None,
    }
}

/// Options to decompress.
pub(crate) fn decode_options(memory: &Memory, share: &Share, progress: Progress) -> DecodeOptions {
    DecodeOptions {
        threads: share.threads,
        helpers: Some(share.idle.clone()),
        memory: memory.memory,
        output_limit: u64::MAX,
        progress: Some(progress),
        costs: None,
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
        4 => "neural".into(),
        n => format!("number {n}"),
    }
}
