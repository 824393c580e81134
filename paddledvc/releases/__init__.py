"""Releases: what a team rolls back to."""
