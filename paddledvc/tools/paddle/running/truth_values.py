"""What a network asks of its tensors while it runs eagerly."""

from __future__ import annotations

import linecache
import sys
from contextlib import contextmanager
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.comparison.untaken_branches import Branch, Span, write_branch_condition
from paddledvc.tools.paddle.building.runtime import import_paddle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType


class TruthValues:
    """The truth values that were asked: which code, at which instruction, with which answers."""

    def __init__(self) -> None:
        self.answers: set[tuple[CodeType, int, int, bool]] = set()

    def note(self, frame: FrameType, answer: bool) -> None:  # noqa: FBT001 - of one tensor
        """Keep an answer; called for every one, so that it must be quick."""
        self.answers.add((frame.f_code, frame.f_lasti, frame.f_lineno, answer))

    def branches(self, root: Path) -> tuple[Branch, ...]:
        """List the places that are in code of the user's, in the order of files and lines.

        Python tests a ``while`` at two instructions; their answers are those of one place.
        """
        found: dict[tuple[str, Span], set[bool]] = {}
        libraries = (Path(import_paddle().__file__).parent, Path(__file__).parents[3])
        for code, instruction, line, answer in self.answers:
            file = code.co_filename
            if not file.startswith("<") and not any(map(Path(file).is_relative_to, libraries)):
                span = _span(code, instruction, line)
                found.setdefault((file, span), set()).add(answer)
        return tuple(
            Branch(
                file=_name(Path(file), root),
                line=span.line,
                code=asked,
                outcomes=tuple(sorted(found[file, span])),
            )
            for file, span in sorted(found, key=lambda place: (_name(Path(place[0]), root), place))
            if (asked := write_branch_condition("".join(linecache.getlines(file)), span))
            is not None
        )


@contextmanager
def watch_truth_values() -> Iterator[TruthValues]:
    """Note every truth value of a tensor that is asked meanwhile, and change no result."""
    module = import_paddle()
    tensor, asked = module.Tensor, TruthValues()
    before = {name: vars(tensor)[name] for name in ("__bool__", "item")}
    package = str(Path(module.__file__).parent)
    control_flow = module.static.nn.control_flow.__file__

    @wraps(before["__bool__"])
    def truth(self: Any) -> bool:
        answer: bool = before["__bool__"](self)
        asked.note(sys._getframe(1), answer)  # noqa: SLF001 - the frame that asks
        return answer

    @wraps(before["item"])
    def item(self: Any, *arguments: Any) -> Any:
        value = before["item"](self, *arguments)
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
        # Eagerly, cond and while_loop take the item of what they are given.
        if frame is not None and frame.f_code.co_filename == control_flow:
            while frame is not None and frame.f_code.co_filename.startswith(package):
                frame = frame.f_back
            if frame is not None:
                asked.note(frame, bool(value))
        return value

    try:
        tensor.__bool__, tensor.item = truth, item
        yield asked
    finally:
        for name, method in before.items():
            setattr(tensor, name, method)


def _span(code: CodeType, instruction: int, line: int) -> Span:
    positions = getattr(code, "co_positions", None)
    if positions is None:  # before Python 3.11
        return Span(line, line)
    # Two bytes an instruction.
    start, end, column, end_column = next(islice(positions(), instruction // 2, None))
    return Span(start or line, end or line, column, end_column)


def _name(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name
