/* A predictor and a coder that are wrong, each in its own way: cc -DFAULT=n. Without a fault they
 * are the simplest there can be: every bit is as likely as not, and written as it is.
 */
#include <stdlib.h>

#include "umoec_plugin.h"

/* The preprocessor compares these with FAULT. */
#define PREDICTS_TOO_LITTLE 1
#define PREDICTS_TOO_MUCH 2
#define STATES_CERTAINTY 3
#define WRITES_ANOTHER_HISTORY 4
#define STATES_OTHERS_EACH_TIME 5
#define NEEDS_ALL_MEMORY 6
#define ANSWERS_WRONGLY 7
#define WRITES_TOO_MUCH 8
#define TAKES_ANY_PAYLOAD 9
#define HAS_NO_BIT 10
#define DECODES_OTHERS 11
#define FORGETS_THE_PAYLOAD 12
#define STARTS_NOTHING 13

static int32_t no_plan(void *context, UmoecBytes data, const UmoecLayout *layout,
                       const UmoecSettings *settings, UmoecOut *params, UmoecReport *report)
{
    (void)context, (void)data, (void)layout, (void)params;
    return umoec_no_settings(settings, report);
}

static int32_t open(void *context, uint32_t version, UmoecBytes params, uint64_t len,
                    const UmoecLimits *limits, void **opened, uint64_t *memory, UmoecReport *report)
{
    (void)version, (void)params, (void)len, (void)limits, (void)report;
    *opened = context;
    *memory = FAULT == NEEDS_ALL_MEMORY ? UINT64_MAX : 64;
    return UMOEC_OK;
}

static int32_t start(void *opened, void **state, UmoecReport *report)
{
    *state = opened;
    return FAULT == STARTS_NOTHING ? umoec_fail(report, UMOEC_FAILED, "the device is on fire")
                                   : UMOEC_OK;
}

static void nothing(void *handle)
{
    (void)handle;
}

static int32_t code(void *state, const UmoecDecisions *decisions, uint8_t *history, size_t before,
                    size_t len, UmoecReport *report)
{
    (void)state, (void)report;
    static uint32_t asked;
    const size_t bytes = len + (FAULT == PREDICTS_TOO_MUCH) - (FAULT == PREDICTS_TOO_LITTLE);
    for (size_t i = 0; i < bytes; i++) {
        uint32_t byte = 0;
        for (int bit = 0; bit < 8; bit++) {
            uint32_t one = 32768;
            if (FAULT == STATES_CERTAINTY)
                one = 0;
            if (FAULT == STATES_OTHERS_EACH_TIME)
                one = 1 + ++asked % 65535;
            byte = byte << 1 | decisions->bit(decisions->state, one);
        }
        if (i < len)
            history[before + i] = (uint8_t)(byte ^ (FAULT == WRITES_ANOTHER_HISTORY));
    }
    return UMOEC_OK;
}

static const UmoecPredictor predictor = {
    .size = sizeof(UmoecPredictor),
    .plan = no_plan,
    .open = open,
    .close = nothing,
    .start = start,
    .code = code,
    .stop = nothing,
};

typedef struct Bits {
    UmoecBytes bytes;
    size_t next;
    int encodes;
} Bits;

static uint32_t bit(void *state, uint32_t one)
{
    (void)one;
    Bits *b = state;
    const size_t place = b->next++;
    uint32_t answer = 0;
    if (place / 8 < b->bytes.len)
        answer = b->bytes.data[place / 8] >> (7 - place % 8) & 1;
    if (FAULT == (b->encodes ? ANSWERS_WRONGLY : DECODES_OTHERS))
        answer ^= 1;
    return answer;
}

static uint32_t byte(void *state, const uint32_t *cumulative)
{
    (void)cumulative;
    uint32_t answer = 0;
    for (int i = 0; i < 8; i++)
        answer = answer << 1 | bit(state, 32768);
    return answer;
}

static int32_t plan(void *context, uint64_t len, const UmoecSettings *settings, UmoecOut *params,
                    UmoecReport *report)
{
    (void)context, (void)len, (void)params;
    return umoec_no_settings(settings, report);
}

static int32_t begin(UmoecBytes bytes, int encodes, UmoecDecisions *decisions)
{
    Bits *b = malloc(sizeof *b);
    if (!b)
        return UMOEC_MEMORY;
    *b = (Bits){.bytes = bytes, .next = 0, .encodes = encodes};
    decisions->state = b;
    decisions->bit = FAULT == HAS_NO_BIT ? NULL : bit;
    decisions->byte = byte;
    return UMOEC_OK;
}

static int32_t encoder(void *context, UmoecBytes params, UmoecBytes data, UmoecDecisions *decisions,
                       UmoecReport *report)
{
    (void)context, (void)params, (void)report;
    return begin(data, 1, decisions);
}

static int32_t decoder(void *context, uint32_t version, UmoecBytes params, UmoecBytes payload,
                       const UmoecLimits *limits, UmoecDecisions *decisions, UmoecReport *report)
{
    (void)context, (void)version, (void)params, (void)limits, (void)report;
    return begin(payload, 0, decisions);
}

static int32_t encoded(void *state, UmoecOut *payload, UmoecReport *report)
{
    (void)report;
    Bits *b = state;
    const UmoecBytes bytes = b->bytes;
    free(b);
    if (FAULT == FORGETS_THE_PAYLOAD)
        return UMOEC_OK;
    for (int i = 0; i < (FAULT == WRITES_TOO_MUCH ? 1000000 : 1); i++)
        payload->append(payload, bytes.data, bytes.len);
    return UMOEC_OK;
}

static int32_t decoded(void *state, UmoecReport *report)
{
    (void)report;
    Bits *b = state;
    const int good = b->next == b->bytes.len * 8 || FAULT == TAKES_ANY_PAYLOAD;
    free(b);
    return good ? UMOEC_OK : UMOEC_MALFORMED;
}

static const UmoecCoder coder = {
    .size = sizeof(UmoecCoder),
    .plan = plan,
    .encoder = encoder,
    .encoded = encoded,
    .decoder = decoder,
    .decoded = decoded,
    .abandon = free,
};

static const UmoecPlugin even = {
    .size = sizeof(UmoecPlugin),
    .kind = UMOEC_PREDICTOR,
    .id = 0x23530e3794ea1d, /* umoec plugin id --kind predictor org.example.even */
    .version = 1,
    .oldest = 1,
    .name = UMOEC_TEXT("example-even"),
    .identity = UMOEC_TEXT("org.example.even"),
    .summary = UMOEC_TEXT("as likely as not"),
    .homepage = UMOEC_TEXT("https://example.org/umoec-even"),
    .predictor = &predictor,
};

static const UmoecPlugin plain = {
    .size = sizeof(UmoecPlugin),
    .kind = UMOEC_CODER,
    .id = 0xacf723ae6fc3fb, /* umoec plugin id --kind coder org.example.even */
    .version = 1,
    .oldest = 1,
    .name = UMOEC_TEXT("example-even"),
    .identity = UMOEC_TEXT("org.example.even"),
    .summary = UMOEC_TEXT("bits as they are"),
    .homepage = UMOEC_TEXT("https://example.org/umoec-even"),
    .coder = &coder,
};

static const UmoecPlugin *const plugins[] = {&even, &plain};

static const UmoecTable table = {
    .magic = UMOEC_MAGIC,
    .abi_major = UMOEC_ABI_MAJOR,
    .abi_minor = UMOEC_ABI_MINOR,
    .size = sizeof(UmoecTable),
    .count = 2,
    .plugins = plugins,
};

const UmoecTable *umoec_plugins_v1(void)
{
    return &table;
}
