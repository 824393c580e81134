"""Versions of a file of YAML merged block by block."""
