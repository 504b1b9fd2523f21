"""Samples of images in predictor `cm`: plugins/predictor-cm/spec.md, sections 6.7 and 6.8."""

PIXEL_PREDICTIONS = "blend wide narrow med planes left above corner".split()
QUANTITIES = "slope error texture beside bias".split()
TERMS = 20


def bound(value, most):
    return max(-most, min(most, value))


def median(a, b, c):
    return sorted((a, b, c))[1]


def level(x):
    if x < 2:
        return x
    g = x.bit_length() - 1
    return min(2 * g + (x >> (g - 1) & 1), 31)


def signed_level(x):
    size = min(level(abs(x) >> 2), 15)
    return 16 - size if x < 0 else 16 + size


class LeastSquares:
    def __init__(self, forget):
        self.forget, self.count, self.base = forget, 0, 0
        self.x, self.weights, self.t = [0] * TERMS, [0] * TERMS, [0] * TERMS
        self.a = [[0] * (i + 1) for i in range(TERMS)]
        self.terms = 0

    def predict(self, base, x):
        self.base, self.terms = base, len(x)
        self.x = x + [0] * (TERMS - len(x))
        said = 8 * base + (sum(g * v for g, v in zip(self.weights, self.x)) >> 13)
        return bound(said, 1 << 24)

    def learn(self, value):
        x, y = self.x, value - self.base
        for i in range(TERMS):
            if x[i]:
                row = self.a[i]
                for j in range(i + 1):
                    row[j] += x[i] * x[j]
                self.t[i] += x[i] * y
        self.count += 1
        if self.count % 8 == 0:
            self.solve()
            for i in range(TERMS):
                self.a[i] = [s - (s >> self.forget) for s in self.a[i]]
                self.t[i] -= self.t[i] >> self.forget

    def solve(self):
        n = self.terms
        most = max((self.a[i][i] for i in range(n)), default=0)
        if most == 0:
            return
        up = 27 - most.bit_length()
        scaled = lambda s: s << up if up >= 0 else s >> -up
        l, u = [[0] * n for _ in range(n)], [0] * n
        r, z = [0] * n, [0] * n
        for i in range(n):
            for j in range(i):
                u[j] = bound(scaled(self.a[i][j]) - (sum(l[j][k] * u[k] for k in range(j)) >> 16), (1 << 28) - 1)
                l[i][j] = bound((u[j] * r[j]) >> 28, 1 << 24)
            a = scaled(self.a[i][i])
            d = max(a + (a >> 9) + (1 << 12) - (sum(l[i][k] * u[k] for k in range(i)) >> 16), 1 << 10)
            r[i] = (1 << 44) // d
            z[i] = bound(scaled(self.t[i]) - (sum(l[i][k] * z[k] for k in range(i)) >> 16), (1 << 28) - 1)
        g = self.weights
        for i in reversed(range(n)):
            known = sum(l[k][i] * g[k] for k in range(i + 1, n))
            g[i] = bound(((z[i] * r[i]) >> 28) - (known >> 16), 1 << 20)


class Pixels:
    def __init__(self, element, row, width, phase, wanted):
        there = wanted and width in (1, 2) and row > element > 0 and element % width == 0 and row % width == 0
        self.width = width if there else 0
        self.element, self.row, self.phase = element, row, phase
        self.k = self.prefix = self.channel = 0
        self.q, self.predicted, self.quantities = [0] * 8, [0] * 8, [0] * 5
        self.wide = [LeastSquares(8) for _ in range(4)] if there else []
        self.narrow = [LeastSquares(3) for _ in range(4)] if there else []
        # For each sample: what each prediction missed, and what the first did with its sign.
        self.missed, self.signed = [], []
        self.none = [0] * 8

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
        shift = 8 * (self.width - 1 - self.k)
        self.q = [256 + max(-256, min(767, ((p + 4) >> 3 >> shift) - 256 * self.prefix)) for p in self.predicted]

    def end(self):
        p, c = self.prefix, min(self.channel, 3)
        self.wide[c].learn(p)
        self.narrow[c].learn(p)
        self.missed.append([min(abs(8 * p - said), 65535) for said in self.predicted])
        self.signed.append(8 * p - self.predicted[0])
        self.k = self.prefix = 0
        self.channel = 0 if (self.channel + 1) * self.width >= self.element else self.channel + 1

    def begin(self, data):
        width, e, r, channel = self.width, self.element, self.row, self.channel

        def v(d):
            at = len(data) - d
            return int.from_bytes(data[at:at + width], "big") if at >= 0 else 0

        w, ww, www, n, nw, ne, nn = v(e), v(2 * e), v(3 * e), v(r), v(r + e), v(r - e), v(2 * r)
        nne, nnw, nww = v(2 * r - e), v(2 * r + e), v(r + 2 * e)
        nee = v(r - 2 * e) if r > 2 * e else ne
        base = (w + n) >> 1
        x = [s - base for s in (w, nw, ne, ww, nn, nne, nee, nnw, nww, www)]
        dw = dn = dnw = dne = 0
        for j in range(1, min(channel, 2) + 1):
            b = j * width
            p, pw, pn, pnw, pne = v(b), v(b + e), v(b + r), v(b + r + e), v(b + r - e)
            x += [s - ((pw + pn) >> 1) for s in (p, pw, pnw, pne)]
            if j == 1:
                dw, dn, dnw, dne = p - pw, p - pn, p - pnw, p - pne
        if channel == 0:
            for j in range(1, min(e // width, 3)):
                b = e - j * width
                x.append(v(b) - ((v(b) + v(b + r - e)) >> 1))
        c = min(channel, 3)
        few = x[:6] + x[10:10 + (0, 4, 6)[min(channel, 2)]]
        predicted = [
            0, self.wide[c].predict(base, x), self.narrow[c].predict(base, few), 8 * median(w, n, w + n - nw),
            8 * median(w + dw, n + dn, w + dw + n + dn - nw - dnw), 8 * (w + dw), 8 * (n + dn),
            8 * (w + ne - n + dw + dne - dn)]
        most = 8 * ((1 << 8 * width) - 1)
        self.predicted = [max(0, min(most, p)) for p in predicted]
        se, sr = e // width, r // width
        back = lambda d: self.missed[-d] if d <= len(self.missed) else self.none
        sign = lambda d: self.signed[-d] if d <= len(self.signed) else 0
        near = [2 * a + 2 * b + c + d for a, b, c, d in zip(back(se), back(sr), back(sr + se), back(sr - se))]
        weights = [(1 << 40) // (near[i] + 4) ** 2 + 1 for i in range(8)]
        top = sum(weights[i] * self.predicted[i] for i in range(1, 8))
        self.predicted[0] = blend = top // sum(weights[1:])
        beside = sign(1) if channel else 0
        slope = abs(w - nw) + abs(n - nw) + abs(n - ne) + abs(w - ww) + abs(n - nn)
        texture = sum((8 * s > blend) << i for i, s in enumerate((w, n, nw, ne, 2 * n - nn)))
        self.quantities = [level(4 * slope), level(near[0] + 2 * abs(beside)), texture, signed_level(beside),
                           signed_level(sign(se) + sign(sr))]

    def below(self, bits):
        return 8 * max(self.width - 1 - self.k, 0) + 7 - bits

    def aim(self, partial, bits, i, j):
        """The number of the counter of an aimed context."""
        known = (self.prefix << bits) + partial - (1 << bits)
        below = self.below(bits)
        off = 8 * ((2 * known + 1) << below) - 4 - self.predicted[i]
        a = abs(off)
        g = a.bit_length() - 1
        distance = a if a < 8 else min(8 * (g - 2) + (a >> (g - 3) & 7), 255)
        return 512 * (32 * below + self.quantities[j]) + distance + 256 * (off < 0)
