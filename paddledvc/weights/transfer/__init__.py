"""Objects on their way between the cache, the remotes, and the URLs that models.lock pins."""
