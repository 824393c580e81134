"""The UCI handwritten digits, split so that no form is in both parts.

The scans come form by form: the labels repeat one text of about 130 digits fourteen times. The
last four forms are the test part. A random split would put the same handwriting on both sides and
measure about one point more accuracy than a new handwriting gets.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ARCHIVE = Path(__file__).with_name("data") / "digits.npz"
FIRST_TEST_SCAN = 1_287  # the eleventh form begins here
BRIGHTEST_PIXEL = 16
VERIFY_SAMPLES = 64


@dataclass(frozen=True)
class Scans:
    """Scans and what they show.

    Attributes:
        images: float32 of shape (n, 1, 8, 8), 0 is paper and 1 is ink.
        labels: int64 of shape (n,), the digits 0 to 9.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: slice) -> Scans:
        return Scans(self.images[rows], self.labels[rows])


@dataclass(frozen=True)
class Digits:
    """The two parts of the dataset: 1,287 scans to train on, 510 to test with."""

    train: Scans
    test: Scans


def load() -> Digits:
    """Read the dataset that lies beside this module."""
    with np.load(ARCHIVE) as archive:
        images = archive["images"].astype(np.float32)[:, np.newaxis] / BRIGHTEST_PIXEL
        labels = archive["labels"].astype(np.int64)
    scans = Scans(images, labels)
    return Digits(train=scans[:FIRST_TEST_SCAN], test=scans[FIRST_TEST_SCAN:])


def verify_samples() -> dict[str, NDArray[np.float32]]:
    """Real inputs for the verify stage.

    Returns:
        ``image``: float32 of shape (64, 1, 8, 8), test scans taken evenly from all four forms.
    """
    test = load().test
    rows = np.linspace(0, len(test) - 1, VERIFY_SAMPLES).round().astype(int)
    return {"image": test.images[rows]}
