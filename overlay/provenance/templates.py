"""Which line of a template made a field: the chart is rendered once more with a mark at the end of each line.

Templates do not tell. A comment at the end of a template's line comes out at the end of the line that it renders, and
means nothing to YAML; where it does mean something (in a block scalar, before a trim) the mark is left out.
"""

from __future__ import annotations

import json
import re

from overlay.errors import OverlayError
from overlay.kube.leaves import leaves
from overlay.kube.objects import parse_objects
from overlay.model.location import Location
from overlay.model.value import replace
from overlay.yaml import read_documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from overlay.chart.render import Rendered, RenderRequest
    from overlay.kube.follow import Concrete
    from overlay.model.contents import ChartSource, Locate
    from overlay.model.resource import Resource

    # (kind, name, namespace), body, places in the text, the text's lines
    Found = tuple[tuple[str, str, str], dict[str, Any], Locate, list[str]]
    Render = Callable[[Sequence[RenderRequest]], list[Rendered | OverlayError]]

_ACTION = re.compile(r"\{\{(-)?|(-)?\}\}")
MARK = re.compile(r" ?#@\[(\d+)\]@")
_ROUNDS = 4


class Template:
    """One template of a chart, and the objects that it rendered."""

    def __init__(self, request: RenderRequest, file: str, rendered: str, render: Render) -> None:
        """Mark and render `file`, a path below the chart's folder; `rendered` is what it rendered with the others."""
        self.file = file
        self.folder = request.chart.path
        self.lines: tuple[str, ...] = ()
        self._objects: list[tuple[tuple[str, str, str], Locate, list[str]]] = []
        self.request = only_template(request, file, rendered, render)
        data = dict(request.chart.files).get(file)
        if data is None:
            return
        text = data.decode("utf-8", "replace")
        self.lines = tuple(text.splitlines())
        plain = _objects(rendered)
        if plain is None:
            return
        marks = set(markable(text))
        for _ in range(_ROUNDS):
            again = replace(self.request, chart=with_file(self.request.chart, file, marked(text, marks)))
            found = _objects(text_of(render([again])[0], file))
            spoilt = set() if found is None else _spoilt(found)
            if found is not None and not spoilt and _same_shape(found, plain):
                self._objects = [(key, locate, lines) for key, _, locate, lines in found]
                return
            if not spoilt:
                # No mark shows where the harm is: keep those on lines that name a field and its value.
                spoilt = {mark for mark in marks if ":" not in self.lines[mark - 1] or "{{-" in self.lines[mark - 1]}
            if not spoilt & marks:
                return
            marks -= spoilt

    def line_of(self, resource: Resource, path: Concrete) -> Location:
        """Return the template's line behind a field of an object; the file alone where no line can be told."""
        whole = Location(f"{self.folder}/{self.file}")
        key = (resource.id.kind, resource.id.name, resource.id.namespace)
        for found, locate, lines in self._objects:
            if found == key:
                for line in lines[locate(path).line - 1 :]:
                    mark = MARK.search(line)
                    if mark is not None:
                        number = int(mark[1])
                        text = self.lines[number - 1]
                        return Location(whole.file, number, len(text) - len(text.lstrip()) + 1)
        return whole


def only_template(request: RenderRequest, file: str, rendered: str, render: Render) -> RenderRequest:
    """Return a request for as little of the chart as renders `file` to the same text: it will be rendered often."""
    chart = request.chart
    for name, files in (("", _needed(chart.files, file)), ("+files", _without_manifests(chart.files, file))):
        smaller = replace(request, chart=_chart(chart, tuple(files), f"{file}{name}"))
        if text_of(render([smaller])[0], file) == rendered:
            return smaller
    return request


def _needed(files: tuple[tuple[str, bytes], ...], file: str) -> Iterator[tuple[str, bytes]]:
    """Yield what templates commonly need: partials and values, these without their comments, of all charts."""
    for name, data in files:
        base = name.rpartition("/")[2]
        if base == "values.yaml":
            documents = read_documents(data.decode("utf-8-sig", "replace"), name)
            yield name, json.dumps(documents[0].value if documents else {}).encode()
        elif name == file or base in ("Chart.yaml", "values.schema.json") or _is_partial(name):
            yield name, data


def _without_manifests(files: tuple[tuple[str, bytes], ...], file: str) -> Iterator[tuple[str, bytes]]:
    """Yield all but other templates: those files, too, that a template may read."""
    for name, data in files:
        if name == file or "templates/" not in name or _is_partial(name):
            yield name, data


def _is_partial(name: str) -> bool:
    return "templates/" in name and name.rpartition("/")[2].startswith("_")


def _chart(chart: ChartSource, files: tuple[tuple[str, bytes], ...], salt: str) -> ChartSource:
    # The digest names the content to the child: another content needs another name.
    return replace(chart, files=files, digest=f"{chart.digest}+{salt}+{hash(files)}")


def with_file(chart: ChartSource, file: str, text: str) -> ChartSource:
    return _chart(chart, tuple([(name, text.encode() if name == file else data) for name, data in chart.files]), file)


def text_of(answer: Rendered | OverlayError, file: str) -> str | None:
    if isinstance(answer, OverlayError):
        return None
    return dict(answer.templates).get(file)


def markable(text: str) -> list[int]:
    """Return the numbers of the lines that end outside of an action and are not trimmed there."""
    found = []
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        trims = False
        for match in _ACTION.finditer(line):
            inside = match[0].startswith("{{")
            trims = not inside and match[2] is not None and not line[match.end() :].strip()
        if not inside and not trims and line.strip() and not line.lstrip().startswith(("#", "---")):
            found.append(number)
    return found


def marked(text: str, marks: set[int]) -> str:
    lines = text.splitlines()
    return "\n".join([f"{line} #@[{at}]@" if at in marks else line for at, line in enumerate(lines, 1)]) + "\n"


def _objects(text: str | None) -> list[Found] | None:
    """Return the objects of a rendered text; None for what is no YAML."""
    if text is None:
        return None
    lines = text.splitlines()
    found: list[Found] = []
    try:
        for document in read_documents(text, "template"):
            for identity, body, _ in parse_objects(document.value, document.location):
                key = (identity.kind, identity.name, identity.namespace)
                found.append((key, body, document.location, lines))
    except OverlayError:
        return None
    return found


def _spoilt(marked: list[Found]) -> set[int]:
    """Return the marks that became part of a value."""
    found: set[int] = set()
    for _, body, _, _ in marked:
        for path, item in leaves(body, None):
            for text in (*[part for part in path if isinstance(part, str)], item):
                if isinstance(text, str) and "#@[" in text:
                    found.update(int(match[1]) for match in re.finditer(r"#@\[(\d+)\]@", text))
    return found


def _same_shape(marked: list[Found], plain: list[Found]) -> bool:
    """Tell whether marks changed nothing but checksums of other templates' text."""
    return [one[0] for one in marked] == [one[0] for one in plain] and all(
        [path for path, _ in leaves(one[1], None)] == [path for path, _ in leaves(other[1], None)]
        for one, other in zip(marked, plain, strict=True)
    )
