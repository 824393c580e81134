"""Rules that hold releases to what they state."""
