"""What Helm answers, sorted: manifests, notes and definitions, or why there are none."""

from __future__ import annotations

import json
import re

from overlay.chart.errors import explain_refusal
from overlay.chart.render import Rendered
from overlay.errors import ChartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.chart.render import RenderRequest
    from overlay.errors import OverlayError

# What Go's logger puts before a line: the time has no place in a result, the word is said anyhow.
_LOGGED = re.compile(r"\A(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )?(warning: )?")
_SEPARATOR = re.compile(r"(?:^|\s*\n)---\s*")


def read_answer(request: RenderRequest, answer: bytes, log: str) -> Rendered | OverlayError:
    """Return what the child's answer to a request says; log: what the library wrote to its error stream."""
    code, message, rendered, crds = json.loads(answer)
    if code:
        return explain_refusal(request, code, message)
    try:
        texts: dict[str, str] = json.loads(rendered)
        found = json.loads(crds)
    except ValueError:
        return ChartError("Helm's library answered with no JSON", location=request.chart.location)
    texts = {path: text if path.endswith("/NOTES.txt") else split_as_helm(text) for path, text in texts.items()}
    warnings = tuple([_LOGGED.sub("", line) for line in log.splitlines()])
    return from_texts(texts, [(crd["filename"], crd["data"]) for crd in found or []], warnings)


def split_as_helm(text: str) -> str:
    """Return a rendered text with its documents divided as Helm divides them (pkg/release/v1/util/manifest.go).

    `---apiVersion: v1` begins a document, too, and each document ends with exactly one line break, which decides what
    a block scalar at its end is.
    """
    parts = _SEPARATOR.split(text.lstrip()) if "---" in text else [text]
    if len(parts) > 1:
        text = "\n---\n".join(parts)
    return text.rstrip() + "\n"


def from_texts(texts: dict[str, str], crds: Sequence[tuple[str, str]], warnings: tuple[str, ...]) -> Rendered:
    """Sort Helm's answer: paths lose the chart's name, NOTES.txt and partials are no manifests."""
    templates, notes = [], None
    for path, text in sorted(texts.items()):
        below = path.partition("/")[2]
        base = below.rpartition("/")[2]
        if base == "NOTES.txt":
            # Notes of sub-charts are not shown, as in `helm install` without --render-subchart-notes.
            notes = text if below == "templates/NOTES.txt" else notes
        elif not base.startswith("_") and not text.isspace() and text:
            templates.append((below, text))
    return Rendered(
        templates=tuple(templates),
        crds=tuple(sorted((path.partition("/")[2], text) for path, text in crds)),
        notes=notes if notes and notes.strip() else None,
        warnings=warnings,
    )
