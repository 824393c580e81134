"""Why an export disagrees: where that begins, and which change makes it go away."""
