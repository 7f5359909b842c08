"""Names that a mistyped one may have meant."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return the known names closest to `word`, best first."""
    from difflib import get_close_matches  # noqa: PLC0415  # only errors need it

    by_case = {name.lower(): name for name in known}
    if word.lower() in by_case:
        return [by_case[word.lower()]]
    return [by_case[name] for name in get_close_matches(word.lower(), by_case, most, 0.6)]


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return a hint that names the nearest known names, or None when none is near."""
    names = nearest(word, known)
    return f"did you mean {' or '.join(names)}?" if names else None
