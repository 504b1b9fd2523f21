//! The table of a library, checked and copied.

use std::borrow::Cow;
use std::ffi::c_void;
use std::mem::{MaybeUninit, offset_of};

use crate::plugin::abi::{
    UMOEC_ABI_MAJOR, UMOEC_ADAPTER, UMOEC_CODER, UMOEC_MAGIC, UMOEC_PREDICTOR, UmoecAdapter,
    UmoecBytes, UmoecCoder, UmoecPlugin, UmoecPredictor, UmoecTable,
};
use crate::plugin::border::{borrow, borrow_array};
use crate::plugin::{
    Descriptor, Kind, PluginId, Provenance, THIRD_PARTY, check_identity, derived_id,
};

/// The most plugins of one library.
const MOST: usize = 256;
/// The most bytes of a sample.
const SAMPLE: usize = 1 << 20;

/// The functions of a plugin, by kind.
pub(super) enum Functions {
    Adapter(UmoecAdapter),
    Predictor(UmoecPredictor),
    Coder(UmoecCoder),
}

/// A plugin as its library declares it.
pub(super) struct Declared {
    pub(super) descriptor: Descriptor,
    pub(super) provenance: Provenance,
    pub(super) context: *mut c_void,
    pub(super) functions: Functions,
}

/// Reads a table.
///
/// # Safety
/// `table` must be what `umoec_plugins_v1` of a library returned, which is never unloaded.
pub(super) unsafe fn read(table: *const UmoecTable) -> Result<Vec<Declared>, String> {
    if table.is_null() || !table.is_aligned() {
        return Err("its table is at no address".into());
    }
    // SAFETY: an aligned pointer of the library's. These four fields come first in every version.
    let (magic, major, minor, size) = unsafe {
        (
            (&raw const (*table).magic).read(),
            (&raw const (*table).abi_major).read(),
            (&raw const (*table).abi_minor).read(),
            (&raw const (*table).size).read(),
        )
    };
    if magic != UMOEC_MAGIC {
        return Err(format!(
            "its table begins with {magic:#018x} instead of {UMOEC_MAGIC:#018x}"
        ));
    }
    if major != UMOEC_ABI_MAJOR {
        return Err(format!(
            "it was built for version {major}.{minor} of the interface, this program has version \
             {UMOEC_ABI_MAJOR}"
        ));
    }
    // SAFETY: the library states that so many bytes stand there.
    let table: UmoecTable = unsafe { sized(table, size, "its table")? };
    if table.count == 0 || table.count > MOST {
        return Err(format!(
            "it declares {} plugins, not 1 to {MOST}",
            table.count
        ));
    }
    if table.plugins.is_null() || !table.plugins.is_aligned() {
        return Err("its list of plugins is at no address".into());
    }
    // SAFETY: not null, aligned; the library states the count.
    let plugins = unsafe { borrow_array(table.plugins, table.count) };
    let one = |(number, &plugin): (usize, &*const UmoecPlugin)| {
        // SAFETY: pointers of the library's, checked where that is possible.
        unsafe { read_plugin(plugin) }.map_err(|e| format!("plugin {number} of it: {e}"))
    };
    plugins.iter().enumerate().map(one).collect()
}

/// # Safety
/// As [`read`].
unsafe fn read_plugin(plugin: *const UmoecPlugin) -> Result<Declared, String> {
    // SAFETY: as the caller promised; `size` comes first.
    let plugin = unsafe { own(plugin, "its declaration")? };
    // SAFETY: texts of the library's, which live as long as the process.
    let text = |bytes: UmoecBytes, what| unsafe { text(bytes, what) };
    let name = text(plugin.name, "name")?;
    let within = |e: String| format!("`{name}`: {e}");
    let identity = text(plugin.identity, "identity").map_err(within)?;
    check_identity(&identity).map_err(within)?;
    let (kind, functions) = match plugin.kind {
        UMOEC_ADAPTER => {
            // SAFETY: as above.
            let functions = unsafe { own(plugin.adapter, "its functions") }.map_err(within)?;
            (Kind::Adapter, Functions::Adapter(functions))
        }
        UMOEC_PREDICTOR => {
            // SAFETY: as above.
            let functions = unsafe { own(plugin.predictor, "its functions") }.map_err(within)?;
            (Kind::Predictor, Functions::Predictor(functions))
        }
        UMOEC_CODER => {
            // SAFETY: as above.
            let functions = unsafe { own(plugin.coder, "its functions") }.map_err(within)?;
            (Kind::Coder, Functions::Coder(functions))
        }
        other => return Err(within(format!("its kind is {other}, which is none"))),
    };
    check_id(kind, plugin.id, &identity).map_err(within)?;
    if plugin.sample.len > SAMPLE {
        return Err(within(format!("its sample has more than {SAMPLE} bytes")));
    }
    // SAFETY: as the texts.
    let sample = unsafe { borrow(plugin.sample) };
    Ok(Declared {
        descriptor: Descriptor {
            kind,
            id: PluginId(plugin.id),
            name: name.clone().into(),
            version: plugin.version,
            oldest: plugin.oldest,
            summary: text(plugin.summary, "summary").map_err(within)?.into(),
        },
        provenance: Provenance {
            identity: identity.into(),
            homepage: text(plugin.homepage, "homepage").map_err(within)?.into(),
            sample: Cow::Owned(sample.to_vec()),
        },
        context: plugin.context,
        functions,
    })
}

/// An id that belongs to that identity, or one for private experiments.
fn check_id(kind: Kind, id: u64, identity: &str) -> Result<(), String> {
    let right = derived_id(kind, identity);
    let private = 1 << 16..THIRD_PARTY.start;
    if id == right.0 || private.contains(&id) {
        return Ok(());
    }
    Err(format!(
        "its id is {id:#x}, but that of the {kind} {identity} is {right} (spec/plugin-ids.md)"
    ))
}

/// A text of one line.
///
/// # Safety
/// `bytes` must be readable.
unsafe fn text(bytes: UmoecBytes, what: &str) -> Result<String, String> {
    const MOST: usize = 256;
    if bytes.data.is_null() || bytes.len == 0 || bytes.len > MOST {
        return Err(format!("its {what} is missing or longer than {MOST} bytes"));
    }
    // SAFETY: as the caller promised.
    let bytes = unsafe { borrow(bytes) };
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        _ => Err(format!("its {what} is not plain UTF-8 text")),
    }
}

/// A struct of the interface, which grows at its end.
trait Growing {
    /// Bytes that it has in version 1.0.
    const FIRST: usize;
}

impl Growing for UmoecTable {
    const FIRST: usize = size_of::<Self>();
}

impl Growing for UmoecPlugin {
    const FIRST: usize = size_of::<Self>();
}

impl Growing for UmoecAdapter {
    const FIRST: usize = offset_of!(Self, propose);
}

impl Growing for UmoecPredictor {
    const FIRST: usize = size_of::<Self>();
}

impl Growing for UmoecCoder {
    const FIRST: usize = size_of::<Self>();
}

/// A copy of a struct that begins with its size.
///
/// # Safety
/// Where `data` is not null, as many bytes as it states must be readable there.
unsafe fn own<T: Growing>(data: *const T, what: &str) -> Result<T, String> {
    if data.is_null() || !data.is_aligned() {
        return Err(format!("{what}: they are at no address"));
    }
    // SAFETY: aligned for `T`, which begins with this field.
    let stated = unsafe { data.cast::<u32>().read() };
    // SAFETY: as the caller promised.
    unsafe { sized(data, stated, what) }
}

/// A copy of a struct that states to have `stated` bytes; what it has more than this program
/// knows is left out, what it lacks is zero.
///
/// # Safety
/// As many bytes must be readable at `data`.
unsafe fn sized<T: Growing>(data: *const T, stated: u32, what: &str) -> Result<T, String> {
    let (stated, first) = (stated as usize, T::FIRST);
    if stated < first {
        return Err(format!(
            "{what}: only {stated} bytes, version {UMOEC_ABI_MAJOR}.0 of the interface has {first}"
        ));
    }
    let known = stated.min(size_of::<T>());
    let mut copy = MaybeUninit::<T>::zeroed();
    // SAFETY: `known` bytes are readable, since `stated` is not less, and `copy` has room for them.
    // All structs of the interface are integers, raw pointers and optional functions, for which zero, and
    // every value that a C program can store, is valid here.
    unsafe {
        std::ptr::copy_nonoverlapping(data.cast::<u8>(), copy.as_mut_ptr().cast::<u8>(), known);
        Ok(copy.assume_init())
    }
}
