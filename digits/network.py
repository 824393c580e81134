"""The network that reads one digit."""

from __future__ import annotations

import paddle
from paddle import nn


class DigitNet(nn.Layer):  # type: ignore[misc]  # Paddle is untyped here, so nn.Layer is Any
    """Three convolutions and one linear layer; 25,978 trainable parameters by default.

    Args:
        classes: how many classes to tell apart.
        width: channels of the first convolution; the second has twice, the third four times that.
        dropout: probability of dropping a feature in training.
    """

    def __init__(self, classes: int = 10, width: int = 16, dropout: float = 0.2) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _convolution(1, width),
            _convolution(width, 2 * width),
            nn.MaxPool2D(2),
            _convolution(2 * width, 4 * width),
            nn.MaxPool2D(2),
        )
        pooled = 2 * 2  # pixels that are left of 8x8
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(4 * width * pooled, classes),
        )

    def forward(self, image: paddle.Tensor) -> paddle.Tensor:
        """Score the classes.

        Args:
            image: float32 of shape (n, 1, 8, 8), 0 is paper and 1 is ink.

        Returns:
            Logits, float32 of shape (n, classes).
        """
        return self.classifier(self.features(image))


def _convolution(channels_in: int, channels_out: int) -> nn.Layer:
    """3x3 convolution, batch normalization and ReLU; height and width stay the same."""
    return nn.Sequential(
        # No bias: batch normalization would subtract it again.
        nn.Conv2D(channels_in, channels_out, kernel_size=3, padding=1, bias_attr=False),
        nn.BatchNorm2D(channels_out),
        nn.ReLU(),
    )
