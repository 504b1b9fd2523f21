//! What a library made in Rust hands to its host: its own inventory behind C functions
//! (`spec/plugin-abi.md`). Authors see [`export_plugins!`](crate::export_plugins) only.
//!
//! Every function catches panics: none may leave the library.
#![allow(unsafe_code, reason = "the border to other languages")]

mod adapter;
mod coder;
mod guard;
mod predictor;

use std::ffi::c_void;
use std::ptr;
use std::sync::OnceLock;

use super::abi::{
    UMOEC_ABI_MAJOR, UMOEC_ABI_MINOR, UMOEC_MAGIC, UmoecAdapter, UmoecCoder, UmoecPlugin,
    UmoecPredictor, UmoecTable,
};
use super::border::{code_of, lend, size};
use super::{AnyPlugin, Plugin, Provenance, Registration};

/// Exports every plugin that the library announces with [`submit!`](crate::submit). To be used
/// once, in a package with `crate-type = ["cdylib"]`. Each plugin must have a
/// [`Plugin::provenance`].
///
/// ```ignore
/// umoec_codec::submit!(AnyPlugin::Adapter(Arc::new(MyAdapter::new())));
/// umoec_codec::export_plugins!();
/// ```
#[macro_export]
macro_rules! export_plugins {
    () => {
        /// The table of this library (`spec/plugin-abi.md`).
        #[allow(unsafe_code, reason = "the symbol that hosts look for")]
        #[unsafe(no_mangle)]
        pub extern "C" fn umoec_plugins_v1() -> *const $crate::plugin::abi::UmoecTable {
            $crate::plugin::export::table()
        }
    };
}

/// A table that lives as long as the process.
struct Table(UmoecTable);

// SAFETY: made once, never written again; what it points to is leaked.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

/// The table of what this library's own inventory holds; null where making it panicked.
#[doc(hidden)]
#[must_use]
pub fn table() -> *const UmoecTable {
    static TABLE: OnceLock<Option<Table>> = OnceLock::new();
    let made = TABLE.get_or_init(|| guard::caught(make).ok());
    made.as_ref()
        .map_or(ptr::null(), |table| &raw const table.0)
}

fn make() -> Table {
    let mut plugins: Vec<AnyPlugin> = inventory::iter::<Registration>
        .into_iter()
        .map(|registration| (registration.make)())
        .collect();
    // An inventory has no order.
    plugins.sort_by_key(|plugin| (plugin.descriptor().kind, plugin.descriptor().id));
    let list: Vec<*const UmoecPlugin> = plugins.into_iter().map(declare).collect();
    let list = Vec::leak(list);
    Table(UmoecTable {
        magic: UMOEC_MAGIC,
        abi_major: UMOEC_ABI_MAJOR,
        abi_minor: UMOEC_ABI_MINOR,
        size: size::<UmoecTable>(),
        count: list.len(),
        plugins: list.as_ptr(),
    })
}

/// A plugin's declaration. It, and the plugin, live as long as the process.
fn declare(plugin: AnyPlugin) -> *const UmoecPlugin {
    static ADAPTER: UmoecAdapter = adapter::FUNCTIONS;
    static PREDICTOR: UmoecPredictor = predictor::FUNCTIONS;
    static CODER: UmoecCoder = coder::FUNCTIONS;
    fn leak<T>(plugin: T) -> &'static T {
        Box::leak(Box::new(plugin))
    }
    fn context<T>(plugin: &'static T) -> *mut c_void {
        ptr::from_ref(plugin).cast_mut().cast()
    }
    let mut functions = (ptr::null(), ptr::null(), ptr::null());
    let (plugin, context): (&'static dyn Plugin, *mut c_void) = match plugin {
        AnyPlugin::Adapter(plugin) => {
            functions.0 = &raw const ADAPTER;
            let plugin = leak(plugin);
            (&**plugin, context(plugin))
        }
        AnyPlugin::Predictor(plugin) => {
            functions.1 = &raw const PREDICTOR;
            let plugin = leak(plugin);
            (&**plugin, context(plugin))
        }
        AnyPlugin::Coder(plugin) => {
            functions.2 = &raw const CODER;
            let plugin = leak(plugin);
            (&**plugin, context(plugin))
        }
    };
    let d = plugin.descriptor();
    let (identity, homepage, sample) = match plugin.provenance() {
        Some(Provenance {
            identity,
            homepage,
            sample,
        }) => (identity.as_bytes(), homepage.as_bytes(), &sample[..]),
        // The host refuses a plugin that is nobody's, and says so.
        None => (&b""[..], &b""[..], &b""[..]),
    };
    Box::leak(Box::new(UmoecPlugin {
        size: size::<UmoecPlugin>(),
        kind: code_of(d.kind),
        id: d.id.0,
        version: d.version,
        oldest: d.oldest,
        reserved: [0; 6],
        name: lend(d.name.as_bytes()),
        identity: lend(identity),
        summary: lend(d.summary.as_bytes()),
        homepage: lend(homepage),
        sample: lend(sample),
        context,
        adapter: functions.0,
        predictor: functions.1,
        coder: functions.2,
    }))
}
