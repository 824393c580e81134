"""The published JSON Schemas, as files that editors can read too."""
