"""The registry as pages that a browser shows without any server."""
