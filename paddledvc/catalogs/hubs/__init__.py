"""Catalogs of hubs: Hugging Face, ModelScope."""
