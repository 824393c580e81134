"""Where bytes are read from: HTTP, S3, git, hubs."""
