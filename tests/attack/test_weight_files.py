"""Weights that somebody else made: what a pickle may do to who reads it, and what is harmless.

As a program, this file makes them all in a folder and reads each, in one process that is measured.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import pickle
import resource
import subprocess
import sys
import time
import zipfile
from collections import OrderedDict
from pathlib import Path
from struct import pack

import numpy as np
import pytest

from paddledvc.errors import PaddleDVCError
from paddledvc.models.model import Input, Reference
from paddledvc.tools.paddle.building.state_dict import read_state_dict
from paddledvc.tools.paddle.core.jobs import Network, ReferenceJob

MEMORY, SECONDS, MESSAGE = 2**29, 10.0, 500
WEIGHT = np.arange(6, dtype="float32").reshape(2, 3)
ARRAY = pickle.dumps(WEIGHT, 2)[2:-1]
END = b"."


class Runs:
    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def text(value):
    return b"X" + pack("<I", len(value)) + value.encode()


def binary(value):
    return b"B" + pack("<I", len(value)) + value


def several(*parts):
    return b"(" + b"".join(parts) + b"t"


def named(module, attribute):
    return f"c{module}\n{attribute}\n".encode()


def state(body):
    """Put something beside an array in a state dict."""
    return b"\x80\x04}(" + text("w") + ARRAY + text("x") + body + b"u" + END


def list_effective(marker):
    """Give pickles that leave a marker when Python's own unpickler loads them."""
    shell, code = f"touch '{marker}'", f"open({marker!r}, 'w').close()"
    system, one = named("posix", "system"), text(shell) + b"\x85"
    run = system + one + b"R"
    inner = pickle.dumps(Runs(os.system, shell))
    path = named("pathlib", "PosixPath") + text(marker) + b"\x85R"
    partial = named("functools", "partial") + several(system, text(shell)) + b"R"
    mapped = several(text(marker), text("uint8"), text("w+"), b"K\x00", b"K\x04")
    listed = b"](" + text(shell) + b"e"
    bodies = {
        "STACK_GLOBAL": text("posix") + text("system") + b"\x93" + one + b"R",
        "INST": b"(" + text(shell) + b"iposix\nsystem\n",
        "OBJ": b"(" + system + text(shell) + b"o",
        "NEWOBJ": named("numpy", "memmap") + mapped + b"\x81",
        "NEWOBJ_EX": run + b"0" + named("builtins", "object") + b")}\x92",
        "a name in the memo": b"\x8c\x05posix\x94\x8c\x06system\x94\x93" + one + b"R",
        "a name taken back": text("system") + b"q\x050" + text("posix") + b"h\x05\x93" + one + b"R",
        "protocol 0": b"cposix\nsystem\np9\n0g9\n(V" + shell.encode() + b"\ntR",
        "text of Python 2": b"cposix\nsystem\n(S" + repr(shell).encode() + b"\ntR",
        "DUP": system + text(shell) + b"20\x85R",
        "POP": run + b"0N",
        "POP_MARK": b"(" + run + b"1N",
        "a key": b"}" + run + b"Ns",
        "a list": b"]" + run + b"a",
        "a set": b"\x8f(" + run + b"\x90",
        "a frozenset": b"(" + run + b"\x91",
        "a frame": b"\x95" + pack("<Q", len(run)) + run,
        "a shape": named("numpy", "zeros") + run + b"\x85R",
        "an argument": named("builtins", "tuple") + b"](" + run + b"e\x85R",
        "a state": named("types", "SimpleNamespace") + b")R}" + text("a") + run + b"sb",
        "an ordered dictionary's state": named("collections", "OrderedDict") + b")R}"
        + text("a") + run + b"sb",
        "after an array": ARRAY + b"0" + run,
        "eval": named("builtins", "eval") + text(code) + b"\x85R",
        "exec": named("builtins", "exec") + text(code) + b"\x85R",
        "Python 2": b"\x80\x02" + named("__builtin__", "eval") + text(code) + b"\x85R",
        "open": named("io", "open") + several(text(marker), text("w")) + b"R",
        "touch": text("pathlib") + text("Path.touch") + b"\x93" + path + b"\x85R",
        "mkdir": named("posix", "mkdir") + text(marker) + b"\x85R",
        "popen": named("os", "popen") + one + b"R",
        "subprocess.call": named("subprocess", "call") + b"](" + text("touch") + text(marker)
        + b"e\x85R",
        "getoutput": named("subprocess", "getoutput") + one + b"R",
        "spawn": named("pty", "spawn") + b"](" + text("touch") + text(marker) + b"e\x85R",
        "copy": named("shutil", "copy") + several(text("/dev/null"), text(marker)) + b"R",
        "timeit": named("timeit", "timeit") + several(text("1"), text(code)) + b"R",
        "profile": named("cProfile", "run") + text(code) + b"\x85R",
        "a pickle in bytes": named("pickle", "loads") + binary(inner) + b"\x85R",
        "a partial": partial + b")R",
        "a map": named("builtins", "list") + named("builtins", "map")
        + several(system, listed) + b"R\x85R",
        "an attribute": named("builtins", "getattr")
        + several(named("builtins", "__import__") + text("posix") + b"\x85R", text("system"))
        + b"R" + one + b"R",
        "a default": text("collections") + text("defaultdict.__missing__") + b"\x93"
        + named("collections", "defaultdict") + partial + b"\x85RN\x86R",
        "a dotted name": text("shutil") + text("os.system") + b"\x93" + one + b"R",
        "tofile": text("numpy") + text("ndarray.tofile") + b"\x93" + several(ARRAY, text(marker))
        + b"R",
        "memmap": named("numpy", "memmap") + mapped + b"R",
        "savetxt": named("numpy", "savetxt") + several(text(marker), b"](K\x01e") + b"R",
    }  # fmt: skip
    made = {f"protocol {one}": pickle.dumps({"w": Runs(os.system, shell)}, one) for one in range(6)}
    return made | {name: state(body) for name, body in bodies.items()}


NAMES = """\
os execv, os kill, os abort, os _exit, sys exit, sys setrecursionlimit, signal alarm, ctypes CDLL,
ctypes string_at, faulthandler _sigsegv, importlib import_module, runpy run_path, code interact,
marshal loads, types CodeType, types FunctionType, socket create_connection, webbrowser open,
urllib.request urlopen, tempfile mkdtemp, logging.config listen, multiprocessing Process, torch
load, asyncio.subprocess create_subprocess_shell, paddle load, numpy load, numpy.core.multiarray
fromfile, numpy.lib.format read_array, numpy.ma.core _mareconstruct, copyreg _reconstructor,
copyreg __newobj__, copy_reg _reconstructor, operator attrgetter, collections Counter, _codecs
decode, codecs open, builtins memoryview, numpy ndarray.dump, numpy.core.multiarray
set_string_function, collections OrderedDict.__init__, site main, paddledvc.errors InvalidInput"""
"""What else must not be called, whether it does harm or not."""


def list_named():
    for name in NAMES.replace("\n", " ").split(", "):
        module, attribute = name.split()
        yield name, state(text(module) + text(attribute) + b"\x93)R")


def make_array(shape=b"K\x06\x85", kind=b"\x8c\x02f4", data=b"C\x18" + bytes(24), order=b"N"):
    """Write down what numpy would be called with to make an array."""
    made = named("numpy.core.multiarray", "_reconstruct")
    made += several(named("numpy", "ndarray"), b"K\x00\x85", b"C\x01b") + b"R"
    dtype = named("numpy", "dtype") + several(kind, b"\x89", b"\x88") + b"R"
    dtype += several(b"K\x03", order, b"NNN", b"J\xff\xff\xff\xff" * 2, b"K\x00") + b"b"
    return made + several(b"K\x01", shape, dtype, b"\x89", data) + b"b"


def list_misused():
    """Misuse what weights may name."""
    huge = b"\x8a\x06" + pack("<Q", 10**12)[:6]
    frombuffer = named("numpy._core.numeric", "_frombuffer")
    kind = named("numpy", "dtype") + b"\x8c\x02f4\x85R"
    encode = named("_codecs", "encode")
    yield "a shape of terabytes", make_array(shape=huge + b"\x85")
    yield (
        "a shape beyond all",
        make_array(shape=(b"\x8a\x08" + b"\xff" * 7 + b"\x7f") * 3 + b"\x87"),
    )
    yield "a shape below zero", make_array(shape=b"J\xff\xff\xff\xff\x85")
    yield "a shape of texts", make_array(shape=text("a") + b"\x85")
    yield "a thousand axes", make_array(shape=b"(" + b"K\x01" * 1000 + b"t")
    yield "a shape that is its own item", b"]q\x070h\x07h\x07a0" + make_array(shape=b"h\x07\x85")
    yield "data that are none", make_array(data=b"N")
    yield "data that are an array", make_array(data=ARRAY)
    yield "data that are too few", make_array(data=b"C\x01a")
    yield "data by another codec", make_array(data=encode + b"\x8c\x01a\x8c\x03zip\x86R")
    yield "a frombuffer of terabytes", frombuffer + several(b"C\x00", kind, huge, text("C")) + b"R"
    yield "a frombuffer of nothing", frombuffer + b")R"
    yield "a scalar without bytes", named("numpy.core.multiarray", "scalar") + kind + b"N\x86R"
    yield "a call of an array", ARRAY + b")R"
    yield "a call with a text", named("collections", "OrderedDict") + text("a") + b"R"
    yield (
        "an ordered dictionary of itself",
        named("collections", "OrderedDict") + b"]q\x07h\x07a\x85R",
    )
    yield "keys of an array", b"}" + ARRAY + b"Ns"
    yield "keys of an infinite list", b"}]q\x07h\x07a\x85Ns"
    yield "a key into an array", ARRAY + b"K\x01K\x02s"
    yield "an item of an array", ARRAY + b"K\x01a"
    yield "a state of a number", b"K\x01}b"
    yield "a name that is no text", b"K\x01K\x02\x93"
    yield "a call of a number", b"K\x01)R"


def list_greedy():
    """Ask for time and memory."""
    laugh = lambda depth: b")" + b"2\x86" * depth  # noqa: E731
    long = b"\x8a\xff" + b"\x7f" * 255
    colliding = b"".join(
        b"\x8a\x14" + (n * (2**61 - 1)).to_bytes(20, "little") + b"N" for n in range(20_000)
    )
    yield "a memo of 2 GB", b"\x80\x02Nr" + pack("<I", 125_000_000) + END
    yield "a memo of 64 GB", b"\x80\x02Nr" + b"\xff" * 4 + END
    yield "a memo without end", b"Np" + b"9" * 30 + b"\n" + END
    yield "a memo below zero", b"Np-5\n" + END
    for depth in (24, 60, 5000):
        yield f"a key of {depth} laughs", b"\x80\x04}" + laugh(depth) + b"Ns" + END
    yield "a value of 60 laughs", state(laugh(60))
    doubled = b"".join(b"0](h%ch%ceq%c" % (n, n, n + 1) for n in range(60))
    yield "a tree of 60 lists", state(b"]q\x00" + doubled)
    yield "a key that is deep", b"\x80\x04})" + b"\x85" * 100_000 + b"Ns" + END
    yield "a value that is deep", state(b")" + b"\x85" * 100_000)
    yield "lists that are deep", state(b"]" * 100_000 + b"a" * 99_999)
    yield "dictionaries that are deep", state(b"}K\x01" * 60_000 + b"N" + b"s" * 60_000)
    yield (
        "calls that are deep",
        state(
            named("numpy", "dtype") + b"q\x07" + b"h\x07" * 60_000 + b")" + b"R\x85" * 60_000 + b"R"
        ),
    )
    yield "a message that is long", b"\x80\x04}" + laugh(24) + ARRAY + b"s" + END
    yield "a key of 5 MB", b"\x80\x04}" + text("k" * 5_000_000) + ARRAY + b"s" + END
    yield "a name of 5 MB", b"c" + b"m" * 5_000_000 + b"\na\n" + END
    yield "a name of 5 MB on the stack", text("m" * 5_000_000) + text("a") + b"\x93" + END
    yield "a number of 5 MB", b"I" + b"9" * 5_000_000 + b"\n" + END
    yield "a long number of 5 MB", b"L" + b"9" * 5_000_000 + b"L\n" + END
    yield "a fraction of 5 MB", b"F" + b"9" * 5_000_000 + b"\n" + END
    yield "a long number as a key", b"\x80\x04}" + long + ARRAY + b"s" + END
    yield "keys that collide", b"\x80\x04}(" + colliding + b"u" + END
    yield "a million marks", b"(" * 2_000_000 + END
    yield "a million dictionaries", b"}\x94" * 1_000_000 + END
    yield "60,000 calls", state(b"(" + (named("builtins", "set") + b")R") * 60_000 + b"l")
    for name, code in (("BINBYTES8", b"\x8e"), ("BINUNICODE8", b"\x8d"), ("BYTEARRAY8", b"\x96")):
        for size in (10**9, 2**62, 2**64 - 1):
            yield f"{name} of {size}", b"\x80\x05" + code + pack("<Q", size) + END
    yield "BINBYTES of 4 GB", b"\x80\x04B\xff\xff\xff\xff" + END
    yield "BINUNICODE of 4 GB", b"\x80\x04X\xff\xff\xff\xff" + END
    yield "BINSTRING below zero", b"\x80\x04T\xff\xff\xff\xff" + END
    yield "LONG4 of 2 GB", b"\x80\x04\x8b\xff\xff\xff\x7f" + END
    yield "LONG4 below zero", b"\x80\x04\x8b\xff\xff\xff\xff" + END
    grown = "\U0001f600" + "a" * 5_000_000
    yield "characters that grow", state(b"X" + pack("<I", 5_000_004) + grown.encode())
    copied = b"".join(
        text(f"k{n}") + make_array(data=b"h\x03", shape=b"J\x00\x00\x10\x00\x85", order=text(">"))
        for n in range(300)
    )
    data = b"B" + pack("<I", 2**22) + bytes(2**22) + b"q\x03"
    yield "one buffer copied 300 times", b"\x80\x04}(" + text("d") + data + copied + b"u" + END
    slices = {f"a{n}": {"slices": [f"a{n - 1}"], "OriginShape": [2**20]} for n in range(1, 400)}
    weight = {"a0": np.zeros(2**20, "float32"), "UnpackBigParamInfor@@": slices}
    yield "slices of slices", pickle.dumps(weight, 2)
    weight["UnpackBigParamInfor@@"] = {"a": {"slices": ["a0"] * 10**5, "OriginShape": [1]}}
    yield "one slice taken again and again", pickle.dumps(weight, 2)
    weight["UnpackBigParamInfor@@"] = {"a": {"slices": 5}}
    yield "slices that are none", pickle.dumps(weight, 2)


def list_broken():
    """Spoil what is a pickle, or nearly."""
    good = pickle.dumps({"w": WEIGHT, "b": WEIGHT}, 4)
    for cut in (1, 2, 11, 40, len(good) // 2, len(good) - 1):
        yield f"cut after {cut}", good[:cut]
    yield "a second pickle", good + good
    yield "a byte more", good + b"\x00"
    yield "a program after its end", good + pickle.dumps(Runs(os.getpid))
    yield "a protocol to come", b"\x80\xff" + good[2:]
    yield "nothing", b""
    yield "zeros", bytes(1000)
    yield "a page", b"<html><body>404</body></html>"
    yield "a text", b"weights are at https://host/w.pdparams\n"
    yield "a zip", b"PK\x05\x06" + bytes(18)
    yield "an end at once", END
    yield "a mark alone", b"(" + END
    yield "a frame without end", b"\x80\x04\x95" + b"\xff" * 8 + b"N" + END
    yield "a buffer from outside", b"\x80\x05\x97" + END
    yield "a buffer that is read only", b"\x80\x05N\x98" + END
    yield "another file", b"\x80\x04\x8c\x05otherQ" + END
    yield "another file by a line", b"Pother\n" + END
    for code in (b"\x82\x05", b"\x83\x05\x01", b"\x84\x05\x00\x00\x01"):
        yield f"an extension {code.hex()}", b"\x80\x02" + code + b")R" + END
    for code in b"012aebdloRstu\x81\x85\x86\x87\x90\x91\x92\x93\x94":
        yield f"{code:#x} on nothing", b"\x80\x04" + bytes([code]) + END
    for line in ("S'a", "Va\\ud", "Ix", "Lx", "Fx", "gx", "px", "g9", "cposix"):
        yield f"a line {line}", b"N" + line.encode() + b"\n" + END
    yield "a text of broken bytes", b"X\x01\x00\x00\x00\xff" + END


def safetensors(header, data=bytes(8), size=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return pack("<Q", len(text) if size is None else size) + text + data


def list_safetensors():
    one = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    many = {f"k{n}": {**one, "shape": [0], "data_offsets": [8, 8]} for n in range(100_000)}
    yield "a header beyond the file", safetensors({"w": one}, size=2**62)
    yield "a header of 100,000 arrays", safetensors({"w": one} | many)
    yield "a header of 20 MB", safetensors({"w": one} | {"k" * 20_000_000: one})
    yield "a header that is deep", safetensors(b"{" + b'"a":{' * 100_000)
    yield "a header of others", safetensors(b"{1: 2}")
    yield "two of a name", safetensors(b'{"w":%b,"w":%b}' % ((json.dumps(one).encode(),) * 2))
    yield "data that overlap", safetensors({"w": one, "v": one})
    yield (
        "data beyond the end",
        safetensors({"w": {**one, "shape": [200], "data_offsets": [0, 800]}}),
    )
    yield "data with a hole", safetensors({"w": {**one, "data_offsets": [4, 12]}}, bytes(12))
    yield "a tensor beyond all", safetensors({"w": {**one, "shape": [2**62, 2**62]}})
    yield "a type that is none", safetensors({"w": {**one, "dtype": "O"}})
    yield "offsets below zero", safetensors({"w": {**one, "data_offsets": [-8, 0]}})
    yield "no offsets", safetensors({"w": {"dtype": "F32", "shape": [2]}})


def npy(header, data=b""):
    text = repr(header).encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + pack("<H", len(text)) + text + data


def npz(**parts):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(f"{name}.npy", part)
    return stream.getvalue()


def list_samples(marker):
    """Give .npy and .npz files, by names of which the end tells which."""
    plain = {"descr": "<f4", "fortran_order": False, "shape": (2, 4)}
    huge = npy({**plain, "shape": (10**12, 4)})
    objects = npy({**plain, "descr": "|O"}, pickle.dumps(Runs(os.system, f"touch {marker}")))
    mega = npy({**plain, "shape": (2**25, 4)}, bytes(2**20))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x.npy", npy(plain, bytes(32)))
    bomb = npy({**plain, "shape": (2**20, 4)}, bytes(2**24))
    yield "terabytes.npy", huge
    yield "terabytes.npz", npz(x=huge)
    yield "objects.npy", objects
    yield "objects.npz", npz(x=objects)
    yield "short.npy", mega
    yield "short.npz", npz(x=mega)
    yield "bomb.npz", npz(**{f"x{n}": bomb for n in range(40)})
    yield "lzma.npz", stream.getvalue()
    yield "header.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{"
    yield "deep.npy", b"\x93NUMPY\x01\x00" + pack("<H", 9000) + b"(" * 9000
    yield "pickle.npy", pickle.dumps(Runs(os.system, f"touch {marker}"))


def list_malicious(marker):
    yield from list_effective(marker).items()
    yield from list_named()
    yield from ((name, state(body)) for name, body in list_misused())
    yield from list_greedy()
    yield from list_broken()
    yield from list_safetensors()


HARMLESS_AFTER_ALL = {
    "a frombuffer of nothing",
    "a value of 60 laughs",
    "a tree of 60 lists",
    "a value that is deep",
    "lists that are deep",
    "dictionaries that are deep",
    "calls that are deep",
    "60,000 calls",
    "characters that grow",
    "two of a name",
}
"""What is odd, but has the array ``w`` and does no harm."""
NAMING_TOO = {"a name of 5 MB on the stack"}
HARMLESS_VALUES = {"epoch": 3, "loss": 0.25, "name": "resnet", "none": None, "big": 2**70}


def write_harmless(folder):
    """Let Paddle write what people have; each file has the array ``w`` or is empty."""
    import paddle  # noqa: PLC0415 - in a process of its own

    layer = paddle.nn.Sequential(paddle.nn.Linear(3, 2), paddle.nn.BatchNorm1D(2))
    weights = {"w": layer[0].weight, "mean": layer[1]._mean}

    def save(name, value, **how):
        paddle.save(value, str(folder / name), **how)

    def step(optimizer):
        layer(paddle.ones([4, 3])).sum().backward()
        optimizer.step()
        state = optimizer.state_dict()
        return {"w": layer[0].weight, **state}

    for protocol in (2, 3, 4):
        save(f"plain {protocol}", weights, protocol=protocol)
        save(f"ordered {protocol}", OrderedDict(weights), protocol=protocol)
        save(f"layer {protocol}", {"w": layer[0].weight, **layer.state_dict()}, protocol=protocol)
        save(f"values {protocol}", weights | HARMLESS_VALUES, protocol=protocol)
        save(f"arrays {protocol}", {k: v.numpy() for k, v in weights.items()}, protocol=protocol)
        save(f"nested {protocol}", weights | {"more": {"a": [1, (2, "b")]}}, protocol=protocol)
    for kind in ("float16", "float64", "bfloat16", "int8", "int64", "bool", "complex64"):
        save(kind, {"w": layer[0].weight.astype(kind)})
    optimizer = paddle.optimizer
    scheduler = optimizer.lr.CosineAnnealingDecay(0.1, 10)
    warmup = optimizer.lr.LinearWarmup(optimizer.lr.StepDecay(0.1, 3), 5, 0.0, 0.1)
    for name, one in {
        "adamw": optimizer.AdamW(scheduler, parameters=layer.parameters()),
        "adam warmed up": optimizer.Adam(warmup, parameters=layer.parameters()),
        "momentum": optimizer.Momentum(0.1, parameters=layer.parameters()),
    }.items():
        save(name, step(one))
    save("scheduler", weights | {"LR_Scheduler": scheduler.state_dict()})
    save("empty", {})
    for protocol in range(6):
        beside = {
            "w": WEIGHT,
            "s": {1, 2},
            "c": 2j,
            "t": np.float32(3),
            "o": np.array(["a"], object),
        }
        (folder / f"numpy {protocol}").write_bytes(pickle.dumps(beside, protocol))
        odd = {
            "w": np.asfortranarray(WEIGHT),
            "b": WEIGHT.astype(">f8"),
            "e": WEIGHT[:0],
            7: WEIGHT[0, 0],
        }
        (folder / f"layouts {protocol}").write_bytes(pickle.dumps(odd, protocol))


def job_of(folder, name):
    net = Reference(module="net", name="Net")
    return ReferenceJob(
        network=Network(root=folder, reference=net, arguments={}, weights=None),
        inputs=(Input(name="x", shape=(None, 4), dtype="float32"),),
        samples=name, input_size=(), batch_sizes=(1,), seed=0, cases=folder, outputs=folder,
    )  # fmt: skip


def judge(read, *arguments):
    """Say how long it took, and what became of it."""
    start = time.process_time()  # whatever else this machine does
    found, message = None, ""
    try:
        found = sorted(read(*arguments))
    except PaddleDVCError as error:
        message = str(error)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "seconds": time.process_time() - start,
        "found": found,
        "message": message,
        "peak": peak,
    }


def read_all(folder):
    # What they take themselves is no file's.
    importlib.import_module("paddle")
    importlib.import_module("safetensors.paddle")
    sampling = importlib.import_module("paddledvc.tools.paddle.running.sampling")

    def read_samples(job):
        return sampling.sample_calls(job).cases

    marker, file, harmless = str(folder / "marker"), folder / "w.pdparams", folder / "harmless"
    harmless.mkdir()
    write_harmless(harmless)
    judged = {}
    loaded = {one.name: judge(read_state_dict, one) for one in harmless.iterdir()}
    for name, data in list_malicious(marker):
        assert name not in judged, name
        file.write_bytes(data)
        judged[name] = judge(read_state_dict, file)
    for name, data in list_samples(marker):
        (folder / name).write_bytes(data)
        judged[name] = judge(read_samples, job_of(folder, name))
    return {"judged": judged, "loaded": loaded}


def obey_all(folder):
    """Let Python's own unpickler load what is said to have an effect; name what has none."""
    marker, without = folder / "marker", []
    for name, data in list_effective(str(marker)).items():
        with contextlib.suppress(Exception):
            pickle.loads(data)
        until = time.monotonic() + 2
        while not marker.exists() and time.monotonic() < until:
            time.sleep(0.01)
        if not marker.exists():
            without.append(name)
        elif marker.is_dir():
            marker.rmdir()
        else:
            marker.unlink()
    return without


def run(work, folder):
    command = [sys.executable, __file__, work, str(folder)]
    subprocess.run(command, check=True, capture_output=True, cwd=folder, stdin=subprocess.DEVNULL)
    return json.loads((folder / work).read_text())


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    return {"folder": folder, **run("read_all", folder)}


@pytest.mark.thorough
def test_no_malicious_file_has_an_effect_or_takes_much(read):
    judged = read["judged"]
    first = next(iter(judged.values()))["peak"]

    assert len(judged) > 200
    assert not (read["folder"] / "marker").exists()
    assert not {name: one for name, one in judged.items() if one["seconds"] > SECONDS}
    assert not {name: one for name, one in judged.items() if one["peak"] - first > MEMORY}
    assert not {name: one for name, one in judged.items() if len(one["message"]) > MESSAGE}
    assert {name for name, one in judged.items() if not one["message"]} == HARMLESS_AFTER_ALL


@pytest.mark.thorough
def test_only_what_names_something_else_is_called_a_program(read):
    folder = str(read["folder"])
    naming = {*list_effective(folder), *(name for name, _ in list_named()), *NAMING_TOO}
    for name, one in read["judged"].items():
        accused = "it may run a program" in one["message"]
        assert accused == (name in naming), (name, one["message"])


@pytest.mark.thorough
def test_everything_harmless_is_read(read):
    assert len(read["loaded"]) >= 30
    assert {name: one["message"] for name, one in read["loaded"].items() if one["message"]} == {}
    assert [name for name, one in read["loaded"].items() if "w" not in one["found"]] == ["empty"]


@pytest.mark.slow
def test_what_these_tests_call_effective_is(tmp_path):
    assert run("obey_all", tmp_path) == []


if __name__ == "__main__":
    done = globals()[sys.argv[1]](Path(sys.argv[2]))
    Path(sys.argv[2], sys.argv[1]).write_text(json.dumps(done))
