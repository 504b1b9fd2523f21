//! The C interface between the program and a plugin in a dynamic library
//! (`spec/plugin-abi.md`): plain structs and functions, nothing of Rust.
//!
//! `include/umoec_plugin.h` of this package is made of this file; a test says whether it is
//! current. Every struct that may grow begins with its `size`, and grows at its end only.

use std::ffi::c_void;

/// The first field of a table: "UMOECPLG" where the machine is little-endian.
pub const UMOEC_MAGIC: u64 = 0x474C_5043_454F_4D55;
/// Tables of another major version are refused.
pub const UMOEC_ABI_MAJOR: u16 = 1;
/// A higher minor version appends fields, and a host that does not know these goes without.
pub const UMOEC_ABI_MINOR: u16 = 1;

/// Kind: bytes of a block to streams and back.
pub const UMOEC_ADAPTER: u32 = 0;
/// Kind: probabilities of the next decision.
pub const UMOEC_PREDICTOR: u32 = 1;
/// Kind: decisions to bytes and back.
pub const UMOEC_CODER: u32 = 2;

/// All went well.
pub const UMOEC_OK: i32 = 0;
/// The settings are unknown or out of range: the user's fault.
pub const UMOEC_CONFIG: i32 = 1;
/// Parameters, streams or payload are none that this plugin writes: the file's fault.
pub const UMOEC_MALFORMED: i32 = 2;
/// More memory would be needed than the limits allow; `needed` says how much.
pub const UMOEC_LIMIT: i32 = 3;
/// The system did not give memory; `needed` says how much.
pub const UMOEC_MEMORY: i32 = 4;
/// Something that this build of the plugin does not have, such as a device.
pub const UMOEC_UNSUPPORTED: i32 = 5;
/// The plugin failed.
pub const UMOEC_FAILED: i32 = 6;
/// The plugin panicked; the panic was caught within the library.
pub const UMOEC_PANIC: i32 = 7;
/// A call of the host's refused what it was given; to be handed on to the host.
pub const UMOEC_REFUSED: i32 = 8;

/// Bytes that somebody else owns. `data` may be null where `len` is 0. Never grows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct UmoecBytes {
    /// The first byte.
    pub data: *const u8,
    /// How many.
    pub len: usize,
}

/// What a library returns from its one symbol, `umoec_plugins_v1`. It must live as long as
/// the process, as must all it points to.
#[repr(C)]
pub struct UmoecTable {
    /// `UMOEC_MAGIC`.
    pub magic: u64,
    /// `UMOEC_ABI_MAJOR` of the header it was built with.
    pub abi_major: u16,
    /// `UMOEC_ABI_MINOR` of that header.
    pub abi_minor: u16,
    /// `sizeof(UmoecTable)` of that header.
    pub size: u32,
    /// How many plugins there are.
    pub count: usize,
    /// The plugins.
    pub plugins: *const *const UmoecPlugin,
}

/// One plugin. All text is UTF-8 without control characters.
#[repr(C)]
pub struct UmoecPlugin {
    /// `sizeof(UmoecPlugin)` of the header it was built with.
    pub size: u32,
    /// `UMOEC_ADAPTER`, `UMOEC_PREDICTOR` or `UMOEC_CODER`.
    pub kind: u32,
    /// Derived from kind and identity (spec plugin-ids §3): `umoec plugin id` prints it.
    pub id: u64,
    /// The stream version that it writes, 1..127.
    pub version: u8,
    /// The oldest stream version that it reads, 1..version.
    pub oldest: u8,
    /// 0.
    pub reserved: [u8; 6],
    /// On the command line and in profiles: lower-case letters, digits and `-`; at most 64 bytes.
    pub name: UmoecBytes,
    /// Unique in the world: a reversed domain name or an URL of the author's; at most 256 bytes.
    pub identity: UmoecBytes,
    /// One line for people, at most 256 bytes.
    pub summary: UmoecBytes,
    /// Where people get the plugin and its specification; at most 256 bytes.
    pub homepage: UmoecBytes,
    /// Data of the kind that the plugin is for, at most 1 MiB; the host's self-test codes it,
    /// among others. May be empty.
    pub sample: UmoecBytes,
    /// What the functions below get as `context`. They may be called from several threads at once.
    pub context: *mut c_void,
    /// Its functions if it is an adapter, else null.
    pub adapter: *const UmoecAdapter,
    /// Its functions if it is a predictor, else null.
    pub predictor: *const UmoecPredictor,
    /// Its functions if it is a coder, else null.
    pub coder: *const UmoecCoder,
}

/// Where a function says what went wrong. The host's, for the time of the call.
#[repr(C)]
pub struct UmoecReport {
    /// `sizeof(UmoecReport)` of the host.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// For `UMOEC_LIMIT` and `UMOEC_MEMORY`: bytes of memory needed.
    pub needed: u64,
    /// Room for a message in UTF-8 without a closing zero.
    pub message: *mut u8,
    /// Bytes of room.
    pub capacity: usize,
    /// Bytes of the message that was written.
    pub len: usize,
}

/// What may be taken (`UmoecLimits` of the caller, for the time of the call).
#[repr(C)]
pub struct UmoecLimits {
    /// `sizeof(UmoecLimits)` of the host.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// Most bytes of memory.
    pub memory: u64,
}

/// One setting of a profile. Never grows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct UmoecSetting {
    /// Its name; those of nested tables are joined by dots.
    pub key: UmoecBytes,
    /// A text as it is; numbers, truth values and arrays as TOML writes them.
    pub value: UmoecBytes,
}

/// The settings that a profile gives to a plugin. A plugin must refuse one that it does not know.
#[repr(C)]
pub struct UmoecSettings {
    /// `sizeof(UmoecSettings)` of the host.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// All of them as a TOML document.
    pub toml: UmoecBytes,
    /// The same, one by one.
    pub list: *const UmoecSetting,
    /// How many.
    pub count: usize,
}

/// A buffer of the host's that grows. The host refuses more than may be written.
#[repr(C)]
pub struct UmoecOut {
    /// `sizeof(UmoecOut)` of the host.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// The host's own.
    pub host: *mut c_void,
    /// Appends bytes. `UMOEC_OK`, or `UMOEC_REFUSED` where it would be too much.
    pub append:
        Option<unsafe extern "C" fn(out: *mut UmoecOut, data: *const u8, len: usize) -> i32>,
    /// Appends `len` zero bytes and returns the first one, to be written over until the next
    /// call that concerns `out`. Null where it would be too much.
    pub extend: Option<unsafe extern "C" fn(out: *mut UmoecOut, len: usize) -> *mut u8>,
}

/// Where an adapter writes what it makes of a block. The host's, for the time of the call.
#[repr(C)]
pub struct UmoecStreams {
    /// `sizeof(UmoecStreams)` of the host.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// The host's own.
    pub host: *mut c_void,
    /// What the way back needs beside the streams; at most 65536 bytes.
    pub params: *mut UmoecOut,
    /// The stream of that number; the first call for the next number begins it. Null where
    /// it would be one too many (256), or leave a gap.
    pub stream:
        Option<unsafe extern "C" fn(streams: *mut UmoecStreams, number: usize) -> *mut UmoecOut>,
    /// Says at which distances in bytes a stream resembles itself, the best first: at most 16.
    pub hint: Option<
        unsafe extern "C" fn(
            streams: *mut UmoecStreams,
            number: usize,
            strides: *const u32,
            count: usize,
        ) -> i32,
    >,
    /// Since 1.1: says that a stream consists of numbers of `width` bytes, 1 to 8, the most significant
    /// byte first, larger ones for larger values, the first one at `phase` < `width`.
    pub number: Option<
        unsafe extern "C" fn(
            streams: *mut UmoecStreams,
            number: usize,
            width: u32,
            phase: u32,
        ) -> i32,
    >,
}

/// Where a block stands in the content that it was cut from.
#[repr(C)]
pub struct UmoecPlace {
    /// `sizeof(UmoecPlace)` of the host.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// Bytes of content before the block.
    pub offset: u64,
    /// The first bytes of the content, at most 65536.
    pub head: UmoecBytes,
}

/// Where an adapter writes ways to take a block. The host's, for the time of the call.
#[repr(C)]
pub struct UmoecProposals {
    /// `sizeof(UmoecProposals)` of the host.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// The host's own.
    pub host: *mut c_void,
    /// Begins another proposal, of which the adapter is so sure (0 to 100), and gives the place to write it to as
    /// `forward` does; what was begun before is finished. Null where it would be one too many (8), and for another score,
    /// which fails the call.
    pub next: Option<
        unsafe extern "C" fn(proposals: *mut UmoecProposals, score: u32) -> *mut UmoecStreams,
    >,
}

/// Where an adapter writes what parts of a block are for it. The host's, for the time of the call.
#[repr(C)]
pub struct UmoecRegions {
    /// `sizeof(UmoecRegions)` of the host.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// The host's own.
    pub host: *mut c_void,
    /// The bytes `start..end` of the block, not empty, are a part of which the adapter is so sure (0 to 100). With `joins`
    /// not 0 it is better taken together with the others that have the same note, one behind the other; the note, at most
    /// 65536 bytes, is what `propose_region` gets. `UMOEC_REFUSED` where it would be one too many (65536), and where that is
    /// no such part, which fails the call.
    pub found: Option<
        unsafe extern "C" fn(
            regions: *mut UmoecRegions,
            start: u64,
            end: u64,
            score: u32,
            joins: u32,
            note: UmoecBytes,
        ) -> i32,
    >,
}

/// The functions of an adapter.
#[repr(C)]
pub struct UmoecAdapter {
    /// `sizeof(UmoecAdapter)` of the header it was built with.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// Turns a block into one or more streams.
    pub forward: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            input: UmoecBytes,
            settings: *const UmoecSettings,
            streams: *mut UmoecStreams,
            report: *mut UmoecReport,
        ) -> i32,
    >,
    /// Writes exactly the `output_len` bytes that `forward` was given. All that it is handed
    /// may come from a stranger.
    pub inverse: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            version: u32,
            params: UmoecBytes,
            streams: *const UmoecBytes,
            count: usize,
            output_len: usize,
            limits: *const UmoecLimits,
            out: *mut UmoecOut,
            report: *mut UmoecReport,
        ) -> i32,
    >,
    /// Since 1.1, may be null: ways to take this block, if it is of the kind that the adapter is for. Each must come back by
    /// `inverse`.
    pub propose: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            input: UmoecBytes,
            place: *const UmoecPlace,
            settings: *const UmoecSettings,
            proposals: *mut UmoecProposals,
            report: *mut UmoecReport,
        ) -> i32,
    >,
    /// Since 1.1, may be null: parts of this block that are files of the adapter's kind.
    pub regions: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            input: UmoecBytes,
            place: *const UmoecPlace,
            regions: *mut UmoecRegions,
            report: *mut UmoecReport,
        ) -> i32,
    >,
    /// Since 1.1: `propose` for the bytes of a region, or of all that join. Where it is null, `propose` gets them as
    /// a content of their own.
    pub propose_region: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            input: UmoecBytes,
            note: UmoecBytes,
            settings: *const UmoecSettings,
            proposals: *mut UmoecProposals,
            report: *mut UmoecReport,
        ) -> i32,
    >,
    /// Since 1.1, may be null: one line for people about parameters, which may come from a stranger.
    pub describe: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            version: u32,
            params: UmoecBytes,
            text: *mut UmoecOut,
            report: *mut UmoecReport,
        ) -> i32,
    >,
    /// Since 1.1, may be null, which is 0: bytes of memory that `inverse` takes at most for a block of `len` bytes of which this
    /// became, the block and the streams not counted.
    pub memory: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            params: UmoecBytes,
            streams: *const UmoecBytes,
            count: usize,
            len: u64,
        ) -> u64,
    >,
}

/// What an adapter says of a stream.
#[repr(C)]
pub struct UmoecLayout {
    /// `sizeof(UmoecLayout)` of the host.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// Distances in bytes at which the stream resembles itself, the best first.
    pub strides: *const u32,
    /// How many.
    pub count: usize,
    /// Since 1.1: bytes of a number where the stream consists of numbers, else 0.
    pub number_width: u32,
    /// Since 1.1: where the first one starts.
    pub number_phase: u32,
}

/// The next decision, and the next, ...: what a predictor asks and a coder answers. The same in
/// both directions: an encoding coder knows the answer, a decoding one reads it.
///
/// Probabilities are counts out of 65536 (spec probability §1). The calls concern one stream
/// and come from one thread.
#[repr(C)]
pub struct UmoecDecisions {
    /// `sizeof(UmoecDecisions)` of who made it.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// What the functions get as `state`.
    pub state: *mut c_void,
    /// The next bit of the current byte, most significant first; `one`, in 1..65535, is the
    /// probability that it is 1.
    pub bit: Option<unsafe extern "C" fn(state: *mut c_void, one: u32) -> u32>,
    /// The next byte, at a byte border only. `cumulative` has 257 rising entries from 0 to 65536.
    pub byte: Option<unsafe extern "C" fn(state: *mut c_void, cumulative: *const u32) -> u32>,
    /// Goes to a byte of the stream, at a byte border only.
    pub seek: Option<unsafe extern "C" fn(state: *mut c_void, position: u64)>,
    /// Not 0 where the payload has already proved impossible; answers after that are arbitrary.
    pub failed: Option<unsafe extern "C" fn(state: *mut c_void) -> u32>,
    /// A whole byte as eight bits, in one call: `ones[n]` is the probability of a 1 at node `n`.
    /// The root is 1, the node behind `n` and bit `b` is `2n + b`; `ones` has 256 entries.
    /// The host offers it to predictors; a coder leaves it null.
    pub tree: Option<unsafe extern "C" fn(state: *mut c_void, ones: *const u16) -> u32>,
    /// `count` bytes in one call, each with its own table of 257 entries: byte `i` is the one
    /// at `positions[i]`, or the next one where `positions` is null. For predictors that go through
    /// several lanes at once. The host offers it to predictors; a coder leaves it null.
    pub bytes: Option<
        unsafe extern "C" fn(
            state: *mut c_void,
            count: usize,
            positions: *const u64,
            tables: *const u32,
            answers: *mut u8,
        ) -> i32,
    >,
}

/// The functions of a predictor.
#[repr(C)]
pub struct UmoecPredictor {
    /// `sizeof(UmoecPredictor)` of the header it was built with.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// Encoder side: writes the parameters under which `data` will be coded.
    pub plan: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            data: UmoecBytes,
            layout: *const UmoecLayout,
            settings: *const UmoecSettings,
            params: *mut UmoecOut,
            report: *mut UmoecReport,
        ) -> i32,
    >,
    /// Checks `params` for a stream of `len` bytes and takes what states can share. `memory`
    /// becomes the bytes that one state takes at most, which must not exceed the limits.
    pub open: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            version: u32,
            params: UmoecBytes,
            len: u64,
            limits: *const UmoecLimits,
            opened: *mut *mut c_void,
            memory: *mut u64,
            report: *mut UmoecReport,
        ) -> i32,
    >,
    /// Frees what `open` took, after all of its states have been freed.
    pub close: Option<unsafe extern "C" fn(opened: *mut c_void)>,
    /// A state at the beginning of a stream. May be called from several threads at once.
    pub start: Option<
        unsafe extern "C" fn(
            opened: *mut c_void,
            state: *mut *mut c_void,
            report: *mut UmoecReport,
        ) -> i32,
    >,
    /// Codes the next `len` bytes by asking `decisions`, and writes them to
    /// `history[before..before + len]`; what lies before is what this state has coded so far.
    pub code: Option<
        unsafe extern "C" fn(
            state: *mut c_void,
            decisions: *const UmoecDecisions,
            history: *mut u8,
            before: usize,
            len: usize,
            report: *mut UmoecReport,
        ) -> i32,
    >,
    /// Frees a state.
    pub stop: Option<unsafe extern "C" fn(state: *mut c_void)>,
}

/// The functions of a coder.
#[repr(C)]
pub struct UmoecCoder {
    /// `sizeof(UmoecCoder)` of the header it was built with.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// Encoder side: writes the parameters for a stream of `len` bytes.
    pub plan: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            len: u64,
            settings: *const UmoecSettings,
            params: *mut UmoecOut,
            report: *mut UmoecReport,
        ) -> i32,
    >,
    /// Bytes of memory that an encoder for `len` bytes takes at most, its payload not counted.
    pub memory:
        Option<unsafe extern "C" fn(context: *mut c_void, params: UmoecBytes, len: u64) -> u64>,
    /// An encoder that answers with `data`, which lives until `encoded` or `abandon`.
    pub encoder: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            params: UmoecBytes,
            data: UmoecBytes,
            decisions: *mut UmoecDecisions,
            report: *mut UmoecReport,
        ) -> i32,
    >,
    /// Writes what was coded, and frees the encoder.
    pub encoded: Option<
        unsafe extern "C" fn(
            state: *mut c_void,
            payload: *mut UmoecOut,
            report: *mut UmoecReport,
        ) -> i32,
    >,
    /// A decoder of `payload`, which lives until `decoded` or `abandon`.
    pub decoder: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            version: u32,
            params: UmoecBytes,
            payload: UmoecBytes,
            limits: *const UmoecLimits,
            decisions: *mut UmoecDecisions,
            report: *mut UmoecReport,
        ) -> i32,
    >,
    /// `UMOEC_OK` where the payload was used up exactly, `UMOEC_MALFORMED` otherwise. Frees the
    /// decoder.
    pub decoded: Option<unsafe extern "C" fn(state: *mut c_void, report: *mut UmoecReport) -> i32>,
    /// Frees an encoder or a decoder that will not be finished.
    pub abandon: Option<unsafe extern "C" fn(state: *mut c_void)>,
}

/// The type of the symbol `umoec_plugins_v1`.
pub type UmoecPluginsV1 = unsafe extern "C" fn() -> *const UmoecTable;
