"""Servers: what their failures mean, how long to wait for them, and when to ask again."""
