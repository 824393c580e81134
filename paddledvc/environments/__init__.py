"""What a model runs in: whether this is it, and the lines and files that start it elsewhere."""
