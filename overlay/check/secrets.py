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
# So many characters are looked at together; what stands between two texts is in no token, so that none hides another.
_BATCH = 1 << 17
_BETWEEN = "\n;\n"
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
    name = _lasting_name(resource)
    return name if resource.id.kind == "Secret" else f"{resource.id.kind}/{name}"


def is_allowed(kind: str, names: Iterable[str], allowed: Collection[str]) -> bool:
    """Tell whether `publish.secrets` lists an object by one of its names: with the hash of its content, or without."""
    return any(f"{kind}/{name}" in allowed or (kind == "Secret" and name in allowed) for name in names)


def _lasting_name(resource: Resource) -> str:
    return _HASH.sub("", resource.id.name) if resource.needs_hash else resource.id.name


def exposed(objects: Iterable[Resource], allowed: Collection[str]) -> Iterator[Exposed]:
    """Yield what can be read of objects that are not allowed by name; of a Secret it is told once."""
    looked_at = [
        one for one in objects if not allowed or not is_allowed(one.id.kind, (one.id.name, _lasting_name(one)), allowed)
    ]
    plain = {id(one) for one in looked_at if holds_plain(one.body)}
    suspects = _suspects([one for one in looked_at if id(one) not in plain])
    for one in looked_at:
        if id(one) in plain:
            field = "data" if one.body.get("data") else "stringData"
            yield Exposed(rule="plain-secret", resource=one, what="holds plain values", path=(field,))
        elif id(one) in suspects:
            yield from _values(one)


def _suspects(objects: Iterable[Resource]) -> set[int]:
    """Return the identities of objects that may hold something: nearly all are done with a look at many at once."""
    found: set[int] = set()
    batch: list[int] = []
    texts: list[str] = []
    size = 0
    for one in objects:
        batch.append(id(one))
        for _, text in _texts(one.body):
            texts.append(text)
            size += len(text)
        if size > _BATCH:
            found.update(batch if _holds_any(texts) else ())
            batch, texts, size = [], [], 0
    found.update(batch if _holds_any(texts) else ())
    return found


def _holds_any(texts: list[str]) -> bool:
    data = _BETWEEN.join(texts).encode("utf-8", "surrogatepass")
    return next(find_tokens(data), None) is not None or find_certificates(data)


def _values(resource: Resource) -> Iterator[Exposed]:
    for path, text in _texts(resource.body):
        data = text.encode("utf-8", "surrogatepass")
        names = dict.fromkeys([name for name, _ in find_tokens(data)])
        has_certificate = path[-1] != _PUBLIC and find_certificates(data)
        if not names and not has_certificate:
            continue
        where = path_text(resource.body, path)
        for name in names:
            yield Exposed(rule="token", resource=resource, what=f"holds {name} in {where}", path=path)
        if has_certificate:
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
