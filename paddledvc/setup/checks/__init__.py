"""What ``doctor`` looks at, one topic a module; each yields checks, and none changes anything."""
