"""Rendered text to objects: one parse per text, hooks marked, tests left out."""

from __future__ import annotations

from overlay.errors import ManifestError, OverlayError, Problems, raise_all
from overlay.kube.objects import parse_objects
from overlay.model.location import Location, RenderedLine
from overlay.model.resource import Origin, Resource
from overlay.yaml import decode, read_documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.chart.render import Rendered
    from overlay.model.contents import ChartSource

_TEST_HOOKS = ("test", "test-success", "test-failure")
_EVENTS = frozenset(
    ("pre-install", "post-install", "pre-delete", "post-delete", "pre-upgrade", "post-upgrade", "pre-rollback",
     "post-rollback", *_TEST_HOOKS)
)  # fmt: skip


class Manifests:
    """Reads manifests of one run; the same text read again, for another environment, is not parsed again."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str, str], tuple[Resource, ...] | OverlayError] = {}

    def of_chart(
        self, rendered: Rendered, source: ChartSource, *, include_crds: bool, include_tests: bool
    ) -> tuple[Resource, ...]:
        """Return a rendered chart's objects.

        Raises ManifestError and YamlError, all of them together, at the template they came from.
        """
        texts = [(name, text, "crd") for name, text in rendered.crds] if include_crds else []
        texts += [(name, text, "chart") for name, text in rendered.templates]
        found = self._all(texts, source)
        return found if include_tests else tuple([one for one in found if not _is_test(one)])

    def of_crds(self, rendered: Rendered, source: ChartSource) -> tuple[Resource, ...]:
        """Return the objects of a rendered chart's crds/ folder."""
        return self._all([(name, text, "crd") for name, text in rendered.crds], source)

    def of_folder(self, source: ChartSource) -> tuple[Resource, ...]:
        """Return the objects of a folder of plain manifests."""
        texts = []
        errors: list[OverlayError] = []
        for name, data in source.files:
            try:
                texts.append((name, decode(data, f"{source.path}/{name}"), "resource"))
            except OverlayError as error:
                errors.append(error)
        raise_all(errors)
        return self._all(texts, source)

    def _all(self, texts: list[tuple[str, str, str]], source: ChartSource) -> tuple[Resource, ...]:
        found: list[Resource] = []
        errors: list[OverlayError] = []
        for name, text, kind in texts:
            key = (f"{source.path}/{name}", text, kind)
            known = self._seen.get(key)
            if known is None:
                try:
                    known = tuple(_read(*key))
                except OverlayError as error:
                    known = error
                self._seen[key] = known
            if isinstance(known, OverlayError):
                errors.append(known)
            else:
                found.extend(known)
        raise_all(errors)
        return tuple(found)


def _read(file: str, text: str, kind: str) -> list[Resource]:
    found: list[Resource] = []
    errors: list[OverlayError] = []
    # Lines of a rendered text are not lines of its template: only plain files have exact places.
    exact = kind != "chart"
    if not text.strip():
        return found  # Helm takes no notice either, even where YAML would refuse a tab
    try:
        documents = read_documents(text, file)
    except OverlayError as error:
        raise _in_template(error, file, text) if not exact else error from None
    for index, document in enumerate(documents, 1):
        try:
            for identity, body, place in parse_objects(document.value, document.location):
                hooks = _hooks(body) if kind != "resource" else ()
                found.append(Resource(identity, body, Origin(kind, place if exact else Location(file)), hooks=hooks))
        except OverlayError as error:
            errors += error.each() if exact else [_in_document(one, file, index, document.line) for one in error.each()]
    raise_all(errors)
    return found


def _in_document(error: OverlayError, file: str, index: int, line: int) -> ManifestError:
    """Say which rendered document holds no object; the template's own line is not known."""
    found = ManifestError(
        f"{error.message} (in document {index}, line {line} of what this template rendered)",
        location=Location(file),
        hint=error.hint,
        object=error.object,
    )
    found.rendered = RenderedLine(error.location.line if error.location else line, error.message)
    return found


def _in_template(error: OverlayError, file: str, text: str) -> OverlayError:
    """Say which rendered line is no YAML; the template's own line is not known."""
    errors: list[OverlayError] = []
    lines = text.split("\n")
    for one in error.each():
        line = one.location.line if one.location else 0
        shown = lines[line - 1].strip()[:120] if 0 < line <= len(lines) else ""
        number = _document_at(lines, line)
        where = f" (in document {number}, line {line} of what this template rendered: {shown!r})" if line else ""
        found = ManifestError(f"{one.message}{where}", location=Location(file), hint=one.hint)
        found.rendered = RenderedLine(line, one.message, shown) if line else None
        errors.append(found)
    return Problems(errors) if len(errors) > 1 else errors[0]


def _document_at(lines: list[str], line: int) -> int:
    """Return the number of the document that holds a line; those without content do not count."""
    number, content = 1, False
    for text in lines[:line]:
        if text.startswith("---"):
            number += content
            content = False
        elif text.strip() and not text.lstrip().startswith("#"):
            content = True
    return number


def _hooks(body: dict[str, object]) -> tuple[str, ...]:
    metadata = body["metadata"]
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    text = annotations.get("helm.sh/hook") if isinstance(annotations, dict) else None
    if not isinstance(text, str):
        return ()
    return tuple([event for event in (part.strip() for part in text.split(",")) if event in _EVENTS])


def _is_test(resource: Resource) -> bool:
    return bool(resource.hooks) and all(hook in _TEST_HOOKS for hook in resource.hooks)
