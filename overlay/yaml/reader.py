"""YAML text to values: one parse, exact places, hostile input refused before values are made."""

from __future__ import annotations

import gc
import re
from operator import is_

from overlay.errors import LimitError, OverlayError, YamlError, raise_all
from overlay.model.location import Location
from overlay.yaml.libyaml import CParser, MappingNode, ScalarNode, SequenceNode, YAMLError
from overlay.yaml.limits import MAX_DEPTH, MAX_MERGE_KEYS
from overlay.yaml.scalars import NULLS, NotJson, resolve_plain
from overlay.yaml.scan import needs_scan, scan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

# Node trees of larger texts are not kept: a place is then found by composing the text again.
_KEEP_NODES_BELOW = 512 * 1024
_UNCOLLECTED_ABOVE = 100_000
# What begins the next document: `---` in a line, whatever ends the one before (YAML 1.1, 5.4); `---a` is a text.
_NEXT = r"[\n\r\x85\u2028\u2029]---(?=[ \t\n\r\x85\u2028\u2029]|\Z)"
# Tags of ours, told by identity: in a document, `!<plain>` is a tag like any other.
PLAIN, _QUOTED = "plain", "quoted"
# What plain scalars mean, and one text for all that are the same: manifests say the same words again and again.
_plain: dict[str, Any] = {}
_PLAIN_KEPT, _PLAIN_LENGTH = 50_000, 100


class Document:
    """One YAML document.

    value: what Kubernetes would read. file: as in Location. line: where it starts, from 1.
    """

    __slots__ = ("_first", "_root", "_text", "file", "line", "mark", "value")

    def __init__(self, value: Any, mark: Any, file: str, text: str, first: int = 0, root: Any = None) -> None:
        """`mark`: where it begins in the text. `first`: how many lines of the file stand before the text."""
        self.value = value
        self.file = file
        self.line: int = first + mark.line + 1
        self.mark = mark
        keep = root is not None and len(text) < _KEEP_NODES_BELOW
        self._root = root if keep else None
        self._text = "" if keep else text
        # The line that the root's marks count from: those of a part of the text count from the part.
        self._first = first

    @property
    def root(self) -> Any:
        """The node that it was composed of."""
        if self._root is None:
            self._root = self._composed()
        return self._root

    def location(self, path: Sequence[str | int] = (), *, key: bool = False) -> Location:
        """Return where the value at `path` stands (or its key); the nearest parent where it is missing."""
        if not path:
            return Location(self.file, self.line, self.mark.column + 1)
        node, name = self._find(path)
        mark = (name if key and name is not None else node).start_mark
        return Location(self.file, self._first + mark.line + 1, mark.column + 1)

    def written(self, path: Sequence[str | int]) -> str | None:
        """Return the text of the scalar at `path`, such as `5.10`; None where a merge key (`<<`) put it there."""
        node, _ = self._find(path)
        return node.value if isinstance(node, ScalarNode) else None

    def _find(self, path: Sequence[str | int]) -> tuple[Any, Any]:
        """Return the node at `path` and the node of its key (None of a list); the nearest parent's where missing."""
        node = self.root
        name = None
        for part in path:
            if isinstance(node, SequenceNode) and isinstance(part, int) and 0 <= part < len(node.value):
                node, name = node.value[part], None
                continue
            if not isinstance(node, MappingNode):
                break
            for key_node, value_node in node.value:
                if key_node.value == part:
                    node, name = value_node, key_node
                    break
            else:
                break
        return node, name

    def _composed(self) -> Any:
        """Compose this document again, from its own part of the text."""
        start = self.mark.index - self.mark.column
        # It ends there wherever it stands, within quotes, too.
        end = re.compile(_NEXT).search(self._text, self.mark.index)
        part = self._text[start:] if end is None else self._text[start : end.start() + 1]
        self._first = self.line - 1
        return next(compose(part))


class _Parser(CParser):  # type: ignore[misc]
    """libyaml's parser and composer without PyYAML's resolver: the tag says only plain or quoted."""

    # Called for each node, and nothing to us: these do nothing at the least cost.
    descend_resolver = is_
    ascend_resolver = bool

    def resolve(self, kind: Any, _: Any, implicit: Any) -> str:
        return PLAIN if kind is ScalarNode and implicit[0] else _QUOTED


class _Constructor:
    """Nodes to values; problems are gathered so that a user sees them all."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.errors: list[OverlayError] = []
        self.merges = 0

    def construct(self, node: Any, depth: int = 0) -> Any:
        if node.tag is not PLAIN and node.tag is not _QUOTED:
            self._refuse_tag(node)
            return None
        if node.__class__ is ScalarNode:
            return self._plain(node) if node.tag is PLAIN else node.value
        if depth >= MAX_DEPTH:
            raise LimitError(f"nesting deeper than {MAX_DEPTH}", location=_at(self.file, node.start_mark))
        if node.__class__ is SequenceNode:
            return [self.construct(item, depth + 1) for item in node.value]
        return self._mapping(node, depth)

    def _plain(self, node: Any) -> Any:
        text = node.value
        if text in _plain:
            return _plain[text]
        try:
            value = resolve_plain(text)
        except NotJson as error:
            self._error(str(error), node, "quote it to make it a string")
            return None
        if len(text) <= _PLAIN_LENGTH and len(_plain) < _PLAIN_KEPT:
            _plain[text] = value
        return value

    def _mapping(self, node: Any, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        first: dict[str, Any] = {}
        merged: list[Any] = []
        for key_node, value_node in node.value:
            key = key_node.value
            if key_node.tag is PLAIN:
                if key == "<<":
                    merged.append(value_node)
                    continue
                read = self._plain(key_node)
                if read is not key:
                    if read != key:
                        self._error(f"key {key} is no string but {_name(read)}", key_node, f'quote it: "{key}"')
                        continue
                    key = read  # one text for all maps of a file
            elif not isinstance(key_node, ScalarNode):
                self._error(
                    "a key must be a string, not a map or list",
                    key_node,
                    "quote a value that starts with { or [; templates ({{ }}) belong into a Helm chart's templates/",
                )
                continue
            elif key_node.tag is not _QUOTED:
                self._refuse_tag(key_node)
                continue
            if key in mapping:
                if key == "apiVersion" and depth == 0:
                    text = "a second object begins here, in the document of the one on line"
                    line = first[key].start_mark.line + 1
                    self._error(f"{text} {line}", key_node, "put a line --- between them")
                    break
                self._error(
                    f"key {key!r} is written twice, first on line {first[key].start_mark.line + 1}",
                    key_node,
                    "keep one of them",
                )
                continue
            first[key] = key_node
            if value_node.tag is PLAIN:
                mapping[key] = self._plain(value_node)
            else:
                mapping[key] = self.construct(value_node, depth + 1)
        for value_node in merged:
            self._merge(mapping, value_node, depth)
        return mapping

    def _merge(self, mapping: dict[str, Any], node: Any, depth: int) -> None:
        """Add a merge key's mappings: what is written in the mapping wins, then the earlier of a list."""
        sources = node.value if isinstance(node, SequenceNode) else [node]
        for source in sources:
            self.merges += 1
            if self.merges > MAX_MERGE_KEYS:
                raise LimitError(f"merge keys exceed {MAX_MERGE_KEYS}", location=_at(self.file, node.start_mark))
            if not isinstance(source, MappingNode):
                self._error("a merge key (<<) takes a map or a list of maps", source, None)
                continue
            # None of a map with a tag, which is refused.
            for key, value in (self.construct(source, depth + 1) or {}).items():
                mapping.setdefault(key, value)

    def _refuse_tag(self, node: Any) -> None:
        self._error(f"tag not allowed: {node.tag}", node, "remove the tag; quote a value to make it a string")

    def _error(self, message: str, node: Any, hint: str | None) -> None:
        self.errors.append(YamlError(message, location=_at(self.file, node.start_mark), hint=hint))


def _name(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    return "a number"


def _at(file: str, mark: Any) -> Location:
    return Location(file, mark.line + 1, mark.column + 1)


def compose(text: str) -> Iterator[Any]:
    """Yield the root node of every document that is not empty."""
    parser = _Parser(text)
    while parser.check_node():
        root = parser.get_node()
        if not (isinstance(root, ScalarNode) and root.tag is PLAIN and root.value in NULLS):
            yield root


class uncollected:  # noqa: N801  # used as a word: `with uncollected(…)`
    """While a long text is read, garbage is not looked for among millions of small objects that all live on.

    It would double the time.
    """

    def __init__(self, length: int) -> None:
        self._acts = length > _UNCOLLECTED_ABOVE and gc.isenabled()

    def __enter__(self) -> None:
        if self._acts:
            gc.disable()

    def __exit__(self, *_: object) -> None:
        if self._acts:
            gc.enable()


def read_documents(text: str, file: str, first: int = 0) -> list[Document]:
    """Read every document of a text; empty documents are left out.

    first: how many lines of the file stand before a text that is a part of it; the places of errors do not know it.
    Raises YamlError or LimitError, with the place, or Problems when there are several.
    """
    try:
        with uncollected(len(text)):
            if needs_scan(text):
                scan(text, file)
            constructor = _Constructor(file)
            # One document at a time, so that the nodes of a large text do not all live at once.
            documents = [
                Document(constructor.construct(root), root.start_mark, file, text, first, root)
                for root in compose(text)
            ]
    except YAMLError as error:
        raise _explain(error, text, file) from None
    except UnicodeEncodeError as error:
        raise _bad_character(text, error.start, file) from None
    raise_all(constructor.errors)
    return documents


def read_document(text: str, file: str) -> Document:
    """Read the only document of a text.

    Raises YamlError when there is none or more than one.
    """
    documents = read_documents(text, file)
    if not documents:
        raise YamlError("the file is empty, one document is expected", location=Location(file, 1, 1))
    if len(documents) > 1:
        raise YamlError(
            "one document expected, a second starts here",
            location=Location(file, documents[1].line, 1),
            hint="remove the `---` line, or put the rest into a file of its own",
        )
    return documents[0]


def read_mapping(text: str, file: str) -> Document:
    """Read the only document of a text, which must be a mapping."""
    document = read_document(text, file)
    if not isinstance(document.value, dict):
        found = "a list" if isinstance(document.value, list) else "a single value"
        raise YamlError(f"a mapping (key: value) is expected, found {found}", location=document.location())
    return document


def _explain(error: Any, text: str, file: str) -> YamlError:
    position = getattr(error, "position", None)
    if position is not None and getattr(error, "problem_mark", None) is None:
        return _bad_character(text, position, file)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or "not YAML"
    location = _at(file, mark) if mark else Location(file)
    hint = None
    if mark is not None:
        lines = text.splitlines()
        line = lines[mark.line] if mark.line < len(lines) else ""
        if "\t" in line[: mark.column + 1]:
            hint = "YAML is indented with spaces, this line has a tab"
        elif "{{" in line:
            hint = "this looks like a template; only files under a Helm chart's templates/ may have {{ }}"
        elif problem.startswith("mapping values"):
            hint = "quote the value when it contains `: `, or check the indentation"
        elif "alias" in problem or "anchor" in problem:
            hint = "quote a value that starts with * or &"
    return YamlError(problem, location=location, hint=hint)


def _bad_character(text: str, position: int, file: str) -> YamlError:
    before = text[:position]
    location = Location(file, before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)
    code = ord(text[position]) if position < len(text) else 0
    return YamlError(f"character U+{code:04X} is not allowed in YAML", location=location)
