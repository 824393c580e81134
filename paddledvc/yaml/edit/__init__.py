"""Text of YAML changed in place: comments, order and quoting stay."""
