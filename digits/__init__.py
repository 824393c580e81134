"""Example training package: a small convolutional network that reads handwritten digits."""
