"""Exports compared with their networks, and the evidence of that."""
