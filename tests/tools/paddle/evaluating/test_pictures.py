from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from paddledvc.errors import UserCodeFailed
from paddledvc.tools.paddle.evaluating.pictures import encode_changed_pictures, encode_picture

GRADIENT = np.linspace(0, 1, 32, dtype=np.float32).reshape(1, 32).repeat(32, 0)


def decoded(picture, root="."):
    return Image.open(io.BytesIO(base64.b64decode(encode_picture(picture, "a", root))))


@pytest.mark.parametrize(
    ("picture", "size", "mode"),
    [
        (GRADIENT, (96, 96), "L"),
        (GRADIENT[:, :, None], (96, 96), "L"),
        (GRADIENT[None], (96, 96), "L"),
        (np.zeros((3, 20, 40), np.uint8), (96, 48), "RGB"),
        (np.zeros((500, 250, 3)), (48, 96), "RGB"),
        (np.zeros((1, 900), bool), (96, 1), "L"),
    ],
)
def test_arrays_of_all_usual_shapes_are_pictures_of_one_size(picture, size, mode):
    found = decoded(picture)

    assert (found.size, found.mode, found.format) == (size, mode, "JPEG")


@pytest.mark.parametrize(
    "picture",
    [GRADIENT, (GRADIENT * 255).round().astype(np.uint8), GRADIENT * 16, GRADIENT * 5 - 2],
)
def test_the_same_picture_in_any_range_has_the_same_brightness(picture):
    found = np.asarray(decoded(picture), dtype=float)

    assert abs(found - 255 * np.kron(GRADIENT, np.ones((3, 3)))).max() < 6


def test_an_image_file_is_found_from_the_root(tmp_path):
    Image.new("RGBA", (10, 20), (255, 0, 0, 255)).save(tmp_path / "a.png")

    assert decoded("a.png", tmp_path).getpixel((20, 40))[0] > 250
    assert decoded(tmp_path / "a.png").size == (48, 96)


@pytest.mark.parametrize(
    ("picture", "why"),
    [
        ("missing.png", "No such file"),
        (np.zeros(4), "shape [4]"),
        (np.zeros((2, 2, 2)), "shape [2, 2, 2]"),
        (np.zeros((0, 4)), "found 0 numbers"),
        (np.full((2, 2), np.nan), "NaN"),
        (np.full((2, 2), "a"), "expected some"),
        (None, "shape []"),
    ],
)
def test_what_is_no_picture_is_a_sentence(picture, why, tmp_path):
    with pytest.raises(UserCodeFailed) as caught:
        encode_picture(picture, "scan 1", tmp_path)
    assert "no picture of the sample 'scan 1'" in str(caught.value)
    assert why in str(caught.value)


def test_only_samples_whose_outcome_changes_are_encoded(tmp_path):
    asked = []

    def picture(number):
        asked.append(number)
        return GRADIENT

    found = encode_changed_pictures(
        ["b", "a", "c"],
        {"right": [1.0, 0.0, 1.0]},
        {"right": {"a": 1.0, "b": 1.0, "c": 0.0}},
        picture,
        tmp_path,
    )
    assert (list(found), asked) == (["a", "c"], [1, 2])
