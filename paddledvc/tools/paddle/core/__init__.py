"""What goes to a worker and what comes back, as values."""
