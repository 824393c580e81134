"""What git keeps: objects and trees, read without a work tree."""
