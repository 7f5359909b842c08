"""Files of the project as they would be after a change that nobody has written yet."""

from __future__ import annotations

from overlay.yaml import decode, read_mapping
from overlay.yaml.edit import drop, put, rename

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from overlay.yaml.edit import Path

_BOM = b"\xef\xbb\xbf"


class Draft:
    """Texts by path from the project folder; a byte order mark stays where it was.

    read: gives a file's bytes now, None where there is none.
    """

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._before: dict[str, bytes | None] = {}
        self._after: dict[str, bytes] = {}

    def before(self, path: str) -> bytes | None:
        """Return a file's bytes without the changes."""
        if path not in self._before:
            self._before[path] = self._read(path)
        return self._before[path]

    def text(self, path: str) -> str:
        """Return a file's text with the changes; empty where there is no file."""
        data = self._after.get(path) if path in self._after else self.before(path)
        return decode(data, path) if data is not None else ""

    def value(self, path: str) -> dict[str, Any]:
        """Return what a document says with the changes.

        Raises YamlError.
        """
        found: dict[str, Any] = read_mapping(self.text(path), path).value
        return found

    def write(self, path: str, data: bytes) -> None:
        """Give a file other bytes."""
        self._after[path] = data

    def put(self, path: str, place: Path, value: Any) -> None:
        """Set one value of a file."""
        self._change(path, put(self.text(path), place, value, path))

    def drop(self, path: str, place: Path) -> None:
        """Remove one key of a file."""
        self._change(path, drop(self.text(path), place, path))

    def rename(self, path: str, place: Path, key: str) -> None:
        """Call one key of a file otherwise."""
        self._change(path, rename(self.text(path), place, key, path))

    def _change(self, path: str, text: str) -> None:
        mark = _BOM if (self.before(path) or b"").startswith(_BOM) else b""
        self._after[path] = mark + text.encode()

    @property
    def changes(self) -> dict[str, bytes]:
        """The files that differ from what they were, with their new bytes, sorted."""
        return {path: data for path, data in sorted(self._after.items()) if data != self.before(path)}
