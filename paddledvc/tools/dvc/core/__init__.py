"""The files of DVC, as values."""
