"""What a rollback changes, and what keeps it: values in, values out."""
