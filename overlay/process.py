"""Whose process this is: our own program's, or that of somebody who imports us."""

from __future__ import annotations

# Set by the command line before anything else is imported. Only a process of our own may leave out parts of
# PyYAML: in anybody else's, `import yaml` must go on to give the whole of it.
is_ours = False
