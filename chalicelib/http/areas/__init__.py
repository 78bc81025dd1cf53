"""The endpoints, an area a file."""
