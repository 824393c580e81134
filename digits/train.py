"""Train DigitNet, on one process or on several."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import paddle
from paddle.nn.functional import cross_entropy

from digits.batches import Batches
from digits.data import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from digits.data import Scans
    from paddledvc import Run


@dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """What params.yaml says about this model.

    Attributes:
        epochs: passes over the training scans.
        batch_size: scans per optimizer step, over all processes together.
        learning_rate: of the first epoch; it falls to zero along a cosine.
        weight_decay: decoupled decay of AdamW.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float


def train(run: Run) -> None:
    """Train the network of a run, save its weights, log its curve and its final metrics."""
    settings = Hyperparameters(**run.params)
    digits = load()
    batches = Batches(
        digits.train,
        settings.batch_size,
        seed=run.seed,
        rank=run.rank,
        world_size=run.world_size,
    )
    network = run.network()
    # The wrapper averages the gradients of all processes; the weights stay in the network itself.
    model = paddle.DataParallel(network) if run.world_size > 1 else network
    for epoch, loss in enumerate(fit(model, batches, settings), start=1):
        run.log(epoch, train_loss=loss, **evaluate(network, digits.test))
    run.save(network)
    run.summary(**evaluate(network, digits.test))


def fit(
    model: paddle.nn.Layer,
    batches: Iterable[tuple[paddle.Tensor, paddle.Tensor]],
    settings: Hyperparameters,
) -> Iterator[float]:
    """Train a model in place.

    Args:
        model: takes images of shape (n, 1, 8, 8), returns logits of shape (n, classes).
        batches: one iteration over it is one epoch of (images, labels).
        settings: its ``batch_size`` is already in ``batches`` and not looked at here.

    Yields:
        After each epoch, the mean cross-entropy (nats) of this process's batches.
    """
    rate = paddle.optimizer.lr.CosineAnnealingDecay(settings.learning_rate, T_max=settings.epochs)
    optimizer = paddle.optimizer.AdamW(
        rate, parameters=model.parameters(), weight_decay=settings.weight_decay
    )
    # Paddle's layer for batches says at each training what it does in all of them.
    warnings.filterwarnings("ignore", "When training, we now always track", UserWarning)
    for _ in range(settings.epochs):
        model.train()
        losses = [_step(model, optimizer, images, labels) for images, labels in batches]
        rate.step()
        yield float(np.mean(losses))


def evaluate(network: paddle.nn.Layer, scans: Scans) -> dict[str, float]:
    """Measure a network on scans it was not trained on.

    Returns:
        ``test_loss``: mean cross-entropy (nats); ``test_accuracy``: share of scans read right,
        0 to 1.
    """
    network.eval()
    with paddle.no_grad():
        logits = network(paddle.to_tensor(scans.images))
        loss = cross_entropy(logits, paddle.to_tensor(scans.labels))
    right = logits.numpy().argmax(axis=1) == scans.labels
    return {"test_loss": float(loss), "test_accuracy": float(right.mean())}


def _step(
    model: paddle.nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    images: paddle.Tensor,
    labels: paddle.Tensor,
) -> float:
    loss = cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    optimizer.clear_grad()
    return float(loss)
