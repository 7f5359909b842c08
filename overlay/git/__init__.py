"""The git program, under settings with which nothing of a repository acts; repositories and remotes through it."""
