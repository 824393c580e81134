"""Stages as values: what dvc.yaml is to say, what is ours in it, what made trained weights."""
