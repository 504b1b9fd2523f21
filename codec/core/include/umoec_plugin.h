/* The interface between umoec and plugins in dynamic libraries: spec/plugin-abi.md says what
 * it means. Made of codec/core/src/plugin/abi.rs; do not edit.
 *
 * A library exports one function, umoec_plugins_v1, that returns its table.
 */

#ifndef UMOEC_PLUGIN_H
#define UMOEC_PLUGIN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// The first field of a table: "UMOECPLG" where the machine is little-endian.
#define UMOEC_MAGIC 5137569524778749269

// Tables of another major version are refused.
#define UMOEC_ABI_MAJOR 1

// A higher minor version appends fields, and a host that does not know these goes without.
#define UMOEC_ABI_MINOR 1

// Kind: bytes of a block to streams and back.
#define UMOEC_ADAPTER 0

// Kind: probabilities of the next decision.
#define UMOEC_PREDICTOR 1

// Kind: decisions to bytes and back.
#define UMOEC_CODER 2

// All went well.
#define UMOEC_OK 0

// The settings are unknown or out of range: the user's fault.
#define UMOEC_CONFIG 1

// Parameters, streams or payload are none that this plugin writes: the file's fault.
#define UMOEC_MALFORMED 2

// More memory would be needed than the limits allow; `needed` says how much.
#define UMOEC_LIMIT 3

// The system did not give memory; `needed` says how much.
#define UMOEC_MEMORY 4

// Something that this build of the plugin does not have, such as a device.
#define UMOEC_UNSUPPORTED 5

// The plugin failed.
#define UMOEC_FAILED 6

// The plugin panicked; the panic was caught within the library.
#define UMOEC_PANIC 7

// A call of the host's refused what it was given; to be handed on to the host.
#define UMOEC_REFUSED 8

// Bytes that somebody else owns. `data` may be null where `len` is 0. Never grows.
typedef struct UmoecBytes {
    // The first byte.
    const uint8_t *data;
    // How many.
    size_t len;
} UmoecBytes;

// One setting of a profile. Never grows.
typedef struct UmoecSetting {
    // Its name; those of nested tables are joined by dots.
    struct UmoecBytes key;
    // A text as it is; numbers, truth values and arrays as TOML writes them.
    struct UmoecBytes value;
} UmoecSetting;

// The settings that a profile gives to a plugin. A plugin must refuse one that it does not know.
typedef struct UmoecSettings {
    // `sizeof(UmoecSettings)` of the host.
    uint32_t size;
    // 0.
    uint32_t reserved;
    // All of them as a TOML document.
    struct UmoecBytes toml;
    // The same, one by one.
    const struct UmoecSetting *list;
    // How many.
    size_t count;
} UmoecSettings;

// A buffer of the host's that grows. The host refuses more than may be written.
typedef struct UmoecOut {
    // `sizeof(UmoecOut)` of the host.
    uint32_t size;
    // 0.
    uint32_t reserved;
    // The host's own.
    void *host;
    // Appends bytes. `UMOEC_OK`, or `UMOEC_REFUSED` where it would be too much.
    int32_t (*append)(struct UmoecOut *out, const uint8_t *data, size_t len);
    // Appends `len` zero bytes and returns the first one, to be written over until the next
    // call that concerns `out`. Null where it would be too much.
    uint8_t *(*extend)(struct UmoecOut *out, size_t len);
} UmoecOut;

// Where an adapter writes what it makes of a block. The host's, for the time of the call.
typedef struct UmoecStreams {
    // `sizeof(UmoecStreams)` of the host.
    uint32_t size;
    // 0.
    uint32_t reserved;
    // The host's own.
    void *host;
    // What the way back needs beside the streams; at most 65536 bytes.
    struct UmoecOut *params;
    // The stream of that number; the first call for the next number begins it. Null where
    // it would be one too many (256), or leave a gap.
    struct UmoecOut *(*stream)(struct UmoecStreams *streams, size_t number);
    // Says at which distances in bytes a stream resembles itself, the best first: at most 16.
    int32_t (*hint)(struct UmoecStreams *streams,
                    size_t number,
                    const uint32_t *strides,
                    size_t count);
    // Since 1.1: says that a stream consists of numbers of `width` bytes, 1 to 8, the most significant
    // byte first, larger ones for larger values, the first one at `phase` < `width`.
    int32_t (*number)(struct UmoecStreams *streams, size_t number, uint32_t width, uint32_t phase);
} UmoecStreams;

// Where a function says what went wrong. The host's, for the time of the call.
typedef struct UmoecReport {
    // `sizeof(UmoecReport)` of the host.
    uint32_t size;
    // 0.
    uint32_t reserved;
    // For `UMOEC_LIMIT` and `UMOEC_MEMORY`: bytes of memory needed.
    uint64_t needed;
    // Room for a message in UTF-8 without a closing zero.
    uint8_t *message;
    // Bytes of room.
    size_t capacity;
    // Bytes of the message that was written.
    size_t len;
} UmoecReport;

// What may be taken (`UmoecLimits` of the caller, for the time of the call).
typedef struct UmoecLimits {
    // `sizeof(UmoecLimits)` of the host.
    uint32_t size;
    // 0.
    uint32_t reserved;
    // Most bytes of memory.
    uint64_t memory;
} UmoecLimits;

// Where a block stands in the content that it was cut from.
typedef struct UmoecPlace {
    // `sizeof(UmoecPlace)` of the host.
    uint32_t size;
    // 0.
    uint32_t reserved;
    // Bytes of content before the block.
    uint64_t offset;
    // The first bytes of the content, at most 65536.
    struct UmoecBytes head;
} UmoecPlace;

// Where an adapter writes ways to take a block. The host's, for the time of the call.
typedef struct UmoecProposals {
    // `sizeof(UmoecProposals)` of the host.
    uint32_t size;
    // 0.
    uint32_t reserved;
    // The host's own.
    void *host;
    // Begins another proposal, of which the adapter is so sure (0 to 100), and gives the place to write it to as
    // `forward` does; what was begun before is finished. Null where it would be one too many (8), and for another score,
    // which fails the call.
    struct UmoecStreams *(*next)(struct UmoecProposals *proposals, uint32_t score);
} UmoecProposals;

// Where an adapter writes what parts of a block are for it. The host's, for the time of the call.
typedef struct UmoecRegions {
    // `sizeof(UmoecRegions)` of the host.
    uint32_t size;
    // 0.
    uint32_t reserved;
    // The host's own.
    void *host;
    // The bytes `start..end` of the block, not empty, are a part of which the adapter is so sure (0 to 100). With `joins`
    // not 0 it is better taken together with the others that have the same note, one behind the other; the note, at most
    // 65536 bytes, is what `propose_region` gets. `UMOEC_REFUSED` where it would be one too many (65536), and where that is
    // no such part, which fails the call.
    int32_t (*found)(struct UmoecRegions *regions,
                     uint64_t start,
                     uint64_t end,
                     uint32_t score,
                     uint32_t joins,
                     struct UmoecBytes note);
} UmoecRegions;

// The functions of an adapter.
typedef struct UmoecAdapter {
    // `sizeof(UmoecAdapter)` of the header it was built with.
    uint32_t size;
    // 0.
    uint32_t reserved;
    // Turns a block into one or more streams.
    int32_t (*forward)(void *context,
                       struct UmoecBytes input,
                       const struct UmoecSettings *settings,
                       struct UmoecStreams *streams,
                       struct UmoecReport *report);
    // Writes exactly the `output_len` bytes that `forward` was given. All that it is handed
    // may come from a stranger.
    int32_t (*inverse)(void *context,
                       uint32_t version,
                       struct UmoecBytes params,
                       const struct UmoecBytes *streams,
                       size_t count,
                       size_t output_len,
                       const struct UmoecLimits *limits,
                       struct UmoecOut *out,
                       struct UmoecReport *report);
    // Since 1.1, may be null: ways to take this block, if it is of the kind that the adapter is for. Each must come back by
    // `inverse`.
    int32_t (*propose)(void *context,
                       struct UmoecBytes input,
                       const struct UmoecPlace *place,
                       const struct UmoecSettings *settings,
                       struct UmoecProposals *proposals,
                       struct UmoecReport *report);
    // Since 1.1, may be null: parts of this block that are files of the adapter's kind.
    int32_t (*regions)(void *context,
                       struct UmoecBytes input,
                       const struct UmoecPlace *place,
                       struct UmoecRegions *regions,
                       struct UmoecReport *report);
    // Since 1.1: `propose` for the bytes of a region, or of all that join. Where it is null, `propose` gets them as
    // a content of their own.
    int32_t (*propose_region)(void *context,
                              struct UmoecBytes input,
                              struct UmoecBytes note,
                              const struct UmoecSettings *settings,
                              struct UmoecProposals *proposals,
                              struct UmoecReport *report);
    // Since 1.1, may be null: one line for people about parameters, which may come from a stranger.
    int32_t (*describe)(void *context,
                        uint32_t version,
                        struct UmoecBytes params,
                        struct UmoecOut *text,
                        struct UmoecReport *report);
    // Since 1.1, may be null, which is 0: bytes of memory that `inverse` takes at most for a block of `len` bytes of which this
    // became, the block and the streams not counted.
    uint64_t (*memory)(void *context,
                       struct UmoecBytes params,
                       const struct UmoecBytes *streams,
                       size_t count,
                       uint64_t len);
} UmoecAdapter;

// What an adapter says of a stream.
typedef struct UmoecLayout {
    // `sizeof(UmoecLayout)` of the host.
    uint32_t size;
    // 0.
    uint32_t reserved;
    // Distances in bytes at which the stream resembles itself, the best first.
    const uint32_t *strides;
    // How many.
    size_t count;
    // Since 1.1: bytes of a number where the stream consists of numbers, else 0.
    uint32_t number_width;
    // Since 1.1: where the first one starts.
    uint32_t number_phase;
} UmoecLayout;

// The next decision, and the next, ...: what a predictor asks and a coder answers. The same in
// both directions: an encoding coder knows the answer, a decoding one reads it.
//
// Probabilities are counts out of 65536 (spec probability §1). The calls concern one stream
// and come from one thread.
typedef struct UmoecDecisions {
    // `sizeof(UmoecDecisions)` of who made it.
    uint32_t size;
    // 0.
    uint32_t reserved;
    // What the functions get as `state`.
    void *state;
    // The next bit of the current byte, most significant first; `one`, in 1..65535, is the
    // probability that it is 1.
    uint32_t (*bit)(void *state, uint32_t one);
    // The next byte, at a byte border only. `cumulative` has 257 rising entries from 0 to 65536.
    uint32_t (*byte)(void *state, const uint32_t *cumulative);
    // Goes to a byte of the stream, at a byte border only.
    void (*seek)(void *state, uint64_t position);
    // Not 0 where the payload has already proved impossible; answers after that are arbitrary.
    uint32_t (*failed)(void *state);
    // A whole byte as eight bits, in one call: `ones[n]` is the probability of a 1 at node `n`.
    // The root is 1, the node behind `n` and bit `b` is `2n + b`; `ones` has 256 entries.
    // The host offers it to predictors; a coder leaves it null.
    uint32_t (*tree)(void *state, const uint16_t *ones);
    // `count` bytes in one call, each with its own table of 257 entries: byte `i` is the one
    // at `positions[i]`, or the next one where `positions` is null. For predictors that go through
    // several lanes at once. The host offers it to predictors; a coder leaves it null.
    int32_t (*bytes)(void *state,
                     size_t count,
                     const uint64_t *positions,
                     const uint32_t *tables,
                     uint8_t *answers);
} UmoecDecisions;

// The functions of a predictor.
typedef struct UmoecPredictor {
    // `sizeof(UmoecPredictor)` of the header it was built with.
    uint32_t size;
    // 0.
    uint32_t reserved;
    // Encoder side: writes the parameters under which `data` will be coded.
    int32_t (*plan)(void *context,
                    struct UmoecBytes data,
                    const struct UmoecLayout *layout,
                    const struct UmoecSettings *settings,
                    struct UmoecOut *params,
                    struct UmoecReport *report);
    // Checks `params` for a stream of `len` bytes and takes what states can share. `memory`
    // becomes the bytes that one state takes at most, which must not exceed the limits.
    int32_t (*open)(void *context,
                    uint32_t version,
                    struct UmoecBytes params,
                    uint64_t len,
                    const struct UmoecLimits *limits,
                    void **opened,
                    uint64_t *memory,
                    struct UmoecReport *report);
    // Frees what `open` took, after all of its states have been freed.
    void (*close)(void *opened);
    // A state at the beginning of a stream. May be called from several threads at once.
    int32_t (*start)(void *opened, void **state, struct UmoecReport *report);
    // Codes the next `len` bytes by asking `decisions`, and writes them to
    // `history[before..before + len]`; what lies before is what this state has coded so far.
    int32_t (*code)(void *state,
                    const struct UmoecDecisions *decisions,
                    uint8_t *history,
                    size_t before,
                    size_t len,
                    struct UmoecReport *report);
    // Frees a state.
    void (*stop)(void *state);
} UmoecPredictor;

// The functions of a coder.
typedef struct UmoecCoder {
    // `sizeof(UmoecCoder)` of the header it was built with.
    uint32_t size;
    // 0.
    uint32_t reserved;
    // Encoder side: writes the parameters for a stream of `len` bytes.
    int32_t (*plan)(void *context,
                    uint64_t len,
                    const struct UmoecSettings *settings,
                    struct UmoecOut *params,
                    struct UmoecReport *report);
    // Bytes of memory that an encoder for `len` bytes takes at most, its payload not counted.
    uint64_t (*memory)(void *context, struct UmoecBytes params, uint64_t len);
    // An encoder that answers with `data`, which lives until `encoded` or `abandon`.
    int32_t (*encoder)(void *context,
                       struct UmoecBytes params,
                       struct UmoecBytes data,
                       struct UmoecDecisions *decisions,
                       struct UmoecReport *report);
    // Writes what was coded, and frees the encoder.
    int32_t (*encoded)(void *state, struct UmoecOut *payload, struct UmoecReport *report);
    // A decoder of `payload`, which lives until `decoded` or `abandon`.
    int32_t (*decoder)(void *context,
                       uint32_t version,
                       struct UmoecBytes params,
                       struct UmoecBytes payload,
                       const struct UmoecLimits *limits,
                       struct UmoecDecisions *decisions,
                       struct UmoecReport *report);
    // `UMOEC_OK` where the payload was used up exactly, `UMOEC_MALFORMED` otherwise. Frees the
    // decoder.
    int32_t (*decoded)(void *state, struct UmoecReport *report);
    // Frees an encoder or a decoder that will not be finished.
    void (*abandon)(void *state);
} UmoecCoder;

// One plugin. All text is UTF-8 without control characters.
typedef struct UmoecPlugin {
    // `sizeof(UmoecPlugin)` of the header it was built with.
    uint32_t size;
    // `UMOEC_ADAPTER`, `UMOEC_PREDICTOR` or `UMOEC_CODER`.
    uint32_t kind;
    // Derived from kind and identity (spec plugin-ids §3): `umoec plugin id` prints it.
    uint64_t id;
    // The stream version that it writes, 1..127.
    uint8_t version;
    // The oldest stream version that it reads, 1..version.
    uint8_t oldest;
    // 0.
    uint8_t reserved[6];
    // On the command line and in profiles: lower-case letters, digits and `-`; at most 64 bytes.
    struct UmoecBytes name;
    // Unique in the world: a reversed domain name or an URL of the author's; at most 256 bytes.
    struct UmoecBytes identity;
    // One line for people, at most 256 bytes.
    struct UmoecBytes summary;
    // Where people get the plugin and its specification; at most 256 bytes.
    struct UmoecBytes homepage;
    // Data of the kind that the plugin is for, at most 1 MiB; the host's self-test codes it,
    // among others. May be empty.
    struct UmoecBytes sample;
    // What the functions below get as `context`. They may be called from several threads at once.
    void *context;
    // Its functions if it is an adapter, else null.
    const struct UmoecAdapter *adapter;
    // Its functions if it is a predictor, else null.
    const struct UmoecPredictor *predictor;
    // Its functions if it is a coder, else null.
    const struct UmoecCoder *coder;
} UmoecPlugin;

// What a library returns from its one symbol, `umoec_plugins_v1`. It must live as long as
// the process, as must all it points to.
typedef struct UmoecTable {
    // `UMOEC_MAGIC`.
    uint64_t magic;
    // `UMOEC_ABI_MAJOR` of the header it was built with.
    uint16_t abi_major;
    // `UMOEC_ABI_MINOR` of that header.
    uint16_t abi_minor;
    // `sizeof(UmoecTable)` of that header.
    uint32_t size;
    // How many plugins there are.
    size_t count;
    // The plugins.
    const struct UmoecPlugin *const *plugins;
} UmoecTable;

#endif  /* UMOEC_PLUGIN_H */

#if defined(_WIN32)
#define UMOEC_EXPORT __declspec(dllexport)
#else
#define UMOEC_EXPORT __attribute__((visibility("default")))
#endif

/* The one symbol of a library. */
#ifdef __cplusplus
extern "C"
#endif
UMOEC_EXPORT const UmoecTable *umoec_plugins_v1(void);

/* A text literal as UmoecBytes, in initialisers. */
#define UMOEC_TEXT(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }

/* Leaves a message and returns the status: return umoec_fail(report, UMOEC_CONFIG, "..."); */
static inline int32_t umoec_fail(UmoecReport *report, int32_t status, const char *message)
{
    size_t len = strlen(message);
    if (len > report->capacity)
        len = report->capacity;
    memcpy(report->message, message, len);
    report->len = len;
    return status;
}

/* Refuses every setting, for plugins that have none. */
static inline int32_t umoec_no_settings(const UmoecSettings *settings, UmoecReport *report)
{
    if (settings->count > 0)
        return umoec_fail(report, UMOEC_CONFIG, "there are no settings");
    return UMOEC_OK;
}
