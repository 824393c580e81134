"""Objects that nothing needs: found by all that needs any, and removed."""
