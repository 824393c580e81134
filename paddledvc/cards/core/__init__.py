"""What a card says, and how it is written into a page that people write too."""
