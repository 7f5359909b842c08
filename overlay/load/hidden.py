"""Characters in an environment's files that nobody sees and that make a text mean something else than it shows."""

from __future__ import annotations

import re

from overlay.model.finding import Finding
from overlay.model.location import Location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from overlay.files.reader import ProjectFiles
    from overlay.model.contents import ChartSource, ReadEnvironment

_ENDINGS = (".yaml", ".yml", ".json", ".tpl")
# Marks that reorder text (Trojan Source), joiners, tags, soft hyphens and spaces without width.
_HIDDEN = (
    r"[\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f]"
)
_JOINERS = "\u200c\u200d"
_FIRST_JOINED_SCRIPT = "\u0600"


class HiddenCharacters:
    """Looks through the files of one run, each of them once."""

    def __init__(self, files: ProjectFiles) -> None:
        self.files = files
        self._seen: dict[tuple[str, str], tuple[Finding, ...]] = {}

    def of(self, environment: ReadEnvironment, chart: ChartSource | None) -> list[Finding]:
        """Return what stands in the documents, patches, values, manifests and templates of an environment."""
        return [finding for key, data in self._texts(environment, chart) for finding in self._file(key, data)]

    def _texts(
        self, environment: ReadEnvironment, chart: ChartSource | None
    ) -> Iterator[tuple[tuple[str, str], bytes]]:
        for layer in environment.layers:
            for found in layer.inputs:
                if found.path.endswith(_ENDINGS):
                    yield (found.path, found.digest), self.files.read(found.path)
        for name, data in chart.files if chart is not None else ():
            if chart is not None and name.endswith(_ENDINGS):
                yield (f"{chart.path}/{name}", chart.digest), data

    def _file(self, key: tuple[str, str], data: bytes) -> tuple[Finding, ...]:
        if data.isascii():
            return ()
        known = self._seen.get(key)
        if known is None:
            known = self._seen[key] = hidden_characters(data, key[0])
        return known


def hidden_characters(data: bytes, file: str) -> tuple[Finding, ...]:
    """Return a finding for each invisible character of a file, at its first place; none for what is no text."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ()
    places: dict[str, list[int]] = {}
    for match in re.finditer(_HIDDEN, text):
        if not _joins(text, match.start()):
            places.setdefault(match[0], []).append(match.start())
    return tuple([_finding(text, file, at) for at in places.values()])


def _joins(text: str, at: int) -> bool:
    """Tell whether a joiner does what it is for: it stands inside an emoji, or between letters that join."""
    around = text[max(at - 1, 0) : at] + text[at + 1 : at + 2]
    return text[at] in _JOINERS and len(around) == 2 and min(around) >= _FIRST_JOINED_SCRIPT


def _finding(text: str, file: str, places: list[int]) -> Finding:
    import unicodedata  # noqa: PLC0415  # hardly any file needs it

    at = places[0]
    code = ord(text[at])
    escape = f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    times = f", {len(places)} times in this file" if len(places) > 1 else ""
    return Finding(
        "hidden-character",
        f"invisible character U+{code:04X} ({unicodedata.name(text[at], 'without a name')}){times}",
        location=Location(file, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)),
        hint=f'remove it, or write "{escape}" in a double-quoted value',
    )
