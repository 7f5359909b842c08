"""Read one mapping of a document field by field; what is wrong is gathered, what is unknown is named."""

from __future__ import annotations

import re

from overlay.errors import DocumentError, OverlayError
from overlay.model.remote import Request, input_name
from overlay.model.spec import PathRef
from overlay.nearest import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from overlay.model.location import Location
    from overlay.yaml import Document


DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SINGLE = (".yaml", ".yml", ".json")
_PACKED = (".tgz", ".tar.gz")


def describe(value: Any) -> str:
    """Name a value's type as a user would."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {'true' if value else 'false'}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the string {value[:40]!r}"
    return "a map" if isinstance(value, dict) else "a list"


class Fields:
    """A mapping at `path` of a document.

    Each reader returns the field's value, or the empty value of its type when the field is absent or
    wrong; a wrong one is added to `errors`. `finish` adds every field that no reader asked for.
    """

    def __init__(
        self, document: Document, value: dict[str, Any], path: tuple[str | int, ...], errors: list[OverlayError]
    ) -> None:
        self.document = document
        self.value = value
        self.path = path
        self.errors = errors
        self.known: list[str] = []

    def location(self, *names: str | int) -> Location:
        return self.document.location((*self.path, *names))

    def label(self, *names: str | int) -> str:
        """Return a field's name as messages give it, such as `spec.images[0].newTag`."""
        text = ""
        for part in (*self.path, *names):
            text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
        return text

    def error(self, message: str, *names: str | int, hint: str | None = None) -> None:
        self.errors.append(DocumentError(message, location=self.location(*names), hint=hint))

    def wrong(self, expected: str, found: Any, *names: str | int, hint: str | None = None) -> None:
        self.error(f"{self.label(*names)} must be {expected}, found {describe(found)}", *names, hint=hint)

    def take(self, name: str) -> Any:
        """Return the raw value of a field, None where absent."""
        self.known.append(name)
        return self.value.get(name)

    def has(self, name: str) -> bool:
        return name in self.value

    def string(self, name: str) -> str | None:
        found = self.take(name)
        if found is None and not self.has(name):
            return None
        if isinstance(found, str) and found:
            return found
        if found == "":
            self.error(f"{self.label(name)} is empty", name)
        else:
            self.wrong("a string", found, name, hint=self._quoted(found, name))
        return None

    def _quoted(self, found: Any, *names: str | int) -> str | None:
        """Say how a number or boolean becomes a string: as it is written, for 5.10 is another version than 5.1."""
        if not isinstance(found, (int, float)):
            return None
        written = self.document.written((*self.path, *names))
        return f'quote it: "{written}"' if written else "quote it"

    def boolean(self, name: str) -> bool | None:
        found = self.take(name)
        if isinstance(found, bool):
            return found
        if self.has(name):
            self.wrong("true or false", found, name)
        return None

    def integer(self, name: str, *, least: int) -> int | None:
        found = self.take(name)
        if isinstance(found, int) and not isinstance(found, bool) and least <= found < 2**31:
            return found
        if self.has(name):
            self.wrong(f"a whole number, {least} or more", found, name)
        return None

    def strings(self, name: str) -> tuple[str, ...]:
        return tuple(item for _, item in self._string_items(name))

    def paths(self, name: str) -> tuple[PathRef, ...]:
        return tuple(PathRef(item, self.location(name, index)) for index, item in self._string_items(name))

    def places(self, name: str, *, single: bool = False) -> tuple[PathRef, ...]:
        """Read a list of paths, or of maps that name something from elsewhere; `single`: a URL may be one file."""
        found = self.take(name)
        if found is None and not self.has(name):
            return ()
        if not isinstance(found, list):
            self.wrong("a list of paths", found, name)
            return ()
        refs = []
        for index, item in enumerate(found):
            if isinstance(item, str) and item:
                refs.append(PathRef(item, self.location(name, index)))
            elif isinstance(item, dict):
                entry = Fields(self.document, item, (*self.path, name, index), self.errors)
                ref = _elsewhere(entry, single=single)
                entry.finish()
                if ref is not None:
                    refs.append(ref)
            else:
                self.wrong("a path", item, name, index)
        return tuple(refs)

    def pairs(self, name: str) -> dict[str, str]:
        """Read a map of strings; a number or boolean is refused with a word to quote it."""
        found = self.take(name)
        if found is None and not self.has(name):
            return {}
        if not isinstance(found, dict):
            self.wrong("a map of strings", found, name)
            return {}
        for key, item in found.items():
            if not isinstance(item, str):
                self.wrong("a string", item, name, key, hint=self._quoted(item, name, key))
        return {key: item for key, item in found.items() if isinstance(item, str)}

    def mapping(self, name: str) -> dict[str, Any] | None:
        """Read a map of any content."""
        found = self.take(name)
        if isinstance(found, dict):
            return found
        if self.has(name):
            self.wrong("a map", found, name)
        return None

    def fields(self, name: str) -> Fields | None:
        """Read a map with fields of its own; the caller finishes it."""
        found = self.mapping(name)
        return None if found is None else Fields(self.document, found, (*self.path, name), self.errors)

    def entries(self, name: str) -> Iterator[Fields]:
        """Read a list of maps; each is finished when the next one is asked for."""
        found = self.take(name)
        if found is None and not self.has(name):
            return
        if not isinstance(found, list):
            self.wrong("a list", found, name)
            return
        for index, item in enumerate(found):
            if not isinstance(item, dict):
                self.wrong("a map", item, name, index)
                continue
            entry = Fields(self.document, item, (*self.path, name, index), self.errors)
            yield entry
            entry.finish()

    def need(self, name: str) -> None:
        """Report a field that must be there and is not."""
        if not self.has(name):
            where = self.label() or "the document"
            self.error(f"{where} needs {name}")

    def finish(self) -> None:
        """Report every field that nobody asked for."""
        for name in self.value:
            if name not in self.known:
                location = self.document.location((*self.path, name), key=True)
                hint = did_you_mean(name, self.known) or f"known here: {', '.join(sorted({*self.known}))}"
                self.errors.append(DocumentError(f"unknown field {self.label(name)}", location=location, hint=hint))

    def _string_items(self, name: str) -> list[tuple[int, str]]:
        found = self.take(name)
        if found is None and not self.has(name):
            return []
        if not isinstance(found, list):
            self.wrong("a list of strings", found, name)
            return []
        items = []
        for index, item in enumerate(found):
            if isinstance(item, str) and item:
                items.append((index, item))
            else:
                self.wrong("a string", item, name, index, hint=self._quoted(item, name, index))
        return items


def _elsewhere(entry: Fields, *, single: bool) -> PathRef | None:
    """Read `{git, ref, path}` or `{url, digest}`."""
    ways = [way for way in ("git", "url") if entry.has(way)]
    read = {name: entry.string(name) for name in ("git", "ref", "path", "url", "digest")}
    if len(ways) != 1:
        entry.error(
            f"{entry.label()} needs exactly one of git or url, or is a path; found {' and '.join(ways) or 'none'}"
        )
        return None
    allowed = ("git", "ref", "path") if ways[0] == "git" else ("url", "digest")
    for name in entry.value:
        if name in read and name not in allowed:
            entry.error(f"{entry.label(name)} means nothing beside {ways[0]}", name)
    entry.need("ref" if ways[0] == "git" else "digest")
    if read["digest"] and not DIGEST.fullmatch(read["digest"]):
        entry.error(f"{entry.label('digest')} is {read['digest'][:100]!r}, expected sha256: and 64 digits", "digest")
    url = (read["url"] or "").partition("?")[0]
    endings = (*_PACKED, *_SINGLE) if single else _PACKED
    if url and not url.endswith(endings):
        entry.error(f"{entry.label('url')} must end with {', '.join(endings)}", "url")
    fields = tuple(sorted([(name, text) for name, text in read.items() if text and name in allowed]))
    shown = read["path"] or read["git"] or url
    request = Request(name=input_name(shown), fields=fields, location=entry.location())
    return PathRef(shown, entry.location(), request)
