"""One outside thing a folder: the only code of paddledvc with effects."""
