"""Merges of single files, and what they leave to people."""
