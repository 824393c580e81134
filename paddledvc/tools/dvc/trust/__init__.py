"""Which remotes and caches this clone trusts: what a branch names is data, not an order."""
