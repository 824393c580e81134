"""Make the base weights that the demo fine-tunes: ``python -m digits.base``.

They have seen only the first two of the ten training forms, so that fine-tuning has something
left to learn.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import paddle

from digits.batches import Batches
from digits.data import load
from digits.network import DigitNet
from digits.train import Hyperparameters, evaluate, fit

WEIGHTS = Path(__file__).parents[1] / "zoo" / "digits-base_v1.0.0.pdparams"
SEED = 0
SCANS = 256  # the first two forms
SETTINGS = Hyperparameters(epochs=20, batch_size=32, learning_rate=3e-3, weight_decay=0.01)


def main() -> None:
    """Train, write ``zoo/digits-base_v1.0.0.pdparams`` and print what identifies it."""
    paddle.seed(SEED)
    digits = load()
    network = DigitNet()
    batches = Batches(digits.train[:SCANS], SETTINGS.batch_size, seed=SEED)
    for epoch, loss in enumerate(fit(network, batches, SETTINGS), start=1):
        print(f"epoch {epoch}: training loss {loss:.3f}")
    accuracy = evaluate(network, digits.test)["test_accuracy"]
    WEIGHTS.parent.mkdir(exist_ok=True)
    paddle.save(network.state_dict(), str(WEIGHTS))
    content = WEIGHTS.read_bytes()
    print(f"accuracy  {accuracy:.4f} on {len(digits.test)} test scans")
    print(f"md5       {hashlib.md5(content).hexdigest()}")
    print(f"sha256    {hashlib.sha256(content).hexdigest()}")
    print(f"size      {len(content)} bytes")


if __name__ == "__main__":
    main()
