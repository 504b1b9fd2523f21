/* Libraries that are wrong, each in its own way: cc -DFAULT=n. The tests load every one. */
#include <stddef.h>
#include <stdlib.h>

#include "umoec_plugin.h"

/* The preprocessor compares these with FAULT. */
#define WRONG_MAGIC 1
#define WRONG_MAJOR 2
#define SMALL_TABLE 3
#define SMALL_PLUGIN 4
#define NULL_TABLE 5
#define NULL_LIST 6
#define NO_PLUGINS 7
#define WRONG_ID 8
#define NAME_NULL 9
#define KIND_UNKNOWN 10
#define NULL_FUNCTION 11
#define SHORT_OUTPUT 12
#define LONG_OUTPUT 13
#define BEYOND_BUFFER 14
#define TOO_MANY_STREAMS 15
#define WRONG_BYTES 16
#define UNKNOWN_STATUS 17
#define LONG_MESSAGE 18
#define PARAMS_TOO_LONG 19
#define NO_STREAM 20
#define WRONG_ON_LARGE 21 /* passes the self-test, then loses a byte */
#define NAME_NOT_UTF8 23
#define PROPOSES_OTHER_BYTES 24
#define PROPOSES_TOO_SURELY 25
#define PROPOSES_NO_STREAM 26
#define FINDS_TOO_MUCH 27
#define FINDS_NOTHING 28
#define PROPOSAL_FAILS 29
#define FIRST_MINOR 30 /* nothing is wrong: functions of version 1.0, with something else behind them */
#define FUTURE_MINOR 22 /* nothing is wrong: a table that is longer than the host's */

static int32_t forward(void *context, UmoecBytes input, const UmoecSettings *settings,
                       UmoecStreams *streams, UmoecReport *report)
{
    (void)context, (void)settings, (void)report;
#if FAULT == UNKNOWN_STATUS
    return 12345;
#elif FAULT == LONG_MESSAGE
    report->len = (size_t)-1;
    return UMOEC_FAILED;
#elif FAULT == NO_STREAM
    return UMOEC_OK;
#elif FAULT == TOO_MANY_STREAMS
    return streams->stream(streams, 300) ? UMOEC_OK : UMOEC_REFUSED;
#elif FAULT == PARAMS_TOO_LONG
    for (int i = 0; i < 70000; i++)
        streams->params->append(streams->params, (const uint8_t *)"x", 1);
#endif
    UmoecOut *out = streams->stream(streams, 0);
    return out->append(out, input.data, input.len);
}

static int32_t inverse(void *context, uint32_t version, UmoecBytes params,
                       const UmoecBytes *streams, size_t count, size_t output_len,
                       const UmoecLimits *limits, UmoecOut *out, UmoecReport *report)
{
    (void)context, (void)version, (void)params, (void)limits, (void)report, (void)count;
    size_t len = output_len;
#if FAULT == SHORT_OUTPUT
    len--;
#elif FAULT == LONG_OUTPUT
    len++;
#elif FAULT == WRONG_ON_LARGE
    len -= len > 10000;
#endif
    uint8_t *to = out->extend(out, len);
    if (!to)
        return UMOEC_OK; /* It lies about that, too. */
    memcpy(to, streams[0].data, len < output_len ? len : output_len);
#if FAULT == BEYOND_BUFFER
    to[len] = 1;
#elif FAULT == WRONG_BYTES
    to[0] ^= 1;
#endif
    return UMOEC_OK;
}

static int32_t propose(void *context, UmoecBytes input, const UmoecPlace *place,
                       const UmoecSettings *settings, UmoecProposals *proposals,
                       UmoecReport *report)
{
    (void)context, (void)settings, (void)report;
#if FAULT == FIRST_MINOR
    abort(); /* The host must not know of it. */
#elif FAULT == PROPOSAL_FAILS
    report->len = 10;
    memcpy(report->message, "not today.", 10);
    return UMOEC_FAILED;
#endif
    if (place->offset != 0 || place->head.len != input.len)
        return UMOEC_FAILED;
    UmoecStreams *streams = proposals->next(proposals, FAULT == PROPOSES_TOO_SURELY ? 101 : 100);
    if (!streams || FAULT == PROPOSES_NO_STREAM)
        return UMOEC_OK;
    UmoecOut *out = streams->stream(streams, 0);
    uint8_t *to = out->extend(out, input.len);
    if (!to)
        return UMOEC_REFUSED;
    memcpy(to, input.data, input.len);
#if FAULT == PROPOSES_OTHER_BYTES
    to[input.len - 1] ^= 1;
#endif
    return streams->number(streams, 0, 1, 0);
}

static int32_t regions(void *context, UmoecBytes input, const UmoecPlace *place,
                       UmoecRegions *regions, UmoecReport *report)
{
    (void)context, (void)place, (void)report;
    uint64_t start = FAULT == FINDS_NOTHING ? input.len : 0;
    uint64_t end = input.len + (FAULT == FINDS_TOO_MUCH);
    return regions->found(regions, start, end, 50, 0, (UmoecBytes){NULL, 0});
}

static const UmoecAdapter functions = {
#if FAULT == FIRST_MINOR
    .size = offsetof(UmoecAdapter, propose),
#else
    .size = sizeof(UmoecAdapter),
#endif
#if FAULT != NULL_FUNCTION
    .forward = forward,
#endif
    .inverse = inverse,
    .propose = propose,
    .regions = regions,
};

static const UmoecPlugin broken = {
#if FAULT == SMALL_PLUGIN
    .size = 16,
#else
    .size = sizeof(UmoecPlugin),
#endif
#if FAULT == KIND_UNKNOWN
    .kind = 7,
#else
    .kind = UMOEC_ADAPTER,
#endif
#if FAULT == WRONG_ID
    .id = 0x1234567890,
#else
    .id = 0xa4a6a1a2befc3e, /* umoec plugin id --kind adapter org.example.broken */
#endif
    .version = 1,
    .oldest = 1,
#if FAULT == NAME_NOT_UTF8
    .name = UMOEC_TEXT("example-\xff"),
#elif FAULT == NAME_NULL
    .name = {NULL, 5},
#else
    .name = UMOEC_TEXT("example-broken"),
#endif
    .identity = UMOEC_TEXT("org.example.broken"),
    .summary = UMOEC_TEXT("wrong in one way"),
    .homepage = UMOEC_TEXT("https://example.org/umoec-broken"),
    .adapter = &functions,
};

static const UmoecPlugin *const plugins[] = {&broken};

/* What a later version of the interface may look like. */
static const struct {
    UmoecTable known;
    uint64_t more[8];
} table = {
    .known =
        {
#if FAULT == WRONG_MAGIC
            .magic = 0x1122334455667788,
#else
            .magic = UMOEC_MAGIC,
#endif
#if FAULT == WRONG_MAJOR
            .abi_major = UMOEC_ABI_MAJOR + 1,
#else
            .abi_major = UMOEC_ABI_MAJOR,
#endif
            .abi_minor = FAULT == FUTURE_MINOR ? 9 : UMOEC_ABI_MINOR,
            .size = FAULT == SMALL_TABLE ? 24 : sizeof(table),
            .count = FAULT == NO_PLUGINS ? 0 : 1,
            .plugins = FAULT == NULL_LIST ? NULL : plugins,
        },
};

const UmoecTable *umoec_plugins_v1(void)
{
    (void)forward; /* One fault does without it. */
    return FAULT == NULL_TABLE ? NULL : &table.known;
}
