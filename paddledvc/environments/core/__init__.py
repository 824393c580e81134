"""Decisions about environments, in values."""
