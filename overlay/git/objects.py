"""Git's objects as bytes: their ids, and the entries of trees (gitformat-pack, gitformat-index; no I/O)."""

from __future__ import annotations

import hashlib

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@value
class TreeEntry:
    """One entry of a tree: mode as Git writes it (`100644`, `40000` …), name, and the object's id in hex."""

    mode: str
    name: str
    oid: str

    @property
    def is_file(self) -> bool:
        return self.mode in ("100644", "100755")

    @property
    def is_folder(self) -> bool:
        return self.mode == "40000"


def blob_id(data: bytes, form: str) -> str:
    """Return the id of a file's content; form: `sha1` or `sha256`."""
    digest = hashlib.new(form, b"blob %d\0" % len(data), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


def read_tree(data: bytes, form: str) -> Iterator[TreeEntry]:
    """Yield the entries of a tree object's content."""
    size = 32 if form == "sha256" else 20
    at = 0
    while at < len(data):
        end = data.index(b"\0", at)
        mode, _, name = data[at:end].partition(b" ")
        at = end + 1 + size
        yield TreeEntry(mode.decode(), name.decode("utf-8", "surrogateescape"), data[end + 1 : at].hex())
