"""Weights are read, and nothing that a file carries is run."""

from __future__ import annotations

import builtins
import io
import json
import os
import pathlib
import pickle
import struct
import subprocess
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from paddledvc.errors import Finding, InvalidInput
from paddledvc.tools.paddle.building import state_dict

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

WEIGHT = np.arange(6, dtype="float32").reshape(2, 3)
BIAS = np.array([0.5, -0.5], dtype="float32")


def write(path: Path, value: object, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps(value, protocol=protocol))
    return path


def assert_same(found: dict[str, NDArray], expected: dict[str, NDArray]) -> None:
    assert list(found) == list(expected)
    for key, array in expected.items():
        assert found[key].dtype == array.dtype
        np.testing.assert_array_equal(found[key], array)


class Runs:
    """Pickles as a call of a function."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


def evil(name: str, marker: Path) -> Runs:
    return {
        "system": Runs(os.system, f"touch '{marker}'"),
        "eval": Runs(builtins.eval, f"open({str(marker)!r}, 'w').close()"),
        "exec": Runs(builtins.exec, f"open({str(marker)!r}, 'w').close()"),
        "touch": Runs(pathlib.Path.touch, marker),
        "popen": Runs(subprocess.Popen, ["touch", str(marker)]),
        "open": Runs(io.open, str(marker), "w"),
        "array": Runs(np.ndarray.tofile, WEIGHT, str(marker)),
        "import": Runs(__import__, "antigravity"),
    }[name]


# Modules that Python moves these to from one version to the next.
OPEN = f"{io.open.__module__}.open"
EVIL = [
    pytest.param("system", "posix.system", id="os.system"),
    pytest.param("eval", "builtins.eval", id="eval"),
    pytest.param("exec", "builtins.exec", id="exec"),
    pytest.param("touch", f"{pathlib.Path.__module__}.Path.touch", id="Path.touch"),
    pytest.param("popen", "subprocess.Popen", id="subprocess.Popen"),
    pytest.param("open", OPEN, id="open"),
    pytest.param("array", "builtins.getattr", id="ndarray.tofile"),
    pytest.param("import", "builtins.__import__", id="__import__"),
]


def refusal(file: Path, name: str) -> str:
    return (
        f"{file} was not loaded: it names {name}, which weights do not need; it may run a "
        "program when loaded. Ask its author for a plain state dict"
    )


@pytest.mark.parametrize(("kind", "name"), EVIL)
def test_a_pickle_that_calls_something_is_refused(kind: str, name: str, tmp_path: Path) -> None:
    file = write(tmp_path / "w.pdparams", evil(kind, tmp_path / "marker"))

    with pytest.raises(InvalidInput) as caught:
        state_dict.read_state_dict(file)

    assert str(caught.value) == refusal(file, name)


@pytest.mark.parametrize(("kind", "_name"), EVIL)
def test_a_refused_pickle_has_no_effect(kind: str, _name: str, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    state = OrderedDict(weight=WEIGHT, bias=evil(kind, marker))
    file = write(tmp_path / "w.pdparams", state)

    with pytest.raises(InvalidInput, match="was not loaded"):
        state_dict.read_state_dict(file)

    assert not marker.exists()


@pytest.mark.parametrize("kind", ["system", "eval", "popen"])
def test_the_evil_pickles_of_these_tests_do_have_an_effect(kind: str, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    file = write(tmp_path / "w.pdparams", evil(kind, marker))

    result = pickle.loads(file.read_bytes())
    if isinstance(result, subprocess.Popen):
        result.wait()

    assert marker.exists()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_evil_pickle_is_refused_in_every_protocol(protocol: int, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    file = write(tmp_path / "w.pdparams", evil("system", marker), protocol)

    with pytest.raises(InvalidInput) as caught:
        state_dict.read_state_dict(file)

    assert (str(caught.value), marker.exists()) == (refusal(file, "posix.system"), False)


def test_an_evil_pickle_named_safetensors_is_refused(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    file = write(tmp_path / "w.safetensors", evil("system", marker))

    with pytest.raises(InvalidInput) as caught:
        state_dict.read_state_dict(file)

    assert (str(caught.value), marker.exists()) == (refusal(file, "posix.system"), False)


def test_an_allowed_class_does_not_open_its_attributes(tmp_path: Path) -> None:
    # STACK_GLOBAL walks dotted names, so that "ndarray.tofile" could be reached through ndarray.
    file = tmp_path / "w.pdparams"
    file.write_bytes(b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93.")

    with pytest.raises(InvalidInput) as caught:
        state_dict.read_state_dict(file)

    assert str(caught.value) == refusal(file, "numpy.ndarray.tofile")


@pytest.mark.parametrize("protocol", range(5))  # paddle.save refuses protocol 5
def test_a_state_dict_of_arrays_is_read_in_every_protocol_of_paddle(
    protocol: int, tmp_path: Path
) -> None:
    file = write(tmp_path / "w.pdparams", {"weight": WEIGHT, "bias": BIAS}, protocol)

    found = state_dict.read_state_dict(file)

    assert_same(found, {"weight": WEIGHT, "bias": BIAS})


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        pytest.param(b"numpy.core.multiarray", b"numpy._core.multiarray", id="numpy-2"),
        pytest.param(b"numpy._core.multiarray", b"numpy.core.multiarray", id="numpy-1"),
    ],
)
def test_the_module_names_of_numpy_1_and_2_are_both_read(
    written: bytes, instead: bytes, tmp_path: Path
) -> None:
    # Protocol 2 writes names as plain lines, so that they can be exchanged.
    data = pickle.dumps({"weight": WEIGHT, "scale": np.float32(2)}, protocol=2)
    file = tmp_path / "w.pdparams"
    file.write_bytes(data.replace(written, instead))

    found = state_dict.read_state_dict(file)

    assert instead in file.read_bytes()
    assert_same(found, {"weight": WEIGHT, "scale": np.array(2, "float32")})


def test_the_tuples_of_name_and_array_that_paddle_saves_are_read(tmp_path: Path) -> None:
    state = OrderedDict(weight=("linear_0.w_0", WEIGHT), bias=("linear_0.b_0", BIAS))
    file = write(tmp_path / "w.pdparams", state)

    found = state_dict.read_state_dict(file)

    assert_same(found, {"weight": WEIGHT, "bias": BIAS})


def test_paddles_own_keys_are_left_out(tmp_path: Path) -> None:
    state = {"weight": WEIGHT, "StructuredToParameterName@@": {"weight": "linear_0.w_0"}}
    file = write(tmp_path / "w.pdparams", state)

    found = state_dict.read_state_dict(file)

    assert_same(found, {"weight": WEIGHT})


def test_slices_of_a_big_array_are_put_together(tmp_path: Path) -> None:
    # The form that paddle.framework.io_utils._unpack_saved_dict gives arrays above 4 GB.
    state = {
        "bias": BIAS,
        "weight@@.0": WEIGHT.ravel()[:4],
        "weight@@.1": WEIGHT.ravel()[4:],
        "UnpackBigParamInfor@@": {
            "weight": {"OriginShape": (2, 3), "slices": ["weight@@.0", "weight@@.1"]}
        },
    }
    file = write(tmp_path / "w.pdparams", state, protocol=2)

    found = state_dict.read_state_dict(file)

    assert_same(found, {"bias": BIAS, "weight": WEIGHT})


def test_bfloat16_arrives_as_the_uint16_of_its_bits(tmp_path: Path) -> None:
    bits = (WEIGHT.view("uint32") >> 16).astype("uint16")
    file = write(tmp_path / "w.pdparams", {"weight": bits})

    found = state_dict.read_state_dict(file)

    assert_same(found, {"weight": bits})


@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "int64", "bool", "complex64"])
def test_arrays_keep_their_type(dtype: str, tmp_path: Path) -> None:
    file = write(tmp_path / "w.pdparams", {"weight": WEIGHT.astype(dtype)})

    found = state_dict.read_state_dict(file)

    assert_same(found, {"weight": WEIGHT.astype(dtype)})


def test_an_empty_state_dict_is_read(tmp_path: Path) -> None:
    file = write(tmp_path / "w.pdparams", {})

    assert state_dict.read_state_dict(file) == {}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "w.pdparams"

    with pytest.raises(InvalidInput) as caught:
        state_dict.read_state_dict(file)

    assert str(caught.value) == f"cannot read the weights {file}: No such file or directory"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "it ends too early", id="empty"),
        pytest.param(
            pickle.dumps({"weight": WEIGHT}, protocol=4)[:-10],
            "it ends too early",
            id="truncated",
        ),
        pytest.param(b"<html>404</html>", "at position 0, opcode b'<' unknown", id="web page"),
    ],
)
def test_a_file_that_is_no_pickle_is_not_called_dangerous(
    data: bytes, reason: str, tmp_path: Path
) -> None:
    file = tmp_path / "w.pdparams"
    file.write_bytes(data)

    with pytest.raises(InvalidInput) as caught:
        state_dict.read_state_dict(file)

    assert str(caught.value) == f"{file} is not a weights file: {reason}"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        pytest.param([WEIGHT], "list", id="list"),
        pytest.param(WEIGHT, "ndarray", id="array"),
        pytest.param(("linear_0.w_0", WEIGHT), "tuple", id="single tensor"),
        pytest.param("weights", "str", id="text"),
        pytest.param(None, "NoneType", id="nothing"),
    ],
)
def test_what_is_no_state_dict_is_named(value: Any, kind: str, tmp_path: Path) -> None:
    file = write(tmp_path / "w.pdparams", value)

    with pytest.raises(InvalidInput) as caught:
        state_dict.read_state_dict(file)

    assert str(caught.value) == f"{file} holds a {kind}, expected a state dict"


BESIDE = {
    "an epoch": 3,
    "a rate": 1e-3,
    "a text": "resnet50",
    "nothing": None,
    "a switch": True,
    "a list": [1.0, 2.0],
    "a pair": ("name", 1),
    "a set": {1, 2},
    "a scheduler": {"last_epoch": 3, "last_lr": 0.1, "milestones": [1, 2]},
    "another state dict": {"weight": WEIGHT + 1},
    "objects": WEIGHT.astype(object),
    "texts": np.array(["a", "b"]),
    "bytes": np.array([b"a", b"b"]),
    "records": np.zeros(2, [("a", "f4")]),
    "dates": np.array(["2026-01-01"], "datetime64[D]"),
}


@pytest.mark.parametrize("protocol", range(6))
def test_what_is_no_array_of_numbers_is_left_out(protocol: int, tmp_path: Path) -> None:
    file = write(tmp_path / "w.pdparams", {"weight": WEIGHT, **BESIDE}, protocol)

    assert_same(state_dict.read_state_dict(file), {"weight": WEIGHT})


CHECKPOINT = {
    "model": {"weight": WEIGHT, "bias": BIAS},
    "ema": {"weight": WEIGHT + 1, "bias": BIAS},
    "optimizer": {"LR_Scheduler": {"last_lr": 0.1}, "weight_moment1_0": WEIGHT},
    "args": {"epochs": 3},
    "epoch": 3,
}


def test_of_a_checkpoint_the_state_dict_is_taken_that_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "w.pdparams", CHECKPOINT)

    for key in ("model", "ema"):
        assert_same(state_dict.read_state_dict(file, key), CHECKPOINT[key])


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (
            None,
            (
                "holds its weights one level down, in model, ema, optimizer; say which is meant, "
                "by `key:` in models.yaml or by --key"
            ),
        ),
        ("epoch", "has no state dict epoch; it has model, ema, optimizer, args"),
    ],
)
def test_of_a_checkpoint_nothing_is_guessed(key: str | None, message: str, tmp_path: Path) -> None:
    file = write(tmp_path / "w.pdparams", CHECKPOINT)

    with pytest.raises(InvalidInput) as caught:
        state_dict.read_state_dict(file, key)

    assert str(caught.value) == f"{file} {message}"


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(np.asfortranarray(WEIGHT), id="column by column"),
        pytest.param(WEIGHT[:, ::2], id="with gaps"),
        pytest.param(WEIGHT.astype(">f4"), id="big-endian"),
        pytest.param(np.array(3, "int64"), id="no dimensions"),
        pytest.param(np.zeros((0, 3), "float32"), id="no elements"),
    ],
)
def test_arrays_of_every_layout_come_back_equal(array: Any, tmp_path: Path) -> None:
    file = write(tmp_path / "w.pdparams", {"weight": array})

    found = state_dict.read_state_dict(file)["weight"]

    assert (found.shape, found.dtype) == (array.shape, array.dtype.newbyteorder("="))
    np.testing.assert_array_equal(found, array)


def test_a_pickle_that_refers_to_another_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "w.pdparams"
    file.write_bytes(b"\x80\x04\x8c\x05otherQ.")

    with pytest.raises(InvalidInput) as caught:
        state_dict.read_state_dict(file)

    assert str(caught.value) == (
        f"{file} is not a weights file: it has an instruction BINPERSID, which weights do not need"
    )


def safetensors(path: Path, header_size: int) -> Path:
    """Write one float32 array [0.5, -0.5] under a header of a given size."""
    header = json.dumps({"bias": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})
    path.write_bytes(
        struct.pack("<Q", header_size) + header.ljust(header_size).encode() + BIAS.tobytes()
    )
    return path


@pytest.mark.slow
def test_safetensors_are_told_by_their_bytes_whatever_the_size_of_their_header(
    tmp_path: Path, read_beside_paddle: Callable[..., dict[str, Any]]
) -> None:
    sizes = [72, 120, 128, 136, 384, 640]
    for size in sizes:
        safetensors(tmp_path / f"{size}.pdparams", size)

    found = read_beside_paddle(tmp_path, *(f"{size}.pdparams" for size in sizes))

    assert {name: list(state["bias"]) for name, state in found.items()} == {
        f"{size}.pdparams": [0.5, -0.5] for size in sizes
    }


@pytest.mark.slow
def test_broken_safetensors_are_refused(
    tmp_path: Path, read_beside_paddle: Callable[..., dict[str, Any]]
) -> None:
    file = safetensors(tmp_path / "w.safetensors", 72)
    file.write_bytes(file.read_bytes()[:-4])

    found = read_beside_paddle(tmp_path, "w.safetensors")

    assert found["w.safetensors"].startswith("w.safetensors is not a safetensors file: ")


@pytest.fixture(scope="module")
def readings(
    paddle_files: Path, read_beside_paddle: Callable[..., dict[str, Any]]
) -> dict[str, Any]:
    """What reading every file that Paddle saved gave."""
    names = sorted(file.name for file in paddle_files.iterdir() if file.suffix != ".npz")
    return read_beside_paddle(paddle_files, *names)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param("protocol2.pdparams", "expected.npz", id="protocol 2"),
        pytest.param("protocol3.pdparams", "expected.npz", id="protocol 3"),
        pytest.param("protocol4.pdparams", "expected.npz", id="protocol 4"),
        pytest.param("state.safetensors", "expected.npz", id="safetensors"),
        pytest.param("safetensors.pdparams", "expected.npz", id="safetensors named pdparams"),
        pytest.param("plain.safetensors", "expected.npz", id="pickle named safetensors"),
        pytest.param("bfloat16.pdparams", "bfloat16.npz", id="bfloat16"),
        pytest.param("bfloat16.safetensors", "bfloat16.npz", id="bfloat16 safetensors"),
    ],
)
def test_what_paddle_saved_is_read_bit_for_bit(
    file: str, expected: str, paddle_files: Path, readings: dict[str, Any]
) -> None:
    with np.load(paddle_files / expected) as arrays:
        wanted = dict(arrays)

    found = readings[file]

    assert not isinstance(found, str), found
    assert {key: (found[key].dtype, found[key].tobytes()) for key in found} == {
        key: (wanted[key].dtype, wanted[key].tobytes()) for key in wanted
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "message"),
    [
        pytest.param(
            "pickle.safetensors",
            "pickle.safetensors holds its weights one level down, in model; say which is meant, by "
            "`key:` in models.yaml or by --key",
            id="checkpoint named safetensors",
        ),
        pytest.param(
            "rng.pdparams",
            "rng.pdparams was not loaded: it names paddle.base.libpaddle.GeneratorState, which "
            "weights do not need; it may run a program when loaded. Ask its author for a plain "
            "state dict",
            id="state of the random generators",
        ),
        pytest.param(
            "tensor.pdparams",
            "tensor.pdparams holds a tuple, expected a state dict",
            id="single tensor",
        ),
    ],
)
def test_what_paddle_saved_that_is_no_weights_is_refused(
    file: str, message: str, readings: dict[str, Any]
) -> None:
    assert readings[file] == message


def test_the_third_file_of_paddle_2s_format_may_hold_names_and_numbers_only(tmp_path: Path) -> None:
    program, info = tmp_path / "inference", tmp_path / "inference.pdiparams.info"
    state_dict.require_plain_state_dict(program)
    write(info, {"fc.weight": {"structured_name": "w", "stop_gradient": False}}, protocol=2)
    state_dict.require_plain_state_dict(program)
    info.write_bytes(b"cos\nsystem\n(S'touch " + bytes(tmp_path / "ran") + b"'\ntR.")
    with pytest.raises(Finding) as caught:
        state_dict.require_plain_state_dict(program)

    assert str(caught.value) == (
        "inference.pdiparams.info is no description of variables (it names os.system), and Paddle "
        "would run what it says; export the model again"
    )
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x80\x02Nr\x00\x00\x00\x07.", "it remembers something under the number 117440512"),
        (b"\x80\x02})" + b"2\x86" * 60 + b"Ns.", "it has as a key a tuple"),
        (b"\x80\x02}.}.", "its end is followed by 2 bytes more"),
        (b"\x80\x02\x82\x05)R.", "it has an instruction EXT1, which weights do not need"),
        (b"", "it ends too early"),
    ],
)
def test_the_third_file_may_not_take_time_or_memory_either(
    data: bytes, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "inference.pdiparams.info").write_bytes(data)

    with pytest.raises(Finding) as caught:
        state_dict.require_plain_state_dict(tmp_path / "inference")

    assert str(caught.value) == (
        f"inference.pdiparams.info is no description of variables ({reason}), and Paddle obeys "
        "what it says; export the model again"
    )
