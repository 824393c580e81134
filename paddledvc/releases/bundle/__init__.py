"""Bundles: models and their files in one archive, made, verified and imported."""
