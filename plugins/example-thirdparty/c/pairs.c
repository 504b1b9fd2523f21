/* A predictor in C: the probability of each bit of a byte, given the byte before. All eight
 * probabilities that a byte can need are known before it, so it asks the host once a byte.
 *
 * cc -O2 -shared -fPIC -I ../../../codec/core/include -o libpairs.so pairs.c
 */
#include <stdlib.h>

#include "umoec_plugin.h"

/* Probabilities of a 1, by the byte before and the node of the byte's tree. */
typedef struct State {
    uint16_t ones[256][256];
} State;

static int32_t plan(void *context, UmoecBytes data, const UmoecLayout *layout,
                    const UmoecSettings *settings, UmoecOut *params, UmoecReport *report)
{
    (void)context, (void)data, (void)layout, (void)params;
    return umoec_no_settings(settings, report);
}

static int32_t open(void *context, uint32_t version, UmoecBytes params, uint64_t len,
                    const UmoecLimits *limits, void **opened, uint64_t *memory, UmoecReport *report)
{
    (void)version, (void)len;
    if (params.len != 0)
        return umoec_fail(report, UMOEC_MALFORMED, "there are no parameters");
    *memory = sizeof(State);
    if (*memory > limits->memory) {
        report->needed = *memory;
        return UMOEC_LIMIT;
    }
    *opened = context; /* Nothing is shared. */
    return UMOEC_OK;
}

static void close(void *opened)
{
    (void)opened;
}

static int32_t start(void *opened, void **state, UmoecReport *report)
{
    (void)opened;
    State *fresh = malloc(sizeof *fresh);
    if (!fresh) {
        report->needed = sizeof *fresh;
        return UMOEC_MEMORY;
    }
    for (size_t i = 0; i < 256; i++)
        for (size_t j = 0; j < 256; j++)
            fresh->ones[i][j] = 32768;
    *state = fresh;
    return UMOEC_OK;
}

static int32_t code(void *opaque, const UmoecDecisions *decisions, uint8_t *history, size_t before,
                    size_t len, UmoecReport *report)
{
    (void)report;
    State *state = opaque;
    for (size_t i = before; i < before + len; i++) {
        uint16_t *ones = state->ones[i > 0 ? history[i - 1] : 0];
        const uint32_t byte = decisions->tree(decisions->state, ones);
        for (uint32_t bit = 8, node = 1; bit-- > 0;) {
            const uint32_t one = byte >> bit & 1;
            /* Stays within 31..65504: the steps end before the borders. */
            if (one)
                ones[node] = (uint16_t)(ones[node] + ((65535 - ones[node]) >> 5));
            else
                ones[node] = (uint16_t)(ones[node] - (ones[node] >> 5));
            node = node * 2 + one;
        }
        history[i] = (uint8_t)byte;
    }
    return UMOEC_OK;
}

static void stop(void *state)
{
    free(state);
}

static const UmoecPredictor functions = {
    .size = sizeof(UmoecPredictor),
    .plan = plan,
    .open = open,
    .close = close,
    .start = start,
    .code = code,
    .stop = stop,
};

static const UmoecPlugin pairs = {
    .size = sizeof(UmoecPlugin),
    .kind = UMOEC_PREDICTOR,
    .id = 0x52967be85690a4, /* umoec plugin id --kind predictor org.example.pairs */
    .version = 1,
    .oldest = 1,
    .name = UMOEC_TEXT("example-pairs"),
    .identity = UMOEC_TEXT("org.example.pairs"),
    .summary = UMOEC_TEXT("a byte from the one before, in C"),
    .homepage = UMOEC_TEXT("https://example.org/umoec-pairs"),
    .predictor = &functions,
};

static const UmoecPlugin *const plugins[] = {&pairs};

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
