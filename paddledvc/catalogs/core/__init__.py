"""What catalogs list, as values: versions, releases, indexes, tags."""
