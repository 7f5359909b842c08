"""`--select`: only some objects, by kind, name and the like."""

from __future__ import annotations

from overlay.cli.table import Param
from overlay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overlay.model.resource import Resource

_SELECTABLE = ("kind", "name", "namespace", "group", "apiVersion", "label")

SELECT = Param(
    name="select",
    flags=("--select",),
    kind="list",
    metavar="KEY=VALUE,…",
    panel="Output",
    help="Only these objects: kind, name, namespace, group, apiVersion, label=KEY:VALUE; repeat for or.",
)


def parse_selectors(expressions: tuple[str, ...]) -> list[dict[str, str]]:
    """Parse --select: commas mean and, repeating the option means or."""
    wanted = []
    for expression in expressions:
        terms: dict[str, str] = {}
        for term in expression.split(","):
            key, equals, item = term.partition("=")
            if not equals or key not in _SELECTABLE or not item:
                raise UsageError(
                    f"--select {expression!r} is no selector", hint=f"write key=value with {', '.join(_SELECTABLE)}"
                )
            terms[key] = item
        wanted.append(terms)
    return wanted


def is_selected(one: Resource, wanted: list[dict[str, str]]) -> bool:
    """Tell whether an object meets one of the selectors; without any, all do."""
    if not wanted:
        return True
    identity = one.id
    labels = one.body["metadata"].get("labels") or {}
    facts = {
        "kind": identity.kind.lower(),
        "name": identity.name,
        "namespace": identity.namespace,
        "group": identity.group,
        "apiVersion": one.body["apiVersion"],
    }

    def meets(key: str, item: str) -> bool:
        if key == "label":
            name, colon, text = item.partition(":")
            return name in labels and (not colon or labels[name] == text)
        return bool(facts[key] == (item.lower() if key == "kind" else item))

    return any(all(meets(key, item) for key, item in terms.items()) for terms in wanted)


def without_match(expressions: Sequence[str], objects: Sequence[Resource]) -> Iterator[str]:
    """Yield what to say of each --select that no object meets: an empty answer looks like a right one."""
    for expression, wanted in zip(expressions, parse_selectors(tuple(expressions)), strict=True):
        if not any(is_selected(one, [wanted]) for one in objects):
            yield f"--select {expression!r} matches no object"
