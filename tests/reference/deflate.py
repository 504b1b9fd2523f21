"""Adapter `deflate` (plugin id 7), version 1: streams back to the block. Plain Python 3."""
import zlib


def inverse(params: bytes, streams: list, output_len: int) -> bytes:
    ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    LENGTHS = [(3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 1), (13, 1), (15, 1),
               (17, 1), (19, 2), (23, 2), (27, 2), (31, 2), (35, 3), (43, 3), (51, 3), (59, 3), (67, 4),
               (83, 4), (99, 4), (115, 4), (131, 5), (163, 5), (195, 5), (227, 5), (258, 0)]
    DISTANCES = [(1, 0), (2, 0), (3, 0), (4, 0), (5, 1), (7, 1), (9, 2), (13, 2), (17, 3), (25, 3), (33, 4),
                 (49, 4), (65, 5), (97, 5), (129, 6), (193, 6), (257, 7), (385, 7), (513, 8), (769, 8),
                 (1025, 9), (1537, 9), (2049, 10), (3073, 10), (4097, 11), (6145, 11), (8193, 12),
                 (12289, 12), (16385, 13), (24577, 13)]
    LEVELS = [(4, 4, 8, 4), (4, 5, 16, 8), (4, 6, 32, 32), (4, 4, 16, 16), (8, 16, 32, 32),
              (8, 16, 128, 128), (8, 32, 128, 256), (32, 128, 258, 1024), (32, 258, 258, 4096)]
    TOKENS, RUNS, WALK = 1 << 22, 1 << 16, 4096

    class Fields:
        def __init__(self, data, at=0):
            self.data, self.at = data, at

        def empty(self):
            return self.at == len(self.data)

        def bytes(self, count):
            if count > len(self.data) - self.at:
                raise ValueError("a stream ends too early")
            self.at += count
            return self.data[self.at - count:self.at]

        def byte(self):
            return self.bytes(1)[0]

        def number(self):
            value = 0
            for shift in (0, 7, 14, 21, 28):
                byte = self.byte()
                value |= (byte & 127) << shift
                if byte < 128:
                    if value >> 32:
                        break
                    return value
            raise ValueError("a number is too large")

    class Bits:
        def __init__(self):
            self.out, self.held, self.count = bytearray(), 0, 0

        def put(self, value, count):
            self.held |= value << self.count
            self.count += count
            while self.count >= 8:
                self.out.append(self.held & 255)
                self.held >>= 8
                self.count -= 8

        def flush(self, tail):
            if self.count:
                self.out.append((self.held | tail << self.count) & 255)
                self.held = self.count = 0

    # Huffman codes of zlib ------------------------------------------------------------------
    def code_lengths(counts, longest):
        symbols = len(counts)
        counts = list(counts)
        heap = [0] + [s for s in range(symbols) if counts[s]]
        used = heap[-1] + 1 if len(heap) > 1 else 0
        while len(heap) < 3:
            symbol = used if used < 3 else 0
            used = max(used, symbol + 1)
            counts[symbol] = 1
            heap.append(symbol)
        counts += [0] * (symbols + 1)
        depth, parent, taken = [0] * (2 * symbols + 1), [0] * (2 * symbols + 1), []

        def sink(at):
            moved = heap[at]
            while 2 * at < len(heap):
                below = 2 * at
                if below + 1 < len(heap):
                    a, b = heap[below + 1], heap[below]
                    if (counts[a], depth[a]) <= (counts[b], depth[b]):
                        below += 1
                b = heap[below]
                if (counts[moved], depth[moved]) <= (counts[b], depth[b]):
                    break
                heap[at] = b
                at = below
            heap[at] = moved

        for at in range((len(heap) - 1) // 2, 0, -1):
            sink(at)
        node = symbols
        while len(heap) > 2:
            first = heap[1]
            heap[1] = heap[-1]
            heap.pop()
            sink(1)
            second = heap[1]
            taken += [first, second]
            counts[node] = counts[first] + counts[second]
            depth[node] = max(depth[first], depth[second]) + 1
            parent[first] = parent[second] = node
            heap[1] = node
            sink(1)
            node += 1
        taken.append(heap[1])
        lengths, of, over = [0] * (2 * symbols + 1), [0] * 17, 0
        for node in taken[-2::-1]:
            length = lengths[parent[node]] + 1
            if length > longest:
                length = longest
                over += 1
            lengths[node] = length
            if node < symbols:
                of[length] += 1
        if over > 0:
            while over > 0:
                length = longest - 1
                while of[length] == 0:
                    length -= 1
                of[length] -= 1
                of[length + 1] += 2
                of[longest] -= 1
                over -= 2
            leaves = iter([n for n in taken if n < symbols])
            for length in range(longest, 0, -1):
                for _ in range(of[length]):
                    lengths[next(leaves)] = length
        return lengths[:used]

    def runs(lengths):
        out, before, count = [], None, 0
        most, least = (138, 3) if lengths[0] == 0 else (7, 4)
        for at, length in enumerate(lengths):
            following = lengths[at + 1] if at + 1 < len(lengths) else None
            count += 1
            if count < most and following == length:
                continue
            if count < least:
                out += [(length, 0)] * count
            elif length:
                if before != length:
                    out.append((length, 0))
                    count -= 1
                out.append((16, count - 3))
            elif count <= 10:
                out.append((17, count - 3))
            else:
                out.append((18, count - 11))
            count, before = 0, length
            most, least = (138, 3) if following == 0 else (6, 3) if following == length else (7, 4)
        return out

    def zlib_header(tokens):
        literals, distances = [0] * 286, [0] * 30
        literals[256] = 1
        for length, distance, byte in tokens:
            if distance == 0:
                literals[byte] += 1
            else:
                literals[257 + length_code(length)] += 1
                distances[distance_code(distance)] += 1
        literals, distances = code_lengths(literals, 15), code_lengths(distances, 15)
        symbols = runs(literals) + runs(distances)
        counts = [0] * 19
        for symbol, _ in symbols:
            counts[symbol] += 1
        code = code_lengths(counts, 7)
        code += [0] * (19 - len(code))
        meta = [code[s] for s in ORDER]
        while len(meta) > 4 and meta[-1] == 0:
            meta.pop()
        return literals, distances, meta, symbols

    def codes(lengths):
        counts = [0] * 16
        for length in lengths:
            counts[length] += 1
        counts[0] = 0
        following, code = [0] * 16, 0
        for length in range(1, 16):
            code = (code + counts[length - 1]) << 1
            following[length] = code
        out = []
        for length in lengths:
            reverse = 0
            if length:
                code = following[length]
                following[length] += 1
                for bit in range(length):
                    reverse |= (code >> bit & 1) << (length - 1 - bit)
            out.append(reverse)
        return out

    def length_code(length):
        return 28 if length == 258 else max(i for i in range(28) if LENGTHS[i][0] <= length)

    def distance_code(distance):
        return max(i for i in range(30) if DISTANCES[i][0] <= distance)

    length_codes = [0, 0, 0] + [length_code(n) for n in range(3, 259)]
    cached = {}

    def write_tokens(bits, tokens, literals, distances):
        literal_codes, distance_codes = codes(literals), codes(distances)

        def put(symbol, lengths, reverse):
            if symbol >= len(lengths) or lengths[symbol] == 0:
                raise ValueError("a block has a symbol without a code")
            bits.put(reverse[symbol], lengths[symbol])

        for length, distance, byte in tokens:
            if distance == 0:
                put(byte, literals, literal_codes)
                continue
            code = length_codes[length]
            put(257 + code, literals, literal_codes)
            bits.put(length - LENGTHS[code][0], LENGTHS[code][1])
            if distance not in cached:
                cached[distance] = distance_code(distance)
            code = cached[distance]
            put(code, distances, distance_codes)
            bits.put(distance - DISTANCES[code][0], DISTANCES[code][1])
        put(256, literals, literal_codes)

    def write_header(bits, header):
        literals, distances, meta, symbols = header
        bits.put(len(literals) - 257, 5)
        bits.put(len(distances) - 1, 5)
        bits.put(len(meta) - 4, 4)
        lengths = [0] * 19
        for length, place in zip(meta, ORDER):
            bits.put(length, 3)
            lengths[place] = length
        reverse = codes(lengths)
        for symbol, extra in symbols:
            if lengths[symbol] == 0:
                raise ValueError("a block has a symbol without a code")
            bits.put(reverse[symbol], lengths[symbol])
            bits.put(extra, {16: 2, 17: 3, 18: 7}.get(symbol, 0))

    # zlib's choices ---------------------------------------------------------------------------
    class Model:
        def __init__(self, plain, level, strategy, window, hash_bits):
            self.plain, self.level, self.strategy = plain, level, strategy
            self.good, self.lazy, self.nice, self.chain_most = LEVELS[level - 1]
            self.size, self.mask, self.shift = 1 << window, (1 << hash_bits) - 1, (hash_bits + 2) // 3
            self.searches = strategy <= 1
            self.head, self.chain = {}, [0] * self.size
            self.at, self.pending = 0, None

        def hash(self, at):
            p, s = self.plain, self.shift
            return ((p[at] << s ^ p[at + 1]) << s ^ p[at + 2]) & self.mask

        def first(self, at):
            return self.head.get(self.hash(at), 0) if at + 3 <= len(self.plain) else 0

        def insert(self, at):
            if at + 3 <= len(self.plain):
                h = self.hash(at)
                self.chain[at % self.size] = self.head.get(h, 0)
                self.head[h] = at

        def common(self, a, b, most):
            p, n = self.plain, 0
            while n < most and p[a + n] == p[b + n]:
                n += 1
            return n

        def longest(self, at, place, beat):
            farthest = self.size - 262
            if place == 0 or at - place > farthest:
                return 2, 0
            chain = self.chain_most >> 2 if beat >= self.good else self.chain_most
            p = self.plain
            most = min(258, len(p) - at)
            nice, limit = min(self.nice, most), max(0, at - farthest)
            best, start = beat, 0
            while True:
                if best < most and p[place + best] == p[at + best]:
                    length = self.common(place, at, most)
                    if length > best:
                        best, start = length, place
                        if length >= nice:
                            break
                place = self.chain[place % self.size]
                chain -= 1
                if place <= limit or chain == 0:
                    break
            if best <= beat:
                return 2, 0
            if self.level > 3 and best <= 5 and (self.strategy == 1 or best == 3 and at - start > 4096):
                return 2, 0
            return best, start

        def next(self):
            p, at = self.plain, self.at
            literal = (1, 0, p[at])
            if self.strategy == 2:
                return literal
            if self.strategy == 3:
                n = 0
                if at:
                    while n < 258 and at + n < len(p) and p[at + n] == p[at - 1]:
                        n += 1
                return (n, 1, 0) if n >= 3 else literal
            place = self.first(at)
            self.insert(at)
            now, self.pending = self.pending or self.longest(at, place, 2), None
            if now[0] < 3:
                return literal
            if self.level > 3 and now[0] < self.lazy:
                later = self.longest(at + 1, self.first(at + 1), now[0])
                if later[0] > now[0]:
                    self.pending = later
                    return literal
            return now[0], at - now[1], 0

        def take(self, token, said):
            if token != said:
                self.pending = None
            length = token[0]
            end = self.at + length
            if self.searches and length > 1:
                if self.level > 3 or length <= self.lazy and len(self.plain) - end >= 3:
                    for place in range(self.at + 1, end):
                        self.insert(place)
            self.at = end

        def skip(self, length):
            self.pending = None
            if self.searches:
                for place in range(self.at, self.at + length):
                    self.insert(place)
            self.at += length

        def ranked(self, length, rank):
            at, p = self.at, self.plain
            if not self.searches or at + 3 > len(p):
                return None
            place, scan = at, p[at:at + length]
            for _ in range(WALK):
                place = self.chain[place % self.size]
                if place == 0 or at - place >= self.size:
                    return None
                if p[place:place + length] == scan:
                    rank -= 1
                    if rank == 0:
                        return at - place
            return None

    # A stream -----------------------------------------------------------------------------------
    def read_header(fields):
        literals, distances, meta = 257 + fields.byte(), fields.byte(), fields.byte()
        if literals > 286 or not 1 <= distances <= 30 or not 4 <= meta <= 19:
            raise ValueError("a block has impossible codes")
        meta = list(fields.bytes(meta))
        if max(meta) > 7:
            raise ValueError("a block has impossible codes")
        lengths, symbols = [], []
        while len(lengths) < literals + distances:
            symbol = fields.byte()
            if symbol > 18 or symbol == 16 and not lengths:
                raise ValueError("a block has impossible codes")
            extra = fields.byte() if symbol >= 16 else 0
            if extra > {16: 3, 17: 7, 18: 127}.get(symbol, 0):
                raise ValueError("a block has impossible codes")
            symbols.append((symbol, extra))
            if symbol < 16:
                lengths.append(symbol)
            elif symbol == 16:
                lengths += [lengths[-1]] * (3 + extra)
            else:
                lengths += [0] * ((3 if symbol == 17 else 11) + extra)
        if len(lengths) > literals + distances:
            raise ValueError("a block has impossible codes")
        return lengths[:literals], lengths[literals:], meta, symbols

    def read_block(fields):
        first = fields.byte()
        kind, length, count, header = first & 3, 0, None, None
        if kind == 3:
            raise ValueError("a block is of an unknown kind")
        if kind == 0:
            length = fields.number()
            if length > 0xFFFF:
                raise ValueError("a stored block is too long")
        if first & ~(7, 15, 31)[kind] & 255:
            raise ValueError("a block has unknown properties")
        if first & 8:
            count = fields.number()
            if count > TOKENS:
                raise ValueError("a block has too many tokens")
        if first & 16:
            header = read_header(fields)
        return kind, first >> 2 & 1, length, count, header

    def rebuild(plain, corrections, most):
        fields = Fields(corrections)
        first, second, buffer = fields.byte(), fields.byte(), fields.byte()
        cut, first = first & 64, first & ~64
        level, strategy, window, hash_bits = first & 15, first >> 4, 9 + (second & 7), 8 + (second >> 3)
        if strategy > 3 or not 1 <= level <= 9 or window > 15 or hash_bits > 16 or not 7 <= buffer <= 15:
            raise ValueError("a stream has settings that zlib does not have")
        tail = fields.byte() if cut else 0
        blocks = [read_block(fields) for _ in range(fields.number())]
        right = None if fields.empty() else fields.number()
        model, bits = Model(plain, level, strategy, window, hash_bits), Bits()
        for kind, last, length, count, header in blocks:
            bits.put(last, 1)
            if kind == 0:
                if length > len(plain) - model.at:
                    raise ValueError("a block is longer than its content")
                body = plain[model.at:model.at + length]
                model.skip(length)
                bits.put(0, 2)
                bits.flush(0)
                bits.out += length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little") + body
            else:
                tokens = []
                while len(tokens) < ((1 << buffer) - 1 if count is None else count) and model.at < len(plain):
                    said = token = model.next()
                    if right == 0:
                        code = fields.number()
                        if code == 0:
                            token = (1, 0, plain[model.at])
                        else:
                            size = code + 2
                            if code > 256 or size > len(plain) - model.at:
                                raise ValueError("a match is too long")
                            rank = fields.number()
                            distance = model.ranked(size, rank) if rank else fields.number()
                            if distance is None or not 1 <= distance <= min(model.at, 32768):
                                raise ValueError("a match is outside of its content")
                            token = (size, distance, 0)
                        right = None if fields.empty() else fields.number()
                    elif right is not None:
                        right -= 1
                    model.take(token, said)
                    tokens.append(token)
                if count is not None and count != len(tokens):
                    raise ValueError("a block has more tokens than its content")
                bits.put(kind, 2)
                if kind == 1:
                    header = [8] * 144 + [9] * 112 + [7] * 24 + [8] * 8, [5] * 30
                else:
                    header = header or zlib_header(tokens)
                    write_header(bits, header)
                write_tokens(bits, tokens, header[0], header[1])
            if len(bits.out) > most:
                raise ValueError("its streams make more than the block")
        bits.flush(tail)
        if model.at != len(plain) or right is not None:
            raise ValueError("a stream does not use up its content")
        return bytes(bits.out)

    # PNG ---------------------------------------------------------------------------------------
    def filtered(content, filters, pixel, row):
        out, above = bytearray(), bytes(row)
        for y, kind in enumerate(filters):
            line = content[y * row:(y + 1) * row]
            out.append(kind)
            for x, sample in enumerate(line):
                a = line[x - pixel] if x >= pixel else 0
                b, c = above[x], above[x - pixel] if x >= pixel else 0
                if kind == 4:
                    da, db, dc = abs(b - c), abs(a - c), abs(a + b - 2 * c)
                    said = a if da <= db and da <= dc else b if db <= dc else c
                else:
                    said = (0, a, b, (a + b) // 2)[kind]
                out.append((sample - said) & 255)
            above = line
        return bytes(out)

    def chunks(joined, lengths, named, most):
        left, out = Fields(joined), bytearray()

        def chunk(body, length, whole):
            nonlocal out
            if out:
                out += length.to_bytes(4, "big") + b"IDAT"
            out += body
            if whole:
                out += zlib.crc32(b"IDAT" + body).to_bytes(4, "big")
            if len(out) > most:
                raise ValueError("its streams make more than the block")

        for length, times in lengths:
            for _ in range(times):
                chunk(left.bytes(length), length, True)
        body = joined[left.at:]
        chunk(body, len(body) if named is None else named, named is None)
        return bytes(out)

    # The block -----------------------------------------------------------------------------------
    if params:
        raise ValueError("it has no parameters")
    if len(streams) < 2:
        raise ValueError("it has fewer streams than it needs")
    rest, control = Fields(bytes(streams[0])), Fields(bytes(streams[1]))
    contents, out = [Fields(bytes(s)) for s in streams[2:]], bytearray()
    while not control.empty():
        gap, first, length = control.number(), control.byte(), control.number()
        kind, around, cut = first >> 2 & 15, first & 3, first & 64
        if first & 128 or cut and around != 3:
            raise ValueError("a record has unknown properties")
        corrections = control.bytes(control.number())
        pixel = 0
        if around == 3:
            header, pixel = control.bytes(2), control.number()
            if pixel:
                row = control.number()
                if row == 0:
                    raise ValueError("an image has rows of no bytes")
                filters = control.bytes((length + row - 1) // row)
                if any(f > 4 for f in filters):
                    raise ValueError("an image has an unknown filter")
            count = control.number()
            if count > RUNS:
                raise ValueError("an image has too many chunks")
            lengths = [(control.number(), control.number()) for _ in range(count)]
            named = control.number() if cut else None
        out += rest.bytes(gap)
        most = output_len - len(out)
        if most < 0:
            raise ValueError("its streams make more than the block")
        if kind >= len(contents):
            raise ValueError("a record names an impossible stream")
        content = contents[kind].bytes(length)
        if pixel:
            content = filtered(content, filters, pixel, row)
        stream = rebuild(content, corrections, most)
        if around == 1:
            stream += zlib.adler32(content).to_bytes(4, "big")
        elif around == 2:
            stream += zlib.crc32(content).to_bytes(4, "little") + (len(content) & 0xFFFFFFFF).to_bytes(4, "little")
        elif around == 3:
            check = b"" if cut else zlib.adler32(content).to_bytes(4, "big")
            stream = chunks(header + stream + check, lengths, named, most)
        out += stream
        if len(out) > output_len:
            raise ValueError("its streams make more than the block")
    out += rest.data[rest.at:]
    if len(out) != output_len or any(not c.empty() for c in contents):
        raise ValueError("its streams do not make the block")
    return bytes(out)
