"""Numbers of bytes as people read them."""

from __future__ import annotations


def as_size(size: int) -> str:
    """Return a number of bytes in the unit that fits.

    >>> as_size(10_138), as_size(200), as_size(3 << 30)
    ('9.9 KiB', '200 B', '3.0 GiB')
    """
    if size < 1024:
        return f"{size} B"
    found, unit = size / 1024, "KiB"
    for larger in ("MiB", "GiB", "TiB"):
        if found < 1024:
            break
        found, unit = found / 1024, larger
    return f"{found:.1f} {unit}"
