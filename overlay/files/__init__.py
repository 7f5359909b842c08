"""Checked bytes: files below the project folder, opened without following a link, read once."""
