"""A second decoder of `.umc`, written from the specifications alone: slow and short.

    python3 decode.py FILE...     one line each: path, length and BLAKE3 of the content; or
                                  path, `-` and the word for the fault (spec/umc.md, section 1.1)
"""

import sys
import zlib

from blake3 import blake3
from fault import Fault
from plugins import PLUGINS, Uniform

HEADER, FRAME, SOLO, LORA, MODEL, END, INDEX = 1, 2, 3, 4, 5, 6, 0x81
MEMORY = 2 << 30
CHECKS = (4, 16, 32)


class Fields:
    """A cursor over a body (section 3)."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def bytes(self, count):
        if count > len(self.data) - self.at:
            raise Fault("malformed", "a body ends within a field")
        self.at += count
        return self.data[self.at - count:self.at]

    def u8(self):
        return self.bytes(1)[0]

    def u64(self):
        return int.from_bytes(self.bytes(8), "little")

    def varint(self, least, most):
        value = self.u8()
        if value > 250:
            if value > 253:
                raise Fault("malformed", "no varint begins like this")
            size = 2 << (value - 251)
            least_of = {2: 251, 4: 1 << 16, 8: 1 << 32}
            value = int.from_bytes(self.bytes(size), "little")
            if value < least_of[size]:
                raise Fault("malformed", "a varint is not in its shortest form")
        if not least <= value <= most:
            raise Fault("malformed", f"{value} is not in {least} .. {most}")
        return value

    def rest(self):
        return self.bytes(len(self.data) - self.at)

    def end(self):
        if self.at != len(self.data):
            raise Fault("malformed", "a body goes on behind its last field")


class File:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise Fault("truncated", "more bytes must follow")
        self.at += count
        return self.data[self.at - count:self.at]

    def opening(self):
        """Section 4.1."""
        have = self.data[self.at:self.at + 4]
        if not b"UMC".startswith(have[:3]) or (len(have) == 4 and have[3] < 0x80):
            raise Fault("malformed", "not a member")
        if self.take(4)[3] != 0x81:
            raise Fault("unsupported", "another version")

    def section(self, most):
        """Section 4.2; `most` gives the bound of a body by its id."""
        start = self.at
        ident = self.take(1)[0]
        first = self.take(1)[0]
        if first > 253:
            raise Fault("malformed", "a length is malformed")
        if first > 250:
            self.take(2 << (first - 251))
        length = Fields(self.data[start + 1:self.at]).varint(0, (1 << 64) - 1)
        if length > most(ident):
            raise Fault("malformed", "a section is longer than it may be")
        if ident in (FRAME, SOLO) and length > MEMORY:
            raise Fault("too large", "a body of more than the memory")
        body = self.take(length)
        crc = zlib.crc32(self.data[start:self.at])
        if int.from_bytes(self.take(4), "little") != crc:
            raise Fault("damaged", "the CRC-32 of a section")
        return start, ident, body


def known(kind, ident, version):
    if (kind, ident, version) not in PLUGINS:
        raise Fault("unsupported", f"plugin {kind}, {ident}, {version}")
    return PLUGINS[kind, ident, version]


def reference(fields):
    """Section 5.2: id, version, parameters; `None` for no plugin."""
    ident = fields.varint(0, (1 << 64) - 1)
    if ident == 0:
        return None
    version = fields.u8()
    if version & 127 == 0:
        raise Fault("malformed", "version 0")
    params = fields.bytes(fields.varint(1, 1 << 16)) if version & 128 else b""
    return ident, version & 127, params


def read_header(body):
    """Section 5.1: check kind, content size, block size, memory, models, plugins."""
    fields = Fields(body)
    flags = fields.u8()
    if flags & 0b111000 or flags & 3 == 3:
        raise Fault("malformed", "reserved bits of the HEADER")
    fields.u8()
    size = fields.varint(0, (1 << 62) - 1) if flags & 4 else None
    block = fields.varint(1, 1 << 32)
    memory = fields.varint(0, 1 << 40) * 1024
    models = [fields.bytes(32) for _ in range(fields.varint(0, 1 << 64))]
    plugins = []
    for _ in range(fields.varint(0, 1 << 64)):
        kind = fields.u8()
        plugins.append((kind, fields.varint(0, (1 << 64) - 1), fields.u8()))
    fields.end()
    for plugin in plugins:
        known(*plugin)
    return flags & 3, size, block, memory, models, plugins


def read_parts(fields, raw):
    """Section 5.3: of each part its length, adapter and count of streams; and the segments."""
    parts = []
    for _ in range(fields.varint(2, 64)):
        adapter = reference(fields)
        parts.append([0, adapter, fields.varint(1, 256)])
    segments = []
    for _ in range(fields.varint(2, 4096)):
        part, length = fields.varint(0, len(parts) - 1), fields.varint(1, 1 << 32)
        parts[part][0] += length
        segments.append((part, length))
    order = list(dict.fromkeys(part for part, _ in segments))
    if order != list(range(len(parts))) or any(a[0] == b[0] for a, b in zip(segments, segments[1:])):
        raise Fault("malformed", "the order of the segments")
    if sum(part[0] for part in parts) != raw or sum(part[2] for part in parts) > 256:
        raise Fault("malformed", "the sum of the segments, or of the streams")
    return parts, segments


def read_head(fields):
    """Section 5.3: raw length, parts, segments, streams, whether there are lanes, and the models."""
    flags = fields.u8()
    several = flags & 1
    if flags & 0xE0 or (several and flags & 8) or (flags & 16 and not several):
        raise Fault("malformed", "flags of a frame")
    raw = fields.varint(0, 1 << 32)
    if flags & 16:
        parts, segments = read_parts(fields, raw)
    else:
        parts, segments = [[raw, reference(fields), 1]], [(0, raw)]
    if flags & 2:
        fields.varint(1, 4096)
        fields.varint(1, 1 << 32)
    models = [fields.bytes(32) for _ in range(fields.varint(1, 16))] if flags & 4 else []
    if several and not flags & 16:
        parts[0][2] = fields.varint(2, 256)
    streams = []
    for _ in range(sum(part[2] for part in parts)):
        length = fields.varint(0, 1 << 32) if flags & 9 else raw
        predictor, coder = reference(fields), reference(fields)
        if coder is None:
            raise Fault("malformed", "no coder")
        streams.append((length, predictor, coder, fields.varint(0, len(fields.data)) if several else None))
    if flags & 8 and streams[0][0] == raw:
        raise Fault("malformed", "a length that says nothing")
    first = 0
    for length, adapter, count in parts:
        if adapter is None and (count > 1 or streams[first][0] != length):
            raise Fault("malformed", "the part must be the one stream")
        first += count
    if several and sum(stream[3] for stream in streams) != len(fields.data) - fields.at:
        raise Fault("malformed", "the payloads do not end where the frame ends")
    return raw, parts, segments, streams, flags & 2, models


def decode_frame(body, section_body, memory, listed, embedded=None):
    """Section 6.1, with the bounds of 6.3. `embedded`: the models of the HEADER that are here, and those that are not."""
    fields = Fields(body)
    raw, parts, segments, streams, lanes, models = read_head(fields)
    if lanes:
        raise Fault("unsupported", "lanes")
    here, missing = embedded or ([], [])
    if embedded and any(model not in here + missing for model in models):
        raise Fault("malformed", "a model that the HEADER does not list")
    if missing or any(model not in here for model in models):
        raise Fault("unsupported", "a model that is not here")
    used = [(0, adapter) for _, adapter, _ in parts if adapter]
    for _, predictor, coder, _ in streams:
        used += [(1, predictor)] if predictor else []
        used += [(2, coder)]
    for kind, (ident, version, _) in used:
        known(kind, ident, version)
        if listed is not None and (kind, ident, version) not in listed:
            raise Fault("malformed", "a plugin that the HEADER does not list")
    predictors = [PLUGINS[1, p[0], p[1]](p[2], length) if p else Uniform() for length, p, _, _ in streams]
    need = section_body + sum(stream[0] for stream in streams) + raw * (1 if len(parts) == 1 else 2)
    need += max(predictor.memory for predictor in predictors)
    if need > memory:
        raise Fault("malformed", "more memory than was declared")
    if need > MEMORY:
        raise Fault("too large", "more memory than is allowed")
    decoded = []
    for (length, _, coder, size), predictor in zip(streams, predictors):
        payload = fields.rest() if size is None else fields.bytes(size)
        decoder = PLUGINS[2, coder[0], coder[1]](coder[2], payload)
        data = bytearray()
        while len(data) < length:
            data.append(predictor.byte(decoder))
            # Sooner or later a state of 0 decides for ever; nobody needs to wait for that.
            if len(data) == 1 << 20 and length > 1 << 25:
                raise Fault("damaged", "a claim that nothing supports")
        decoder.finish()
        decoded.append(bytes(data))
    made, first = [], 0
    for length, adapter, count in parts:
        own, first = decoded[first:first + count], first + count
        made.append(PLUGINS[0, adapter[0], adapter[1]](adapter[2], own, length) if adapter else own[0])
    block, taken = b"", [0] * len(parts)
    for part, length in segments:
        block += made[part][taken[part]:taken[part] + length]
        taken[part] += length
    return block


def compare(kind, content, check):
    """Section 4.3."""
    mine = zlib.crc32(content).to_bytes(4, "little") if kind == 0 else blake3(content)
    if mine[:CHECKS[kind]] != check:
        raise Fault("damaged", "the content check")


def solo(body):
    """Section 5.4."""
    if not body or body[-1] & 0xF0 != 0x80 or body[-1] & 3 == 3:
        raise Fault("malformed", "flags of a SOLO")
    kind = body[-1] & 3
    check = len(body) - 1 - CHECKS[kind]
    if check < 1:
        raise Fault("malformed", "a SOLO without room for its check")
    memory = (8 + body[0] % 8) * 2 ** (body[0] // 8) * 1024
    content = decode_frame(body[1:check], len(body), memory, None)
    compare(kind, content, body[check:-1])
    return content


def member(file):
    """Section 4.4."""
    start = file.at
    file.opening()
    bounds = {HEADER: 1 << 16, SOLO: (1 << 32) + (1 << 20), END: 56}
    critical = lambda ident: ident < 0x80 and ident not in range(HEADER, END + 1)
    _, ident, body = file.section(lambda i: bounds.get(i, 1 << 64) if i in (HEADER, SOLO) else 1 << 64)
    if ident == SOLO:
        return solo(body)
    if ident != HEADER:
        raise Fault("unsupported" if critical(ident) else "malformed", "the first section")
    kind, size, block, memory, missing, listed = read_header(body)
    bounds[FRAME] = block + (1 << 20)
    frames, contents, index, here = [], [], 0, []
    while True:
        offset, ident, body = file.section(lambda i: bounds.get(i, 1 << 64))
        if ident == FRAME:
            if index:
                raise Fault("malformed", "a FRAME behind the INDEX")
            raw = read_head(Fields(body))[0]
            if not 1 <= raw <= block:
                raise Fault("malformed", "a raw length")
            if size is not None and sum(map(len, contents)) + raw > size:
                raise Fault("malformed", "more than the content size")
            frames.append((raw, offset))
            contents.append(decode_frame(body, len(body), memory, listed, (here, missing)))
        elif ident == MODEL:
            model = read_model(body)
            if frames or index or model not in missing:
                raise Fault("malformed", "a MODEL that is not listed, a second one, or one behind a FRAME")
            missing.remove(model)
            here.append(model)
        elif ident == INDEX:
            if index:
                raise Fault("malformed", "a second INDEX")
            index = offset - start
            check_index(body, frames, offset)
        elif ident == END:
            break
        elif ident < 0x80:
            word = "malformed" if ident in (HEADER, SOLO) else "unsupported"
            raise Fault(word, f"section {ident}")
    content = b"".join(contents)
    fields = Fields(body)
    facts = [fields.u64(), fields.u64()]
    check = fields.bytes(CHECKS[kind])
    facts.append(fields.u64())
    fields.end()
    if facts != [index, len(content), file.at - start] or size not in (None, len(content)):
        raise Fault("malformed", "END does not tell the truth")
    compare(kind, content, check)
    return content


def read_model(body):
    """Section 5.7: the hash. No predictor here uses models, so their bytes are not kept."""
    fields = Fields(body)
    name = fields.bytes(32)
    length = fields.varint(0, 1 << 64)
    form = fields.u8()
    if form > 1:
        raise Fault("malformed", "the form of a MODEL")
    model = fields.bytes(length) if form == 0 else unpack(fields, length)
    fields.end()
    if blake3(model) != name:
        raise Fault("malformed", "a MODEL with another hash")
    return name


def unpack(fields, length):
    """Section 5.7.1."""
    out = bytearray()
    while len(out) < length:
        piece = int.from_bytes(fields.bytes(4), "little")
        if not 1 <= piece <= length - len(out):
            raise Fault("malformed", "a piece's length")
        slots, count = [], 0
        while count < 256:
            first = fields.u8()
            if first == 0:
                count += fields.u8()
            else:
                more = first >= 128
                often = (first - 128) << 8 | fields.u8() if more else first
                if more and often < 128 or len(slots) + often > 4096:
                    raise Fault("malformed", "a frequency")
                slots += [(count, often, offset) for offset in range(often)]
            count += 1
        if count != 256 or len(slots) != 4096:
            raise Fault("malformed", "frequencies")
        states = [int.from_bytes(fields.bytes(4), "little") for _ in range(4)]
        if min(states) < 1 << 16:
            raise Fault("malformed", "a state")
        for i in range(piece):
            state = states[i % 4]
            byte, often, offset = slots[state % 4096]
            state = often * (state >> 12) + offset
            if state < 1 << 16:
                state = state << 16 | int.from_bytes(fields.bytes(2), "little")
            states[i % 4] = state
            out.append(byte)
        if states != [1 << 16] * 4:
            raise Fault("malformed", "the end of a piece")
    return bytes(out)


def check_index(body, frames, offset):
    """Section 5.5."""
    fields, entries = Fields(body), []
    while fields.at < len(body):
        entries.append((fields.varint(1, 1 << 32), fields.varint(1, (1 << 62) - 1)))
    ends = [start for _, start in frames[1:]] + [offset]
    if entries != [(raw, end - start) for (raw, start), end in zip(frames, ends)]:
        raise Fault("malformed", "INDEX does not tell the truth")


def decode(data):
    """Section 4.5."""
    file = File(data)
    contents = [member(file)]
    while file.at < len(data):
        contents.append(member(file))
    return b"".join(contents)


if __name__ == "__main__":
    for path in sys.argv[1:]:
        with open(path, "rb") as source:
            data = source.read()
        try:
            content = decode(data)
            print(path, len(content), blake3(content).hex(), sep="\t")
        except Fault as fault:
            print(path, "-", fault.word, sep="\t")
