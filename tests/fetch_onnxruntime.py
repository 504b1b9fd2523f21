#!/usr/bin/env python3
"""Puts the shared library of ONNX Runtime into a folder and prints its path.

It comes from the Python package `onnxruntime`, which is downloaded with pip and not installed. A
library that is there already is taken as it is.

usage: fetch_onnxruntime.py FOLDER
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

VERSION = "1.31.1"
PREFIX = "onnxruntime/capi/"
NAMES = ("libonnxruntime.so.", "libonnxruntime.", "onnxruntime.dll")


def library(folder):
    """The library in that folder, or None."""
    found = [p for p in sorted(folder.glob("*")) if p.name.startswith(NAMES)]
    return found[-1] if found else None


def unpack(wheel, folder):
    """Unpacks the libraries of a wheel, each appearing only when it is complete."""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            name = member.removeprefix(PREFIX)
            if "/" in name or not ("onnxruntime" in name and (".so" in name or name.endswith((".dylib", ".dll")))):
                continue
            if "pybind11" in name:
                continue
            part = folder / f".{name}.{os.getpid()}"
            part.write_bytes(archive.read(member))
            part.chmod(0o755)
            part.replace(folder / name)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1]) / VERSION
    folder.mkdir(parents=True, exist_ok=True)
    if library(folder) is None:
        with tempfile.TemporaryDirectory() as place:
            download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            download += ["--only-binary", ":all:", "--dest", place, f"onnxruntime=={VERSION}"]
            if subprocess.run(download, stdout=sys.stderr).returncode != 0:
                sys.exit("pip could not download onnxruntime")
            for wheel in pathlib.Path(place).glob("*.whl"):
                unpack(wheel, folder)
    path = library(folder)
    if path is None:
        sys.exit(f"no ONNX Runtime library for this system in onnxruntime {VERSION}")
    print(path.resolve())


if __name__ == "__main__":
    main()
