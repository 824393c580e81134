"""models.yaml and models.lock as typed values."""
