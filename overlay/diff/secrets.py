"""Values of Secrets, hidden: what can be seen is whether they are equal."""

from __future__ import annotations

from overlay.kube.confidential import is_secret_name
from overlay.merge.same import same
from overlay.model.value import value
from overlay.tokens import find_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from overlay.model.resource import Body

# The shortest text that has the form of a token.
_LEAST = 10
# Between texts: part of no token, and no line end alone, over which one may go on.
_BETWEEN = "\n|\n"
# What a Secret holds.
_HELD = ("data", "stringData")
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
    """Return versions of one object, of several times or environments, with what is secret in them hidden.

    That is values of Secrets, variables that are called like a secret, tokens, and the copy that kubectl keeps.
    """
    return hide_each([bodies])[0]


def hide_each(objects: Sequence[Sequence[Body | None]]) -> list[list[Body | None]]:
    """Return what `hide` returns of each of many objects."""
    # Nearly all are done with a look at many at once; what they share is looked at once.
    has_names, has_token = _looked_at([body for bodies in objects for body in bodies])
    if not has_names and not has_token:
        return [_hidden(bodies, may_hold=False) for bodies in objects]
    return [_hidden(bodies, may_hold=any(_looked_at(bodies))) for bodies in objects]


def _looked_at(bodies: Iterable[Body | None]) -> tuple[bool, bool]:
    """Tell of objects, but for what Secrets hold, whether a variable is called like a secret, and a text is a token."""
    texts, has_names = _texts([_open(one) for one in bodies if one is not None])
    return has_names, _is_token(_BETWEEN.join(texts))


def _hidden(bodies: Sequence[Body | None], *, may_hold: bool) -> list[Body | None]:
    known: dict[tuple[str, ...], list[Any]] = {}
    # Texts are looked up: thousands of an object may be tokens, which count together.
    numbers: dict[tuple[tuple[str, ...], str], int] = {}

    def hidden(place: tuple[str, ...], item: Any) -> Hidden:
        seen = known.setdefault(place, [])
        if item.__class__ is str:
            number = numbers.setdefault((place, item), len(seen))
        else:
            number = next((at for at, other in enumerate(seen) if same(other, item)), len(seen))
        if number == len(seen):
            seen.append(item)
        return Hidden(number)

    def covered(item: Any) -> Any:
        if item.__class__ is dict:
            named = _names_secret(item)
            return {
                # Elements of lists move, so that their name is their place.
                key: hidden((named,), inner) if named and key == "value" else covered(inner)
                for key, inner in item.items()
            }
        if item.__class__ is list:
            return [covered(inner) for inner in item]
        # All tokens of an object count together.
        return hidden((), item) if item.__class__ is str and _is_token(item) else item

    def of(body: Body | None) -> Body | None:
        if body is None:
            return None
        seen: Body = covered(_open(body)) if may_hold else body
        if not _is_secret(body):
            return without_copy(seen)
        return without_copy({key: held(key, item) if key in _HELD else seen[key] for key, item in body.items()})

    def held(name: str, item: Any) -> Any:
        if isinstance(item, dict):
            return {key: hidden((name, key), inner) for key, inner in item.items()}
        return hidden((name,), item) if item is not None else None

    def without_copy(body: Body) -> Body:
        annotations = body["metadata"].get("annotations")
        if not isinstance(annotations, dict) or _COPY not in annotations:
            return body
        without = {**annotations, _COPY: hidden((_COPY,), annotations[_COPY])}
        return {**body, "metadata": {**body["metadata"], "annotations": without}}

    return [of(body) for body in bodies]


def _is_secret(body: Body) -> bool:
    return body.get("kind") == "Secret" and body.get("apiVersion") == "v1"


def _open(body: Body) -> Body:
    """Return an object without what a Secret holds."""
    return {key: item for key, item in body.items() if key not in _HELD} if _is_secret(body) else body


def _is_token(text: str) -> bool:
    """Tell whether a text has a key, a token or a password of a URL in it."""
    return next(find_tokens(text.encode("utf-8", "surrogatepass")), None) is not None


def _names_secret(item: dict[str, Any]) -> str:
    """Return the name of a variable (a map with name and value, wherever it stands) that is called like a secret."""
    name = item.get("name")
    return name if name.__class__ is str and item.get("value").__class__ is str and is_secret_name(name) else ""


def _texts(items: list[Any]) -> tuple[set[str], bool]:
    """Return the texts that are long enough for a token, and whether a variable is called like a secret."""
    pending = items
    found: set[str] = set()
    has_secrets = False
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue  # versions share most
        seen.add(id(one))
        if one.__class__ is dict:
            has_secrets = has_secrets or bool("value" in one and _names_secret(one))
            one = one.values()
        for each in one:
            if each.__class__ is str:
                if len(each) >= _LEAST:
                    found.add(each)
            elif each.__class__ is dict or each.__class__ is list:
                pending.append(each)
    return found, has_secrets


def plain(item: Any) -> Any:
    """Return a value as a document can show it: hidden values as their text."""
    if item.__class__ is dict:
        return {key: plain(inner) for key, inner in item.items()}
    if item.__class__ is list:
        return [plain(inner) for inner in item]
    return str(item) if item.__class__ is Hidden else item
