"""What is wanted, what catalogs list, and which version is pinned: values in, values out."""
