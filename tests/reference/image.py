def inverse(params: bytes, streams: list[bytes], output_len: int) -> bytes:
    """Adapter `image` (id 5, version 1): plugins/adapter-image/spec.md."""
    at = 0

    def u8():
        nonlocal at
        if at == len(params):
            raise ValueError("image: parameters end too early")
        at += 1
        return params[at - 1]

    def leb128():
        value = 0
        for shift in range(0, 35, 7):
            byte = u8()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("image: a number is too large")

    first, channels = u8(), u8() + 1
    colour = first >> 4
    if colour > 2 or first & 3 == 3 or channels > 32 or (colour and channels < 3):
        raise ValueError("image: an unknown kind of samples")
    width = 1 << (first & 3)
    big_endian, signed = first & 4, first & 8
    skip, row, pad, rows = leb128(), leb128(), leb128(), leb128()
    pixel = width * channels
    if at != len(params) or row == 0 or row % pixel:
        raise ValueError("image: parameters go on, or rows are not whole pixels")
    if len(streams) != 1 or len(streams[0]) != output_len or skip + rows * (row + pad) > output_len:
        raise ValueError("image: streams or samples do not fit the block")
    stream, size = streams[0], rows * row
    middle, mask = 1 << (8 * width - 1), (1 << 8 * width) - 1
    out = bytearray(stream[size:size + skip])
    pads = size + skip
    for r in range(rows):
        for p in range(r * row, (r + 1) * row, pixel):
            s = [int.from_bytes(stream[i:i + width], "big") for i in range(p, p + pixel, width)]
            if colour:
                s[0], s[1] = s[1], s[0]
            if colour == 2:
                s[0] = (s[0] + s[1] - middle) & mask
                s[2] = (s[2] + s[1] - middle) & mask
            for v in s:
                out += (v ^ middle if signed else v).to_bytes(width, "big" if big_endian else "little")
        out += stream[pads + r * pad:pads + (r + 1) * pad]
    out += stream[pads + rows * pad:]
    return bytes(out)
