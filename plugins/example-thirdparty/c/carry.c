/* A coder in C: a range coder with carry propagation, 32 bits of range, bytes out.
 *
 * cc -O2 -shared -fPIC -I ../../../codec/core/include -o libcarry.so carry.c
 *
 * Payload: 5 bytes and one for each time the range was short. It ends with the value that the
 * decoder's remainder must reach zero on, which makes a check of it.
 */
#include <stdlib.h>

#include "umoec_plugin.h"

#define TOP (1u << 24)
#define TOTAL 65536u

typedef struct Coder {
    /* What an encoder knows, or a decoder reads. */
    UmoecBytes bytes;
    size_t position;
    int encodes;
    /* The byte that is being taken apart, by an encoder. */
    uint32_t current, left;
    uint32_t range;
    /* Encoder. */
    uint64_t low;
    uint64_t held; /* Bytes whose value a carry may still change. */
    uint8_t cache;
    uint8_t *out;
    size_t len, capacity;
    int no_memory;
    /* Decoder. */
    uint32_t code;
    uint32_t short_by;
} Coder;

static void emit(Coder *c, uint8_t byte)
{
    if (c->len == c->capacity && !c->no_memory) {
        const size_t more = c->capacity ? c->capacity * 2 : 4096;
        uint8_t *grown = realloc(c->out, more);
        c->no_memory = !grown;
        c->out = grown ? grown : c->out;
        c->capacity = grown ? more : c->capacity;
    }
    if (!c->no_memory)
        c->out[c->len++] = byte;
}

static void shift_low(Coder *c)
{
    if (c->low < 0xFF000000u || c->low > 0xFFFFFFFFu) {
        const uint8_t carry = (uint8_t)(c->low >> 32);
        for (uint8_t byte = c->cache; c->held > 0; c->held--, byte = 0xFF)
            emit(c, (uint8_t)(byte + carry));
        c->cache = (uint8_t)(c->low >> 24);
    }
    c->held++;
    c->low = (c->low & 0x00FFFFFFu) << 8;
}

static uint8_t next_byte(Coder *c)
{
    if (c->position < c->bytes.len)
        return c->bytes.data[c->position++];
    c->short_by++;
    return 0;
}

/* Narrows the range to an interval. */
static void take(Coder *c, uint32_t start, uint32_t size)
{
    const uint32_t unit = c->range >> 16;
    if (c->encodes)
        c->low += (uint64_t)start * unit;
    else
        c->code -= start * unit;
    c->range = size * unit;
    while (c->range < TOP) {
        c->range <<= 8;
        if (c->encodes)
            shift_low(c);
        else
            c->code = c->code << 8 | next_byte(c);
    }
}

/* A decoder's place within the total. */
static uint32_t count(const Coder *c)
{
    const uint32_t at = c->code / (c->range >> 16);
    return at < TOTAL ? at : TOTAL - 1;
}

static uint32_t known_byte(Coder *c)
{
    return c->position < c->bytes.len ? c->bytes.data[c->position++] : 0;
}

static uint32_t bit(void *state, uint32_t one)
{
    Coder *c = state;
    uint32_t answer;
    if (c->encodes) {
        if (c->left == 0) {
            c->current = known_byte(c);
            c->left = 8;
        }
        answer = c->current >> --c->left & 1;
    } else {
        answer = count(c) < one;
    }
    if (answer)
        take(c, 0, one);
    else
        take(c, one, TOTAL - one);
    return answer;
}

static uint32_t byte(void *state, const uint32_t *cumulative)
{
    Coder *c = state;
    uint32_t answer = 0;
    if (c->encodes) {
        answer = known_byte(c);
    } else {
        const uint32_t at = count(c);
        for (uint32_t step = 128; step > 0; step /= 2)
            if (cumulative[answer + step] <= at)
                answer += step;
    }
    take(c, cumulative[answer], cumulative[answer + 1] - cumulative[answer]);
    return answer;
}

static void seek(void *state, uint64_t position)
{
    Coder *c = state;
    if (c->encodes)
        c->position = (size_t)position;
}

static uint32_t failed(void *state)
{
    const Coder *c = state;
    return c->short_by > 0 || c->no_memory;
}

static int32_t plan(void *context, uint64_t len, const UmoecSettings *settings, UmoecOut *params,
                    UmoecReport *report)
{
    (void)context, (void)len, (void)params;
    return umoec_no_settings(settings, report);
}

static uint64_t memory(void *context, UmoecBytes params, uint64_t len)
{
    (void)context, (void)params, (void)len;
    return sizeof(Coder);
}

static int32_t begin(UmoecBytes params, UmoecBytes bytes, int encodes, UmoecDecisions *decisions,
                     UmoecReport *report)
{
    if (params.len != 0)
        return umoec_fail(report, UMOEC_MALFORMED, "there are no parameters");
    Coder *c = calloc(1, sizeof *c);
    if (!c) {
        report->needed = sizeof *c;
        return UMOEC_MEMORY;
    }
    c->bytes = bytes;
    c->encodes = encodes;
    c->range = 0xFFFFFFFFu;
    c->held = 1;
    for (int i = 0; !encodes && i < 5; i++)
        c->code = c->code << 8 | next_byte(c);
    decisions->state = c;
    decisions->bit = bit;
    decisions->byte = byte;
    decisions->seek = seek;
    decisions->failed = failed;
    return UMOEC_OK;
}

static int32_t encoder(void *context, UmoecBytes params, UmoecBytes data, UmoecDecisions *decisions,
                       UmoecReport *report)
{
    (void)context;
    return begin(params, data, 1, decisions, report);
}

static int32_t decoder(void *context, uint32_t version, UmoecBytes params, UmoecBytes payload,
                       const UmoecLimits *limits, UmoecDecisions *decisions, UmoecReport *report)
{
    (void)context, (void)version, (void)limits;
    return begin(params, payload, 0, decisions, report);
}

static void abandon(void *state)
{
    Coder *c = state;
    free(c->out);
    free(c);
}

static int32_t encoded(void *state, UmoecOut *payload, UmoecReport *report)
{
    Coder *c = state;
    for (int i = 0; i < 5; i++)
        shift_low(c);
    int32_t status = UMOEC_MEMORY;
    report->needed = c->capacity * 2;
    if (!c->no_memory)
        status = payload->append(payload, c->out, c->len);
    abandon(c);
    return status;
}

static int32_t decoded(void *state, UmoecReport *report)
{
    Coder *c = state;
    const int good = c->short_by == 0 && c->position == c->bytes.len && c->code == 0;
    abandon(c);
    return good ? UMOEC_OK : umoec_fail(report, UMOEC_MALFORMED, "the payload does not end here");
}

static const UmoecCoder functions = {
    .size = sizeof(UmoecCoder),
    .plan = plan,
    .memory = memory,
    .encoder = encoder,
    .encoded = encoded,
    .decoder = decoder,
    .decoded = decoded,
    .abandon = abandon,
};

static const UmoecPlugin carry = {
    .size = sizeof(UmoecPlugin),
    .kind = UMOEC_CODER,
    .id = 0x68a9e6d6b462a, /* umoec plugin id --kind coder org.example.carry */
    .version = 1,
    .oldest = 1,
    .name = UMOEC_TEXT("example-carry"),
    .identity = UMOEC_TEXT("org.example.carry"),
    .summary = UMOEC_TEXT("a range coder, in C"),
    .homepage = UMOEC_TEXT("https://example.org/umoec-carry"),
    .coder = &functions,
};

static const UmoecPlugin *const plugins[] = {&carry};

static const UmoecTable table = {
    .magic = UMOEC_MAGIC,
    .abi_major = UMOEC_ABI_MAJOR,
    .abi_minor = UMOEC_ABI_MINOR,
    .size = sizeof(UmoecTable),
    .count = 1,
    .plugins = plugins,
};

const UmoecTable *umoec_plugins_v1(void)
{
    return &table;
}
