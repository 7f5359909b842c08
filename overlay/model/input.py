"""A file that was read."""

from __future__ import annotations

from overlay.model.value import value


@value
class Input:
    """One file that the build read: path from the project folder, and `sha256:<hex>` of its bytes."""

    path: str
    digest: str
