"""The way back of the adapters, from their specifications."""

from fault import Fault


def malformed(reason):
    raise Fault("malformed", reason)


def foreign(inverse):
    """An adapter in a file of its own, whose refusals are of Python's own kind."""
    def adapter(params, streams, length):
        try:
            return inverse(params, streams, length)
        except ValueError as refusal:
            return malformed(str(refusal))
    return adapter


class Params:
    """A cursor over parameters."""

    def __init__(self, name, data):
        self.name, self.data, self.at = name, data, 0

    def u8(self):
        if self.at == len(self.data):
            malformed(f"{self.name}: parameters end too early")
        self.at += 1
        return self.data[self.at - 1]

    def leb128(self):
        value = 0
        for i in range(5):
            byte = self.u8()
            value |= (byte & 127) << 7 * i
            if byte < 128:
                return value
        return malformed(f"{self.name}: a number is too long")

    def rest(self):
        self.at, rest = len(self.data), self.data[self.at:]
        return rest

    def end(self):
        if self.at != len(self.data):
            malformed(f"{self.name}: bytes follow the parameters")


def only(name, streams, length):
    """The one stream, which is as long as the block."""
    if len(streams) != 1 or len(streams[0]) != length:
        malformed(f"{name} has one stream, as long as the block")
    return bytearray(streams[0])


def identity(params, streams, length):
    """plugins/adapter-bytes/spec.md"""
    if params:
        malformed("bytes has no parameters")
    return bytes(only("bytes", streams, length))


def floats(params, streams, length):
    """plugins/adapter-float/spec.md"""
    params = Params("float", params)
    first, skip, columns = params.u8(), params.leb128(), params.rest()
    width, order = first & 15, "big" if first & 16 else "little"
    if width not in (2, 4, 8) or first >> 5 or not 1 <= len(columns) <= 4096:
        malformed("float: width or columns")
    if any(column >> 3 or column & 3 == 3 for column in columns):
        malformed("float: a column")
    data = only("float", streams, length)
    half, mask = 1 << (8 * width - 1), (1 << 8 * width) - 1
    before = [0] * len(columns)
    whole = (len(data) - skip) // width if skip < len(data) else 0
    for number in range(whole):
        i, at = number % len(columns), skip + number * width
        value = int.from_bytes(data[at:at + width], "big")
        if columns[i] & 4:
            value = before[i] + (value ^ half) & mask
        before[i] = value
        kind = columns[i] & 3
        if kind == 1:
            value ^= half
        elif kind == 2:
            value = ~value & mask if value < half else value - half
        data[at:at + width] = value.to_bytes(width, order)
    return bytes(data)


def wrapped(value):
    """Modulo 2^64, two's complement."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def clamp(value, least, most):
    return max(least, min(most, value))


def bounded(value):
    return clamp(value, -(1 << 24), 1 << 24)


class Filter:
    """Section 3 of plugins/adapter-audio/spec.md"""

    def __init__(self, taps, rate):
        self.taps, self.rate, self.weights, self.past, self.energy = taps, rate, [0] * taps, [0] * taps, 0
        self.said = 0

    def say(self):
        self.said = wrapped(sum(v * w for v, w in zip(self.past, self.weights))) >> 24
        return self.said

    def learn(self, e):
        shifted, by = e << (36 - self.rate), max(self.energy + self.taps, 1)
        step = shifted // by if shifted >= 0 else -(-shifted // by)
        for i, value in enumerate(self.past):
            self.weights[i] = clamp(self.weights[i] + (wrapped(step * value) >> 12), -(1 << 30), 1 << 30)

    def take(self, value):
        self.energy += value * value - self.past[0] * self.past[0]
        self.past = self.past[1:] + [value]


class Channel:
    def __init__(self):
        self.own, self.other, self.last = Filter(24, 8), Filter(8, 8), 0
        self.stages = [Filter(256, 9), Filter(32, 8), Filter(16, 7)]

    def predict(self):
        self.first = self.own.say() + self.other.say()
        return wrapped(self.last + self.first + sum(stage.say() for stage in self.stages))

    def learn(self, sample):
        d = bounded(sample - self.last)
        left = bounded(d - self.first)
        self.own.learn(left)
        self.other.learn(left)
        self.own.take(d)
        for stage in self.stages:
            e = bounded(left - stage.said)
            stage.learn(e)
            stage.take(left)
            left = e
        self.last = sample
        return d


def audio(params, streams, length):
    """plugins/adapter-audio/spec.md"""
    params = Params("audio", params)
    first, channels = params.u8(), params.u8() + 1
    skip, samples = params.leb128(), params.leb128()
    params.end()
    if first >> 4 or channels > 32 or skip + samples > length:
        malformed("audio: kind or place of the samples")
    data = only("audio", streams, length)
    width, order, middle = (first & 3) + 1, "big" if first & 4 else "little", 1 << (8 * (first & 3) + 7)
    filters, beside = [Channel() for _ in range(channels)], 0
    for number in range(samples // (width * channels) * channels):
        channel, at = filters[number % channels], skip + number * width
        if channels > 1:
            channel.other.take(beside)
        predicted = clamp(channel.predict(), -middle, middle - 1)
        sample = int.from_bytes(data[at:at + width], "big") - middle + predicted
        sample = (sample + middle) % (2 * middle) - middle
        stored = sample + (middle if first & 8 else 0)
        data[at:at + width] = (stored % (2 * middle)).to_bytes(width, order)
        beside = channel.learn(sample)
    return bytes(data)


def exe(params, streams, length):
    """plugins/adapter-exe/spec.md"""
    if len(params) != 5 or params[0] not in (1, 2):
        malformed("exe: parameters")
    base, data = int.from_bytes(params[1:], "little"), only("exe", streams, length)
    if params[0] == 1:
        for i in range(len(data) - 4):
            if data[i] in (0xE8, 0xE9) and data[i + 4] in (0, 0xFF):
                target = int.from_bytes(data[i + 1:i + 4], "big") - base - i
                data[i + 1:i + 4] = (target % (1 << 24)).to_bytes(3, "little")
    else:
        for i in range(-base % 4, len(data) - 3, 4):
            code = int.from_bytes(data[i:i + 4], "little")
            if code >> 26 == 0b100101:
                field = (code - (base + i) // 4) % (1 << 26)
                data[i:i + 4] = (0b100101 << 26 | field).to_bytes(4, "little")
    return bytes(data)
