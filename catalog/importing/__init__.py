"""Other shops' files become our catalogue: a reader for each format, one loader for all."""
