"""Published manifests as objects again."""

from __future__ import annotations

from overlay.diff.objects import without_hash
from overlay.errors import OverlayError
from overlay.kube.objects import parse_objects
from overlay.kube.order import apply_order
from overlay.model.resource import Origin, Resource
from overlay.model.value import replace
from overlay.yaml import read_documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def read_manifests(texts: Mapping[str, str]) -> Iterator[Resource]:
    """Yield the objects of files by name; a file that somebody made something else of has none."""
    for name, text in texts.items():
        if not name.endswith(".yaml"):
            continue
        try:
            for document in read_documents(text, name):
                for identity, body, place in parse_objects(document.value, document.location):
                    yield Resource(identity, body, Origin("resource", place))
        except OverlayError:
            continue


def objects_of(files: Mapping[str, bytes]) -> tuple[Resource, ...]:
    """Return the objects of a publication in the order in which they are applied; files: bytes by name.

    Each also answers to its name without the hash of its content.
    """
    texts = {name: data.decode("utf-8", "replace") for name, data in files.items()}
    return apply_order([_with_alias(one) for one in read_manifests(texts)])


def _with_alias(one: Resource) -> Resource:
    name = without_hash(one)
    return one if name == one.id.name else replace(one, aliases=(replace(one.id, name=name),))
