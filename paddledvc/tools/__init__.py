"""One outside thing a module: the only code of paddledvc with effects."""
