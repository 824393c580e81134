"""models.yaml and models.lock: models added and removed, versions resolved and pinned."""
