"""Operators of a program that do more than compute are told by their names, wherever they are."""

from __future__ import annotations

import json

import pytest

from paddledvc.errors import Finding
from paddledvc.tools.paddle.core import program_operators
from paddledvc.tools.paddle.read_program import require_computing_program


def field(number, value):
    """Write a message of protobuf that is shorter than 128 bytes."""
    return bytes([number << 3 | 2, len(value)]) + value


def protobuf(*blocks):
    """Write a program of Paddle 2 with the operators of each block."""
    return b"".join(
        field(1, b"".join(field(4, field(3, one.encode())) for one in block)) for block in blocks
    )


def pir(*names, inner=()):
    """Write a program of Paddle 3 with operators, and with others in a block of an ``if``."""

    def block(names):
        return {"#": "block_0", "ops": [{"#": f"1.{one}", "A": [], "I": []} for one in names]}

    outer = block(names)
    outer["ops"].append({"#": "1.if", "regions": [{"#": "region_0", "blocks": [block(inner)]}]})
    regions = [{"#": "region_0", "blocks": [outer]}]
    return json.dumps({"base_code": {"magic": "pir"}, "program": {"regions": regions}}).encode()


REMOTE = ["listen_and_serv", "send", "c_comm_init_all", "c_gen_xccl_id", "pull_sparse_v2"]
OUTSIDE = [*program_operators.OUTSIDE, *REMOTE, "tensorrt_engine", "lite_engine"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_does_more_than_compute_is_refused_by_its_name_in_both_formats(name, tmp_path):
    programs = {
        "new.json": pir("matmul", name),
        "new in place.json": pir(f"{name}_"),
        "new inner.json": pir("matmul", inner=("scale", name)),
        "old.pdmodel": protobuf(["mul", name]),
        "old inner.pdmodel": protobuf(["mul"], ["scale", name]),
        "old twice.pdmodel": field(1, field(4, field(3, b"mul") + field(3, name.encode()))),
    }
    for file, data in programs.items():
        (tmp_path / file).write_bytes(data)
        with pytest.raises(Finding) as caught:
            require_computing_program((tmp_path / file).with_suffix(""))

        said = str(caught.value)
        assert said.startswith(f"{tmp_path / file} is not run, because it does more than compute: ")
        assert f": {name}" in said


def test_what_only_computes_is_not_refused(tmp_path):
    usual = ["feed", "conv2d", "pd_op", "assert", "load_balance", "c_embedding", "while", "fetch"]
    (tmp_path / "new.json").write_bytes(pir(*usual, inner=usual))
    (tmp_path / "old.pdmodel").write_bytes(protobuf(usual, usual))

    for name in ("new", "old", "neither"):
        require_computing_program(tmp_path / name)


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("a.json", b""),
        ("a.json", b"[]"),
        ("a.json", b'{"program": {}, "program": {"#": "1.save"}}'),
        ("a.json", b'{"program": {}} {}'),
        ("a.json", b'{"a":' * 100_000),
        ("a.pdmodel", b"\x0a\x05ab"),
        # A tag of more than 32 bits, of which other readers keep the lower ones.
        ("a.pdmodel", b"\x8a\x80\x80\x80\x10\x00"),
        ("a.pdmodel", b"<html>"),
    ],
)
def test_what_nobody_can_tell_the_operators_of_is_refused(file, data, tmp_path):
    (tmp_path / file).write_bytes(data)
    with pytest.raises(
        Finding, match=r" is not run, because it is no program of Paddle \d; export"
    ):
        require_computing_program(tmp_path / "a")


@pytest.mark.parametrize("suffix", [".json", ".pdmodel"])
def test_methods_that_lie_beside_are_looked_at_too(suffix, tmp_path):
    write = {".json": pir, ".pdmodel": lambda *names: protobuf(names)}[suffix]
    (tmp_path / f"a[1]{suffix}").write_bytes(write("scale"))
    (tmp_path / f"a[1]_config{suffix}").write_bytes(b"{}")
    (tmp_path / f"other.eval{suffix}").write_bytes(write("save"))
    require_computing_program(tmp_path / "a[1]")

    # Paddle makes this one the layer's eval(), whatever stands before the dot.
    (tmp_path / f"a[1]x.eval{suffix}").write_bytes(write("save"))
    with pytest.raises(Finding, match="save writes a file"):
        require_computing_program(tmp_path / "a[1]")
