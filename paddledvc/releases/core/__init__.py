"""Pure part of releases: what is to be released, and what is written of it."""
