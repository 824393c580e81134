"""What git says, as values."""
