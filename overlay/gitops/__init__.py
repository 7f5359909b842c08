"""Rendered output in Git: what a branch holds, what publishing would change, and commits that are pushed whole."""
