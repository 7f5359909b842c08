"""Files of a project to values: documents, the chain of layers, and what the layers name."""
