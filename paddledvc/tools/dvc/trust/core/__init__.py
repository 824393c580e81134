"""What a branch asks for, and what of it needs to be approved, in values."""
