"""Pipelines of GitHub Actions and GitLab CI, and who is to review models."""
