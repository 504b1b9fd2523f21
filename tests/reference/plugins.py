"""The plugins of the `.umc` format, from their specifications."""

from adapters import audio, exe, floats, foreign, identity
from cm import Cm
from deflate import inverse as deflate
from fault import Fault
from image import inverse as image
from record import inverse as record

TOTAL = 1 << 16
L = 1 << 32
CHUNK = 1 << 22


class Stored:
    """plugins/coder-stored/spec.md"""

    def __init__(self, params, payload):
        if params:
            raise Fault("malformed", "stored has no parameters")
        self.payload, self.at, self.bits = payload, 0, 0

    def byte(self, _start):
        if self.at == len(self.payload):
            raise Fault("damaged", "the payload is too short")
        self.at += 1
        return self.payload[self.at - 1]

    def bit(self, _one):
        if self.bits == 0:
            self.held, self.bits = self.byte(None), 8
        self.bits -= 1
        return self.held >> self.bits & 1

    def finish(self):
        if self.at != len(self.payload):
            raise Fault("damaged", "the payload is too long")


class Rans:
    """plugins/coder-rans/spec.md"""

    def __init__(self, params, payload):
        if params not in (b"", b"\1", b"\2", b"\4", b"\10"):
            raise Fault("malformed", "rans does not know these parameters")
        self.n = params[0] if params else 1
        self.payload, self.at = payload, 0
        self.decided, self.states = 0, []

    def begin(self):
        first = self.at == 0
        for _ in range(self.n):
            length = 8
            if first and self.n == 1:
                total = len(self.payload)
                length = total if total <= 8 else 5 + (total - 5) % 4
            word = self.payload[self.at:self.at + length]
            if len(word) < length:
                raise Fault("damaged", "the payload ends within a state")
            if first and self.n == 1 and word and word[-1] == 0:
                raise Fault("damaged", "the first state has leading zeros")
            self.at += length
            self.states.append(int.from_bytes(word, "little"))
        left = self.at < len(self.payload)
        if any(x < L for x in self.states) and (self.n > 1 or left):
            raise Fault("damaged", "a state is too small")

    def decide(self, outcome):
        """Section 4; `outcome` gives what a count stands for: outcome, start, size."""
        if self.decided % CHUNK == 0:
            if self.decided and any(x != L for x in self.states):
                raise Fault("damaged", "a chunk does not end as it must")
            self.states = []
            self.begin()
        i = self.decided % CHUNK % self.n
        self.decided += 1
        x = self.states[i]
        c = x % TOTAL
        decided, start, size = outcome(c)
        x = size * (x // TOTAL) + c - start
        if x < L:
            word = self.payload[self.at:self.at + 4]
            if len(word) == 4:
                x = x << 32 | int.from_bytes(word, "little")
                self.at += 4
            elif self.n > 1:
                raise Fault("damaged", "the payload is too short")
        self.states[i] = x
        return decided

    def byte(self, start):
        def outcome(c):
            low, high = 0, 256
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if start(middle) <= c else (low, middle)
            return low, start(low), start(low + 1) - start(low)

        return self.decide(outcome)

    def bit(self, one):
        return self.decide(lambda c: (1, 0, one) if c < one else (0, one, TOTAL - one))

    def finish(self):
        end = 0 if self.n == 1 else L
        if any(x != end for x in self.states) or self.at != len(self.payload):
            raise Fault("damaged", "the payload does not end as it must")


class Uniform:
    """spec/probability.md, section 5"""

    memory = 0

    def byte(self, coder):
        return coder.byte(lambda s: s * 256)


class Order0:
    """plugins/predictor-order0/spec.md"""

    memory = 4096

    def __init__(self, params, _length):
        if params:
            raise Fault("malformed", "order0 has no parameters")
        self.n = [1] * 256

    def byte(self, coder):
        sums = [0]
        for count in self.n:
            sums.append(sums[-1] + count)
        # spec/probability.md, section 4
        byte = coder.byte(lambda s: s + sums[s] * (TOTAL - 256) // sums[256])
        self.n[byte] += 32
        if sums[256] + 32 > 16384:
            self.n = [(count + 1) // 2 for count in self.n]
        return byte


# By kind (spec/umc.md, section 5.1), id and stream version.
PLUGINS = {
    (0, 1, 1): identity,
    (0, 2, 1): floats,
    (0, 3, 1): audio,
    (0, 4, 1): exe,
    (0, 5, 1): foreign(image),
    (0, 6, 1): foreign(record),
    (0, 7, 1): foreign(deflate),
    (1, 1, 1): Order0,
    (1, 2, 1): Cm,
    (2, 1, 1): Stored,
    (2, 2, 1): Rans,
}
