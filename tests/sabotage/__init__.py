"""The project, broken on purpose, one thing at a time: some test must fail each time."""
