"""Measure DigitNet, or whatever else reads scans, on scans that it was not trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import paddle
from paddle.nn.functional import cross_entropy

from digits.data import load

if TYPE_CHECKING:
    from paddledvc import Evaluation


def evaluate(model: paddle.nn.Layer, run: Evaluation) -> dict[str, float]:
    """Read all test scans, or as many as ``limit`` says.

    Returns:
        ``test_loss``: mean cross-entropy (nats); ``test_accuracy``: share of scans read right,
        0 to 1.
    """
    scans = load().test[: run.params.get("limit")]
    logits = run.predict(model, scans.images, batch_size=run.params["batch_size"])
    labels = paddle.to_tensor(scans.labels)
    losses = cross_entropy(paddle.to_tensor(logits), labels, reduction="none").numpy().ravel()
    read = logits.argmax(axis=1)
    right = read == scans.labels
    run.samples(
        range(len(right)), test_accuracy=right, test_loss=losses, slices={"digit": scans.labels}
    )
    run.table("confusion", actual=scans.labels, predicted=read)
    return {"test_loss": float(losses.mean()), "test_accuracy": float(right.mean())}
