"""Weights: what ought to be in place, what is, and the way between."""
