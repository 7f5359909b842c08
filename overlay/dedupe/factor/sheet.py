"""The texts of a project with changes that nobody has written yet, entry by entry."""

from __future__ import annotations

from overlay.errors import DocumentError
from overlay.yaml import decode, read_documents
from overlay.yaml.blocks import block_at, commented, cut, paste
from overlay.yaml.edit import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from overlay.yaml.blocks import Block, Path

_BOM = b"\xef\xbb\xbf"
# How the fields of our documents follow each other.
ORDER = (
    "extends", "components", "chart", "release", "kubernetesVersion", "apiVersions", "includeCRDs", "values",
    "resources", "crds", "configMaps", "secrets", "patches", "namespace", "namePrefix", "nameSuffix", "labels",
    "annotations", "replicas", "images", "replacements", "protect", "allow", "sortOptions", "buildMetadata",
    "publish", "cluster", "verify", "fieldSpecs",
)  # fmt: skip


class Sheet:
    """Files by path from the project folder; read when they are asked for."""

    def __init__(self, read: Callable[[str], bytes | None], changes: Mapping[str, bytes | None] | None = None) -> None:
        self._read = read
        self.changes: dict[str, bytes | None] = dict(changes or {})
        self._values: dict[str, tuple[bytes, Any]] = {}

    def copy(self) -> Sheet:
        found = Sheet(self._read, self.changes)
        found._values = dict(self._values)
        return found

    def before(self, path: str) -> bytes | None:
        return self._read(path)

    def data(self, path: str) -> bytes | None:
        """Return a file's bytes with the changes; None where there is no file."""
        return self.changes[path] if path in self.changes else self._read(path)

    def text(self, path: str) -> str:
        data = self.data(path)
        return decode(data, path) if data is not None else ""

    def value(self, path: str) -> Any:
        """Return what a file's only document says; {} for an empty one.

        Raises YamlError, or DocumentError for a file of several documents.
        """
        data = self.data(path) or b""
        known = self._values.get(path)
        if known is None or known[0] != data:
            documents = read_documents(decode(data, path), path)
            if len(documents) > 1:
                raise DocumentError(f"{path} has several documents")
            known = self._values[path] = (data, documents[0].value if documents else {})
        return known[1]

    def write(self, path: str, data: bytes | None) -> None:
        """Give a file other bytes; None removes it."""
        self.changes[path] = data
        if data == self._read(path):
            del self.changes[path]

    def block(self, path: str, place: Path) -> Block:
        return block_at(self.text(path), place, path)

    def cut(self, path: str, place: Path) -> tuple[str, ...]:
        """Remove an entry; returns the comments that went with it."""
        text, comments = cut(self.text(path), place, path)
        self._write(path, text)
        return comments

    def paste(self, path: str, place: Path, block: Block) -> None:
        self._write(path, paste(self.text(path), place, block, path, ORDER))

    def put(self, path: str, place: Path, item: Any) -> None:
        self._write(path, put(self.text(path), place, item, path))

    def comment(self, path: str, place: Path, lines: Iterable[str]) -> None:
        """Put comments above an entry, those that it does not have."""
        known = self.block(path, place).comments
        new = [line for line in dict.fromkeys(lines) if line not in known]
        if new:
            self._write(path, commented(self.text(path), place, new, path))

    def _write(self, path: str, text: str) -> None:
        mark = _BOM if (self.data(path) or b"").startswith(_BOM) else b""
        self.write(path, mark + text.encode())

    def grown(self) -> int:
        """Return how many lines all files together have more than before."""
        return sum(lines_of(data) - lines_of(self._read(path)) for path, data in self.changes.items())


def lines_of(data: bytes | None) -> int:
    return 0 if not data else data.count(b"\n") + (not data.endswith(b"\n"))


def inside(item: Any, path: Sequence[str | int]) -> Any:
    """Return the value at a path, None where it is missing."""
    for part in path:
        try:
            item = item[part]
        except (KeyError, IndexError, TypeError):
            return None
    return item
