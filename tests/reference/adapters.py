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


class LeastSquares:
    """Section 3.1 of plugins/adapter-audio/spec.md"""

    def __init__(self, n, forget):
        self.n, self.forget, self.count = n, forget, 0
        self.a, self.t, self.w = [[0] * (i + 1) for i in range(n)], [0] * n, [0] * n

    def sum(self, x):
        self.x = x
        return wrapped(sum(a * b for a, b in zip(x, self.w)))

    def learn(self, y):
        for i, (row, xi) in enumerate(zip(self.a, self.x)):
            row[:] = [v + xi * xj for v, xj in zip(row, self.x)]
            self.t[i] += xi * y
        self.count += 1
        if self.count % 16 == 0:
            self.solve()
            for row in [*self.a, self.t]:
                row[:] = [v - (v >> self.forget - 4) for v in row]

    def solve(self):
        whole = [self.a[i][i] + (self.a[i][i] >> 23) + (1 << self.forget) for i in range(self.n)]
        up = 50 - max(whole).bit_length()
        d, lower, z = [], [], []
        for i in range(self.n):
            u, row = [], []
            for j in range(i):
                u.append(clip(shifted(self.a[i][j], up) - (dot(lower[j], u) >> 32), 52))
                row.append(clip(over(u[j], d[j], 32), 56))
            full = shifted(whole[i], up)
            d.append(min(max(full - (dot(row, u) >> 32), (full >> 24) + 1), 1 << 52))
            z.append(clip(shifted(self.t[i], up) - (dot(row, z) >> 32), 60))
            lower.append(row)
        for i in reversed(range(self.n)):
            known = sum(lower[k][i] * self.w[k] for k in range(i + 1, self.n))
            self.w[i] = clip(over(z[i], d[i], 24) - (known >> 32), 36)


class Filter:
    """Section 3.2 of plugins/adapter-audio/spec.md"""

    def __init__(self, taps, rate, fraction):
        self.rate, self.silence, self.energy = rate, taps << 2 * fraction, 0
        self.weights, self.past = [0] * taps, [0] * taps

    def say(self):
        return wrapped(dot(self.past, self.weights)) >> 24

    def learn(self, e):
        above, below = e << (36 - self.rate), self.energy + self.silence
        step = above // below if above >= 0 else -(-above // below)
        self.weights = [clip(w + (step * v >> 12), 30) for w, v in zip(self.weights, self.past)]

    def take(self, value):
        self.energy += value * value - self.past[0] * self.past[0]
        self.past = self.past[1:] + [value]


class Channel:
    """Section 3 of plugins/adapter-audio/spec.md"""

    def __init__(self, width, several):
        self.fraction, self.narrow, self.bits = 6 if width <= 2 else 0, 8 if width == 4 else 0, 8 * width
        self.own, self.beside = [0] * 32, [0] * 16
        self.counts = [(32, 16 if several else 0), (16, 8 if several else 0)]
        self.squares = [LeastSquares(sum(count), forget) for count, forget in zip(self.counts, (9, 12))]
        self.stages = [Filter(*stage, self.fraction) for stage in ((1024, 7), (256, 7), (32, 6), (16, 5))]
        self.m = [1 << 16] * 4 + [0]

    def take_beside(self, sample):
        self.beside = [sample >> self.narrow] + self.beside[:-1]

    def predict(self):
        said = []
        for (own, beside), squares in zip(self.counts, self.squares):
            value = squares.sum(self.own[:own] + self.beside[:beside]) >> (24 - self.narrow - self.fraction)
            said.append(clip(value, self.bits + self.fraction))
        self.first = sum(said) >> 1
        self.parts = [clip(stage.say(), 24) for stage in self.stages] + [said[1] - said[0]]
        self.all = self.first + (dot(self.parts, self.m) >> 16)
        return self.all + (1 << self.fraction >> 1) >> self.fraction

    def learn(self, sample):
        value, term = sample << self.fraction, sample >> self.narrow
        for squares in self.squares:
            squares.learn(term)
        self.own = [term] + self.own[:-1]
        self.m = [clip(m + 128 * sign(value - self.all) * sign(part), 18) for m, part in zip(self.m, self.parts)]
        left = clip(value - self.first, 24)
        for stage, part in zip(self.stages, self.parts):
            e = clip(left - part, 24)
            stage.learn(e)
            stage.take(left)
            left = e


def clip(value, bits):
    return clamp(value, -(1 << bits), 1 << bits)


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def over(value, divisor, fraction):
    bits = divisor.bit_length()
    return value * ((1 << 60 + bits) // divisor) >> (60 + bits - fraction)


def shifted(value, by):
    return value << by if by >= 0 else value >> -by


def sign(value):
    return (value > 0) - (value < 0)


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
    filters, sample = [Channel(width, channels > 1) for _ in range(channels)], 0
    for number in range(samples // (width * channels) * channels):
        channel, at = filters[number % channels], skip + number * width
        if channels > 1:
            channel.take_beside(sample)
        predicted = clamp(channel.predict(), -middle, middle - 1)
        sample = int.from_bytes(data[at:at + width], "big") - middle + predicted
        sample = (sample + middle) % (2 * middle) - middle
        stored = sample + (middle if first & 8 else 0)
        data[at:at + width] = (stored % (2 * middle)).to_bytes(width, order)
        channel.learn(sample)
    return bytes(data)


def exe(params, streams, length):
    """plugins/adapter-exe/spec.md"""
    if len(params) != 5 or params[0] not in (1, 2):
        malformed("exe: parameters")
    base, data = int.from_bytes(params[1:], "little"), only("exe", streams, length)
    if params[0] == 1:
        for i in range(len(data) - 4):
            jump = i > 0 and data[i - 1] == 0x0F and 0x80 <= data[i] <= 0x8F
            if (data[i] in (0xE8, 0xE9) or jump) and data[i + 4] in (0, 0xFF):
                target = int.from_bytes(data[i + 1:i + 4], "big") - base - i
                data[i + 1:i + 4] = (target % (1 << 24)).to_bytes(3, "little")
    else:
        for i in range(-base % 4, len(data) - 3, 4):
            code = int.from_bytes(data[i:i + 4], "little")
            if code >> 26 == 0b100101:
                field = (code - (base + i) // 4) % (1 << 26)
                data[i:i + 4] = (0b100101 << 26 | field).to_bytes(4, "little")
    return bytes(data)
