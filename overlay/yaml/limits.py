"""Published limits of a YAML text; going over one is an error that names it."""

from __future__ import annotations

# Nothing that people write nests deeper; libyaml's composer would exhaust the C stack near 20,000.
MAX_DEPTH = 100
MAX_ALIASES = 10_000
# Nodes after aliases and merge keys are expanded, of one document.
MAX_EXPANDED = 1_000_000
MAX_MERGE_KEYS = 1_000
MAX_DIGITS = 4_000
