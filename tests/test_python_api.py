"""The library as people use it from Python: names, paths, what is shown, and examples."""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import paddledvc
from paddledvc.display.results import Displayed, Table
from paddledvc.errors import InvalidInput
from tests.verification.core.test_report import a_path, a_report

PUBLIC = [name for name in paddledvc.__all__ if name != "errors"]
FUNCTIONS = [name for name in PUBLIC if inspect.isfunction(getattr(paddledvc, name))]
INTERNAL = {"TrainJob", "CallTime", "Process"}  # what only we make a Run, and Latencies, of
HERE = {  # examples that need no more than a project, and what they print of it
    "generate": "('sync-digits',)\n",
    "hooks_status": "False\n",
    "list_models": "",
    "outdated": "",
    "status": "",
    "uninstall_hooks": "",
}


@cache
def names_in(module):
    """List the classes and functions of a module, and what it imports from others of ours."""
    tree = ast.parse(inspect.getsource(import_module(module)))
    own = {one.name: one for one in tree.body if isinstance(one, ast.ClassDef | ast.FunctionDef)}
    imported = {
        alias.asname or alias.name: (one.module, alias.name)
        for one in ast.walk(tree)
        if isinstance(one, ast.ImportFrom) and (one.module or "").startswith("paddledvc.")
        for alias in one.names
    }
    return own, imported


def signatures(node):
    """Yield the functions that people call, and the annotations that they see of it."""
    if isinstance(node, ast.FunctionDef):
        yield (
            node,
            [
                one.annotation
                for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
                if one.annotation is not None
            ]
            + [node.returns],
        )
        return
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"):
            yield from signatures(one)
        if isinstance(one, ast.AnnAssign) and not one.target.id.startswith("_"):
            yield None, [one.annotation]


def types_named_by(module, name):
    """Yield the classes of ours that the signatures of a public name mention."""
    own, imported = names_in(module)
    for _, stated in signatures(own[name]):
        for part in (part for one in stated for part in ast.walk(one)):
            if not isinstance(part, ast.Name):
                continue
            where, called = (
                (module, part.id) if part.id in own else imported.get(part.id, (None, None))
            )
            found = getattr(import_module(where), called, None) if where else None
            # To Python 3.10 an alias such as `Callable[[int], None]` is a class.
            if inspect.isclass(found) and not hasattr(found, "__origin__"):
                yield found


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLIC)
def test_every_type_that_a_signature_names_is_exported(name):
    value = getattr(paddledvc, name)
    exported = {getattr(paddledvc, one) for one in PUBLIC}

    missing = set(types_named_by(value.__module__, value.__name__)) - exported

    assert {one.__qualname__ for one in missing} <= INTERNAL


@pytest.mark.parametrize("name", PUBLIC)
def test_every_path_that_is_asked_for_may_be_text(name):
    value = getattr(paddledvc, name)
    own, _ = names_in(value.__module__)
    if "from pathlib import" not in inspect.getsource(import_module(value.__module__)):
        return  # a Path is another thing there
    asked = {
        f"{function.name}({one.arg})"
        for function, _ in signatures(own[value.__name__])
        if function is not None
        for one in (*function.args.args, *function.args.kwonlyargs)
        if one.annotation is not None
        and "Path" in [part.id for part in ast.walk(one.annotation) if isinstance(part, ast.Name)]
    }

    assert asked == set()


def test_a_project_is_found_by_text_and_by_a_path(project):
    made = project.models("models: []\n")
    (project.root / "below").mkdir()

    assert paddledvc.Project.find(str(project.root)) == made
    assert paddledvc.Project.find(project.root / "below") == made
    assert paddledvc.Project(str(project.root)) == made


def test_a_project_is_found_from_the_current_folder(project, monkeypatch):
    made = project.models("models: []\n")
    monkeypatch.chdir(project.root)

    assert paddledvc.Project.find() == paddledvc.Project.find(".") == made


@pytest.mark.parametrize("kind", [str, Path])
def test_files_to_verify_are_named_by_text_and_by_a_path(kind, project):
    with pytest.raises(InvalidInput) as caught:
        paddledvc.verify_files("net.py:Net", kind("exported/net"), root=kind(project.root))
    assert str(caught.value).startswith("there is no exported program exported/net.json")

    with pytest.raises(InvalidInput) as caught:
        paddledvc.verify_files("net.py:Net", weights=kind("net.pdparams"))
    assert str(caught.value) == "there are no weights net.pdparams"


def test_a_report_is_shown_in_one_line():
    assert repr(a_report(a_path(1e-7, 2e-6))) == (
        "<VerifyReport a v1: pass, 9 samples, worst 2e-06 of 1e-05 on jit>"
    )


def test_a_report_that_fails_is_shown_with_the_path_that_fails():
    report = a_report(a_path(1e-7), a_path(2e-3, path="onnx"))

    assert repr(report).endswith("fail, 9 samples, worst 0.002 of 1e-05 on onnx>")
    failed = a_path(path="onnx", agreement=None, failure="no <wheel>")
    assert repr(a_report(a_path(1e-7), failed)).endswith("fail, 9 samples, onnx did not run>")


def test_a_report_is_a_table_in_a_notebook_and_its_texts_are_no_html():
    failed = a_path(path="onnx", agreement=None, failure="no <wheel>")

    shown = a_report(a_path(1e-7), failed)._repr_html_()

    assert "<tr><th>path</th><th>result</th><th>error</th><th>tolerance</th><th>why</th></tr>" in (
        shown
    )
    assert "<td>jit</td><td>pass</td><td>1e-07</td><td>1e-05</td>" in shown
    assert "no &lt;wheel&gt;" in shown


def test_rows_are_the_tuple_that_they_were_and_a_table_in_a_notebook(project):
    made = project.models("models: [{name: a, version: v1}, {name: b, version: v2}]\n")

    rows = paddledvc.list_models(made)

    assert (type(rows), rows) == (Table, tuple(rows))
    assert repr(rows) == "<Table of 2: a, b>"
    assert "<th>requires</th>" in rows._repr_html_()
    assert "<td>b</td><td>v2</td>" in rows._repr_html_()
    assert Table()._repr_html_().count("<tr>") == 1


def test_what_lock_changed_is_a_table_in_a_notebook(project):
    made = project.models("models: [{name: a, version: v1}]\n")

    locked = paddledvc.lock(made)

    assert repr(locked) == "<Locked lock Lock, changes 1>"
    assert "<td>add</td><td>a</td><td></td><td>v1</td>" in locked._repr_html_()
    assert "<td>a</td>" in locked.lock._repr_html_()


def test_findings_are_a_table_in_a_notebook(project):
    project.commit()
    made = project.models("models: [{name: a, version: '>=1'}]\n")

    found = paddledvc.check(made, branch="main")

    assert repr(found).startswith("<Verdict title main, role production, violations ")
    assert f"<td>{found.violations[0].rule}</td><td>error</td>" in found._repr_html_()


def test_a_value_without_rows_has_no_table():
    assert paddledvc.Removed(names=("a",), changes=())._repr_html_() is None


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_a_function_returns_is_shown_in_short(name):
    function = getattr(paddledvc, name)
    own, imported = names_in(function.__module__)
    returned = [one.id for one in ast.walk(own[name].returns) if isinstance(one, ast.Name)]
    ours = [getattr(paddledvc, one) for one in returned if one in own or one in imported]

    assert [one for one in ours if not issubclass(one, Displayed)] == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_explains_itself_with_an_example(name, project, capsys, monkeypatch):
    doc = inspect.getdoc(getattr(paddledvc, name))
    if ">>> " in doc:  # tried where it stands
        return
    code = textwrap.dedent(doc.partition("\nExample:\n")[2])
    assert code, "no example"
    for call in ast.walk(ast.parse(code)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            owner = ast.unparse(call.func.value)
            if owner == "paddledvc":
                signature = inspect.signature(getattr(paddledvc, call.func.attr))
                signature.bind(*call.args, **{one.arg: one.value for one in call.keywords})
    if name in HERE:
        project.write("a.bin", "weights")
        project.models("models: [{name: digits, version: v1, weights_url: a.bin}]\n")
        project.commit()
        monkeypatch.chdir(project.root)
        exec(compile(code, name, "exec"), {"paddledvc": paddledvc})
        assert capsys.readouterr().out == HERE[name] or not HERE[name]
