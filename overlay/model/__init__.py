"""Frozen values that every layer passes on; standard library only."""
