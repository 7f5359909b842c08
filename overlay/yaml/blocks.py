"""Take entries out of YAML texts and put them into others as they are written, with their comments and layout.

A block is the lines of one key or list item, moved to the left margin. What is written on one line in brackets has no
layout of its own; it is written anew. Each result is read again and has to say what was meant.
"""

from __future__ import annotations

from overlay.errors import DocumentError
from overlay.model.value import value
from overlay.yaml.edit import Change, value_without
from overlay.yaml.forms import flow_form, form
from overlay.yaml.libyaml import MappingNode, SequenceNode
from overlay.yaml.reader import read_documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    Path = tuple[str | int, ...]


@value(kw_only=True)
class Block:
    """One entry as it was written. key: of a map, None for a list's item; content: its value; lines: comments first."""

    key: str | None
    content: Any
    lines: tuple[str, ...]

    @property
    def comments(self) -> tuple[str, ...]:
        """The lines of it that only comment."""
        return tuple([line.strip() for line in self.lines if line.lstrip().startswith("#")])

    def with_comments(self, others: Sequence[str]) -> Block:
        """Return it with those comments above it that it does not have yet."""
        known = {line.strip() for line in self.lines}
        new = [line for line in dict.fromkeys(others) if line not in known]
        return Block(key=self.key, content=self.content, lines=(*new, *self.lines))

    def within(self, key: str, step: int) -> Block:
        """Return the block of a key that holds this one alone."""
        inner = {self.key: self.content} if self.key is not None else [self.content]
        lines = tuple([" " * step + line if line else "" for line in self.lines])
        return Block(key=key, content=inner, lines=(f"{form(key, None, flow=False)}:", *lines))


def block_at(text: str, path: Path, file: str) -> Block:
    """Return the entry at `path`, which is there.

    Raises DocumentError where its lines cannot stand elsewhere.
    """
    found = _Entry(text, path, file)
    key = path[-1] if isinstance(path[-1], str) else None
    return Block(key=key, content=_value(text, path, file), lines=tuple(found.lines()))


def cut(text: str, path: Path, file: str) -> tuple[str, tuple[str, ...]]:
    """Return the text without the entry at `path`, and the comments that went with it.

    What holds nothing but this entry goes, too. Raises DocumentError where that cannot be done.
    """
    old = read_documents(text, file)[0].value
    while len(path) > 1 and len(_inside(old, path[:-1])) == 1:
        path = path[:-1]
    entry = _Entry(text, path, file)
    new = entry.without()
    if len(old) == 1 and len(path) == 1:
        if read_documents(new, file):
            raise entry.change.refused(entry.node, "is written in a way that cannot be changed safely")
        return new, entry.comments()
    return entry.change.proved(new, value_without(old, path)), entry.comments()


def paste(text: str, path: Path, block: Block, file: str, order: Sequence[str] = ()) -> str:
    """Return the text with a block at the end of the map or list at `path`; what is missing on the way is made.

    order: how the keys of the top map's maps follow each other, for readers. Raises DocumentError.
    """
    documents = read_documents(text, file)
    if not documents:
        gap = "" if not text or text.endswith("\n") else "\n"
        return text + gap + "\n".join(_nested(path, block, 2).lines) + "\n"
    old = documents[0].value
    change = Change(text, file)
    node, _, at = change.walk(path)
    wanted = _with(old, path, block)
    if at < len(path):
        block = _nested(path[at:], block, change.list_step() if block.key is None else 2)
    if not isinstance(node, MappingNode if block.key is not None else SequenceNode) or not node.value:
        raise change.refused(node, "holds another kind of value than the one to be set in it")
    if node.flow_style:
        if block.comments:
            raise change.refused(node, "stands on one line, which has no room for comments")
        key, inner = block.key, flow_form(block.content)
        item = inner if key is None else f"{form(key, None, flow=True)}: {inner}"
        return change.proved(change.inserted(node, "{" if key is not None else "[", item), wanted)
    column = node.value[0][0].start_mark.column if block.key is not None else node.start_mark.column
    lines = [" " * column + line if line else "" for line in block.lines]
    after = _follower(node, block.key, order) if at <= 1 else None
    if after is not None:
        start = _Entry(text, (*path[:at], after), file).start
        return change.proved(text[:start] + change.eol.join(lines) + change.eol + text[start:], wanted)
    last = node.value[-1][0].value if block.key is not None else len(node.value) - 1
    end = _Entry(text, (*path[:at], last), file).end
    gap = "" if text[:end].endswith("\n") else change.eol
    return change.proved(text[:end] + gap + change.eol.join(lines) + change.eol + text[end:], wanted)


def commented(text: str, path: Path, comments: Sequence[str], file: str) -> str:
    """Return the text with comments above the entry at `path`.

    Raises DocumentError where there is no line for them.
    """
    entry = _Entry(text, path, file)
    if entry.flow or entry.behind:
        raise entry.change.refused(entry.node, "has no line above it")
    lines = [f"{' ' * entry.column}{line}{entry.change.eol}" for line in comments]
    return text[: entry.start] + "".join(lines) + text[entry.start :]


class _Entry:
    """Where one entry stands: from its first comment to the end of its last line."""

    def __init__(self, text: str, path: Path, file: str) -> None:
        self.change = change = Change(text, file)
        self.text = text
        self.holder, _, at = change.walk(path[:-1])
        if at < len(path) - 1 or not isinstance(self.holder, (MappingNode, SequenceNode)):
            raise change.refused(self.holder, "is written in a way that cannot be changed safely")
        if isinstance(path[-1], str):
            pairs = [pair for pair in self.holder.value if pair[0].value == path[-1]]
            if len(pairs) != 1:
                raise change.refused(self.holder, "is written in a way that cannot be changed safely")
            first, self.node = pairs[0]
            self.at = self.holder.value.index(pairs[0])
            self.head = first.start_mark.index
        else:
            self.at = path[-1]
            self.node = self.holder.value[self.at]
            self.head = self.node.start_mark.index if self.holder.flow_style else self._dash()
        self.flow = bool(self.holder.flow_style)
        self.end = change.end(self.node)
        if self.flow:
            self.start = self.head
            if "#" in text[self.holder.start_mark.index : self.holder.end_mark.index]:
                raise change.refused(self.holder, "holds comments that would be lost")
            return
        line = text.rfind("\n", 0, self.head) + 1
        self.column = self.head - line
        self.behind = bool(text[line : self.head].strip())
        self.start = self.head if self.behind else self._with_comments_above(line)
        self.end = self._with_comments_below(change.line_end(self.end))

    def _dash(self) -> int:
        """Return where the dash of the item is."""
        column = self.holder.start_mark.column
        at: int = self.node.start_mark.index
        while True:
            line = self.text.rfind("\n", 0, at) + 1
            if self.text[line + column : line + column + 1] == "-" and not self.text[line : line + column].strip():
                return int(line + column)
            if line <= self.holder.start_mark.index:
                if self.at == 0:
                    return int(self.holder.start_mark.index)
                raise self.change.refused(self.node, "is written in a way that cannot be changed safely")
            at = line - 1

    def _with_comments_above(self, line: int) -> int:
        start = line
        while start:
            above = self.text.rfind("\n", 0, start - 1) + 1
            found = self.text[above : start - 1]
            if not found.lstrip(" ").startswith("#") or len(found) - len(found.lstrip(" ")) != self.column:
                break
            start = above
        # What stands at the very top of a file is about the file.
        return start if start or not self.text.startswith("#") else line

    def _with_comments_below(self, end: int) -> int:
        while end < len(self.text):
            found = self.text[end : self.change.line_end(end + 1)]
            if not found.lstrip(" ").startswith("#") or len(found) - len(found.lstrip(" ")) <= self.column:
                break
            end += len(found)
        return end

    def comments(self) -> tuple[str, ...]:
        """Return the lines of it that only comment."""
        return tuple(
            [line.strip() for line in self.text[self.start : self.end].split("\n") if line.lstrip().startswith("#")]
        )

    def lines(self) -> list[str]:
        """Return its lines, moved to the left margin."""
        content = self.text[self.start : self.end]
        if any(id(node) in self.change.shared for node in _nodes(self.node)):
            raise self.change.refused(self.node, "has an anchor or an alias")
        if self.flow:
            inner = flow_form(_built(self.text[self.node.start_mark.index : self.change.end(self.node)]))
            if isinstance(self.holder, SequenceNode):
                return [f"- {inner}"]
            return [f"{form(self.holder.value[self.at][0].value, None, flow=False)}: {inner}"]
        if self.behind:
            content = " " * self.column + content
        found = []
        for line in content.rstrip("\n").split("\n"):
            bare = line.rstrip("\r")
            if bare[: self.column].strip():
                raise self.change.refused(self.node, "is written in a way that cannot be changed safely")
            found.append(bare[self.column :])
        return found

    def without(self) -> str:
        """Return the text without it."""
        text = self.text
        if self.flow:
            start, end, items = self.head, self.change.end(self.node), self.holder.value
            heads = [item[0] if isinstance(item, tuple) else item for item in items]
            if self.at + 1 < len(items):
                end = heads[self.at + 1].start_mark.index
            elif self.at:
                last = items[self.at - 1]
                start = self.change.end(last[1] if isinstance(last, tuple) else last)
            return text[:start] + text[end:]
        rest = text[self.end :]
        if self.behind:
            if not rest.startswith(" "):
                raise self.change.refused(self.node, "is written in a way that cannot be changed safely")
            # The first key of a list's item stands behind the dash: the next line moves up to it.
            return text[: self.start] + rest.lstrip(" ")
        if rest.startswith(("\n", "\r\n")) and (not self.start or text[: self.start].endswith(("\n\n", "\n\r\n"))):
            rest = rest[rest.index("\n") + 1 :]
        return text[: self.start] + rest


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    if isinstance(node, MappingNode):
        for _, child in node.value:
            yield from _nodes(child)
    elif isinstance(node, SequenceNode):
        for child in node.value:
            yield from _nodes(child)


def _follower(node: Any, key: str | None, order: Sequence[str]) -> str | None:
    """Return the first key of a map that stands behind another one by the given order."""
    if key not in order:
        return None
    later = set(order[order.index(key) + 1 :])
    return next((name.value for name, _ in node.value if name.value in later), None)


def _nested(path: Path, block: Block, step: int) -> Block:
    for part in reversed(path):
        if not isinstance(part, str):
            raise DocumentError("there is no such item")
        block = block.within(part, step)
        step = 2
    return block


def _built(text: str) -> Any:
    return read_documents(text, "<entry>")[0].value


def _inside(item: Any, path: Path) -> Any:
    for part in path:
        item = item[part]
    return item


def _value(text: str, path: Path, file: str) -> Any:
    return _inside(read_documents(text, file)[0].value, path)


def _with(old: Any, path: Path, block: Block) -> Any:
    if path:
        head, rest = path[0], path[1:]
        if isinstance(head, int):
            return [_with(item, rest, block) if at == head else item for at, item in enumerate(old)]
        holder = old if old is not None else {}
        return {**holder, head: _with(holder.get(head), rest, block)}
    if block.key is None:
        return [*(old or []), block.content]
    return {**(old or {}), block.key: block.content}
