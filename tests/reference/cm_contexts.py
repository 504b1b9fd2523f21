"""Contexts of predictor `cm`: plugins/predictor-cm/spec.md, section 6.1 and the tables of 6.2."""

from cm_fields import PREDICTIONS, Fields
from cm_machine import Machine
from cm_numbers import M32, fold
from cm_pixels import PIXEL_PREDICTIONS, QUANTITIES, Pixels
from cm_rhythm import Rhythm


def class_of(c):
    if c in b"\n\r":
        return 0
    if c in b" \t":
        return 1
    if 48 <= c < 58:
        return 2
    if 97 <= c < 123:
        return 3
    if 65 <= c < 91:
        return 4
    if c >= 128:
        return 5
    if c == 127 or c < 32:
        return 6
    for number, members in enumerate((b".,", b"\"'`", b"([{", b")]}", b"<>", b"-+_", b":;", b"/\\|"), 7):
        if c in members:
            return number
    return 15


class Past:
    """Section 6.1."""

    def __init__(self, element, row, width=0, phase=0, pixels=False):
        self.element, self.row = element, row
        self.data = bytearray()
        self.numbers = Fields(element, row, width, phase)
        self.pixels = Pixels(element, row, width, phase, pixels)
        self.machine, self.rhythm = Machine(), Rhythm()
        self.after1, self.after2 = {}, {}
        self.c4 = self.c8 = self.position = self.shape = 0
        self.word = self.word1 = self.word2 = self.word3 = self.gap = 0
        self.line = self.line_before = self.line_head = self.line_above = 0
        self.field = self.field_hash = self.depth = 0
        self.nest = [0] * 16
        self.expected = 0
        self.derive()

    def back(self, k):
        return self.data[-k] if 0 < k <= len(self.data) else 0

    def derive(self):
        """All that is only another view of the same."""
        e, w, back = self.element, self.row, self.back
        self.c1, self.c2 = self.c4 & 255, self.c4 >> 8 & 255
        self.c3, self.c4th = self.c4 >> 16 & 255, self.c4 >> 24
        self.column = self.position % e if e else 0
        self.row_column = self.position % w if w else 0
        self.o2, self.o3 = self.c4 & 0xFFFF, self.c4 & 0xFFFFFF
        self.n, self.nn, self.nw = back(e), back(2 * e), back(e + 1)
        self.up, self.upup, self.upleft = back(w), back(2 * w), back(w + e)
        self.upright = back(max(w - e, 0))
        self.gradient = (self.n + self.up - self.upleft) % 1024
        self.followed1 = self.after1.get(self.c1, 0)
        self.followed2 = self.after2.get(self.o2, 0)

    def push(self, c):
        self.after1[self.c1] = (self.followed1 << 8) + c & M32
        self.after2[self.o2] = (self.followed2 << 8) + c & 0xFFFF
        self.c8 = (self.c8 << 8) + (self.c4 >> 24) & M32
        self.c4 = (self.c4 << 8) + c & M32
        self.data.append(c)
        self.position += 1
        self.shape = (self.shape << 4) + class_of(c) & (1 << 64) - 1
        if c >= 128 or chr(c).isalpha():
            self.word = fold(self.word, c + 32 if 65 <= c < 91 else c)
            self.gap = 0
        else:
            if self.word:
                self.word1, self.word2, self.word3 = self.word, self.word1, self.word2
                self.line_head = self.line_head or self.word
                self.word = 0
            self.gap = fold(self.gap, c)
        if c == 10:
            self.line_before, self.line = self.line, self.position
            self.line_head = self.field = self.field_hash = 0
        elif c in b",;\t|":
            self.field += 1
            self.field_hash = 0
        else:
            self.field_hash = fold(self.field_hash, c)
        if c in b"([{<":
            self.depth = min(self.depth + 1, 15)
            self.nest[self.depth] = fold(self.word1, c)
        elif c in b")]}>":
            self.depth = max(self.depth - 1, 0)
        a = self.line_before + self.position - self.line
        self.line_above = self.data[a] if a < self.line else 0
        self.numbers.push(self.data)
        self.pixels.push(self.data)
        self.machine.push(c)
        self.rhythm.push(self.data)
        self.derive()


# Section 6.2: names and values by id.
CONTEXTS = {
    0: ("o0", lambda p: ()),
    1: ("o1", lambda p: (p.c1,)),
    2: ("o2", lambda p: (p.o2,)),
    3: ("o3", lambda p: (p.o3,)),
    4: ("o4", lambda p: (p.c4,)),
    5: ("o5", lambda p: (p.c4, p.c8 & 0xFF)),
    6: ("o6", lambda p: (p.c4, p.c8 & 0xFFFF)),
    7: ("o7", lambda p: (p.c4, p.c8 & 0xFFFFFF)),
    8: ("o8", lambda p: (p.c4, p.c8)),
    16: ("word", lambda p: (p.word, p.gap)),
    17: ("word-1", lambda p: (p.word, p.word1, p.gap)),
    18: ("word-1-2", lambda p: (p.word, p.word1, p.word2, p.gap)),
    19: ("word-2", lambda p: (p.word, p.word2, p.gap)),
    20: ("word-o1", lambda p: (p.word1, p.c1)),
    21: ("word-3", lambda p: (p.word, p.word3, p.gap)),
    22: ("gap", lambda p: (p.gap, p.word1)),
    24: ("shape4", lambda p: (p.shape & 0xFFFF, p.c1)),
    25: ("shape8", lambda p: (p.shape & M32,)),
    26: ("shape12", lambda p: (p.shape & M32, p.shape >> 32 & 0xFFFF)),
    27: ("shape-word", lambda p: (p.shape & M32, p.word1)),
    32: ("skip1", lambda p: (p.c2,)),
    33: ("skip2", lambda p: (p.c3,)),
    34: ("skip1-2", lambda p: (p.c2, p.c3)),
    35: ("skip3", lambda p: (p.c4th,)),
    36: ("c1-c3", lambda p: (p.c1, p.c3)),
    37: ("c1-c4", lambda p: (p.c1, p.c4th)),
    38: ("skip1x3", lambda p: (p.c4 >> 8,)),
    39: ("skip3x2", lambda p: (p.c3, p.c4th)),
    40: ("c2-c4", lambda p: (p.c2, p.c4th)),
    41: ("high", lambda p: (p.c4 & 0xF0F0F0F0, p.c8 & 0xF0)),
    48: ("after1", lambda p: (p.c1, p.followed1 & 0xFFFF)),
    49: ("after2", lambda p: (p.o2, p.followed2)),
    50: ("after1-2", lambda p: (p.followed1 & 0xFF, p.followed2)),
    51: ("after1-long", lambda p: (p.c1, p.followed1)),
    56: ("line-above", lambda p: (p.line_above, min(p.position - p.line, 255))),
    57: ("line-above-o1", lambda p: (p.line_above, p.c1)),
    58: ("line-column", lambda p: (min(p.position - p.line, 1023), p.c1)),
    59: ("field", lambda p: (p.field, p.field_hash)),
    60: ("field-above", lambda p: (p.field, p.field_hash, p.line_above)),
    61: ("line-head", lambda p: (p.line_head, p.word, p.c1)),
    62: ("nest", lambda p: (p.nest[p.depth], p.word, p.c1)),
    63: ("nest-o2", lambda p: (p.nest[p.depth], p.o2)),
    64: ("line-above-o2", lambda p: (p.line_above, p.o2)),
    80: ("col", lambda p: (p.column,)),
    81: ("col-n", lambda p: (p.column, p.n)),
    82: ("col-n-o1", lambda p: (p.column, p.n, p.c1)),
    83: ("col-n-nn", lambda p: (p.column, p.n, p.nn)),
    84: ("n-o1", lambda p: (p.n, p.c1)),
    85: ("n-o2", lambda p: (p.n, p.o2)),
    86: ("n-nw-w", lambda p: (p.n, p.nw, p.c1)),
    87: ("gradient", lambda p: (p.column, (p.c1 + p.n - p.nw) % 256)),
    88: ("extrapolate", lambda p: (p.column, (2 * p.n - p.nn) % 256)),
    89: ("col-o1", lambda p: (p.column, p.c1)),
    90: ("col-o2", lambda p: (p.column, p.o2)),
    91: ("col-n-delta", lambda p: (p.column, (p.n - p.nn) % 256, (p.c1 - p.nw) % 256)),
    92: ("n-nn-nnn", lambda p: (p.n, p.nn, p.back(3 * p.element))),
    93: ("col-o3", lambda p: (p.column, p.o3)),
    94: ("col-n-o2", lambda p: (p.column, p.n, p.o2)),
    112: ("row-n", lambda p: (p.column, p.up)),
    113: ("row-n-w", lambda p: (p.column, p.up, p.n)),
    114: ("row-gradient", lambda p: (p.column, p.gradient)),
    115: ("row-n-ne", lambda p: (p.column, p.up, p.upright)),
    116: ("row-average", lambda p: (p.column, (p.n + p.up) // 2, p.c1)),
    117: ("row-extrapolate", lambda p: (p.column, (2 * p.up - p.upup) % 1024)),
    118: ("row-w-ww", lambda p: (p.column, p.n, p.nn)),
    119: ("row-n-nn", lambda p: (p.column, p.up, p.upup)),
    120: ("row-n-o1", lambda p: (p.column, p.up, p.c1)),
    121: ("row-mean4", lambda p: (p.column, (p.n + p.up + p.upleft + p.upright) // 4, p.c1 // 16)),
    122: ("row-gradient-n", lambda p: (p.column, p.gradient, p.c1)),
    123: ("row-col", lambda p: (p.row_column, p.c1)),
    128: ("match", lambda p: (p.expected,)),
    129: ("match-o1", lambda p: (p.expected, p.c1)),
    130: ("match-o2", lambda p: (p.expected, p.o2)),
}


def on_code(ident, name, values):
    CONTEXTS[ident] = (name, lambda p: (p.machine.place(), *values(p.machine)))


def on_beat(ident, name, values):
    CONTEXTS[ident] = (name, lambda p: (p.rhythm.beat, p.rhythm.column, *values(p)))


on_code(65, "code", lambda m: (m.stem, m.operand))
on_code(66, "code-1", lambda m: (m.stem, m.operand, m.ops[0]))
on_code(67, "code-1-2", lambda m: (m.stem, m.operand, m.ops[0], m.ops[1]))
on_code(68, "code-ops", lambda m: (m.stem, m.operand, m.three()))
CONTEXTS[69] = ("code-o1", lambda p: (p.machine.place(), p.machine.op & 0xFFFF, p.c1))
on_code(70, "code-bare", lambda m: (m.op & 0xFFFF, m.operand, m.ops[0] & 0xFFFF))
on_beat(96, "beat-n", lambda p: (p.back(p.rhythm.beat),))
on_beat(97, "beat-n-o1", lambda p: (p.back(p.rhythm.beat), p.c1))
on_beat(98, "beat-carried", lambda p: (p.rhythm.carried,))
on_beat(99, "beat-stepped", lambda p: (p.rhythm.stepped, p.rhythm.carried))


def on_prediction(i):
    """The ids 144 + i and 160 + i."""
    CONTEXTS[144 + i] = (f"num-{PREDICTIONS[i]}", lambda p: (p.column, p.numbers.x[i]))
    CONTEXTS[160 + i] = (f"scaled-{PREDICTIONS[i]}", lambda p: (p.numbers.k, p.numbers.x[i], p.numbers.scale[i]))


def on_two(ident, name, a, b):
    def values(p):
        x = p.numbers.x
        return p.column, x[a], max(-64, min(64, x[a] - x[b])) & M32
    CONTEXTS[ident] = (name, values)


def on_sizes(ident, name, values):
    CONTEXTS[ident] = (name, lambda p: (p.numbers.place(), *values(p.numbers)))


for i in range(len(PREDICTIONS)):
    on_prediction(i)
on_two(176, "num-w-n", 0, 2)
on_two(177, "num-w-gradient", 0, 3)
on_two(178, "num-n-gradient", 2, 3)
on_two(179, "num-gradient-smooth", 3, 7)
on_two(180, "num-w-cross", 0, 8)
CONTEXTS[181] = ("num-w-o1", lambda p: (p.column, p.numbers.x[0], p.c1))
CONTEXTS[182] = ("num-gradient-o1", lambda p: (p.column, p.numbers.x[3], p.c1))
on_two(183, "num-w-ww", 0, 1)
on_two(184, "num-w-field", 0, 11)
CONTEXTS[185] = ("num-cross-o1", lambda p: (p.column, p.numbers.x[8], p.c1))
on_sizes(186, "size4", lambda n: (n.m("m4") // 32,))
on_sizes(187, "size16", lambda n: (n.m("m16") // 32,))
on_sizes(188, "size4-16", lambda n: (n.m("m4") // 128, n.m("m16") // 64))
on_sizes(189, "size-beside", lambda n: (n.beside // 128, n.m("m16") // 128))
on_sizes(190, "size1-2", lambda n: (n.m("m1") // 128, n.m("m2") // 128))
on_sizes(191, "size-all", lambda n: (n.m("m1") // 256, n.m("m4") // 256, n.m("m16") // 128))


def on_sample(i):
    """The ids 192 + i."""
    CONTEXTS[192 + i] = (f"pix-{PIXEL_PREDICTIONS[i]}", lambda p: (p.column, p.pixels.q[i]))


for i in range(len(PIXEL_PREDICTIONS)):
    on_sample(i)
CONTEXTS[200] = ("pix-blend-o1", lambda p: (p.column, p.pixels.q[0], p.c1))
CONTEXTS[201] = ("pix-coarse-o2", lambda p: (p.column, p.pixels.q[0] // 4, p.o2))
# Aimed contexts: prediction and quantity by id; they have no hash.
AIMED = {208 + 8 * j + i: (i, j) for j in range(len(QUANTITIES)) for i in range(len(PIXEL_PREDICTIONS))}
for ident, (i, j) in AIMED.items():
    CONTEXTS[ident] = (f"aim-{PIXEL_PREDICTIONS[i]}-{QUANTITIES[j]}", None)
WIDE = {0, 1, 2, 24, *range(32, 38), 39, 40, 57, 58}


def hash_of(ident, past):
    h = fold(0x9E3779B9, ident)
    for value in CONTEXTS[ident][1](past):
        h = fold(h, value)
    return h
