"""Rhythm in predictor `cm`: plugins/predictor-cm/spec.md, section 6.10."""

M32 = 0xFFFFFFFF


class Rhythm:
    def __init__(self):
        # Number d is the score of distance d; 0 is not used.
        self.scores = [0] * 65
        self.beat = self.column = self.carried = self.stepped = 0

    def push(self, data):
        """After the last byte of `data`."""
        n, c = len(data), data[-1]
        if n > 64 and c != data[-2]:
            for d in range(1, 65):
                s = self.scores[d]
                self.scores[d] = s - (s >> 5) + (2047 if data[n - 1 - d] == c else 0)
        if n % 16 == 0:
            best = max(range(2, 65), key=lambda d: (self.scores[d], -d))
            present = self.scores[self.beat]
            if self.scores[best] > present + present // 8 + 1024:
                self.beat = best
        self.column = n % self.beat if self.beat else 0
        self.carried = self.stepped = 0
        if self.beat >= 4 and n >= 2 * self.beat + 4:
            self.look_above(data, n)

    def look_above(self, data, n):
        def v(a):
            return int.from_bytes(data[a:a + 4], "little")

        k = n % 4
        known = 1 << 8 * k
        up = v(n - k - self.beat)
        step = 2 * up - v(n - k - 2 * self.beat) & M32
        now = int.from_bytes(data[n - k:n], "little")
        self.carried = 4 * ((up >> 8 * k) % 256 + (now < up % known)) + k
        self.stepped = 8 * ((step >> 8 * k) % 256) + 4 * (now == step % known) + k
