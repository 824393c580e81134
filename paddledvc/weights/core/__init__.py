"""Decisions on weights: what is wanted, what is there, what becomes of it."""
