"""The parts of a model, as the lock files know them."""
