"""The gate: facts read from a work tree or a tree of git, and judged by the policy of a branch."""
