"""Reports of comparisons, as values and as pages."""
