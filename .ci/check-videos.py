"""Checks three videos by their boxes: H.264, 9:16, and the length that each provider promises."""

import pathlib
import struct
import sys


def boxes(data, start, end):
    while start < end:
        size, kind = struct.unpack(">I4s", data[start : start + 8])
        yield kind, start + 8, start + size
        start += size


def find(data, path, start=0, end=None):
    for kind, begin, stop in boxes(data, start, len(data) if end is None else end):
        if kind == path[0]:
            return (begin, stop) if len(path) == 1 else find(data, path[1:], begin, stop)
    raise SystemExit(f"no box {path[0]}")


folder = pathlib.Path(sys.argv[1])
for provider, seconds in {"beatapi": 15, "creatify": 10, "jogg": 15}.items():
    path = folder / f"morning-roast-{provider}.mp4"
    data = path.read_bytes()
    begin, _ = find(data, [b"moov", b"mvhd"])
    scale, units = struct.unpack(">II", data[begin + 12 : begin + 20])
    begin, _ = find(data, [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"])
    entry = data[begin + 8 : begin + 94]
    codec = entry[4:8]
    width, height = struct.unpack(">HH", entry[32:36])
    length = units / scale
    print(f"{path.name}: {codec.decode()} {width}x{height}, {length:.3f} s")
    assert codec == b"avc1", codec
    assert width * 16 == height * 9, (width, height)
    assert abs(length - seconds) < 0.05, length
