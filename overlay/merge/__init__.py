"""Patches onto objects: strategic merge, JSON patch, merge patch, and which objects they mean."""
