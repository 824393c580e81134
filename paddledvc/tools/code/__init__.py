"""The user's code and files, read and looked up; nothing is imported, and nothing runs."""
