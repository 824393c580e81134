"""Export: a dynamic network as a static program, byte for byte the same in every fresh process."""

from __future__ import annotations

import logging
import re
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddledvc.core.answers import Exported
from paddledvc.core.layout import EXPORT_PREFIX
from paddledvc.errors import Finding
from paddledvc.tools import references
from paddledvc.tools.paddle import network
from paddledvc.tools.paddle.runtime import paddle, use_device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.core.jobs import ExportJob

SIGNS = {
    "in-place": re.compile(r"does not perform inplace operation", re.IGNORECASE),
    "branch-types": re.compile(r"Return results from different branches in cond", re.IGNORECASE),
}
"""How Paddle words the warnings of ``FORETELLING``."""


def do(job: ExportJob) -> Exported:
    """Export a network into an empty folder.

    Raises:
        Finding: a warning foretells that the program will not compute what the network does.
        UserCodeFailed: the network cannot be exported.
    """
    module = paddle()
    use_device("cpu")
    # Parameter names come from counters of the process, and they order the weights in the file.
    with module.utils.unique_name.guard():
        layer = network.for_inference(network.build(job.network))
        specs = [
            module.static.InputSpec(shape=list(item.shape), dtype=item.dtype, name=item.name)
            for item in job.inputs
        ]
        with _messages() as messages, references.user_code(f"exporting {job.network.reference}"):
            _save(module, layer, str(Path(job.folder) / EXPORT_PREFIX), specs)
    passed = _judge(messages, job.allow)
    files = sorted(file.name for file in Path(job.folder).iterdir())
    return Exported(files=tuple(files), warnings=tuple(passed))


def _save(module: Any, layer: Any, prefix: str, specs: list[Any]) -> None:
    """Call jit.save; a forward that was made static by its author knows its inputs already."""
    forward = layer.forward
    if getattr(forward, "_input_spec", None) is not None:
        module.jit.save(layer, prefix)
    else:
        module.jit.save(layer, prefix, input_spec=specs)


@contextmanager
def _messages() -> Iterator[list[str]]:
    """Collect what Paddle says while it exports, by warnings and by its loggers."""
    messages: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    handler = Collector()
    loggers = [
        logger
        for logger in (logging.root, *logging.root.manager.loggerDict.values())
        if isinstance(logger, logging.Logger)
    ]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield messages
            messages += [str(warning.message) for warning in caught]
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


def _judge(messages: list[str], allowed: tuple[str, ...]) -> list[str]:
    """Name the foretelling warnings that are allowed; refuse the others."""
    heard = {
        name: message
        for message in messages
        for name, sign in SIGNS.items()
        if sign.search(message)
    }
    for name, message in heard.items():
        if name not in allowed:
            raise Finding(
                f"the export warns ({name}): {message.strip()}\n"
                "  The exported program would not compute what the network computes. Change the "
                f"network, or, if verify passes with it, set export: {{allow: [{name}]}}"
            )
    return sorted(heard)
