"""The work tree: what ought to lie in it, what lies in it, and the way from one to the other."""
