"""Releases: what a team releases, rolls back to, and hands on."""
