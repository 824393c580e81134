"""The calls that a network is compared on: drawn, or made of representative samples."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paddledvc.comparison import samples
from paddledvc.comparison.samples import draw_resized_sample, make_edge_samples
from paddledvc.errors import InvalidInput, MissingTool, PaddleDVCError
from paddledvc.models.model import Reference
from paddledvc.tools.git.project_files import open_project_file
from paddledvc.tools.paddle.building import user_objects
from paddledvc.tools.paddle.building.inert_pickle import shorten_text
from paddledvc.tools.paddle.running import array_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paddledvc.comparison.samples import Array, Case
    from paddledvc.tools.paddle.core.jobs import ReferenceJob

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".webp")
DEEP = ("I", "F")
"""Modes of more than 8 bits, which a conversion to RGB would cut; of 16 bits they begin alike."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Extra:
    """A call that a network may refuse.

    Attributes:
        edge: name of the edge that its values are at; empty for other sizes.
    """

    case: Case
    edge: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Calls:
    """What a network is called with.

    Attributes:
        cases: the usual calls, which it must run.
        starts: number of the first sample of each of them.
        extras: calls beyond them, of the smallest batch.
    """

    cases: list[Case]
    starts: tuple[int, ...]
    extras: tuple[Extra, ...]


def sample_calls(job: ReferenceJob) -> Calls:
    """Make the calls.

    Raises:
        InvalidInput: the samples cannot be read, or do not fit the inputs.
        UserCodeFailed: a function that makes or prepares samples failed.
    """
    extras: list[Extra] = []
    if job.samples is None:
        if job.preprocess is not None:
            raise InvalidInput("preprocess: it is for a folder of images; name that as samples")
        cases = samples.draw_sample_cases(job.inputs, job.input_size, job.batch_sizes, job.seed)
        sizes = [samples.count_samples(case) for case in cases]
        starts = tuple(accumulate(sizes[:-1], initial=0))
        other = draw_resized_sample(cases, job.inputs, job.seed)
        extras += [Extra(case=other)] if other else []
    else:
        cases, starts = _split(job, job.samples)
    if job.edge_values:
        edges = make_edge_samples(min(cases, key=samples.count_samples), job.inputs)
        extras += [Extra(case=case, edge=edge) for edge, case in edges.items()]
    return Calls(cases=cases, starts=starts, extras=tuple(extras))


def _split(job: ReferenceJob, source: str) -> tuple[list[Case], tuple[int, ...]]:
    made = _arrays(job, source)
    try:
        cases = samples.split_sample_arrays(made, job.inputs, job.batch_sizes)
    except ValueError as error:
        raise InvalidInput(f"samples {source}: {error}") from error
    windows = samples.list_sample_windows(samples.count_samples(made), job.inputs, job.batch_sizes)
    return cases, tuple(start for start, _ in windows)


def _arrays(job: ReferenceJob, source: str) -> dict[str, Array]:
    root = Path(job.network.root)
    is_folder = ":" not in source and (root / source).is_dir()
    if job.preprocess is not None and not is_folder:
        raise InvalidInput(
            f"samples {source}: preprocess is for a folder of images, and this is none; leave "
            "preprocess out, or name the folder"
        )
    if is_folder:
        return _of_folder(job, source, root)
    if ":" in source:
        return _of_function(source, root)
    return _of_file(job, source, root)


def _of_file(job: ReferenceJob, source: str, root: Path) -> dict[str, Array]:
    single = source.endswith(".npy")
    try:
        # np.load goes by the first bytes, and would take either for the other.
        with open_project_file(root, source) as file:
            size = os.fstat(file.fileno()).st_size
            if single:
                return {_only_input(job, source): array_files.read_npy_file(file, size)}
            return array_files.read_npz_file(file, size)
    except OSError as error:
        raise InvalidInput(f"samples {source}: {error.strerror or error}") from error
    except MemoryError as error:
        raise InvalidInput(f"samples {source}: they need more memory than there is") from error
    except PaddleDVCError:
        raise
    except Exception as error:
        # Of bytes that are no array numpy, zipfile and zlib raise a dozen kinds of errors.
        kind = "a .npy" if single else "an .npz"
        raise InvalidInput(
            f"samples {source}: not {kind} file: {shorten_text(str(error))}"
        ) from error


def _only_input(job: ReferenceJob, source: str) -> str:
    if len(job.inputs) != 1:
        names = ", ".join(item.name for item in job.inputs)
        raise InvalidInput(
            f"samples {source}: a .npy file holds one array, and the network takes {names}; save "
            "one array for each with np.savez"
        )
    return job.inputs[0].name


def _of_function(source: str, root: Path) -> dict[str, Array]:
    function = user_objects.load_user_object(Reference.parse(source), root)
    with user_objects.user_code(f"making samples with {source}"):
        made: Any = function()
    if not isinstance(made, dict):
        raise InvalidInput(
            f"samples {source}: it returned a {type(made).__name__}, "
            "expected a dict of an array for each input"
        )
    return {str(name): np.asarray(value) for name, value in made.items()}


def _of_folder(job: ReferenceJob, source: str, root: Path) -> dict[str, Array]:
    """Prepare every image of a folder, and put the samples together."""
    if job.preprocess is None:
        raise InvalidInput(
            f"samples {source}: a folder of images needs preprocess, a function such as "
            "path/file.py:preprocess that makes a sample of an image"
        )
    function = user_objects.load_user_object(Reference.parse(job.preprocess), root)
    made: dict[str, dict[str, Array]] = {}
    try:
        files = _list_images(root / source)
        for name, image in _read_images(files, root / source):
            with user_objects.user_code(f"{job.preprocess} on {source}/{name}"):
                # A copy: what is prepared in place is to be writable.
                result: Any = function(image.copy())
            made[name] = _sample(job, result, name)
            _check_like_first(made, name)
    except InvalidInput as error:
        raise InvalidInput(f"samples {source}: {error}") from error
    first = next(iter(made.values()))
    return {key: np.stack([sample[key] for sample in made.values()]) for key in first}


def _sample(job: ReferenceJob, result: Any, image: str) -> dict[str, Array]:
    """Name the arrays of a sample: one for each input."""
    named = result
    if not isinstance(result, dict):
        if len(job.inputs) != 1:
            raise InvalidInput(
                f"{job.preprocess} returned a {type(result).__name__} for {image}, expected a dict "
                f"of an array for each input: {[item.name for item in job.inputs]}"
            )
        named = {job.inputs[0].name: result}
    sample = {str(name): np.asarray(value) for name, value in named.items()}
    for array in sample.values():
        if array.dtype.kind not in "biuf":
            raise InvalidInput(
                f"{job.preprocess} returned a {type(result).__name__} for {image}, expected an "
                "array of numbers"
            )
    return sample


def _check_like_first(made: dict[str, dict[str, Array]], image: str) -> None:
    first = next(iter(made))
    wanted, found = (
        {name: (list(array.shape), str(array.dtype)) for name, array in made[one].items()}
        for one in (first, image)
    )
    if wanted != found:
        raise InvalidInput(
            f"{image} became {_describe_arrays(found)}, and {first} {_describe_arrays(wanted)}; "
            "every sample needs the same shapes and types, so let preprocess resize or crop"
        )


def _describe_arrays(arrays: dict[str, tuple[list[int], str]]) -> str:
    return ", ".join(f"{name} {dtype}{shape}" for name, (shape, dtype) in arrays.items())


def _list_images(folder: Path) -> list[Path]:
    """List the images of a folder and the folders in it, in the order of their paths.

    Raises:
        InvalidInput: there are none.
    """
    paths = (path.relative_to(folder) for path in folder.rglob("*"))
    names = sorted(
        path.as_posix()
        for path in paths
        if path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in path.parts)
    )
    if not names:
        formats = ", ".join(suffix[1:] for suffix in SUFFIXES)
        raise InvalidInput(f"it holds no images; expected files of {formats}")
    return [folder / name for name in names]


def _read_images(files: list[Path], folder: Path) -> Iterator[tuple[str, Array]]:
    """Read images, upright, as uint8 arrays of shape [height, width, 3] in RGB.

    Yields:
        The path of each in the folder, and the array.

    Raises:
        InvalidInput: one cannot be read, or has more than 8 bits a channel.
        MissingTool: Pillow is not installed.
    """
    try:
        from PIL import Image, ImageOps
    except ModuleNotFoundError as error:
        raise MissingTool("images need Pillow; run `pip install pillow`") from error
    # Pillow raises SyntaxError for a PNG that is broken.
    broken = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
    for file in files:
        name = file.relative_to(folder).as_posix()
        try:
            with Image.open(file) as image:
                if image.mode.startswith(DEEP):
                    raise InvalidInput(
                        f"{name} has more than 8 bits a channel, which RGB would cut; convert it, "
                        "or let a function make the samples"
                    )
                upright = ImageOps.exif_transpose(image).convert("RGB")
        except broken as error:
            raise InvalidInput(
                f"{name} cannot be read as an image ({error}); replace it or leave it out"
            ) from error
        yield name, np.asarray(upright)
