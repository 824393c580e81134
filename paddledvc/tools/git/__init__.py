"""git: its repositories, work trees, refs and commits."""
