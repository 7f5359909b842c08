"""Where the data files that ship with the package stand."""

from __future__ import annotations

import os


def schemas_folder() -> str:
    """Return the folder of schemas: inside an installed package, or beside the package in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    inside = os.path.join(package, "schemas")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(package), "schemas")
