"""Releases of locked models: tags that register them, and release stages that they are in."""
