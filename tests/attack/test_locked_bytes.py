"""A branch that puts other bytes under the name of a model that models.lock pins."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from paddledvc.weights import expected
from tests.outputs_repo import md5
from tests.stores_repo import A, Stores

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Folder

pytestmark = pytest.mark.slow
MARKER = b"the bytes of an attacker!!!"
HONEST = b"the weights of a, version 1"
C = "checkpoints/c_v1"
FILES = {"config.json": b"{}", "sub/net.bin": b"the weights of the folder c"}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digests(data: bytes, indent: str, *kinds: str) -> str:
    known = {"md5": md5(data), "sha256": sha256(data)}
    lines = [f'{indent}{kind}: "{known[kind]}"\n' for kind in kinds]
    return "".join([*lines, f"{indent}size: {len(data)}\n"])


def _lock(a: bytes = HONEST, c: Mapping[str, bytes] = FILES, *kinds: str) -> str:
    kinds = kinds or ("sha256",)
    files = "".join(
        f'      - path: "{name}"\n        urls:\n          - "file:///nowhere/{number}"\n'
        + _digests(data, "        ", *kinds)
        for number, (name, data) in enumerate(c.items())
    )
    return (
        'version: 1\nmodels:\n  - name: "a"\n    version: "v1"\n    urls:\n'
        f'      - "file:///nowhere/a"\n{_digests(a, "    ", *kinds)}'
        f'    format: "pdparams"\n    path: "{A}"\n'
        f'  - name: "c"\n    version: "v1"\n    format: "safetensors"\n'
        f'    path: "{C}"\n    files:\n{files}'
    )


class Victim(Stores):
    """A clone in which the honest main is checked out; models.lock pins by SHA-256 alone."""

    def __init__(self, folder: Folder) -> None:
        super().__init__(folder)
        self.build()
        self.folder.write("models.lock", _lock())
        self.folder.commit()
        self.place()
        self.folder.git("switch", "--quiet", "--create", "attack")

    def build(self, a: bytes = HONEST, c: Mapping[str, bytes] = FILES) -> None:
        """Write dvc.yaml and dvc.lock as if the stages had made these bytes; keep them."""
        lock = self.folder.root / "models.lock"
        before = lock.read_text() if lock.exists() else ""
        self.declare({A: a, C: c})
        lock.write_text(before)

    def forget_work_tree(self) -> None:
        """Remove the weights that are in place, as in a fresh clone with a warm cache."""
        for top in ("checkpoints", ".paddledvc/tmp"):
            shutil.rmtree(self.root / top, ignore_errors=True)


@pytest.fixture
def victim(project: Folder) -> Victim:
    project.git("init", "--quiet")
    return Victim(project)


def _change_dvc_lock(victim: Victim) -> None:
    victim.build(a=MARKER)


def _name_it_in_a_dvc_file(victim: Victim) -> None:
    oid = victim.keep(MARKER)
    victim.folder.write("dvc.lock", "schema: '2.0'\nstages: {}\n")
    victim.folder.write(
        "samples.dvc",
        f"outs:\n- path: {A}\n  hash: md5\n  md5: {oid}\n  size: {len(MARKER)}\n",
    )


def _only_the_remote_has_it(victim: Victim) -> None:
    victim.build(a=MARKER)
    victim.store("prod", md5(MARKER))
    victim.cache.path(md5(MARKER)).unlink()


def _name_it_honestly_too(victim: Victim) -> None:
    """Track the bytes as a sample also, which is right to have them."""
    victim.build(a=MARKER)
    sample = f"outs:\n- path: samples.bin\n  hash: md5\n  md5: {md5(MARKER)}\n"
    victim.folder.write("samples.dvc", sample)
    victim.store("prod", md5(MARKER))
    victim.cache.path(md5(MARKER)).unlink()


def _change_a_file_of_a_folder(victim: Victim) -> None:
    victim.build(c={**FILES, "sub/net.bin": MARKER})


def _add_a_file_to_a_folder(victim: Victim) -> None:
    victim.build(c={**FILES, "run.py": MARKER})


def _take_a_file_from_a_folder(victim: Victim) -> None:
    victim.build(c={"config.json": FILES["config.json"]})


def _bring_answers_along(victim: Victim) -> None:
    """Track what earlier versions remembered in the work tree: what the files ask for."""
    victim.build(a=MARKER)
    names = ("models.lock", "dvc.lock", "dvc.yaml")
    texts = {name: victim.folder.read(name) for name in names}
    lie = [[A, [md5(MARKER), None, None], False, "a", "v1", [], [], None, True, True, "", None]]
    victim.folder.write(f".paddledvc/tmp/wanted/{expected._key(texts)}", json.dumps(lie))


ATTACKS = {
    "dvc.lock": (_change_dvc_lock, f"sha256:{sha256(MARKER)}"),
    "a .dvc file": (
        _name_it_in_a_dvc_file,
        f"samples.dvc names md5:{md5(MARKER)}, whose bytes are",
    ),
    "only a remote has it": (_only_the_remote_has_it, f"md5:{md5(MARKER)}"),
    "a sample has it too": (_name_it_honestly_too, f"md5:{md5(MARKER)}"),
    "a file of a folder": (_change_a_file_of_a_folder, f"sha256:{sha256(MARKER)}"),
    "a file more": (_add_a_file_to_a_folder, "pins no such file of run.py"),
    "a file less": (_take_a_file_from_a_folder, "pins the file of sub/net.bin"),
    "remembered answers": (_bring_answers_along, f"sha256:{sha256(MARKER)}"),
}


@pytest.mark.parametrize(("attack", "said"), ATTACKS.values(), ids=ATTACKS)
def test_other_bytes_never_get_the_name_of_a_pinned_model(
    victim: Victim, cli, attack: Callable[[Victim], None], said: str
):
    attack(victim)
    victim.folder.commit()

    status, pull = cli("status", "--exit-code"), cli("pull")
    assert MARKER not in victim.files().values()
    assert (status[0], pull[0]) == (1, 1)
    assert "contradicted" in status[1]
    assert said in pull[2]
    assert "git log -p" in pull[2]
    victim.forget_work_tree()
    assert cli("pull")[0] == 1
    assert MARKER not in victim.files().values()

    victim.folder.git("switch", "--quiet", "--force", "main")
    assert cli("pull")[0] == 0
    assert victim.read(A) == HONEST
    assert victim.read(f"{C}/sub/net.bin") == FILES["sub/net.bin"]


@pytest.mark.parametrize("model", [A, C])
def test_a_changed_sha256_in_models_lock_is_told_of_weights_in_place(victim: Victim, cli, model):
    old, new = (HONEST, MARKER) if model == A else (FILES["sub/net.bin"], b"n" * 27)
    text = victim.folder.read("models.lock")
    victim.folder.write("models.lock", text.replace(sha256(old), sha256(new)))
    status, pull = cli("status", "--exit-code"), cli("pull")

    assert (status[0], pull[0]) == (1, 1)
    assert "contradicted" in status[1]
    told = f"pins sha256:{sha256(new)}"
    assert told in pull[2]
    assert f"dvc.lock names md5:{md5(old)}, whose bytes are sha256:{sha256(old)}" in pull[2]


def test_a_push_sends_no_bytes_that_models_lock_does_not_pin(victim: Victim, cli):
    victim.build(a=MARKER, c={**FILES, "sub/net.bin": MARKER[::-1]})
    pushed = cli("push")

    assert pushed[0] == 1
    assert f"pins: expected sha256:{sha256(HONEST)}, and dvc.lock names md5:" in pushed[2]
    assert victim.holds("dev") == {md5(FILES["config.json"])}
    victim.folder.git("switch", "--quiet", "--force", "main")
    assert cli("push")[0] == 0


def test_bytes_that_are_right_for_another_output_go_with_that_one_alone(victim: Victim, cli):
    _name_it_honestly_too(victim)
    victim.folder.commit()
    victim.store("dev")
    pulled = cli("pull")
    assert victim.read("samples.bin") == MARKER
    pushed, looked = cli("push"), cli("status", "--remote", "--deep", "--branch", "attack")

    for ran in (pulled, pushed, looked):
        told = [line for line in ran[2].splitlines() if sha256(HONEST) in line]
        assert told
        assert all("a v1" in line for line in told)
    assert (pulled[0], pushed[0]) == (1, 1)
    assert md5(MARKER) in victim.holds("dev")


@pytest.mark.parametrize("links", ["copy", "hardlink", "symlink"])
def test_bytes_that_rotted_in_the_cache_under_their_time_are_not_delivered(victim, cli, links):
    victim.configure(links)
    victim.store("prod")
    path = victim.cache.path(md5(HONEST))
    victim.forget_work_tree()
    before = path.stat()
    path.chmod(0o644)
    path.write_bytes(MARKER)
    path.chmod(0o444)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    victim.remotes("prod")
    pulled = cli("pull")

    assert pulled[0] == 0
    assert victim.read(A) == HONEST


def test_where_both_state_an_md5_the_locked_bytes_come_and_the_lie_is_told(victim: Victim, cli):
    victim.folder.write("models.lock", _lock(HONEST, FILES, "md5", "sha256"))
    victim.build(a=MARKER)
    victim.folder.commit()
    victim.forget_work_tree()
    status, pull, push, check = (
        cli("status", "--exit-code"),
        cli("pull"),
        cli("push"),
        cli("check", "--branch", "main"),
    )

    assert victim.read(A) == HONEST
    assert md5(MARKER) not in victim.holds("dev")
    assert [ran[0] for ran in (status, pull, push, check)] == [1, 1, 1, 1]
    assert "contradicted" in status[1]
    told = f"expected md5:{md5(HONEST)}, and dvc.lock names md5:{md5(MARKER)}; if models.lock"
    assert told in pull[2]
    assert told in push[2]
    assert f"dvc.lock has md5:{md5(MARKER)} of {A}, models.lock:3:11 has md5:" in check[1]
