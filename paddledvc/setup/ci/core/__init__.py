"""What the files of a pipeline say; pure."""
