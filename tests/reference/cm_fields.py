"""Numbers of several bytes in predictor `cm`: plugins/predictor-cm/spec.md, section 6.6."""

M64 = (1 << 64) - 1
PREDICTIONS = "w ww n gradient ne mean nn smooth cross ww1 curve field".split()


def towards_zero(a, b):
    return a // b if a >= 0 else -(-a // b)


class Fields:
    def __init__(self, element, row, width, phase):
        self.element, self.row, self.width, self.phase = element, row, width, phase
        self.k = self.prefix = self.field = self.beside = 0
        self.x, self.predicted = [0] * 12, [0] * 12
        self.errors = [[0] * 12 for _ in range(64)]
        self.sizes = [dict(m1=0, m2=0, m4=0, m16=0) for _ in range(64)]
        # What contexts see are those of the field at the beginning of the number.
        self.scale, self.seen = [0] * 12, self.sizes[0]

    def m(self, name):
        return self.seen[name]

    def place(self):
        return (self.k << 16) + self.prefix % (1 << 16)

    def push(self, data):
        """After the last byte of `data`."""
        if not self.width:
            return
        if len(data) <= self.phase:
            if len(data) == self.phase:
                self.begin(data)
            return
        self.prefix = (self.prefix << 8) + data[-1]
        self.k += 1
        if self.k == self.width:
            self.end()
            self.begin(data)
        for i, predicted in enumerate(self.predicted):
            off = (predicted >> 8 * (self.width - 1 - self.k)) - 256 * self.prefix & M64
            off -= off >> 63 << 64
            self.x[i] = 256 + max(-256, min(767, off))

    def begin(self, data):
        def v(d):
            if d == 0 or d > len(data):
                return 0
            at = len(data) - d
            return int.from_bytes(data[at:at + self.width], "big")

        e, r, width = self.element, self.row, self.width
        w, ww, www, n, nw, nn = v(e), v(2 * e), v(3 * e), v(r), v(r + e), v(2 * r)
        ne, l, lw = v(max(r - e, 0)), v(width), v(width + e)
        exact = (w, 2 * w - ww, n, w + n - nw, w + ne - n, (w + n) // 2, 2 * n - nn,
                 towards_zero(3 * w + 2 * n + ne - 2 * nw, 4), w + l - lw, ww, 3 * w - 3 * ww + www, l)
        self.predicted = [max(0, min((1 << 8 * width) - 1, p)) for p in exact]
        self.k = self.prefix = 0
        f = self.field % 64
        self.scale = [error // 16 for error in self.errors[f]]
        self.seen = self.sizes[f]

    def end(self):
        p, f = self.prefix, self.field % 64
        for i, predicted in enumerate(self.predicted):
            self.errors[f][i] = (3 * self.errors[f][i] + 16 * abs(p - predicted).bit_length()) // 4
        middle = 1 << 8 * self.width - 1
        u = min(abs(p - middle), abs(p - middle + 1)) + 1
        g = u.bit_length() - 1
        size = 256 * g + (u << (63 - g) >> 55) % 256
        m = self.sizes[f]
        self.sizes[f] = dict(m1=size, m2=m["m1"], m4=(3 * m["m4"] + size) // 4, m16=(15 * m["m16"] + size) // 16)
        self.beside = size
        self.field = 0 if (self.field + 1) * self.width >= self.element else self.field + 1
