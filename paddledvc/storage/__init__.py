"""What commits say lies in the work tree, and its way between remotes, cache and work tree."""
