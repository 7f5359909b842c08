"""Values of Secrets, hidden: what can be seen is whether they are equal."""

from __future__ import annotations

from overlay.merge.same import same
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.model.resource import Body

# kubectl keeps a copy of the whole object there.
_COPY = "kubectl.kubernetes.io/last-applied-configuration"


@value
class Hidden:
    """What stands for a secret value; equal ones of one comparison have equal numbers.

    It says neither the value's length nor a digest of it, with which a short secret could be guessed.
    """

    number: int

    def __str__(self) -> str:
        if not self.number:
            return "••••"
        return "•••• (changed)" if self.number == 1 else f"•••• (changed, {self.number})"


def hide(bodies: Sequence[Body | None]) -> list[Body | None]:
    """Return versions of one object, of several times or environments, with the values of Secrets hidden."""
    known: dict[tuple[str, ...], list[Any]] = {}

    def hidden(place: tuple[str, ...], item: Any) -> Hidden:
        seen = known.setdefault(place, [])
        for number, other in enumerate(seen):
            if same(other, item):
                return Hidden(number)
        seen.append(item)
        return Hidden(len(seen) - 1)

    def of(body: Body | None) -> Body | None:
        if body is None or body.get("kind") != "Secret" or body.get("apiVersion") != "v1":
            return body
        result = dict(body)
        for name in ("data", "stringData"):
            held = body.get(name)
            if isinstance(held, dict):
                result[name] = {key: hidden((name, key), item) for key, item in held.items()}
            elif held is not None:
                result[name] = hidden((name,), held)
        annotations = body["metadata"].get("annotations")
        if isinstance(annotations, dict) and _COPY in annotations:
            covered = {**annotations, _COPY: hidden((_COPY,), annotations[_COPY])}
            result["metadata"] = {**body["metadata"], "annotations": covered}
        return result

    return [of(body) for body in bodies]


def plain(item: Any) -> Any:
    """Return a value as a document can show it: hidden values as their text."""
    if item.__class__ is dict:
        return {key: plain(inner) for key, inner in item.items()}
    if item.__class__ is list:
        return [plain(inner) for inner in item]
    return str(item) if item.__class__ is Hidden else item
