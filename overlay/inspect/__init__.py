"""One environment, opened to be asked: what its fields and values are, and what could be wrong with it."""
