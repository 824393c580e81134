"""Programs and networks run and compared, inside a worker."""
