"""Go's syntax of regular expressions, read into a tree."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Ranges = tuple[tuple[str, str], ...]

MAX_REPEAT = 1_000
_LAST = chr(0x10FFFF)
_DIGIT: Ranges = (("0", "9"),)
_WORD: Ranges = (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z"))
_SPACE: Ranges = (("\t", "\n"), ("\f", "\r"), (" ", " "))
_CLASSES = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_POSIX: dict[str, Ranges] = {
    "alnum": (("0", "9"), ("A", "Z"), ("a", "z")),
    "alpha": (("A", "Z"), ("a", "z")),
    "ascii": (("\0", "\x7f"),),
    "blank": (("\t", "\t"), (" ", " ")),
    "cntrl": (("\0", "\x1f"), ("\x7f", "\x7f")),
    "digit": _DIGIT,
    "graph": (("!", "~"),),
    "lower": (("a", "z"),),
    "print": ((" ", "~"),),
    "punct": (("!", "/"), (":", "@"), ("[", "`"), ("{", "~")),
    "space": (("\t", "\r"), (" ", " ")),
    "upper": (("A", "Z"),),
    "word": _WORD,
    "xdigit": (("0", "9"), ("A", "F"), ("a", "f")),
}
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ANY: Ranges = (("\0", "\x09"), ("\x0b", _LAST))


class Unreadable(Exception):
    """A pattern that Go would refuse, or that uses what we do not know."""


def _inverted(ranges: Ranges) -> Ranges:
    found: list[tuple[str, str]] = []
    start = 0
    for low, high in sorted(ranges):
        if ord(low) > start:
            found.append((chr(start), chr(ord(low) - 1)))
        start = max(start, ord(high) + 1)
    if start <= ord(_LAST):
        found.append((chr(start), _LAST))
    return tuple(found)


class Parser:
    """Go's syntax to a tree: ("char", ranges), ("join", …), ("or", …), ("repeat", node, least, most), begin, end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.folded = False
        self.dot_all = False

    def parse(self) -> Any:
        tree = self._either()
        if self.at < len(self.text):
            raise Unreadable
        return tree

    def _peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def _take(self) -> str:
        char = self._peek()
        if not char:
            raise Unreadable
        self.at += 1
        return char

    def _either(self) -> Any:
        flags = self.folded, self.dot_all
        branches = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            branches.append(self._sequence())
        self.folded, self.dot_all = flags
        return branches[0] if len(branches) == 1 else ("or", branches)

    def _sequence(self) -> Any:
        items: list[Any] = []
        while self._peek() not in ("", "|", ")"):
            item = self._atom()
            if item is None:
                continue
            while self._peek() in ("*", "+", "?", "{"):
                bounds = self._bounds()
                if bounds is None:
                    break
                item = ("repeat", item, *bounds)
                if self._peek() == "?":
                    self.at += 1
            items.append(item)
        return ("join", items)

    def _bounds(self) -> tuple[int, int | None] | None:
        """Read a quantifier; None for a brace that is none, which then means itself."""
        char = self._peek()
        if char != "{":
            self.at += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
        end = self.text.find("}", self.at)
        low, comma, high = self.text[self.at + 1 : max(end, 0)].partition(",")
        if end < 0 or not low.isdigit() or (high and not high.isdigit()):
            return None
        self.at = end + 1
        least = int(low)
        most = (int(high) if high else None) if comma else least
        if max(least, most or 0) > MAX_REPEAT or (most is not None and most < least):
            raise Unreadable
        return least, most

    def _atom(self) -> Any:
        char = self._take()
        if char == "(":
            return self._group()
        if char == "[":
            return ("char", self._fold(self._set()))
        if char == ".":
            return ("char", ((("\0", _LAST),) if self.dot_all else _ANY))
        if char == "^":
            return ("begin",)
        if char == "$":
            return ("end",)
        if char == "\\":
            if self._peek() in ("A", "z"):
                return ("begin",) if self._take() == "A" else ("end",)
            return ("char", self._fold(self._escape()))
        if char in "*+?":
            raise Unreadable
        return ("char", self._fold(((char, char),)))

    def _group(self) -> Any:
        if self._peek() == "?":
            self.at += 1
            if self.text.startswith(("P<", "<"), self.at) and not self.text.startswith(("<=", "<!"), self.at):
                end = self.text.find(">", self.at)
                if end < 0:
                    raise Unreadable
                self.at = end + 1
            else:
                on = True
                while self._peek() not in (":", ")"):
                    flag = self._take()
                    if flag == "-":
                        on = False
                    elif flag == "i":
                        self.folded = on
                    elif flag == "s":
                        self.dot_all = on
                    elif flag != "U":
                        raise Unreadable
                if self._take() == ")":
                    return None
        tree = self._either()
        if self._take() != ")":
            raise Unreadable
        return tree

    def _escape(self) -> Ranges:
        char = self._take()
        if char.lower() in _CLASSES:
            return _CLASSES[char] if char.islower() else _inverted(_CLASSES[char.lower()])
        if char == "x":
            digits = self._take()
            if digits == "{":
                end = self.text.find("}", self.at)
                digits, self.at = self.text[self.at : max(end, 0)], end + 1
            else:
                digits += self._take()
            try:
                found = chr(int(digits, 16))
            except (ValueError, OverflowError):
                raise Unreadable from None
            return ((found, found),)
        if char in _CONTROLS:
            return ((_CONTROLS[char], _CONTROLS[char]),)
        # \b, \pL and the like are rare; what is neither letter nor digit means itself.
        if char.isalnum():
            raise Unreadable
        return ((char, char),)

    def _set(self) -> Ranges:
        inverted = self._peek() == "^"
        self.at += inverted
        ranges: list[tuple[str, str]] = []
        first = True
        while first or self._peek() != "]":
            first = False
            if self.text.startswith("[:", self.at):
                end = self.text.find(":]", self.at)
                name = self.text[self.at + 2 : max(end, 0)]
                found = _POSIX.get(name.removeprefix("^"))
                if found is None:
                    raise Unreadable
                ranges += _inverted(found) if name.startswith("^") else found
                self.at = end + 2
                continue
            low = self._one()
            if len(low) == 1 and low[0][0] == low[0][1] and self._peek() == "-" and self._after() not in ("]", ""):
                self.at += 1
                high = self._one()
                if len(high) != 1 or high[0][0] != high[0][1] or high[0][0] < low[0][0]:
                    raise Unreadable
                low = ((low[0][0], high[0][0]),)
            ranges += low
        self.at += 1
        return _inverted(tuple(ranges)) if inverted else tuple(ranges)

    def _after(self) -> str:
        return self.text[self.at + 1 : self.at + 2]

    def _one(self) -> Ranges:
        char = self._take()
        return self._escape() if char == "\\" else ((char, char),)

    def _fold(self, ranges: Ranges) -> Ranges:
        if not self.folded:
            return ranges
        more = [(max(low, a), min(high, z)) for low, high in ranges for a, z in (("a", "z"), ("A", "Z"))]
        return ranges + tuple([(low.swapcase(), high.swapcase()) for low, high in more if low <= high])
