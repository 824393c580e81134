"""One verb a module: read facts, ask the core, act, return a value."""
