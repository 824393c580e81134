"""DVC that is missing, broken or too old: what is wrong and what to install, in one sentence."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from paddledvc.errors import MissingTool
from paddledvc.tools.dvc import command, library
from paddledvc.tools.dvc.remotes.failures import Broken, translate_failures

WANTED = str(library.wanted_dvc())


@pytest.fixture
def fake(project, monkeypatch):
    """Put another DVC before the installed one, here and in processes of ours."""

    def instead(name, *arguments, options=()):
        code = f"import runpy, sys; sys.path.insert(0, 'site'); runpy.run_module({name!r}, "
        return [sys.executable, "-c", f"{code}run_name='__main__', alter_sys=True)", *arguments]

    def install(code="", version="3.67.1", metadata=""):
        project.write("site/dvc/__init__.py", code)
        project.write("site/dvc/__main__.py", "")
        described = f"Metadata-Version: 2.1\nName: dvc\nVersion: {version}\n{metadata}"
        project.write(f"site/dvc-{version}.dist-info/METADATA", described)
        monkeypatch.syspath_prepend(project.root / "site")
        monkeypatch.setattr(command, "module_command_line", instead)
        for name in [name for name in sys.modules if name.partition(".")[0] == "dvc"]:
            monkeypatch.delitem(sys.modules, name)
        library.require_usable_dvc.cache_clear()

    yield install
    monkeypatch.undo()
    library.require_usable_dvc.cache_clear()


def said(do):
    with pytest.raises(MissingTool) as caught:
        do()
    assert caught.value.exit_code == 3
    return str(caught.value)


@pytest.mark.parametrize("hidden", [None, ValueError("dvc.__spec__ is None"), ImportError("no")])
def test_a_dvc_that_is_not_installed_is_told_with_the_command(hidden, fake, monkeypatch):
    def find_spec(name):
        if hidden is not None:
            raise hidden

    monkeypatch.setattr("importlib.util.find_spec", find_spec)
    library.require_usable_dvc.cache_clear()

    assert said(library.require_usable_dvc) == (
        f"DVC is not installed in this environment; run `pip install '{WANTED}'`"
    )


@pytest.mark.parametrize("version", ["2.58.2", "3.60.1", "4.0.0"])
def test_a_dvc_of_another_age_is_told_with_the_versions_that_do(version, fake):
    fake(version=version)

    needed = library.wanted_dvc().specifier
    assert said(library.require_usable_dvc) == (
        f"DVC {version} is installed, and paddledvc needs {needed}; run `pip install '{WANTED}'`"
    )


def test_a_dvc_without_one_of_its_parts_is_told_with_its_name(fake):
    fake(metadata="Requires-Dist: dvc-parts (>=1)\nRequires-Dist: dvc-cloud; extra == 'cloud'\n")

    assert said(library.require_usable_dvc) == (
        "DVC does not start: dvc-parts is not installed; "
        f"run `pip install --force-reinstall '{WANTED}'`"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("def (", "SyntaxError: invalid syntax"),
        ("import dvc_parts", "ModuleNotFoundError: No module named 'dvc_parts'"),
        (
            "import sys\nsys.exit(\"ERROR: unexpected error - No module named 'dvc_parts'\")",
            "No module named 'dvc_parts'",
        ),
    ],
)
def test_a_dvc_that_does_not_start_is_told_with_the_reason(code, cause, fake, project):
    fake(code)

    assert said(lambda: command.run_dvc("--version", root=project.root)) == (
        f"DVC does not start: {cause}; run `pip install --force-reinstall '{WANTED}'`"
    )


@pytest.mark.slow
def test_a_remote_that_needs_a_dvc_is_told_the_same(fake, project, cli):
    fake("raise RuntimeError('half an upgrade')")
    project.models("models: []\n")
    project.write("store/kept", "")
    project.write(".dvc/config", "['remote \"a\"']\n    url = ../store\n")

    done = cli("doctor")

    assert done.exit_code == 1
    assert "DVC does not start: RuntimeError: half an upgrade" in done.stdout
    assert f"pip install --force-reinstall '{WANTED}'" in done.stdout
    assert "bug" not in done.stdout


def test_generate_writes_no_stages_for_a_dvc_that_is_too_old(fake, project, cli):
    fake(version="3.50.0")
    project.models("models: []\n")

    done = cli("generate")

    assert (done.exit_code, done.stderr.count("\n")) == (3, 1)
    assert f"run `pip install '{WANTED}'`" in done.stderr


def test_a_plug_in_of_dvc_that_is_missing_is_told_with_the_extra_that_brings_it():
    with pytest.raises(Broken) as caught, translate_failures("", 1):
        raise ImportError("gs is supported, but requires 'dvc-gs' to be installed")

    assert str(caught.value) == "gs:// needs dvc-gs; run `pip install 'dvc[gs]'`"


def test_a_module_that_a_plug_in_misses_is_no_scheme():
    with pytest.raises(Broken) as caught, translate_failures("", 1):
        raise ModuleNotFoundError("No module named 'dvc_objects'")

    assert str(caught.value) == (
        "DVC does not start: No module named 'dvc_objects'; "
        f"run `pip install --force-reinstall '{WANTED}'`"
    )


@pytest.mark.slow
def test_dvc_in_our_process_leaves_the_terminal_of_a_person_alone():
    # DVC 3 wraps the standard streams by colorama, which ends with an escape, NO_COLOR or not.
    code = (
        "import sys; from paddledvc.tools.dvc import library; before = sys.stdout, sys.stderr;"
        "library.import_dvc('dvc.config'); library.import_dvc('dvc.lock');"
        "print(before == (sys.stdout, sys.stderr))"
    )
    terminal, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "dumb", "NO_COLOR": "1"}
    subprocess.run([sys.executable, "-c", code], stdout=theirs, env=environment, check=True)
    os.close(theirs)

    shown = os.read(terminal, 1000)
    os.close(terminal)

    assert shown == b"True\r\n"
