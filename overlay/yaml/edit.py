"""Change single values in YAML text and leave every other byte as it is: comments, quotes, indentation, line ends.

The composer's marks say where a node stands; only that part of the text is written anew. Each change is proved by
reading the result: it must be the old value with exactly that one change.
"""

from __future__ import annotations

from overlay.errors import DocumentError
from overlay.model.location import Location
from overlay.yaml.forms import flow_form, form, is_filled, styled
from overlay.yaml.libyaml import MappingNode, ScalarNode, SequenceNode
from overlay.yaml.reader import compose, read_documents
from overlay.yaml.scalars import NULLS
from overlay.yaml.writer import write_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Path = Sequence[str | int]

_STEP = 2


def put(text: str, path: Path, value: Any, file: str) -> str:
    """Return the text with `value` at `path`; what is missing on the way is made (a list's next index appends).

    Raises DocumentError where the place cannot be changed alone, or YamlError for a text that is no YAML.
    """
    before = read_documents(text, file)
    if not before:
        gap = "" if not text or text.endswith("\n") else "\n"
        return text + gap + write_document(_nested(path, value))
    old = before[0].value
    wanted = _with(old, path, value)
    if wanted == old and _same_kinds(wanted, old):
        return text
    change = Change(text, file)
    node, holder, at = change.walk(path)
    if at == len(path):
        new = change.replaced(node, holder, value)
    elif isinstance(node, MappingNode) and isinstance(path[at], str):
        new = change.with_entry(node, str(path[at]), _nested(path[at + 1 :], value))
    elif isinstance(node, SequenceNode) and path[at] == len(node.value):
        new = change.with_item(node, _nested(path[at + 1 :], value))
    elif isinstance(node, ScalarNode) and change.is_null(node):
        new = change.replaced(node, holder, _nested(path[at:], value))
    else:
        raise change.refused(node, "holds another kind of value than the one to be set in it")
    return change.proved(new, wanted)


def drop(text: str, path: Path, file: str) -> str:
    """Return the text without the key at `path`, which is there and not the only one of its map.

    Raises as `put` does.
    """
    old = read_documents(text, file)[0].value
    change = Change(text, file)
    holder, _, _ = change.walk(path[:-1])
    return change.proved(change.without(holder, str(path[-1])), value_without(old, path))


def rename(text: str, path: Path, key: str, file: str) -> str:
    """Return the text with the key at `path` called otherwise; its value stays.

    Raises as `put` does.
    """
    old = read_documents(text, file)[0].value
    change = Change(text, file)
    holder, _, _ = change.walk(path[:-1])
    (name,) = [name for name, _ in holder.value if name.value == path[-1]]
    new = text[: name.start_mark.index] + styled(key, name.style) + text[name.end_mark.index :]
    value = old
    for part in path:
        value = value[part]
    return change.proved(new, _with(value_without(old, path), (*path[:-1], key), value))


class Change:
    """One text with its nodes, and the ways to write a part of it anew."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.root = next(compose(text))
        self.eol = "\r\n" if "\r\n" in text else "\n"
        self.shared = _shared(self.root)

    def walk(self, path: Path) -> tuple[Any, Any, int]:
        """Return the deepest node on the way to `path`, the (key, map) or list that holds it, and how deep it is."""
        node, holder = self.root, None
        for at, part in enumerate(path):
            found = None
            if isinstance(node, MappingNode) and isinstance(part, str):
                found = next(((child, (key, node)) for key, child in node.value if key.value == part), None)
            elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
                found = (node.value[part], node)
            if found is None:
                return node, holder, at
            node, holder = found
            if id(node) in self.shared:
                raise self.refused(node, "is shared by an anchor and an alias")
        return node, holder, len(path)

    def proved(self, new: str, wanted: Any) -> str:
        """Return the new text, which means what was wanted and nothing else."""
        found = read_documents(new, self.file)
        if not found or found[0].value != wanted or not _same_kinds(found[0].value, wanted):
            raise self.refused(self.root, "is written in a way that cannot be changed safely")
        return new

    def refused(self, node: Any, reason: str) -> DocumentError:
        mark = node.start_mark
        location = Location(self.file, mark.line + 1, mark.column + 1)
        return DocumentError(f"this place {reason}", location=location, hint="change it by hand")

    def is_null(self, node: Any) -> bool:
        return not node.style and node.value in NULLS

    def replaced(self, node: Any, holder: Any, value: Any) -> str:
        """Return the text with another value in a node's place."""
        start, end = node.start_mark.index, self.end(node)
        if isinstance(node, ScalarNode) and not is_filled(value):
            written = form(value, node.style, flow=_in_flow(holder))
            gap = " " if start == end and self.text[start - 1 : start] in (":", "-") else ""
            if node.style in ("|", ">"):
                end = start + len(self.text[start:end].rstrip())
            return self.text[:start] + gap + written + self.text[end:]
        if _in_flow(holder) or getattr(node, "flow_style", False):
            return self.text[:start] + flow_form(value) + self.text[end:]
        if isinstance(holder, tuple):
            key, _ = holder
            colon = self.text.index(":", key.end_mark.index) + 1
            return self.text[:colon] + self.after_colon(value, key.start_mark.column) + self.text[end:]
        if isinstance(node, ScalarNode) or not is_filled(value):
            return self.text[:start] + flow_form(value) + self.text[end:]
        lines = self.block(value, node.start_mark.column)
        return self.text[:start] + self.eol.join(lines).lstrip() + self.text[end:]

    def with_entry(self, node: Any, key: str, value: Any) -> str:
        """Return the text with one more key at the end of a map."""
        if node.flow_style:
            return self.inserted(node, "{", f"{form(key, None, flow=True)}: {flow_form(value)}")
        column = node.value[0][0].start_mark.column
        return self.line_added(node, [" " * column + self.entry(key, value, column)])

    def with_item(self, node: Any, value: Any) -> str:
        """Return the text with one more item at the end of a list, written as its last one is."""
        if node.flow_style:
            return self.inserted(node, "[", flow_form(value))
        column, last = node.start_mark.column, node.value[-1]
        if not is_filled(value) or getattr(last, "flow_style", False):
            return self.line_added(node, [f"{' ' * column}- {flow_form(value)}"])
        gap = last.start_mark.column - column if last.start_mark.line == node.start_mark.line else _STEP
        lines = self.block(value, column + max(gap, _STEP))
        lines[0] = " " * column + "-" + lines[0][column + 1 :]
        return self.line_added(node, lines)

    def without(self, node: Any, key: str) -> str:
        """Return the text without one key of a map."""
        names = [name.value for name, _ in node.value]
        at = names.index(key)
        name, value = node.value[at]
        start, end = name.start_mark.index, self.end(value)
        if node.flow_style:
            if at + 1 < len(names):
                end = node.value[at + 1][0].start_mark.index
            elif at:
                start = self.end(node.value[at - 1][1])
            return self.text[:start] + self.text[end:]
        line = self.text.rfind("\n", 0, start) + 1
        end = self.line_end(end)
        if self.text[line:start].strip():
            # The first key of a list's item stands behind the dash: the next line moves up to it.
            rest = self.text[end:]
            return self.text[:start] + rest[len(rest) - len(rest.lstrip()) :]
        return self.text[:line] + self.text[end:]

    def inserted(self, node: Any, bracket: str, item: str) -> str:
        last = node.value[-1] if node.value else None
        if last is None:
            at = self.text.index(bracket, node.start_mark.index) + 1
            return self.text[:at] + item + self.text[at:]
        at = self.end(last[1] if isinstance(last, tuple) else last)
        return f"{self.text[:at]}, {item}{self.text[at:]}"

    def line_added(self, node: Any, lines: list[str]) -> str:
        at = self.line_end(self.end(node))
        gap = "" if self.text[:at].endswith("\n") else self.eol
        tail = self.eol if not gap else ""
        return self.text[:at] + gap + self.eol.join(lines) + tail + self.text[at:]

    def line_end(self, index: int) -> int:
        """Return where the line after the one that `index` is in begins; itself at the beginning of a line."""
        if index and self.text[index - 1] == "\n":
            return index
        found = self.text.find("\n", index)
        return len(self.text) if found < 0 else found + 1

    def end(self, node: Any) -> int:
        """Return the index behind a node's last character; marks of block collections lie behind comments."""
        while not isinstance(node, ScalarNode) and not node.flow_style:
            last = node.value[-1]
            node = last[1] if isinstance(last, tuple) else last
        found: int = node.end_mark.index
        return found

    def entry(self, key: str, value: Any, column: int) -> str:
        return f"{form(key, None, flow=False)}:{self.after_colon(value, column)}"

    def after_colon(self, value: Any, column: int) -> str:
        if not is_filled(value):
            return " " + form(value, None, flow=False)
        deeper = column + (self.list_step() if isinstance(value, list) else _STEP)
        return self.eol + self.eol.join(self.block(value, deeper))

    def block(self, value: Any, column: int) -> list[str]:
        """Return the lines of a map or list that begins at a column."""
        pad = " " * column
        if isinstance(value, dict):
            return self.eol.join([pad + self.entry(key, item, column) for key, item in value.items()]).split(self.eol)
        lines = []
        for item in value:
            if isinstance(item, dict) and item:
                first, *more = self.block(item, column + _STEP)
                lines += [f"{pad}- {first.lstrip()}", *more]
            else:
                lines.append(f"{pad}- {flow_form(item)}")
        return lines

    def list_step(self) -> int:
        """Return how far lists of this text stand to the right of their keys: two, unless the first one says no."""
        pending = [self.root]
        while pending:
            node = pending.pop(0)
            if isinstance(node, MappingNode):
                for key, child in node.value:
                    if isinstance(child, SequenceNode) and not child.flow_style:
                        found: int = child.start_mark.column - key.start_mark.column
                        return found
                    pending.append(child)
            elif isinstance(node, SequenceNode):
                pending += node.value
        return _STEP


def _shared(root: Any) -> set[int]:
    """Return the ids of nodes that stand in more than one place."""
    seen: set[int] = set()
    found: set[int] = set()
    pending = [root]
    while pending:
        node = pending.pop()
        if id(node) in seen:
            found.add(id(node))
            continue
        seen.add(id(node))
        if isinstance(node, MappingNode):
            pending += [child for _, child in node.value]
        elif isinstance(node, SequenceNode):
            pending += node.value
    return found


def _in_flow(holder: Any) -> bool:
    node = holder[1] if isinstance(holder, tuple) else holder
    return bool(node is not None and node.flow_style)


def _nested(path: Path, value: Any) -> Any:
    for part in reversed(path):
        value = {part: value} if isinstance(part, str) else [value]
    return value


def _with(old: Any, path: Path, value: Any) -> Any:
    """Return the value with another one at `path`; what cannot hold it is an error of `put`'s walk."""
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(head, str):
        holder = old if isinstance(old, dict) else {}
        return {**holder, head: _with(holder.get(head), rest, value)}
    items = list(old) if isinstance(old, list) else []
    if head < len(items):
        items[head] = _with(items[head], rest, value)
    else:
        items.append(_with(None, rest, value))
    return items


def value_without(old: Any, path: Path) -> Any:
    """Return a value without the key or item at `path`."""
    head, rest = path[0], path[1:]
    if isinstance(old, list):
        if not rest:
            return [item for at, item in enumerate(old) if at != head]
        return [value_without(item, rest) if at == head else item for at, item in enumerate(old)]
    if not rest:
        return {key: item for key, item in old.items() if key != head}
    return {key: value_without(item, rest) if key == head else item for key, item in old.items()}


def _same_kinds(one: Any, other: Any) -> bool:
    """Tell whether equal values are of equal types: 1, 1.0 and true are equal to Python."""
    if isinstance(one, dict):
        return all(_same_kinds(item, other[key]) for key, item in one.items())
    if isinstance(one, list):
        return all(_same_kinds(a, b) for a, b in zip(one, other, strict=True))
    return type(one) is type(other)
