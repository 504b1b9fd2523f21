//! A library: opened once, checked, never unloaded.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::call::Callee;
use super::table::{Declared, Functions};
use super::{adapter, coder, file, predictor, selftest, table};
use crate::plugin::abi::UmoecPluginsV1;
use crate::plugin::{AnyPlugin, Descriptor, Provenance};
use crate::{Error, Result};

/// The one symbol of a library.
const SYMBOL: &[u8] = b"umoec_plugins_v1\0";

/// A plugin of a library: what it says of itself and how it is called.
pub(super) struct Plugged<F> {
    pub(super) descriptor: Descriptor,
    pub(super) provenance: Provenance,
    pub(super) callee: Callee,
    pub(super) context: *mut c_void,
    pub(super) functions: F,
}

// SAFETY: `context` is only handed to the library's functions, which spec plugin-abi §4 requires
// to work from several threads at once; everything else is plain data.
unsafe impl<F> Send for Plugged<F> {}
// SAFETY: as above.
unsafe impl<F> Sync for Plugged<F> {}

/// What became of a file: it is not looked at twice.
type Loaded = Result<Vec<AnyPlugin>, (String, String)>;

static LOADED: Mutex<BTreeMap<PathBuf, Loaded>> = Mutex::new(BTreeMap::new());

/// Loads a library and tests its plugins; a file that was loaded before is not loaded again.
/// Also its path without symbolic links.
///
/// # Errors
/// `Library` that says why the file is refused.
pub fn load(path: &Path) -> Result<(PathBuf, Vec<AnyPlugin>)> {
    let refused = |(reason, hint)| Error::Library {
        path: path.to_owned(),
        reason,
        hint,
    };
    let real = file::resolve(path).map_err(refused)?;
    file::check(path, &real).map_err(refused)?;
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    let plugins = match loaded.get(&real) {
        Some(known) => known.clone(),
        None => {
            let fresh = open(&real);
            loaded.insert(real.clone(), fresh.clone());
            fresh
        }
    };
    Ok((real, plugins.map_err(refused)?))
}

/// Opens a file that may be trusted.
fn open(path: &Path) -> Loaded {
    const ASK: &str = "get a build for this program from its author";
    let ask = |reason| (reason, ASK.to_owned());
    // SAFETY: opening runs the library's initialisers: it is trusted, as file::check has made
    // sure that only its owner can have written it, and the user named it or put it there.
    let library = unsafe { libloading::Library::new(path) }
        .map_err(|e| ask(format!("the system cannot load it: {}", said(&e))))?;
    // Its functions and its table are used until the process ends.
    let library: &'static libloading::Library = Box::leak(Box::new(library));
    // SAFETY: a symbol of that name has that type, by the specification.
    let symbol = unsafe { library.get::<UmoecPluginsV1>(SYMBOL) }.map_err(|_| {
        let name = "umoec_plugins_v1";
        ask(format!(
            "it has no symbol `{name}`, so it is no umoec plugin"
        ))
    })?;
    // SAFETY: the function takes nothing, and the table is read as the specification says.
    let declared = unsafe { table::read(symbol()) }.map_err(ask)?;
    let mut plugins = Vec::with_capacity(declared.len());
    for plugin in declared {
        let sample = plugin.provenance.sample.clone();
        let plugin = wrap(plugin);
        selftest::run(&plugin, &sample).map_err(|error| {
            let d = plugin.descriptor();
            let reason = format!("{} `{}` fails its self-test: {error}", d.kind, d.name);
            (reason, "tell its author; do not use it".to_owned())
        })?;
        plugins.push(plugin);
    }
    Ok(plugins)
}

/// The loader's message, without the path that the error names already.
fn said(error: &libloading::Error) -> String {
    let source = std::error::Error::source(error);
    let text = source.map_or_else(|| error.to_string(), ToString::to_string);
    text.split_once(": ")
        .map_or(text.clone(), |(_, rest)| rest.to_owned())
}

fn wrap(declared: Declared) -> AnyPlugin {
    fn plugged<F>(declared: (Descriptor, Provenance, *mut c_void), functions: F) -> Plugged<F> {
        let (descriptor, provenance, context) = declared;
        Plugged {
            callee: Callee::of(&descriptor),
            descriptor,
            provenance,
            context,
            functions,
        }
    }
    let about = (declared.descriptor, declared.provenance, declared.context);
    match declared.functions {
        Functions::Adapter(f) => AnyPlugin::Adapter(Arc::new(adapter::Loaded(plugged(about, f)))),
        Functions::Predictor(f) => {
            AnyPlugin::Predictor(Arc::new(predictor::Loaded(Arc::new(plugged(about, f)))))
        }
        Functions::Coder(f) => {
            AnyPlugin::Coder(Arc::new(coder::Loaded(Arc::new(plugged(about, f)))))
        }
    }
}
