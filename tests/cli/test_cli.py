from __future__ import annotations

import json
import os
import pkgutil
import re
import signal
import subprocess
import sys
from importlib.metadata import version

import pytest

import paddledvc
from paddledvc import cli as group
from paddledvc.cli import SECTIONS, printer

COMMANDS = {name: text for commands in SECTIONS.values() for name, text in commands.items()}
PLAIN = "models: [{name: a, version: v1}]\n"


def python(code, **fields):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        **fields,
    ).stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_explains_itself_with_an_example_outside_any_project(name, cli):
    done = cli(name, "--help")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: paddledvc {name} [OPTIONS]")
    assert "  Example:\n    " in done.stdout
    assert f"paddledvc {name}" in done.stdout.partition("Example:")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_says_of_a_command_what_its_help_says_first(name, cli):
    first = cli(name, "--help").stdout.split("\n\n")[1]

    assert " ".join(first.split()) == COMMANDS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_explained(name):
    command = group.paddledvc.get_command(None, name)
    silent = [
        option.name
        for option in command.params
        if option.param_type_name == "option" and not option.help
    ]

    assert silent == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_its_python_call_of_the_same_name(name):
    # `list` would hide Python's own from whoever imports all; groups have commands of their own.
    other = {
        "list": "list_models",
        "hooks": "hooks_status",
        "env": "check_environment",
        "release": "create_release",
    }
    assert callable(getattr(paddledvc, other.get(name, name)))


def test_the_overview_names_every_command_and_the_exit_codes(cli):
    done = cli("--help")

    assert done.exit_code == 0
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert (
        "Exit codes: 0 success, 1 finding, 2 wrong usage, 3 outside failure, 70 bug." in done.stdout
    )


def test_the_overview_fits_a_screen(cli):
    lines = cli("--help").stdout.splitlines()

    assert len(lines) <= 44
    assert max(map(len, lines)) <= 80


def test_the_version_is_that_of_the_package(cli):
    assert cli("--version") == (0, f"paddledvc {version('paddledvc')}\n", "")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param("snyc", "sync", id="swapped"),
        pytest.param("verfiy", "verify", id="swapped too"),
        pytest.param("generat", "generate", id="short"),
    ],
)
def test_a_misspelt_command_suggests_the_nearest(written, meant, cli):
    done = cli(written)

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == (
        f"Error: No such command '{written}'; did you mean '{meant}'?"
    )
    assert done.stderr.count("ean") == 1


def test_a_misspelt_command_that_resembles_none_suggests_none(cli):
    assert cli("zzz").stderr.splitlines()[-1] == "Error: No such command 'zzz'."


def test_a_misspelt_option_is_wrong_usage(cli):
    done = cli("lock", "--chek")

    assert done.exit_code == 2
    assert "--check" in done.stderr


def test_outside_a_project_a_command_says_how_to_start_one(project, cli):
    assert cli("lock") == (
        2,
        "",
        (
            f"Error: no models.yaml in {project.root} or above; "
            "run `paddledvc init` to start a project\n"
        ),
    )


def test_a_command_works_in_the_folder_of_option_c(project, cli):
    project.write("sub/models.yaml", PLAIN)

    assert cli("-C", "sub", "lock").exit_code == 0
    assert (project.root / "sub" / "models.lock").is_file()


def test_a_folder_of_option_c_that_is_not_there_is_wrong_usage(cli):
    done = cli("-C", "gone", "lock")

    assert done.exit_code == 2
    assert "Directory 'gone' does not exist." in done.stderr


def test_a_command_works_below_the_projects_folder(project, cli):
    project.write("models.yaml", PLAIN)
    (project.root / "deep" / "er").mkdir(parents=True)

    assert cli("-C", "deep/er", "lock").exit_code == 0


@pytest.fixture
def failing(project, cli, monkeypatch):
    """Run a command whose workflow raises."""

    def run(error):
        def broken(*_args, **_fields):
            raise error

        monkeypatch.setattr("paddledvc.locking.lock.lock", broken)
        project.write("models.yaml", PLAIN)
        return cli("lock")

    return run


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        pytest.param(paddledvc.errors.Finding("f"), 1, "Error: f\n", id="finding"),
        pytest.param(paddledvc.errors.InvalidInput("i"), 2, "Error: i\n", id="input"),
        pytest.param(paddledvc.errors.OutsideFailure("o"), 3, "Error: o\n", id="outside"),
        pytest.param(
            paddledvc.errors.ToolFailed(["git", "x"], 128, "fatal: y\n"),
            3,
            "Error: `git x` failed with exit code 128\nfatal: y\n",
            id="tool",
        ),
        pytest.param(KeyboardInterrupt(), 130, "interrupted\n", id="interrupted"),
    ],
)
def test_an_error_becomes_a_message_and_its_exit_code(error, code, said, failing):
    assert failing(error) == (code, "", said)


def test_a_bug_shows_its_traceback_and_asks_to_be_reported(failing):
    done = failing(ZeroDivisionError("oops"))

    assert (done.exit_code, done.stdout) == (70, "")
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert done.stderr.splitlines()[-2:] == [
        "ZeroDivisionError: oops",
        "This is a bug in paddledvc; please report it with the lines above.",
    ]


def test_every_error_of_ours_has_an_exit_code_of_the_table():
    def tree(branch):
        return {branch}.union(*map(tree, branch.__subclasses__()))

    codes = {error.exit_code for error in tree(paddledvc.errors.PaddleDVCError)}

    assert codes <= {1, 2, 3, 70}


def test_the_schema_is_printed_as_it_is_published(cli):
    assert json.loads(cli("schema").stdout)["title"] == "models.yaml"
    assert json.loads(cli("schema", "lock").stdout)["title"] == "models.lock"
    assert json.loads(cli("schema", "evaluate").stdout)["title"] == "evaluate.json"
    assert cli("schema").stdout == paddledvc.schema()


def test_an_unknown_schema_is_wrong_usage(cli):
    assert cli("schema", "params").exit_code == 2


# ---------------------------------------------------------------------------------------------
# Processes


@pytest.mark.slow
def test_python_m_paddledvc_is_the_command(project):
    project.write("models.yaml", PLAIN)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "paddledvc", "lock"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "Add a v1\n", "Locked 1 model\n")


@pytest.mark.slow
def test_output_is_utf_8_even_where_the_locale_is_not(project):
    project.write("models.yaml", "models: [{name: 模型, version: v1}]\n")
    done = subprocess.run(
        [sys.executable, "-m", "paddledvc", "lock"],
        cwd=project.root,
        capture_output=True,
        check=False,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    )

    assert done.returncode == 2
    assert done.stderr.startswith(b"models.yaml:1:17: models[0].name: found ")


@pytest.mark.slow
def test_an_interrupted_command_exits_with_130(project, server):
    url = server.put("/a.pdparams", b"x" * 1_000_000)
    server.delay["/a.pdparams"] = 0.5
    project.write("models.yaml", f"models: [{{name: a, version: v1, weights_url: {url}}}]\n")
    with subprocess.Popen(
        [sys.executable, "-m", "paddledvc", "lock"],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert server.sent.wait(20)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=20)

    assert (process.returncode, stdout, stderr) == (130, "", "interrupted\n")


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_bug(project):
    done = subprocess.run(
        f"set -o pipefail; {sys.executable} -m paddledvc schema | head -c 10",
        shell=True,
        executable="/bin/bash",
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) in ((141, ""), (0, ""))


HEAVY = (
    "paddle",
    "dvc",
    "numpy",
    "git",
    "requests",
    "yaml",
    "jsonschema",
    "jsonschema_rs",
    "rich",
    "ruamel",
    "jinja2",
)
LOADED = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"


def test_importing_the_package_loads_nothing_heavy():
    loaded = python(f"import paddledvc\n{LOADED}").split()

    assert sorted(set(loaded) & {*HEAVY, "click"}) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "module", ["verification.verify", "verification.verify_files", "evaluation.report"]
)
def test_templates_are_loaded_only_where_a_page_is_written(module):
    loaded = python(f"import paddledvc.{module}\n{LOADED}").split()

    assert "jinja2" not in loaded


def test_the_overview_loads_nothing_heavy():
    code = (
        "from paddledvc.cli import paddledvc\n"
        "try:\n    paddledvc(['--help'])\nexcept SystemExit: pass\n"
    )
    loaded = python(code + LOADED).splitlines()[-1].split()

    assert sorted(set(loaded) & set(HEAVY)) == []


@pytest.mark.slow
@pytest.mark.parametrize("command", [["lock", "--check"], ["generate"], ["check"]])
def test_a_command_loads_only_what_it_needs(command, project):
    project.write("models.yaml", PLAIN)
    project.write(".dvc/config", "[core]\n    analytics = false\n")
    project.commit()
    paddledvc.lock(paddledvc.Project(project.root))
    code = (
        "from paddledvc.cli import paddledvc\n"
        f"try:\n    paddledvc({command!r})\nexcept SystemExit as e: assert not e.code\n"
    )
    loaded = python(code + LOADED, cwd=project.root).splitlines()[-1].split()

    unneeded = {"paddle", "dvc", "numpy", "git", "jsonschema", "requests", "rich"}
    assert sorted(set(loaded) & unneeded) == []


@pytest.mark.parametrize("name", paddledvc.__all__)
def test_a_public_name_resolves_and_is_documented(name):
    assert (getattr(paddledvc, name).__doc__ or "").strip()


def test_public_names_are_sorted_and_shown_by_dir():
    assert sorted(paddledvc.__all__) == sorted(paddledvc.__all__, key=str)
    assert set(paddledvc.__all__) <= set(dir(paddledvc))


def test_the_version_is_public():
    assert paddledvc.__version__ == version("paddledvc")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError) as caught:
        paddledvc.lcok  # noqa: B018

    assert str(caught.value) == "module 'paddledvc' has no attribute 'lcok'"


@pytest.mark.slow
def test_star_import_gives_the_public_names():
    code = "from paddledvc import *\nprint(lock.__name__, Project.__name__, errors.__name__)"

    assert python(code) == "lock Project paddledvc.errors\n"


def test_the_names_of_importers_for_type_checkers_are_the_public_ones():
    assert set(paddledvc._HOMES) | {"errors"} == set(paddledvc.__all__)


@pytest.mark.slow
def test_every_pure_module_can_be_imported_first():
    """A circle of imports shows only in one order; one process tries them all."""
    pure = re.compile(r"paddledvc\.(.+\.core|comparison|display|models|yaml)\.")
    every = pkgutil.walk_packages(paddledvc.__path__, "paddledvc.")
    names = [module.name for module in every if pure.match(module.name)]
    python(
        "import importlib, sys\n"
        f"for name in {names!r}:\n"
        "    for loaded in [n for n in sys.modules if n.partition('.')[0] == 'paddledvc']:\n"
        "        del sys.modules[loaded]\n"
        "    importlib.import_module(name)\n"
    )

    assert {"paddledvc.models.lockfile", "paddledvc.gate.core.facts"} < set(names)


def test_of_very_many_lines_the_first_are_shown_and_the_rest_counted(capsys):
    printer.echo_lines(f"line {number}" for number in range(20_000))
    shown = capsys.readouterr().out.splitlines()

    assert (len(shown), shown[0]) == (51, "line 0")
    assert shown[-1] == "... and 19,950 more, which --format json lists"
    printer.echo_lines(["a", "b"], err=True)
    assert capsys.readouterr() == ("", "a\nb\n")
