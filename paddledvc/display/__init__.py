"""How values look that functions return: in a line, a table, a page."""
