/* An adapter in C: each byte becomes its difference to the one `stride` bytes before.
 *
 * cc -O2 -shared -fPIC -I ../../../codec/core/include -o libdelta.so delta.c
 */
#include "umoec_plugin.h"

#define MAX_STRIDE 255

/* The setting `stride`, 1 unless the profile says otherwise. */
static int32_t read_settings(const UmoecSettings *settings, unsigned *stride, UmoecReport *report)
{
    *stride = 1;
    for (size_t i = 0; i < settings->count; i++) {
        const UmoecBytes key = settings->list[i].key, value = settings->list[i].value;
        if (key.len != 6 || memcmp(key.data, "stride", 6) != 0)
            return umoec_fail(report, UMOEC_CONFIG, "unknown setting, there is only `stride`");
        unsigned number = 0;
        for (size_t j = 0; j < value.len && number <= MAX_STRIDE; j++) {
            if (value.data[j] < '0' || value.data[j] > '9')
                number = MAX_STRIDE + 1;
            else
                number = number * 10 + (unsigned)(value.data[j] - '0');
        }
        if (number < 1 || number > MAX_STRIDE)
            return umoec_fail(report, UMOEC_CONFIG, "stride must be a number from 1 to 255");
        *stride = number;
    }
    return UMOEC_OK;
}

static int32_t forward(void *context, UmoecBytes input, const UmoecSettings *settings,
                       UmoecStreams *streams, UmoecReport *report)
{
    (void)context;
    unsigned stride;
    int32_t status = read_settings(settings, &stride, report);
    if (status != UMOEC_OK)
        return status;
    const uint8_t param = (uint8_t)stride;
    status = streams->params->append(streams->params, &param, 1);
    if (status != UMOEC_OK)
        return status;
    UmoecOut *out = streams->stream(streams, 0);
    uint8_t *to = out ? out->extend(out, input.len) : NULL;
    if (!to)
        return UMOEC_REFUSED;
    for (size_t i = 0; i < input.len; i++)
        to[i] = (uint8_t)(input.data[i] - (i < stride ? 0 : input.data[i - stride]));
    const uint32_t hint = stride;
    return streams->hint(streams, 0, &hint, 1);
}

static int32_t inverse(void *context, uint32_t version, UmoecBytes params,
                       const UmoecBytes *streams, size_t count, size_t output_len,
                       const UmoecLimits *limits, UmoecOut *out, UmoecReport *report)
{
    (void)context, (void)version, (void)limits;
    if (params.len != 1 || params.data[0] == 0)
        return umoec_fail(report, UMOEC_MALFORMED, "the parameters are not one stride");
    if (count != 1 || streams[0].len != output_len)
        return umoec_fail(report, UMOEC_MALFORMED, "there must be one stream, as long as the block");
    const size_t stride = params.data[0];
    uint8_t *to = out->extend(out, output_len);
    if (!to)
        return UMOEC_REFUSED;
    for (size_t i = 0; i < output_len; i++)
        to[i] = (uint8_t)(streams[0].data[i] + (i < stride ? 0 : to[i - stride]));
    return UMOEC_OK;
}

static const UmoecAdapter functions = {
    .size = sizeof(UmoecAdapter), .forward = forward, .inverse = inverse};

static const UmoecPlugin delta = {
    .size = sizeof(UmoecPlugin),
    .kind = UMOEC_ADAPTER,
    .id = 0x1c74af3dbce919, /* umoec plugin id --kind adapter org.example.delta */
    .version = 1,
    .oldest = 1,
    .name = UMOEC_TEXT("example-delta"),
    .identity = UMOEC_TEXT("org.example.delta"),
    .summary = UMOEC_TEXT("differences of bytes, in C"),
    .homepage = UMOEC_TEXT("https://example.org/umoec-delta"),
    .adapter = &functions,
};

static const UmoecPlugin *const plugins[] = {&delta};

static const UmoecTable table = {
    .magic = UMOEC_MAGIC,
    .abi_major = UMOEC_ABI_MAJOR,
    .abi_minor = UMOEC_ABI_MINOR,
    .size = sizeof(UmoecTable),
    .count = sizeof(plugins) / sizeof(plugins[0]),
    .plugins = plugins,
};

const UmoecTable *umoec_plugins_v1(void)
{
    return &table;
}
