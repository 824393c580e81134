"""What was measured, as values, and what numbers of samples can show."""
