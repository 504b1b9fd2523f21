"""Numbers of predictor `cm`: plugins/predictor-cm/spec.md, sections 2 to 4, and the hash of section 6."""

LIMIT = 2815
M32 = 0xFFFFFFFF


def lg(n):
    return n.bit_length() - 1


def clamp(x, low, high):
    return low if x < low else high if x > high else x


# Section 6


def fold(h, value):
    k = value * 0xCC9E2D51 & M32
    h = (h ^ (k << 15 & M32 | k >> 17)) * 0x1B873593 & M32
    h = (h ^ h >> 15) * 0x85EBCA6B & M32
    return h ^ h >> 13


# Section 2


def squash_table():
    t, right = 1 << 40, []
    for _ in range(LIMIT + 1):
        right.append(min(65535, ((t << 16) + (t + (1 << 40)) // 2) // (t + (1 << 40))))
        t = t * 4629735647166717428 >> 62
    return [65536 - y for y in right[:0:-1]] + right


SQUASH = squash_table()


def squash(x):
    return SQUASH[clamp(x, -LIMIT, LIMIT) + LIMIT]


def stretch_table():
    table, x = [], -LIMIT
    for i in range(4096):
        while x < LIMIT and squash(x + 1) <= 16 * i + 8:
            x += 1
        table.append(x)
    return table


STRETCH = stretch_table()

# Section 3

BOUND = (40, 38, 13, 8, 6, 5)


def allowed(n0, n1):
    return min(n0, n1) <= 5 and max(n0, n1) <= BOUND[min(n0, n1)]


def remembers(n0, n1):
    return n0 > 0 and n1 > 0 and n0 + n1 <= 13


def after(n0, n1, bit):
    """The state (n0, n1, last) behind one of n0 and n1."""
    seen, other = (n1, n0) if bit else (n0, n1)
    seen = min(seen + 1, 40)
    other = (0, 1, 2, 3, 4, 5, 5, 6, 7)[min(other, 8)]
    while not allowed(seen, other):
        if seen > other:
            seen -= 1
            if other >= 2 and not allowed(seen, other) and seen < 2 * other:
                other -= 1
        else:
            other -= 1
    n0, n1 = (other, seen) if bit else (seen, other)
    return n0, n1, bit if remembers(n0, n1) else 0


STATES = [
    (total - n1, n1, last)
    for total in range(81)
    for n1 in range(total + 1)
    if allowed(total - n1, n1)
    for last in ((0, 1) if remembers(total - n1, n1) else (0,))
]
assert len(STATES) == 255
NUMBER = {state: number for number, state in enumerate(STATES)}
NEXT = [[NUMBER[after(n0, n1, bit)] for bit in (0, 1)] for n0, n1, _ in STATES]
SURE = [(n0 == 0) != (n1 == 0) for n0, n1, _ in STATES]

# Section 4

RATE = [(1 << 17) // (2 * n + 3) for n in range(256)]


def counter(p):
    return p << 16


def updated(c, bit):
    n, p = c & 1023, c >> 10
    target = (1 << 22) - 1 if bit else 0
    p += (((target - p) >> 8) * RATE[n]) >> 8
    return max(p, 0) << 10 | min(n + 1, 255)
