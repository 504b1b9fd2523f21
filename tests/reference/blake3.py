"""BLAKE3 without a key, 32 bytes of output, from its specification. Slow and short."""

IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
      0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
ORDER = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8
MASK = 0xFFFFFFFF
# The columns, then the diagonals.
GROUPS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
          (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))


def rotated(word, bits):
    return (word >> bits | word << (32 - bits)) & MASK


def compress(chain, block, counter, length, flags):
    words = [int.from_bytes(block[i:i + 4], "little") for i in range(0, 64, 4)]
    v = list(chain) + list(IV[:4]) + [counter & MASK, counter >> 32, length, flags]
    for _ in range(7):
        for n, (a, b, c, d) in enumerate(GROUPS):
            for word, (left, right) in ((words[2 * n], (16, 12)), (words[2 * n + 1], (8, 7))):
                v[a] = (v[a] + v[b] + word) & MASK
                v[d] = rotated(v[d] ^ v[a], left)
                v[c] = (v[c] + v[d]) & MASK
                v[b] = rotated(v[b] ^ v[c], right)
        words = [words[i] for i in ORDER]
    return [v[i] ^ v[i + 8] for i in range(8)]


def chunk(data, counter, flags):
    blocks = [data[i:i + 64] for i in range(0, len(data), 64)] or [b""]
    chain = IV
    for number, block in enumerate(blocks):
        now = CHUNK_START if number == 0 else 0
        if number == len(blocks) - 1:
            now |= CHUNK_END | flags
        chain = compress(chain, block.ljust(64, b"\0"), counter, len(block), now)
    return chain


def tree(data, counter, flags):
    if len(data) <= 1024:
        return chunk(data, counter, flags)
    # The left side: the largest power of two of chunks that leaves something to the right.
    left = 1024
    while left * 2 < len(data):
        left *= 2
    sides = tree(data[:left], counter, 0) + tree(data[left:], counter + left // 1024, 0)
    block = b"".join(word.to_bytes(4, "little") for word in sides)
    return compress(IV, block, 0, 64, PARENT | flags)


def blake3(data):
    return b"".join(word.to_bytes(4, "little") for word in tree(data, 0, ROOT))
