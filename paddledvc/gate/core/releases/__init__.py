"""Releases: what their entries and tags state, and rules that hold them to it."""
