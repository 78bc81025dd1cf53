"""A tenant's configuration, pure: the document, what it must satisfy, and how it is read."""
