"""What is said of metrics: by themselves, and beside those of where a change goes to."""
