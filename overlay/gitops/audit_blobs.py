"""What the files of a history hold: each distinct content is read once, however many commits have it."""

from __future__ import annotations

import re

from overlay.errors import OverlayError
from overlay.gitops.plan import digest_of
from overlay.kube.encrypted import holds_plain
from overlay.kube.objects import parse_objects
from overlay.model.value import value
from overlay.tokens import find_tokens
from overlay.yaml import read_documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from overlay.git.remote import Remote
    from overlay.gitops.store import Store

MANIFESTS = (".yaml", ".yml", ".json")
_LOOKS_LIKE_ONE = re.compile(rb"^\s*[\"']?kind[\"']?:\s*[\"']?Secret\b", re.MULTILINE)


@value(kw_only=True)
class PlainSecret:
    """A Secret with plain values: what it is called, its own name, and the keys of its values."""

    label: str
    name: str
    keys: tuple[str, ...]


@value(kw_only=True)
class Content:
    """What a file holds; tokens: what each is, and its line. holders: kind and name of the objects beside tokens."""

    digest: str
    secrets: tuple[PlainSecret, ...] = ()
    tokens: tuple[tuple[str, int], ...] = ()
    holders: tuple[tuple[str, str], ...] = ()


class Contents:
    """The contents of one store's files."""

    def __init__(self, store: Store, remote: Remote) -> None:
        self.store = store
        self.remote = remote
        self._known: dict[str, Content] = {}

    def of(self, oid: str) -> Content:
        """Return what a file holds."""
        known = self._known.get(oid)
        if known is None:
            data = self.store.blob(oid, self.remote)
            tokens = tuple(dict.fromkeys(find_tokens(data)))
            known = self._known[oid] = Content(
                digest=digest_of(data),
                secrets=tuple(_secrets(data)),
                tokens=tokens,
                holders=tuple(_holders(data)) if tokens else (),
            )
        return known


def _secrets(data: bytes) -> Iterator[PlainSecret]:
    """Yield the Secrets of manifests; also of what only looks like one, because others may read it."""
    if b"Secret" not in data:
        return
    try:
        for document in read_documents(data.decode(), "published"):
            for identity, body, _ in parse_objects(document.value, document.location):
                if holds_plain(body):
                    keys = {str(key) for field in ("data", "stringData") for key in body.get(field) or ()}
                    yield PlainSecret(label=str(identity), name=identity.name, keys=tuple(sorted(keys)))
    except (OverlayError, UnicodeDecodeError):
        if _LOOKS_LIKE_ONE.search(data):
            yield PlainSecret(label="what looks like a Secret", name="", keys=())


def _holders(data: bytes) -> list[tuple[str, str]]:
    """Return kind and name of each object of a manifest; nothing of what is none."""
    try:
        documents = list(read_documents(data.decode(), "published"))
        found = [one for document in documents for one in parse_objects(document.value, document.location)]
    except (OverlayError, UnicodeDecodeError):
        return []
    return [(identity.kind, identity.name) for identity, _, _ in found]
