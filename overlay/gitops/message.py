"""What a commit of rendered output says: the source's own words, and trailers from which history is read."""

from __future__ import annotations

from overlay.files.paths import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.gitops.source import Source

_WORDS = ("environment", "revision", "sha", "subject", "body", "author")


def publish_message(environment: str, revision: int, source: Source, template: str) -> str:
    """Return the words of a commit, in the form of Argo CD's source hydrator unless a template says otherwise.

    template: in it `{environment}`, `{revision}`, `{sha}`, `{subject}`, `{body}` and `{author}` stand for what they
    say.
    """
    subject, _, rest = source.message.partition("\n")
    body = _inert(rest.strip("\n"))
    words = dict(
        zip(_WORDS, (environment, str(revision), source.short, _line(subject), body, _line(source.author)), strict=True)
    )
    if not template:
        return f"{source.short}: {words['subject']}" + (f"\n\n{body}" if body else "")
    text = template
    for name in _WORDS:
        text = text.replace(f"{{{name}}}", words[name])
    return _inert(text.strip())


def with_trailers(text: str, record: dict[str, Any], author: str, more: dict[str, str] | None = None) -> str:
    """Return a message whose last paragraph is for programs; record: of what the commit publishes."""
    chart = record["chart"]
    pairs = {
        "Co-authored-by": author,
        "Overlay-Environment": record["environment"],
        "Overlay-Revision": str(record["revision"]),
        "Overlay-Source": record["source"]["commit"],
        # --allow-dirty: the commit alone does not render to this.
        "Overlay-Dirty": "true" if record["source"].get("dirty") else "",
        "Overlay-Chart": f"{chart['name']}-{chart['version']}" if chart and chart["version"] else "",
        "Overlay-App-Version": chart["appVersion"] if chart else "",
        **(more or {}),
    }
    lines = [f"{name}: {_line(item)}" for name, item in pairs.items() if item]
    return f"{text.rstrip()}\n\n" + "\n".join(lines) + "\n"


def _line(text: str) -> str:
    """Return text as one line: a name cannot add a trailer (hazard G42)."""
    return printable(" ".join(text.split()))


def _inert(body: str) -> str:
    """Return a body whose lines are no trailers of ours."""
    return "\n".join([f" {line}" if line.lower().startswith("overlay-") else line for line in body.split("\n")])
