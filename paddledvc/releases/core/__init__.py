"""Pure part of releases: what is released or rolled back, and what is written of it."""
