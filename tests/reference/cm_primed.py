"""What streams of a preset of `cm` begin with: plugins/predictor-cm/spec.md, section 12."""

import os

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../plugins/predictor-cm/src/primed.bin")
COUNTS = (0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 90, 128, 255)


class Primed:
    """One preset: counters of states 1 to 254 and of runs, and the rows of weights of a model without a network."""

    def __init__(self, reader, recipe, sizes):
        self.states = {state: reader.counter() for state in range(1, 255)}
        self.runs = [reader.counter() for _ in range(16)]
        self.selectors, self.last = reader.mixer(sizes, recipe.inputs)
        if reader.u8():
            # With a network (plugins/predictor-mix/spec.md, section 3): not for this decoder.
            reader.mixer(sizes + [169], recipe.inputs + 4)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def u8(self):
        self.at += 1
        return self.data[self.at - 1]

    def counter(self):
        stored = self.u8() + 256 * self.u8()
        return (stored >> 4) << 20 | 1 << 19 | COUNTS[stored & 15]

    def rows(self, size, inputs, unit):
        """A function from the number of a row to its weights."""
        count = self.u8()
        weights = [((self.u8() ^ 128) - 128) << unit for _ in range(count * inputs)]
        vectors = [weights[i:i + inputs] for i in range(0, count * inputs, inputs)]
        first = self.at
        self.at += (size + 1) // 2
        return lambda row: vectors[self.data[first + row // 2] >> 4 * (row & 1) & 15][:]

    def mixer(self, sizes, inputs):
        selectors = [self.rows(size, inputs, 22) for size in sizes]
        return selectors, self.rows(256, len(sizes), 21) if len(sizes) > 1 else None


def read_primed(presets, sizes_of):
    """By the number of the preset; `sizes_of` gives the contexts of a recipe's selectors."""
    with open(DATA, "rb") as source:
        reader = Reader(source.read())
    assert reader.u8() == 1
    primed = {}
    while reader.at < len(reader.data):
        preset = reader.u8()
        primed[preset] = Primed(reader, presets[preset], sizes_of(presets[preset]))
    return primed
