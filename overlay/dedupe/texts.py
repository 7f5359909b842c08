"""A base object's text: the one that an environment wrote, changed where the base differs, comments and all."""

from __future__ import annotations

import re

from overlay.errors import OverlayError
from overlay.merge.same import same
from overlay.yaml import write_document
from overlay.yaml.edit import drop, put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.dedupe.member import Piece

    Path = tuple[str | int, ...]

_COMMENT = re.compile(r"(?:^|\s)(#.*)$", re.MULTILINE)


def comments(text: str) -> frozenset[str]:
    """Return the comments of a text; what only looks like one, in a block of text, counts too."""
    return frozenset([found.strip() for found in _COMMENT.findall(text)])


def base_text(body: dict[str, Any], pieces: Sequence[Piece]) -> str:
    """Return a text that reads as `body`: of the pieces' own texts the one with the fewest changes.

    Of several such texts the one with the most comments; a text is written anew where none can be changed safely.
    """
    ranked = []
    for at, piece in enumerate(pieces):
        if piece.text is not None and not piece.file.endswith(".json"):
            steps = _steps(piece.body, body, ())
            ranked.append((len(steps), -piece.text.count("#"), at, piece.text, steps))
    for _, _, _, text, steps in sorted(ranked, key=lambda found: found[:3])[:3]:
        changed = _changed(text, steps)
        if changed is not None:
            return changed
    return write_document(body)


def _changed(text: str, steps: list[tuple[Path, Any, bool]]) -> str | None:
    try:
        for path, item, keep in steps:
            text = put(text, path, item, "<base>") if keep else drop(text, path, "<base>")
    except OverlayError:
        return None
    return text


def _steps(old: Any, new: Any, path: Path) -> list[tuple[Path, Any, bool]]:
    """Return (path, value, whether it stays) of every change, as far down as it goes."""
    if same(old, new):
        return []
    if isinstance(old, dict) and isinstance(new, dict) and old and new and (old.keys() & new.keys()):
        found: list[tuple[Path, Any, bool]] = [((*path, key), None, False) for key in old if key not in new]
        for key, item in new.items():
            found += _steps(old[key], item, (*path, key)) if key in old else [((*path, key), item, True)]
        return found
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [step for at, item in enumerate(new) for step in _steps(old[at], item, (*path, at))]
    return [(path, new, True)]
