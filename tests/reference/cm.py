"""Predictor `cm`, from plugins/predictor-cm/spec.md; the sections named here are that text's."""

import os

from cm_contexts import AIMED, CONTEXTS, WIDE, Past, hash_of
from cm_numbers import LIMIT, M32, NEXT, STATES, STRETCH, SURE, clamp, counter, fold, lg, squash, updated
from cm_pixels import Pixels
from cm_primed import read_primed
from fault import Fault

PRESETS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../plugins/predictor-cm/src/presets.toml")


class Table:
    """Section 5; lines that nobody has asked for are not there."""

    def __init__(self, lines):
        self.count, self.lines = lines, {}

    def line(self, h):
        return h * self.count >> 32

    def at(self, number):
        return self.lines.setdefault(number, bytearray(64))

    def row(self, number, h):
        """Where in the line the row of h begins, and a copy of it."""
        line = self.at(number)
        for at in (0, 16, 32):
            if line[at] == h & 255 and line[at + 1]:
                return at, line[at:at + 16]
        at = min((0, 16, 32), key=lambda at: line[at + 1])
        return at, bytearray([h & 255]) + bytearray(15)


class Hashed:
    """A hashed context: sections 6.2 and 6.4."""

    def __init__(self, ident, table, run, primed):
        self.ident, self.table, self.run = ident, table, run
        self.shift = 0 if ident in WIDE or ident >= 80 else 2
        self.counters = [counter((2 * n1 + 1) * 32768 // (n0 + n1 + 1)) for n0, n1, _ in STATES]
        self.counters.append(counter(32768))
        self.run_counters = [counter(49152)] * 16
        if primed:
            for state, value in primed.states.items():
                self.counters[state] = value
            self.run_counters = primed.runs[:]

    def begin(self, past):
        self.hash = hash_of(self.ident, past)
        self.number = self.table.line(self.hash)
        if self.run:
            self.slot = self.table.at(self.number), 48 + 4 * (self.hash >> 8 & 3)
            self.check = self.hash >> 10 & 0xFFFF

    def read_run(self):
        line, at = self.slot
        low, high, self.run_byte, self.run_count = line[at:at + 4]
        self.known = low + 256 * high == self.check and self.run_count > 0

    def write_run(self, c):
        line, at = self.slot
        count = min(self.run_count + 1, 15) if self.known and self.run_byte == c else 1
        line[at:at + 4] = bytes([self.check & 255, self.check >> 8, c, count])

    def find(self):
        self.at, self.copy = self.table.row(self.number, self.hash)

    def write(self):
        self.table.at(self.number)[self.at:self.at + 16] = self.copy

    def second(self, f):
        self.hash = fold(self.hash, f)
        self.number ^= (f & 15) >> self.shift

    def inputs(self, node):
        self.state = self.copy[node]
        x = STRETCH[self.counters[self.state] >> 20]
        return (x if self.state else 0), (x if SURE[self.state] else 0)

    def run_input(self, partial, bits):
        self.run_bit = None
        if not self.known or (self.run_byte | 256) >> (8 - bits) != partial:
            return 0
        self.run_bit = self.run_byte >> (7 - bits) & 1
        x = STRETCH[self.run_counters[self.run_count] >> 20]
        return x if self.run_bit else -x

    def learn(self, node, bit):
        self.counters[self.state] = updated(self.counters[self.state], bit)
        self.copy[node] = NEXT[self.state][bit]
        if self.run and self.run_bit is not None:
            i = self.run_count
            self.run_counters[i] = updated(self.run_counters[i], bit == self.run_bit)


class Direct:
    """Section 6.5."""

    def __init__(self, ident, length):
        self.ident, self.counters, self.log = ident, {}, direct_log(ident, length)

    def begin(self, past):
        self.hash = hash_of(self.ident, past)
        self.second(0)

    def second(self, f):
        self.base = fold(self.hash, f) >> (32 - self.log) & ~15

    def input(self, node):
        return STRETCH[self.counters.get(self.base + node, counter(32768)) >> 20]

    def learn(self, node, bit):
        i = self.base + node
        self.counters[i] = updated(self.counters.get(i, counter(32768)), bit)


class Aimed:
    """Section 6.8."""

    def __init__(self, ident):
        (self.i, self.j), self.counters = AIMED[ident], {}

    def input(self, pixels, partial, bits):
        self.at = pixels.aim(partial, bits, self.i, self.j)
        return STRETCH[self.counters.get(self.at, counter(32768)) >> 20]

    def learn(self, bit):
        self.counters[self.at] = updated(self.counters.get(self.at, counter(32768)), bit)


def direct_log(ident, length):
    return min(max(lg(max(length, 1)) + 5, 10), {0: 10, 1: 18}.get(ident, 22))


def slots_log(length):
    return min(max(lg(max(length, 1)) + 1, 10), 22)


class Matcher:
    """Section 6.3."""

    def __init__(self, least, length):
        self.least, self.log = least, slots_log(length)
        self.slots, self.pointer, self.length, self.misses, self.rolling, self.slot = {}, 0, 0, 0, 0, 0
        self.counters = [counter(65535 - 65536 // (2 * bucket + 3)) for bucket in range(32)] * 8
        self.expected = None

    def push(self, data):
        n, c = len(data), data[-1]
        if self.pointer:
            hit = data[self.pointer] == c
            self.misses = (2 * self.misses + (not hit)) % 8
            self.length = min(self.length + 1, 65535) if hit else 0
            self.pointer += 1
        if n > self.least:
            q = self.slots.get(self.slot, 0)
            if self.length == 0 and q:
                a = 0
                while a < min(400, q + 1) and data[q - a] == data[n - 1 - a]:
                    a += 1
                if a > self.least:
                    self.pointer, self.length, self.misses = q + 1, a, 0
            self.slots[self.slot] = n - 1
        self.rolling = (self.rolling * (0x2F0B4C47 << max(1, 32 // self.least)) + c + 1) & M32
        self.slot = fold(0, self.rolling) >> (32 - self.log)
        if self.misses == 7:
            self.pointer = self.length = self.misses = 0
        self.expected = data[self.pointer] if self.pointer else None

    def inputs(self, partial, bits):
        if self.expected is not None and (self.expected | 256) >> (8 - bits) != partial:
            self.expected = None
        if self.expected is None:
            return 0, 0
        bucket = self.length
        if bucket >= 16:
            o = lg(bucket)
            bucket = min(16 + 2 * (o - 4) + (bucket >> (o - 1) & 1), 31)
        self.used = 32 * self.misses + bucket
        self.bit = self.expected >> (7 - bits) & 1
        p = self.counters[self.used] >> 16
        x, y = STRETCH[p >> 4], (p - 32768) >> 5
        return (x, y) if self.bit else (-x, -y)

    def learn(self, bit):
        if self.expected is not None:
            self.counters[self.used] = updated(self.counters[self.used], bit == self.bit)


class BackMatcher(Matcher):
    """Section 6.3, back by rows of `row` bytes."""

    def __init__(self, row, length):
        super().__init__(row if 8 <= row <= 256 else 0, length)
        self.left = 0

    def push(self, data):
        row, n, c = self.least, len(data), data[-1]
        if not row:
            return
        if self.pointer:
            if data[self.pointer] == c:
                self.length = min(self.length + 1, 65535)
                self.left -= 1
                self.pointer += 1
                if self.left == 0:
                    self.left, self.pointer = row, max(self.pointer - 2 * row, 0)
            else:
                self.pointer = 0
        if n > row:
            q = self.slots.get(self.slot, 0)
            self.slots[self.slot] = n - 1
            if (self.pointer == 0 and 2 * row < q < n and data[q - 2 * row] == c
                    and data[q - row:q] == data[n - 1 - row:n - 1]):
                self.pointer, self.left, i = q - 2 * row + 1, row - 1, 0
                while i < 400 // row:
                    start, end = q + i * row, n - 1 - (i + 1) * row
                    if start + row > n or end < row or data[start:start + row] != data[end - row:end]:
                        break
                    i += 1
                self.length = row * i
        self.rolling = (self.rolling * (0x2F0B4C47 << max(1, 32 // row)) + c + 1) & M32
        self.slot = fold(0, self.rolling) >> (32 - self.log)
        self.expected = data[self.pointer] if self.pointer else None


class Weights:
    """The rows of one selector, or of the last mixer: section 7.1."""

    def __init__(self, first):
        """`first` gives the weights of a row at the beginning."""
        self.first, self.rows = first, {}

    def opinion(self, context, inputs):
        """`inputs` are pairs of number and value; those of 0 change nothing and may be absent."""
        if context not in self.rows:
            self.rows[context] = self.first(context)
        self.row = row = self.rows[context]
        total = sum(x * (row[i] >> 16) for i, x in inputs)
        total = (total + (1 << 31) & M32) - (1 << 31)
        self.x = clamp(total >> 12, -LIMIT, LIMIT)
        return self.x

    def learn(self, inputs, bit, rate):
        row = self.row
        error = ((bit * 65535 - squash(self.x)) * rate + 512) >> 10
        for i, x in inputs:
            step = x * error
            low = (row[i] & 0xFFFF) + (step & 0xFFFF)
            high = clamp((row[i] >> 16) + (step >> 16), -32768, 32767)
            row[i] = clamp(high + (low >> 16), -32768, 32767) << 16 | low & 0xFFFF


# Section 7.2: name, number of contexts, context of a bit; m is the model.
SELECTORS = (
    ("partial", 256, lambda m: m.partial),
    ("c1", 256, lambda m: m.past.c1),
    ("c2", 256, lambda m: m.past.c2),
    ("match", 256, lambda m: 8 * (m.length if m.length < 16 else min(12 + lg(m.length), 31)) + m.bits),
    ("seen", 512, lambda m: 8 * min(m.seen, 63) + m.bits),
    ("column", 2048, lambda m: 8 * min(m.past.column, 255) + m.bits),
    ("shape", 2048, lambda m: 8 * (m.past.shape & 255) + m.bits),
    ("row", 2048, lambda m: 256 * min(m.past.column, 7) + m.partial),
    ("expected", 2048, lambda m: m.expected_context()),
    ("c1-high", 2048, lambda m: 256 * (m.past.c1 >> 5) + m.partial),
    ("zero", 1, lambda m: 0),
    ("word", 2048, lambda m: 16 * min(m.past.position - m.past.line, 63) + 8 * (m.past.word != 0) + m.bits),
    ("size", 2048, lambda m: 32 * min(m.past.numbers.m("m16") // 64, 63) + 8 * min(m.past.numbers.k, 3) + m.bits),
    ("slope", 2048, lambda m: m.sample_context(0)),
    ("error", 2048, lambda m: m.sample_context(1)),
    ("texture", 2048, lambda m: m.sample_context(2)),
    ("code", 1152, lambda m: 8 * m.past.machine.place() + m.bits),
    ("beat", 512, lambda m: 8 * m.past.rhythm.column + m.bits),
)

# Section 8: weight and context of a bit.
MAPS = (
    (1, lambda m: m.partial),
    (2, lambda m: 256 * m.past.c1 + m.partial),
    (2, lambda m: fold(fold(m.partial, m.past.o2), 1) & 0xFFFF),
    (1, lambda m: 256 * m.expected + m.partial & 0xFFFF),
)
KNOTS = [squash(128 * (k - 16)) for k in range(33)]


class Map:
    """Section 8."""

    def __init__(self):
        self.contexts = {}

    def refine(self, context, x):
        y = clamp(x, -2048, 2047) + 2048
        k, f = divmod(y, 128)
        self.knots = knots = self.contexts.setdefault(context, KNOTS[:])
        self.near = k if f < 64 else k + 1
        return (knots[k] * (128 - f) + knots[k + 1] * f) // 128

    def learn(self, bit):
        self.knots[self.near] += (65535 * bit - self.knots[self.near]) >> 5


class Recipe:
    """Sections 10 and 11: what a model is made of."""

    def __init__(self, contexts, direct, matches, selectors, runs, apms, rates, weight):
        self.contexts, self.direct, self.matches, self.selectors = contexts, direct, matches, selectors
        self.runs, self.apms, self.rates, self.weight = runs, apms, rates, weight
        self.samples = any(ident >= 192 for ident in contexts + direct)
        self.inputs = 2 * len(contexts) + runs + len(direct) + 2 * len(matches) + 1


def read_presets():
    ids = {name: ident for ident, (name, _) in CONTEXTS.items()}
    selectors = {name: i for i, (name, _, _) in enumerate(SELECTORS)}
    tables = []
    with open(PRESETS, encoding="utf-8") as source:
        for line in source:
            name, equals, value = line.split("#")[0].partition("=")
            if name.strip().startswith("["):
                tables.append({})
            elif equals:
                tables[-1][name.strip()] = value.strip().strip('"').split()
    presets = {}
    for table in tables:
        number = lambda key: int(table[key][0])
        presets[number("number")] = Recipe(
            [ids[name] for name in table["contexts"]], [ids[name] for name in table["direct"]],
            [1 if least == "back" else int(least) for least in table["matches"]], [selectors[name] for name in table["selectors"]],
            number("runs"), number("apms"), [int(rate) for rate in table["rates"]], number("weight"))
    return presets


class Params:
    """Section 10."""

    def __init__(self, data):
        self.data, self.at = data, 0
        self.preset, size = self.u8(), self.u8()
        preset = self.preset
        self.lines = 8 + (size >> 5) << size % 32
        self.must(self.lines % 16 == 0 and self.lines < 1 << 26, "the size of the table")
        presets = read_presets()
        self.must(preset == 0 or preset in presets, "no such preset")
        self.recipe = presets[preset] if preset else self.read_recipe()
        self.element = self.row = 0
        if self.at < len(data):
            self.element, self.row = self.stride(), self.stride()
            self.must(self.element or self.row, "strides that say nothing")
        self.width = self.phase = 0
        if self.at < len(data):
            self.width, self.phase = divmod(self.u8(), 16)
            self.must(1 <= self.width <= 8 and self.phase < self.width, "no such numbers")
        self.must(self.at == len(data), "parameters go on")

    def must(self, good, reason):
        if not good:
            raise Fault("malformed", f"cm: {reason}")

    def u8(self):
        self.must(self.at < len(self.data), "parameters end too early")
        self.at += 1
        return self.data[self.at - 1]

    def list(self, most):
        count = self.u8()
        self.must(count <= most, "a list is too long")
        return [self.u8() for _ in range(count)]

    def read_recipe(self):
        r = Recipe(self.list(48), self.list(16), self.list(4), self.list(15),
                   self.u8(), self.u8(), [self.u8(), self.u8(), self.u8()], self.u8())
        self.must(all(ident in CONTEXTS for ident in r.contexts + r.direct), "a reserved context")
        self.must(not any(ident in AIMED for ident in r.contexts), "an aimed context that is hashed")
        self.must(all(1 <= least <= 64 for least in r.matches), "the least length of a match")
        self.must(r.selectors and max(r.selectors) < len(SELECTORS), "the selectors")
        self.must(r.runs <= len(r.contexts) and r.apms <= 4, "runs or maps")
        self.must(r.rates[1] <= r.rates[0] and r.inputs <= 256, "rates or inputs")
        return r

    def stride(self):
        value = 0
        for i in range(4):
            byte = self.u8()
            value |= (byte & 127) << 7 * i
            if byte < 128:
                self.must(value < 1 << 24, "a stride is too long")
                return value
        self.must(False, "a stride is too long")


def memory(params, length):
    """Section 10: bytes."""
    recipe = params.recipe
    weights = sum(SELECTORS[i][1] for i in recipe.selectors) * ((recipe.inputs + 31) // 32 * 32) + 256 * 16
    maps = sum((256 if i == 0 else 65536) * 66 for i in range(recipe.apms))
    direct = sum(1 << 20 if ident in AIMED else 4 << direct_log(ident, length) for ident in recipe.direct)
    pixels, samples = Pixels(params.element, params.row, params.width, params.phase, recipe.samples), 0
    if pixels.width:
        kept = min(params.element + params.row, length) // params.width + 2
        samples = 32 << (kept - 1).bit_length()
    return (64 * params.lines + 1152 * ((len(recipe.contexts) + 7) // 8 * 8) + direct + samples
            + (4 * len(recipe.matches) << slots_log(length)) + 4 * weights + maps + (1 << 20))


def sizes(recipe):
    return [SELECTORS[i][1] for i in recipe.selectors]


class Cm:
    def __init__(self, params, length):
        params = Params(params)
        recipe = params.recipe
        count = len(recipe.selectors)
        self.memory = memory(params, length)
        self.past = Past(params.element, params.row, params.width, params.phase, recipe.samples)
        table = Table(params.lines)
        primed = read_primed(read_presets(), sizes).get(params.preset)
        self.hashed = [Hashed(ident, table, i < recipe.runs, primed) for i, ident in enumerate(recipe.contexts)]
        self.runs = self.hashed[:recipe.runs]
        self.direct = [Direct(ident, length) for ident in recipe.direct if ident not in AIMED]
        self.aimed = [Aimed(ident) for ident in recipe.direct if ident in AIMED]
        matcher = lambda least: BackMatcher(params.element, length) if least == 1 else Matcher(least, length)
        self.matchers = [matcher(least) for least in recipe.matches]
        if primed:
            first, last = primed.selectors, primed.last
        else:
            first = [lambda _row: [recipe.weight << 20] * recipe.inputs] * count
            last = lambda _row: [(1 << 28) // count] * count
        self.selectors = [(Weights(own), SELECTORS[i][2]) for own, i in zip(first, recipe.selectors)]
        self.last = Weights(last)
        self.maps = [(Map(), weight, context) for weight, context in MAPS[:recipe.apms]]
        self.rest = 8 - sum(weight for _, weight, _ in self.maps)
        self.rate, self.low_rate, self.last_rate = recipe.rates

    def byte(self, coder):
        """Section 9: the order of events."""
        self.look_at_matchers()
        self.past.expected = self.expected
        for context in self.hashed + self.direct:
            context.begin(self.past)
        for context in self.hashed:
            context.find()
        for context in self.runs:
            context.read_run()
        self.partial, node = 1, 1
        for self.bits in range(8):
            if self.bits == 4:
                node = 1
                self.second_nibble()
            bit = self.bit(coder, node)
            self.partial, node = 2 * self.partial + bit, 2 * node + bit
        c = self.partial & 255
        for context in self.hashed:
            context.write()
        for context in self.runs:
            context.write_run(c)
        self.past.push(c)
        for matcher in self.matchers:
            matcher.push(self.past.data)
        if self.past.position % 1024 == 0:
            self.rate -= (self.rate - self.low_rate + 63) // 64
        return c

    def second_nibble(self):
        for context in self.hashed:
            context.write()
        for context in self.hashed + self.direct:
            context.second(self.partial)
        for context in self.hashed:
            context.find()

    def look_at_matchers(self):
        self.expected = self.length = 0
        for matcher in self.matchers:
            if matcher.expected is not None:
                self.expected, self.length = 256 + matcher.expected, matcher.length
                break

    def sample_context(self, j):
        pixels = self.past.pixels
        return 512 * min(pixels.channel, 3) + 16 * pixels.quantities[j] + pixels.below(self.bits)

    def expected_context(self):
        if not self.expected:
            return 0
        g = 1 if self.length < 8 else 2 if self.length < 24 else 3
        return 512 * g + 256 * (self.expected >> (7 - self.bits) & 1) + self.partial

    def bit(self, coder, node):
        matches = [x for matcher in self.matchers for x in matcher.inputs(self.partial, self.bits)]
        self.look_at_matchers()
        pairs = [context.inputs(node) for context in self.hashed]
        self.seen = sum(context.state != 0 for context in self.hashed)
        inputs = [logit for logit, _ in pairs] + [sure for _, sure in pairs]
        inputs += [context.run_input(self.partial, self.bits) for context in self.runs]
        inputs += [context.input(node) for context in self.direct]
        inputs += [context.input(self.past.pixels, self.partial, self.bits) for context in self.aimed]
        inputs += matches + [256]
        inputs = [(i, x) for i, x in enumerate(inputs) if x]
        opinions = [(i, weights.opinion(context(self), inputs))
                    for i, (weights, context) in enumerate(self.selectors)]
        x = opinions[0][1]
        if len(opinions) > 1:
            x = self.last.opinion(self.partial, opinions)
        total = self.rest * squash(x) + 4
        for chart, weight, context in self.maps:
            total += weight * chart.refine(context(self), x)
        bit = coder.bit(clamp(total // 8, 1, 65535))
        for context in self.hashed + self.direct:
            context.learn(node, bit)
        for context in self.aimed:
            context.learn(bit)
        for matcher in self.matchers:
            matcher.learn(bit)
        for weights, _ in self.selectors:
            weights.learn(inputs, bit, self.rate)
        if len(opinions) > 1:
            self.last.learn(opinions, bit, self.last_rate)
        for chart, _, _ in self.maps:
            chart.learn(bit)
        return bit
