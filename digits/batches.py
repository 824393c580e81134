"""Shuffled mini-batches of the training scans, one share per process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import paddle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from digits.data import Scans

LARGEST_SHIFT = 1  # pixels; one eighth of the width of a scan


class Batches:
    """The mini-batches of one process; every iteration is one epoch in a new order.

    Args:
        scans: all training scans, the same in every process.
        batch_size: scans per optimizer step, over all processes together.
        seed: fixes the order of the scans and how they are shifted.
        rank: number of this process.
        world_size: how many processes share the scans.
    """

    def __init__(
        self, scans: Scans, batch_size: int, *, seed: int, rank: int = 0, world_size: int = 1
    ) -> None:
        self._scans = scans
        self._sampler = paddle.io.DistributedBatchSampler(
            scans,
            max(1, batch_size // world_size),
            num_replicas=world_size,
            rank=rank,
            shuffle=True,
        )
        # The sampler counts on from here, so that each epoch has its own order.
        self._sampler.set_epoch(seed)
        self._random = np.random.default_rng([seed, rank])

    def __iter__(self) -> Iterator[tuple[paddle.Tensor, paddle.Tensor]]:
        for rows in self._sampler:
            images = shifted(self._scans.images[rows], self._random)
            yield paddle.to_tensor(images), paddle.to_tensor(self._scans.labels[rows])


def shifted(images: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Move every scan by up to one pixel up or down and left or right.

    Args:
        images: float32 of shape (n, 1, height, width).
        random: where the n shifts are drawn from.

    Returns:
        A copy of the same shape; paper (0) moves in at the edges.
    """
    count, _, height, width = images.shape
    margin = (LARGEST_SHIFT, LARGEST_SHIFT)
    padded = np.pad(images, ((0, 0), (0, 0), margin, margin))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (1, 1, height, width))
    top, left = random.integers(0, 2 * LARGEST_SHIFT + 1, size=(2, count))
    chosen: NDArray[np.float32] = windows[np.arange(count), 0, top, left, 0]
    return chosen
