"""Representative samples from files, functions and folders of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from paddledvc.errors import InvalidInput, MissingTool, UserCodeFailed
from paddledvc.models.model import Input, Reference
from paddledvc.tools.paddle.core.jobs import Network, ReferenceJob
from paddledvc.tools.paddle.running import sampling

if TYPE_CHECKING:
    from pathlib import Path

PREPARE = """
import numpy as np

def plain(image):
    return image[:2, :2].transpose(2, 0, 1).astype("float32")

def writing(image):
    image[:] = 0
    return plain(image)

def uncut(image):
    return image.transpose(2, 0, 1).astype("float32")

def both(image):
    return {"image": plain(image), "size": np.int64(image.shape[1])}

def nothing(image):
    pass

def double(image):
    return plain(image).astype("float64")

def broken(image):
    return 1 / 0
"""
IMAGE = Input(name="image", shape=(None, 3, None, None))
SIZE = Input(name="size", shape=(None,), dtype="int64")
RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with two images: a red one of 3 x 2 and a blue one of 4 x 2."""
    (tmp_path / "prepare.py").write_text(PREPARE)
    (tmp_path / "val" / "deeper").mkdir(parents=True)
    Image.new("RGB", (4, 2), BLUE).save(tmp_path / "val" / "deeper" / "z.JPG", quality=100)
    Image.new("RGB", (3, 2), RED).save(tmp_path / "val" / "a.png")
    (tmp_path / "val" / "labels.txt").write_text("red\nblue\n")
    return tmp_path


def calls(
    root: Path,
    samples: str | None = "val",
    preprocess: str | None = None,
    inputs: tuple[Input, ...] = (IMAGE,),
    **settings: Any,
) -> sampling.Calls:
    network = Network(
        root=root, reference=Reference(module="n.py", name="N"), arguments={}, weights=None
    )
    job = ReferenceJob(
        network=network,
        inputs=inputs,
        samples=samples,
        preprocess=f"prepare.py:{preprocess}" if preprocess else None,
        input_size=(),
        batch_sizes=(1, 9),
        seed=0,
        cases=root / "cases.npz",
        outputs=root / "outputs.npz",
        **settings,
    )
    return sampling.sample_calls(job)


def colors(made: sampling.Calls) -> list[list[float]]:
    return made.cases[-1]["image"][:, :, 0, 0].round(-1).tolist()


def test_images_are_read_in_rgb_in_the_order_of_their_paths(folder):
    made = calls(folder, preprocess="plain")

    assert [case["image"].shape for case in made.cases] == [(1, 3, 2, 2), (2, 3, 2, 2)]
    assert colors(made) == [[260, 0, 0], [0, 0, 250]]
    assert made.starts == (0, 0)
    assert made.extras == ()


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "CMYK"])
def test_images_of_other_modes_become_rgb(mode, folder):
    Image.new("RGB", (2, 2), (255, 255, 255)).convert(mode).save(folder / "val" / "b.tiff")
    (folder / "val" / "b.tiff").rename(folder / "val" / "b.bmp")

    assert colors(calls(folder, preprocess="plain"))[1] == [260, 260, 260]


def test_images_are_turned_upright(folder):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    Image.new("RGB", (5, 9)).save(folder / "val" / "a.png", exif=exif)
    made = calls(folder, preprocess="both", inputs=(IMAGE, SIZE))

    assert made.cases[-1]["size"].tolist() == [9, 4]


def test_a_function_may_write_into_the_image_that_it_gets(folder):
    assert colors(calls(folder, preprocess="writing")) == [[0, 0, 0], [0, 0, 0]]


def write_text(folder: Path) -> None:
    (folder / "val" / "a.png").write_text("no image")


def write_truncated(folder: Path) -> None:
    file = folder / "val" / "deeper" / "z.JPG"
    file.write_bytes(file.read_bytes()[:-200])


def write_deep(folder: Path) -> None:
    Image.fromarray(np.zeros((2, 2), "uint16")).save(folder / "val" / "a.png")


def remove_all(folder: Path) -> None:
    (folder / "val" / "a.png").unlink()
    (folder / "val" / "deeper" / "z.JPG").rename(folder / "val" / ".hidden.jpg")


@pytest.mark.parametrize(
    ("change", "preprocess", "message"),
    [
        pytest.param(write_text, "plain", "a.png cannot be read as an image (cannot ", id="text"),
        pytest.param(
            write_truncated, "plain", "deeper/z.JPG cannot be read as an image (", id="truncated"
        ),
        pytest.param(
            write_deep, "plain", "a.png has more than 8 bits a channel, which RGB", id="16 bits"
        ),
        pytest.param(
            remove_all,
            "plain",
            "it holds no images; expected files of bmp, jpeg, jpg, png, webp",
            id="none",
        ),
        pytest.param(
            None,
            None,
            "a folder of images needs preprocess, a function such as path/file.py:preprocess",
            id="no preprocess",
        ),
        pytest.param(
            None,
            "nothing",
            "prepare.py:nothing returned a NoneType for a.png, expected an array of numbers",
            id="nothing returned",
        ),
        pytest.param(
            None,
            "uncut",
            "deeper/z.JPG became image float32[3, 2, 4], and a.png image float32[3, 2, 3]; every "
            "sample needs the same shapes and types, so let preprocess resize or crop",
            id="sizes",
        ),
        pytest.param(None, "double", "image: found float64, expected float32", id="type"),
        pytest.param(
            None, "both", "found arrays ['image', 'size'], expected one for each", id="too many"
        ),
    ],
)
def test_what_is_wrong_with_a_folder_is_said_with_the_image(change, preprocess, message, folder):
    if change is not None:
        change(folder)
    with pytest.raises(InvalidInput) as caught:
        calls(folder, preprocess=preprocess)

    assert str(caught.value).startswith(f"samples val: {message}")


def test_one_array_for_two_inputs_is_refused(folder):
    with pytest.raises(InvalidInput, match=r"plain returned a ndarray for a\.png, expected a dict"):
        calls(folder, preprocess="plain", inputs=(IMAGE, SIZE))


def test_a_function_that_raises_is_named_with_the_image(folder):
    with pytest.raises(UserCodeFailed, match=r"^prepare\.py:broken on val/a\.png failed:\n"):
        calls(folder, preprocess="broken")


def test_images_without_pillow_name_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(MissingTool, match="images need Pillow; run `pip install pillow`"):
        calls(folder, preprocess="plain")


@pytest.mark.parametrize(("samples", "where"), [(None, ""), ("x.npz", "samples x.npz: ")])
def test_preprocess_without_a_folder_is_refused(samples, where, folder):
    with pytest.raises(InvalidInput) as caught:
        calls(folder, samples, preprocess="plain")

    assert str(caught.value).startswith(where)
    assert "preprocess" in str(caught.value)
    assert "for a folder of images" in str(caught.value)


def test_a_npy_file_is_the_samples_of_the_only_input(folder):
    array = np.arange(24, dtype="float32").reshape(2, 3, 2, 2)
    np.save(folder / "x.npy", array)

    assert np.array_equal(calls(folder, "x.npy").cases[-1]["image"], array)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "samples x.npy: not a .npy file: "),
        (b"some text that is no array", "samples x.npy: not a .npy file: "),
        (b"\x93NUMPY\x01\x00\x02\x00{\n", "samples x.npy: not a .npy file: "),
        (
            b"\x93NUMPY\x01\x00\x76\x00"
            + b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 4)}".ljust(118),
            "samples x.npy: not a .npy file: its header says 16,000,000,000,000 bytes of data",
        ),
        (None, "samples x.npy: No such file or directory"),
    ],
)
def test_what_is_no_npy_file_is_refused(content, message, folder):
    if content is not None:
        (folder / "x.npy").write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        calls(folder, "x.npy")

    assert str(caught.value).startswith(message)


def test_a_npy_file_for_two_inputs_is_refused(folder):
    np.save(folder / "x.npy", np.zeros((2, 3, 2, 2), "float32"))
    with pytest.raises(InvalidInput, match="the network takes image, size; save one array for"):
        calls(folder, "x.npy", inputs=(IMAGE, SIZE))


def test_other_sizes_and_edges_follow_drawn_samples(folder):
    made = calls(folder, None, edge_values=True)

    assert [extra.edge for extra in made.extras] == [
        *("", "zeros", "ones", "tiny", "huge", "inf", "nan"),
    ]
    assert made.extras[0].case["image"].shape == (1, 3, 96, 128)


def test_edges_of_representative_samples_are_made_of_them(folder):
    made = calls(folder, preprocess="plain", edge_values=True)
    last = made.extras[-1]
    array = last.case["image"]

    assert last.edge == "nan"
    assert (array.shape, int(np.isnan(array).sum())) == ((1, 3, 2, 2), 1)
    assert np.nanmax(array) == 255
