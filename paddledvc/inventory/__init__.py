"""What a project has of its models: listed, and shown."""
