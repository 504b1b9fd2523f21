"""The README's table of binary numbers: umoec beside what others make of the same files.

    python3 tests/measure_numbers.py [--umoec PROGRAM] FILE...

Each file is compressed alone, decompressed and compared. Needs xz, zstd and zpaq; and pcodec and numpy for Pco, which is
measured for files that are one array: `.npy`, and `.bin` whose `.schema.json` beside them, if any, names one field at most.
Numbers have 8 bytes where a folder of the path is called float64, else 4. Prints a line for each file, and the sums.
"""

import json
import os
import subprocess
import sys
import tempfile

NAMES = ["size", "xz -9e", "zstd -19", "shuffle", "zpaq -m5", "Pco", "best", "umoec"]


def piped(command, data):
    return len(subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout)


def umoec(program, data):
    packed = subprocess.run([program, "compress", "-q", "-T1"], input=data, stdout=subprocess.PIPE, check=True).stdout
    back = subprocess.run([program, "decompress", "-q", "-T1"], input=packed, stdout=subprocess.PIPE, check=True).stdout
    if back != data:
        raise SystemExit("umoec did not bring it back")
    return len(packed)


def zpaq(data):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "x"), "wb") as file:
            file.write(data)
        subprocess.run(["zpaq", "a", "x.zpaq", "x", "-m5", "-t1"], cwd=folder, check=True, capture_output=True)
        return os.path.getsize(os.path.join(folder, "x.zpaq"))


def pco(path, data, width):
    """Of a file that is one array, else None."""
    schema = path[:-4] + ".schema.json"
    head = 0
    if path.endswith(".npy"):
        head = 10 + int.from_bytes(data[8:10], "little")
    elif not path.endswith(".bin"):
        return None
    elif os.path.exists(schema):
        with open(schema, encoding="utf-8") as file:
            described = json.load(file)
        if described.get("dtype") not in ("<f4", "<f8") or len(described.get("fields", [])) > 1:
            return None
    import numpy
    from pcodec import ChunkConfig, standalone

    array = numpy.frombuffer(data[head : head + (len(data) - head) // width * width], f"<f{width}")
    return head + len(standalone.simple_compress(array.copy(), ChunkConfig(compression_level=12)))


def main(arguments):
    program = "umoec"
    if arguments[:1] == ["--umoec"]:
        program, arguments = arguments[1], arguments[2:]
    if not arguments:
        raise SystemExit(__doc__)
    sums = [0] * len(NAMES)
    print("file", *NAMES, sep="\t")
    for path in arguments:
        with open(path, "rb") as file:
            data = file.read()
        width = 8 if "float64" in path.split(os.sep) else 4
        whole = len(data) // width * width
        shuffled = b"".join(data[i:whole:width] for i in range(width)) + data[whole:]
        others = [
            piped(["xz", "-9e", "-T1", "-c"], data),
            piped(["zstd", "-q", "-19", "-c"], data),
            piped(["zstd", "-q", "-19", "-c"], shuffled),
            zpaq(data),
        ]
        own = pco(path, data, width)
        row = [len(data), *others, own, min(others + ([own] if own else [])), umoec(program, data)]
        print(path, *("" if value is None else value for value in row), sep="\t", flush=True)
        sums = [total + (value or 0) for total, value in zip(sums, row)]
    print("all", *sums, sep="\t")


main(sys.argv[1:])
