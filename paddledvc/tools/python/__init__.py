"""Python, started, and where it is."""
