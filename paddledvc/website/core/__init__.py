"""What the pages say, and how they are drawn."""
