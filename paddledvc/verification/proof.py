"""What a comparison of outputs leaves open: the parameters behind them, and values never tried."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddledvc.comparison.caveats import Caveat
from paddledvc.comparison.parameters import (
    Parameter,
    ParameterComparison,
    compare_parameters,
)
from paddledvc.errors import InvalidInput, PaddleDVCError
from paddledvc.models.verify_settings import USUAL_TOLERANCES
from paddledvc.tools.paddle.building.state_dict import read_state_dict
from paddledvc.tools.paddle.read_parameters import (
    read_exported_parameters,
    read_exported_values,
)
from paddledvc.verification.core.verify_report import PathReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path, PurePath

    from paddledvc.comparison.reach import InputReach
    from paddledvc.comparison.samples import Array

logger = logging.getLogger(__name__)
USUAL = USUAL_TOLERANCES["float32"]["program"]
ROUNDED = {"float16", "bfloat16"}
"""Types that an export may have rounded parameters to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedParameters:
    """The parameters of exported files.

    Attributes:
        program: path of the files without their suffix.
        found: the parameters.
        why: why they are unknown, as a clause; empty where they are not.
    """

    program: Path
    found: tuple[Parameter, ...] = ()
    why: str = ""

    @property
    def roundings(self) -> tuple[str, ...]:
        """The types that the parameters may have been rounded to."""
        return tuple(sorted({one.dtype for one in self.found} & ROUNDED))

    def compare(
        self,
        network: Sequence[Parameter],
        values: Callable[[], Mapping[str, Array]],
        program: float,
    ) -> ParameterComparison:
        """Compare them with those of the network.

        Args:
            network: the parameters of the network.
            values: gives its state dict; called only where something differs.
            program: the tolerance of the program: one that is wider than usual holds for
                parameters too, which are else the same to the last bit.
        """
        if self.why:
            return ParameterComparison(exported=0, compared=0, why=self.why)
        found = compare_parameters(network, self.found)
        if not found.differing:
            return found
        numbers = {one.number for one in found.differing}
        allowed = program if program > USUAL else 0.0
        return found.measured(read_exported_values(self.program, numbers), values(), allowed)


def read_parameters(program: Path) -> ExportedParameters:
    """Read the parameters of exported files; that they cannot be read is a result."""
    try:
        return ExportedParameters(program=program, found=read_exported_parameters(program))
    except InvalidInput as error:
        return ExportedParameters(program=program, why=str(error))


def read_network_values(weights: PurePath | None, key: str | None) -> dict[str, Array]:
    """Read a state dict, or nothing where it cannot be read here, as safetensors without Paddle."""
    try:
        return {} if weights is None else read_state_dict(weights, key)
    except (PaddleDVCError, ImportError) as error:
        logger.warning("how far parameters are off is unknown: %s", error)
        return {}


def report_parameters(parameters: ParameterComparison) -> tuple[PathReport, ...]:
    """Report parameters that differ as what fails, whatever the samples show."""
    if not parameters.differing:
        return ()
    failed = PathReport(
        path="parameters", gate="program", tolerance=0.0, failure=parameters.finding
    )
    return (failed,)


def list_caveats(
    reach: Sequence[InputReach], parameters: ParameterComparison | None
) -> Iterator[Caveat]:
    """Say what neither samples nor parameters show."""
    for one in reach:
        if _is_open(one, parameters):
            yield Caveat(kind="values-untried", text=str(one))
    if parameters is not None and parameters.caveat:
        yield Caveat(kind="parameters-unmatched", text=parameters.caveat)


def list_partly_tried(
    reach: Sequence[InputReach], parameters: ParameterComparison | None
) -> tuple[str, ...]:
    """Say what was tried of known ranges, where the tables behind them were compared whole."""
    return tuple(str(one) for one in reach if not _is_open(one, parameters))


def _is_open(reach: InputReach, parameters: ParameterComparison | None) -> bool:
    return reach.possible is None or parameters is None or not parameters.complete
