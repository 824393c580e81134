"""A user's functions and classes, imported from their project."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import re
import sys
import sysconfig
import traceback
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.errors import PaddleDVCError, UserCodeFailed
from paddledvc.names import suggest_name
from paddledvc.tools.code.source_files import import_root_of_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from paddledvc.models.model import Reference

_LIBRARIES = (*map(Path, (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"))),)
_TRANSFORMED = "In transformed code:"
_SUMMARY = re.compile(
    r"\((?:InvalidArgument|NotFound|OutOfRange|AlreadyExists|ResourceExhausted|Unimplemented"
    r"|PreconditionNotMet|PermissionDenied|ExecutionTimeout|Unavailable|Fatal|External)\) "
    r"(?P<said>.*?)(?:\(at [^()]*:\d+\))?$",
    re.MULTILINE,
)
"""The sentence in a dump of Paddle."""
_RAISED = re.compile(r"^\s+\w+(?:Error|Exception): (?P<said>.+)$", re.MULTILINE)
"""The sentence of the error that Paddle tells behind the lines of code."""
_PLACE = re.compile(r'File "(?P<file>[^"]+)", line \d+, in \w+')
_MORE = "`paddledvc -v` with the same command shows Paddle's full message"


def load_user_object(reference: Reference, root: Path) -> Any:
    """Import what a reference names.

    A file in a package is imported as a module of that package, so that its relative imports
    work; any other file as itself, with its folder searched for its neighbours.

    Raises:
        UserCodeFailed: it cannot be imported, or has no such name.
    """
    with user_code(f"importing {reference}"):
        if str(root) not in sys.path:
            # First, so that the project's own modules win over installed ones.
            sys.path.insert(0, str(root))
        module = _import(reference, root)
    parts = reference.name.split(".")
    try:
        return reduce(getattr, parts, module)
    except AttributeError as error:
        names = [name for name in dir(module) if not name.startswith("_")]
        raise UserCodeFailed(
            f"{reference.module} has no {reference.name!r}{suggest_name(reference.name, names)}"
        ) from error


def _import(reference: Reference, root: Path) -> ModuleType:
    if not reference.is_file:
        return importlib.import_module(reference.module)
    file = root / reference.module
    top = import_root_of_source(file, root)
    if str(top) not in sys.path:
        # Last, for a neighbour of the file may bear the name of a package that others import.
        sys.path.append(str(top))
    if top != file.parent:
        return importlib.import_module(".".join(file.relative_to(top).with_suffix("").parts))
    return _import_file(file, reference)


def _import_file(file: Path, reference: Reference) -> ModuleType:
    """Import a file once, under its own name unless another module has that."""
    name = file.stem
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", None) == str(file):
        return known
    if known is not None or name in sys.stdlib_module_names:
        name = f"_{name}_{hashlib.sha256(str(file).encode()).hexdigest()[:8]}"
        if name in sys.modules:
            return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise FileNotFoundError(f"there is no file {reference.module} in the project")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Paddle reads the source of classes by way of their module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextmanager
def user_code(doing: str) -> Iterator[None]:
    """Turn what a user's code raises into an error that shows where in their code it happened.

    Args:
        doing: what was going on, for the start of the message.
    """
    try:
        yield
    except PaddleDVCError:
        raise
    except SystemExit as error:
        raise UserCodeFailed(f"{doing}: the code ended the process ({error.code})") from error
    except Exception as error:
        where = "".join(traceback.format_list(_telling(error)))
        what = "".join(traceback.format_exception_only(type(error), error)).rstrip()
        whole = f"{doing} failed:\n{where}{what}"
        brief = _brief(error)
        failed = UserCodeFailed(f"{doing} failed:\n{brief}\n  {_MORE}" if brief else whole)
        failed.details = whole if brief else ""
        raise failed from error


def _brief(error: BaseException) -> str:
    """Say in a sentence what Paddle says in a dump; nothing for any other error."""
    text = str(error)
    summary = _SUMMARY.search(text)
    if summary is None and _TRANSFORMED not in text:
        return ""
    # Examples may follow what is wrong.
    if summary := summary or next(reversed(list(_RAISED.finditer(text))), None):
        said = summary["said"].strip()
    else:
        said = [line.strip() for line in text.splitlines() if line.strip()][-1]
    own = [frame for frame in _telling(error) if _is_own(frame.filename)][-1:]
    where = "".join(traceback.format_list(own))
    if not own:  # Paddle has made other code of theirs, and names the lines in its words
        places = [one for one in _PLACE.finditer(text) if _is_own(one["file"])][-1:]
        where = "".join(f"  {one[0]}\n" for one in places)
    return f"{where}{type(error).__name__}: {said}"


def _is_own(file: str) -> bool:
    """Tell a file of the user's from those of Python and of installed packages."""
    return not file.startswith("<") and not any(map(Path(file).is_relative_to, _LIBRARIES))


def _telling(error: BaseException) -> list[traceback.FrameSummary]:
    """Choose the frames that tell a user most: their own last ones, and where it ended."""
    here = Path(__file__).resolve().parents[3]  # all of paddledvc
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not Path(frame.filename).is_relative_to(here)
    ]
    own = [frame for frame in frames if _is_own(frame.filename)]
    end = [frame for frame in frames[-1:] if frame not in own]
    return own[-4:] + end
