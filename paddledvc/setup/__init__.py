"""A project and a clone made ready, and what keeps them from working."""
