"""Catalogs of the weights that packages of Python name in their code."""
