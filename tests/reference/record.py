"""The way back of adapter `record`, stream version 1 (plugins/adapter-record/spec.md)."""

import math
import struct


def inverse(params: bytes, streams: list[bytes], output_len: int) -> bytes:
    def fault(reason):
        raise ValueError("adapter record: " + reason)

    at = 0

    def take(count):
        nonlocal at
        if at + count > len(params):
            fault("its parameters end too early")
        at += count
        return params[at - count : at]

    def leb128():
        value = 0
        for shift in range(0, 35, 7):
            byte = take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        fault("a number is too large")

    def normal(x, least):
        return math.isfinite(x) and abs(x) >= least

    def single(x):
        """x rounded to 32 bits, overflow to infinity."""
        try:
            return struct.unpack("<f", struct.pack("<f", x))[0]
        except OverflowError:
            return math.copysign(math.inf, x)

    def float_bits(x, width):
        if width == 8:
            return struct.unpack("<Q", struct.pack("<d", x))[0]
        return struct.unpack("<I", struct.pack("<f", single(x)))[0]

    def float_value(n, width):
        if width == 8:
            return struct.unpack("<d", struct.pack("<Q", n))[0]
        return struct.unpack("<f", struct.pack("<I", n))[0]

    def mul(a, b):
        return a * b  # Python's floats are IEEE 754 doubles, and overflow to infinity

    def div(a, b):
        if b != 0:
            return a / b
        if a == 0 or math.isnan(a):
            return math.nan
        return math.copysign(math.inf, a) * math.copysign(1.0, b)

    # Section 1: parameters.
    head, records, count = leb128(), leb128(), take(1)[0]
    groups, exceptional = count & 63, count >> 7
    if not 1 <= groups <= 16:
        fault("number of streams")
    sections = []
    if count & 64:
        more = leb128()
        if more > 1023:
            fault("more than 1024 sections")
        sections = [leb128() for _ in range(more)]
        if sum(sections) > records:
            fault("records of the sections")
        sections.append(records - sum(sections))
    fields = []
    while at < len(params):
        first = take(1)[0]
        width = (first & 7) + 1
        group = take(1)[0] if groups > 1 else 0
        if group >= groups:
            fault("no such stream")
        run = leb128() + 1
        kind, big, change = first >> 3 & 3, first >> 5 & 1, first >> 6
        stored, relation, size = None, None, width
        if kind == 3:
            mode = take(1)[0]
            lattice = mode & 7
            if mode & 0x88 or lattice > 5 or (lattice < 4 and width not in (4, 8)):
                fault("lattice")
            step = base = digits = 0
            if lattice < 2:
                digits = take(1)[0]
                if digits > (18, 60)[lattice]:
                    fault("digits")
            elif lattice < 4:
                step, base = struct.unpack(("<dd", "<ff")[lattice - 2], take((16, 8)[lattice - 2]))
                if not normal(step, (2.0**-1022, 2.0**-126)[lattice - 2]) or not math.isfinite(base):
                    fault("step")
            bottom = struct.unpack("<q", take(8))[0]
            missing = int.from_bytes(take(width), "little")
            size = (mode >> 4) + 1
            stored = (lattice, digits, step, base, bottom, missing)
        if change == 2:
            what = take(1)[0]
            formula, one, operands = what & 7, what >> 3 & 1, what >> 4
            if formula > 4 or not 1 <= operands <= 8:
                fault("relation")
            operands = [leb128() for _ in range(operands)]
            relation = (formula, one, [(o >> 1, o & 1) for o in operands])
            if kind != 2 or width not in (4, 8):
                fault("a relation of another kind")
        elif change == 3:
            fault("change")
        if len(fields) + run > 4096:
            fault("more than 4096 fields")
        fields += [(width, group, kind, big, change, size, stored, relation)] * run
    if not fields:
        fault("no fields")
    for field in fields:
        if field[7] and any(o >= len(fields) or fields[o][7] for o, _ in field[7][2]):
            fault("operand")

    # Section 2: the shape.
    record = sum(f[0] for f in fields)
    end = head + record * records
    if end > output_len or len(streams) != groups + exceptional:
        fault("shape")
    share = [sum(f[5] for f in fields if f[1] == g) for g in range(groups)]
    for g in range(groups):
        around = output_len - record * records if g == 0 else 0
        if len(streams[g]) != share[g] * records + around:
            fault("length of a stream")
    exceptions = streams[groups] if exceptional else b""
    used = 0

    places, inner = [], [0] * groups
    for field in fields:
        places.append(inner[field[1]])
        inner[field[1]] += field[5]

    # Section 3: what a code of a stored field stands for.
    def number_of(stored, code, width):
        lattice, digits, step, base, bottom, _ = stored
        whole = (bottom + code + 2**63) % 2**64 - 2**63
        if lattice >= 4:
            return whole % 2 ** (8 * width)
        if lattice == 0:
            value = float(whole) / float(10**digits)
        elif lattice == 1:
            value = float(whole) / 2.0**digits
        elif lattice == 2:
            value = mul(float(whole), step) + base
        else:
            value = single(single(mul(whole_as_single(whole), step)) + base)
        return float_bits(value, width)

    def whole_as_single(n):
        """The nearest float of 32 bits, ties to even, without a detour over 64 bits."""
        m = abs(n)
        shift = max(m.bit_length() - 24, 0)
        q, r = m >> shift, m & ((1 << shift) - 1)
        half = 1 << shift >> 1
        if shift and (r > half or (r == half and q & 1)):
            q += 1
        return math.copysign(float(q << shift), n) if n else 0.0

    # Section 4: relations.
    def predicted(relation, values):
        formula, one, operands = relation
        start = 1.0 if one else 0.0
        if formula <= 2:
            total = start
            for o, negative in operands:
                term = values[o] if formula == 0 else mul(values[o], values[o])
                total += -term if negative else term
            if formula == 2:
                total = abs(total)
                total = math.sqrt(total) if not math.isnan(total) else total
            return total
        if formula == 3:
            total = 1.0
            for o, negative in operands:
                total = mul(total, -values[o] if negative else values[o])
            return total
        total = None
        for o, negative in operands:
            value = -values[o] if negative else values[o]
            total = value if total is None else div(total, value)
        return total

    def signed(n, width):
        return n - (n >> (8 * width - 1) << 8 * width)

    before = [0] * len(fields)
    values = [0.0] * len(fields)
    out = bytearray(streams[0][:head])
    starts = [0] * groups
    starts[0] = head
    order = [i for i, f in enumerate(fields) if not f[7]] + [i for i, f in enumerate(fields) if f[7]]
    for _ in range(records):
        numbers = [0] * len(fields)
        for i in order:
            width, group, kind, big, change, size, stored, relation = fields[i]
            place = starts[group] + places[i]
            code = int.from_bytes(streams[group][place : place + size], "big")
            bits, top = 8 * width, 1 << (8 * width - 1)
            if relation:
                expected = float_bits(predicted(relation, values), width)
                if not math.isfinite(float_value(expected, width)):
                    expected = 0
                if relation[0] == 2:
                    number = (code & top) | ((code - (top >> 1) + expected) % top)
                else:
                    order_of = expected ^ ((1 << bits) - 1) if expected & top else expected | top
                    value = (code + order_of - top) % (1 << bits)
                    number = value & ~top if value & top else value ^ ((1 << bits) - 1)
                numbers[i] = number
                continue
            if change == 1:
                code = (before[i] + (code ^ (1 << (8 * size - 1)))) % (1 << 8 * size)
            before[i] = code
            if kind == 0:
                number = code
            elif kind == 1:
                number = code ^ top
            elif kind == 2:
                number = code & ~top if code & top else code ^ ((1 << bits) - 1)
            elif code == (1 << 8 * size) - 1:
                if used + width > len(exceptions):
                    fault("too few exceptions")
                number = int.from_bytes(exceptions[used : used + width], "big")
                used += width
            elif code == (1 << 8 * size) - 2:
                number = stored[5]
            else:
                number = number_of(stored, code, width)
            numbers[i] = number
            if kind == 0 or (stored and stored[0] == 4):
                values[i] = float(number)
            elif kind == 1 or (stored and stored[0] == 5):
                values[i] = float(signed(number, width))
            else:
                values[i] = float_value(number, width) if width in (4, 8) else 0.0
        for number, field in zip(numbers, fields):
            out += number.to_bytes(field[0], "big" if field[3] else "little")
        for g in range(groups):
            starts[g] += share[g]
    if used != len(exceptions):
        fault("too many exceptions")
    # Sections: field by field.
    body, at = out[head:], 0
    for section in sections:
        piece, place = body[at : at + section * record], 0
        turned = bytearray()
        for field in fields:
            for n in range(section):
                turned += piece[n * record + place : n * record + place + field[0]]
            place += field[0]
        body[at : at + section * record] = turned
        at += section * record
    out[head:] = body
    return bytes(out + streams[0][len(streams[0]) - (output_len - end) :])
