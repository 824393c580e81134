"""Bundles as values: their manifest, the bytes of their archive, and what belongs in them."""
