"""What is wrong with a rendered text, told at the line of the template that rendered it."""

from __future__ import annotations

import re

from overlay.errors import ManifestError, OverlayError, Problems
from overlay.model.location import Location
from overlay.model.value import replace
from overlay.provenance.templates import MARK, markable, marked, text_of, with_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.chart.render import Rendered, RenderRequest
    from overlay.provenance.templates import Render

# Where a message speaks of a further line, of the rendered text as well.
_LINE = re.compile(r"(?<= on line )\d+")


def at_template_lines(error: OverlayError, request: RenderRequest, answer: Rendered, render: Render) -> OverlayError:
    """Return what is wrong, at templates' lines as far as they can be told."""
    lines: dict[str, list[Location] | None] = {}
    found: list[OverlayError] = []
    for one in error.each():
        rendered = one.rendered if isinstance(one, ManifestError) else None
        file = one.location.file if one.location is not None else ""
        if rendered is None or not file:
            found.append(one)
            continue
        if file not in lines:
            lines[file] = _lines(request, file, answer, render)
        places = lines[file]
        if places is None or rendered.line > len(places):
            found.append(one)
            continue
        place = places[rendered.line - 1]
        hint = one.hint or (f"it rendered: {rendered.text}" if rendered.text else None)
        message = _LINE.sub(lambda match, places=places: str(places[int(match[0]) - 1].line), rendered.message)  # type: ignore[misc]
        found.append(ManifestError(message, location=place, hint=hint, object=one.object, environment=one.environment))
    return Problems(found) if len(found) > 1 else found[0]


def _lines(request: RenderRequest, file: str, answer: Rendered, render: Render) -> list[Location] | None:
    """Return the place in the template of each rendered line; None where marks would change the text."""
    name = file.removeprefix(f"{request.chart.path}/")
    data, plain = dict(request.chart.files).get(name), dict(answer.templates).get(name)
    if data is None or plain is None:
        return None
    template = data.decode("utf-8", "replace")
    chart = with_file(request.chart, name, marked(template, set(markable(template))))
    text = text_of(render([replace(request, chart=chart)])[0], name)
    if text is None or MARK.sub("", text).rstrip() != plain.rstrip():
        return None
    source = template.splitlines()
    places: list[Location] = []
    last = Location(file, len(source), 1)
    for line in reversed(text.split("\n")):
        mark = MARK.search(line)
        if mark is not None:
            number = int(mark[1])
            shown = source[number - 1]
            last = Location(file, number, len(shown) - len(shown.lstrip()) + 1)
        places.append(last)
    return places[::-1]
