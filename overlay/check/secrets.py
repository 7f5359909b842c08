"""Values that nobody but the cluster may see, in objects that are about to leave it (hazard Z01)."""

from __future__ import annotations

import re

from overlay.kube.encrypted import METADATA, holds_plain
from overlay.merge.same import path_text
from overlay.model.value import value
from overlay.tokens import find_certificates, find_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from typing import Any

    from overlay.model.resource import Body, Resource

    Path = tuple[str | int, ...]


# The shortest that has the form of a token: a URL with a password in it.
_LEAST = 10
# What the content adds to the name of a generated object.
_HASH = re.compile(r"-[2456789bcdfghkmt]{10}$")
# Everybody may see these, and the API wants them there.
_PUBLIC = "caBundle"


@value(kw_only=True)
class Exposed:
    """A value that can be read, or all those of a Secret.

    what: `holds a GitHub token in data.config`; the value itself is never told. path: where it stands in the object.
    """

    rule: str
    resource: Resource
    what: str
    path: Path

    @property
    def hint(self) -> str:
        """What to do about it."""
        elsewhere = "keep it elsewhere (ExternalSecret, SealedSecret, SOPS)"
        return f"{elsewhere}, or allow it: spec.publish.secrets: [{allowance(self.resource)}]"


def allowance(resource: Resource) -> str:
    """Return the entry of `publish.secrets` that allows an object's values: a Secret's name, else kind and name."""
    name = _HASH.sub("", resource.id.name) if resource.needs_hash else resource.id.name
    return name if resource.id.kind == "Secret" else f"{resource.id.kind}/{name}"


def is_allowed(kind: str, name: str, allowed: Collection[str]) -> bool:
    """Tell whether `publish.secrets` lists an object, also one whose name got a hash since."""
    for entry in allowed:
        listed, _, own = entry.rpartition("/")
        if kind == (listed or "Secret") and (
            name == own or (name.startswith(f"{own}-") and _HASH.search(name, len(own)))
        ):
            return True
    return False


def exposed(objects: Iterable[Resource], allowed: Collection[str]) -> Iterator[Exposed]:
    """Yield what can be read of objects that are not allowed by name; of a Secret it is told once."""
    for resource in objects:
        if allowed and any(is_allowed(one.kind, one.name, allowed) for one in resource.answers_to()):
            continue
        if holds_plain(resource.body):
            field = "data" if resource.body.get("data") else "stringData"
            yield Exposed(rule="plain-secret", resource=resource, what="holds plain values", path=(field,))
        else:
            yield from _values(resource)


def _values(resource: Resource) -> Iterator[Exposed]:
    texts = list(_texts(resource.body))
    # Nearly every object is done with one look at all of it.
    whole = "\n".join([text for _, text in texts]).encode("utf-8", "surrogatepass")
    if next(find_tokens(whole), None) is None and not find_certificates(whole):
        return
    for path, text in texts:
        data = text.encode("utf-8", "surrogatepass")
        where = path_text(resource.body, path)
        for name in dict.fromkeys([name for name, _ in find_tokens(data)]):
            yield Exposed(rule="token", resource=resource, what=f"holds {name} in {where}", path=path)
        if path[-1] != _PUBLIC and find_certificates(data):
            yield Exposed(rule="certificate", resource=resource, what=f"holds a certificate in {where}", path=path)


def _texts(body: Body) -> Iterator[tuple[Path, str]]:
    """Yield the texts of an object that are long enough, each with its path."""
    pending: list[tuple[Path, Any]] = [((), body)]
    while pending:
        path, item = pending.pop()
        if item.__class__ is str:
            if len(item) >= _LEAST:
                yield path, item
        elif item.__class__ is dict:
            pending += [((*path, key), below) for key, below in item.items() if path or key != METADATA]
        elif item.__class__ is list:
            pending += [((*path, index), below) for index, below in enumerate(item)]
