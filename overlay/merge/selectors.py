"""Kubernetes' label selectors: `a=b, c!=d, e in (x,y), f notin (z), g, !h, i>1`."""

from __future__ import annotations

import re

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

_TOKEN = re.compile(r"[ \t\r\n]*(?:(==|!=|[=!(),<>])|([^=!(),<> \t\r\n]+)|\Z)")
_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", re.ASCII)
_PREFIX = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
MAX_LENGTH = 10_000


class SelectorError(Exception):
    """Why a selector cannot be read; column counts from 0 in its text."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.column = column


@value
class Requirement:
    """One condition.

    operator: `in`, `notin`, `exists`, `!`, `>` or `<`; `=` and `!=` are `in` and `notin` of one value.
    """

    key: str
    operator: str
    values: frozenset[str]

    def accepts(self, labels: Mapping[str, object]) -> bool:
        found = labels.get(self.key)
        found = found if isinstance(found, str) else ""
        if self.operator == "exists":
            return self.key in labels
        if self.operator == "!":
            return self.key not in labels
        if self.operator == "in":
            return self.key in labels and found in self.values
        if self.operator == "notin":
            return self.key not in labels or found not in self.values
        if not _INTEGER.fullmatch(found):
            return False
        bound = int(next(iter(self.values)))
        return int(found) > bound if self.operator == ">" else int(found) < bound


def parse_selector(text: str) -> tuple[Requirement, ...]:
    """Read a selector; the empty one accepts everything. Raises SelectorError with the place."""
    if len(text) > MAX_LENGTH:
        raise SelectorError(f"is longer than {MAX_LENGTH} characters", MAX_LENGTH)
    return _Parser(text).parse()


class _Parser:
    """Kubernetes' grammar, one token ahead."""

    def __init__(self, text: str) -> None:
        self.tokens = [(each[1] or "", each[2] or "", each.end()) for each in _TOKEN.finditer(text)]
        self.next = 0
        self.advance()

    def advance(self) -> None:
        self.symbol, self.word, end = self.tokens[self.next]
        self.start = end - len(self.symbol or self.word)
        self.next += 1

    @property
    def ended(self) -> bool:
        return not self.symbol and not self.word

    def fail(self, expected: str) -> NoReturn:
        found = self.symbol or self.word or "the end"
        raise SelectorError(f"{expected} is expected, found {found}", self.start)

    def parse(self) -> tuple[Requirement, ...]:
        found: list[Requirement] = []
        while not self.ended or found:
            found.append(self.requirement())
            if self.ended:
                break
            if self.symbol != ",":
                self.fail("a comma or the end")
            self.advance()
        return tuple(found)

    def requirement(self) -> Requirement:
        absent = self.symbol == "!"
        if absent:
            self.advance()
        if not self.word:
            self.fail("a key" if absent else "a key or !")
        key = self.key()
        if absent or self.ended or self.symbol == ",":
            return Requirement(key, "!" if absent else "exists", frozenset())
        operator = self.symbol or self.word
        if operator not in ("=", "==", "!=", "in", "notin", ">", "<"):
            self.fail("one of =, ==, !=, in, notin, > and <")
        self.advance()
        if operator in ("in", "notin"):
            return Requirement(key, operator, self.values())
        start, word = self.start, self.one_value()
        if operator in (">", "<"):
            if not _INTEGER.fullmatch(word):
                raise SelectorError(f"{operator} needs a whole number, found {word or 'nothing'}", start)
            return Requirement(key, operator, frozenset((word,)))
        return Requirement(key, "notin" if operator == "!=" else "in", frozenset((word,)))

    def key(self) -> str:
        prefix, slash, name = self.word.rpartition("/")
        if not _NAME.fullmatch(name) or (slash and not _PREFIX.fullmatch(prefix)):
            raise SelectorError(f"{self.word!r} is no label key", self.start)
        word = self.word
        self.advance()
        return word

    def one_value(self) -> str:
        if self.ended or self.symbol == ",":
            return ""
        if not self.word:
            self.fail("a value")
        word = self.word
        if not _NAME.fullmatch(word):
            raise SelectorError(f"{word!r} is no label value", self.start)
        self.advance()
        return word

    def values(self) -> frozenset[str]:
        """Read `(a, b)`; an empty place between commas is the empty value."""
        if self.symbol != "(":
            self.fail("(")
        found: set[str] = set()
        while self.symbol != ")":
            self.advance()
            if self.word:
                found.add(self.one_value())
            elif self.symbol in (",", ")"):
                found.add("")
            if self.symbol not in (",", ")"):
                self.fail("a comma or )")
        self.advance()
        return frozenset(found)
