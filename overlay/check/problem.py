"""One thing that is wrong with a value, and how it is told."""

from __future__ import annotations

from overlay.kube.confidential import is_secret_name
from overlay.merge.same import path_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Path = tuple[str | int, ...]

# The names for machines of all that checks find, and what each means.
RULES = {
    "unknown-field": "The type has no such field.",
    "wrong-type": "A value is of another type.",
    "wrong-value": "A value is outside its range, format, pattern or closed set.",
    "wrong-key": "A label or annotation cannot be called so.",
    "missing-field": "A field that must be there is not.",
    "no-match": "Two fields that must fit each other do not.",
    "duplicate": "Two elements of a list cannot be told apart.",
    "wrong-path": "A JSON patch leads through a plain value.",
    "unknown-kind": "Nobody describes the kind, or it cannot exist.",
    "removed-api": "The Kubernetes version does not serve the API any more.",
    "kubernetes-version": "The Kubernetes version is one whose types are not known here.",
    "missing-api": "The Kubernetes version does not serve the API yet.",
    "odd-image": "No container runtime can read an image's reference.",
    "deprecated-api": "The API is going to be removed.",
    "unserved-api": "A CustomResourceDefinition has the version but does not serve it.",
    "plain-secret": "A Secret has values that can be read, and is not allowed to by name.",
    "token": "A value has the form of a key, a token or a password in a URL.",
    "certificate": "A value is a certificate.",
    "cel-not-checked": "A custom resource has rules in CEL, which are not checked here.",
}
_NOTHING = object()
_SHOWN = 60
_COMPARED = 1_000


class Problem:
    """What is wrong at one place; made without its place, which the walk adds part by part on its way back.

    rule: one of RULES, or `unknown-and-null` for what is only wrong where no object has the field.
    text: follows the path: ` must be a string`. found: what stands there, told unless it is secret.
    names: what could have been meant. parts: the path, last part first.
    pointer: how the place is told where it is not the path itself: (before the message, the place).
    """

    __slots__ = ("found", "names", "parts", "pointer", "rule", "text")

    def __init__(self, rule: str, text: str, found: Any = _NOTHING, names: Sequence[str] = ()) -> None:
        self.rule = rule
        self.text = text
        self.found = found
        self.names = names
        self.parts: list[str | int] = []
        self.pointer: tuple[str, str] | None = None

    @property
    def path(self) -> Path:
        return tuple(reversed(self.parts))

    @property
    def unknown(self) -> bool:
        """Tell whether there is no such field."""
        return self.rule.startswith("unknown")

    @property
    def at_key(self) -> bool:
        """Tell whether the key, not the value, is what to look at."""
        return self.unknown or self.rule == "wrong-key"

    @property
    def lacking(self) -> str:
        """The field that is missing at the path; empty where none is."""
        return self.text.removeprefix(" needs ") if self.rule == "missing-field" else ""

    def message(self, content: Any, *, secret: bool) -> str:
        """Return the message: `content` is what was checked, for the names of list elements."""
        path = self.path
        before, where = self.pointer or ("", path_text(content, path) or "the object")
        if self.unknown:
            return f"{before}unknown field {where}"
        if self.found is _NOTHING:
            return f"{before}{where}{self.text}"
        return f"{before}{where}{self.text}, found {described(self.found, secret=secret or _is_secret(content, path))}"

    def hint(self, content: Any, *, secret: bool) -> str | None:
        """Return what to try next; what is secret is not repeated there either."""
        if self.unknown:
            name = self.pointer[1].rpartition("/")[2] if self.pointer else self.parts[0]
            return self._near(name, all_names=True)
        if self.found is _NOTHING:
            # An element that lacks something is often one that was to be merged into another.
            return f"did you mean the element {' or '.join(self.names[:3])}?" if self.names else None
        if secret or _is_secret(content, self.path):
            return "quote it" if _quoting(self.text, self.found) else None
        if self.rule == "wrong-value" and isinstance(self.found, str):
            return self._near(self.found, all_names=False)
        if self.rule == "wrong-type":
            return _quoting(self.text, self.found)
        return None

    def _near(self, word: str | int, *, all_names: bool) -> str | None:
        from overlay.nearest import did_you_mean  # noqa: PLC0415  # only problems need it

        if not self.names:
            return None
        # Comparing is slow, and a schema may list a million.
        names = [name for name in self.names[:_COMPARED] if name]
        close = did_you_mean(str(word), names)
        if close is not None or not all_names:
            return close
        return f"known here: {', '.join(sorted(names)[:10])}{', …' if len(names) > 10 else ''}"


def _quoting(text: str, found: Any) -> str | None:
    if text == " must be a string" and isinstance(found, (int, float)):
        return "quote it"
    if isinstance(found, str) and text in (" must be an integer", " must be a number") and found.lstrip("-").isdigit():
        return f"write {found} without quotes"
    if isinstance(found, str) and text == " must be true or false" and found in ("true", "false"):
        return f"write {found} without quotes"
    return None


def _is_secret(content: Any, path: Path) -> bool:
    """Tell whether a field's name, or that of the variable whose value it is, says that it is nobody's business."""
    names = [part for part in path if isinstance(part, str)]
    word = names[-1] if names else ""
    if word == "value":
        for part in path[:-1]:
            content = content[part]
        word = str(content.get("name", "")) if isinstance(content, dict) else ""
    return is_secret_name(word)


def described(value: Any, *, secret: bool) -> str:
    """Name a value's type as a user would, and the value itself unless it is secret."""
    if value is None:
        return "null"
    if isinstance(value, (dict, list)):
        return "a map" if isinstance(value, dict) else "a list"
    word = "the boolean" if isinstance(value, bool) else "the string" if isinstance(value, str) else "the number"
    if secret:
        return f"{word.replace('the', 'a')} (not shown)"
    if isinstance(value, str):
        return f"{word} {value[:_SHOWN]!r}{'…' if len(value) > _SHOWN else ''}"
    return f"{word} {_plain(value)}"


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)[:_SHOWN]
