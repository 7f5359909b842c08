"""Golden files: objects as they were when somebody last looked, held against what they are now."""

from __future__ import annotations

from overlay.diff.objects import matched, object_changes
from overlay.diff.rules import rules_of
from overlay.diff.secrets import Hidden, hide, plain
from overlay.errors import OverlayError
from overlay.inspect.findings import as_findings
from overlay.kube.dotted import find, format_path
from overlay.kube.objects import check_unique, parse_objects
from overlay.kube.types import load_types
from overlay.load.testing import tests_folder
from overlay.merge.targets import Matcher
from overlay.model.finding import Finding
from overlay.model.location import Location
from overlay.model.resource import Origin, Resource
from overlay.report.diff_fields import shown
from overlay.yaml import decode, read_documents, write_documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from overlay.diff.change import Change
    from overlay.inspect.session import Session
    from overlay.model.project import FieldRule, Project
    from overlay.model.testing import Golden, Test
    from overlay.yaml import Document

FOLDER = "golden"
UPDATE = "look at it, then `overlay test --update` writes what is rendered now"
HIDDEN = str(Hidden(0))
_LONG = 200


def golden_folder(project: Project) -> str:
    """Return the folder of golden files."""
    return f"{tests_folder(project)}/{FOLDER}"


def golden_path(project: Project, test: str, environment: str) -> str:
    """Return where the golden file of a test is kept for an environment."""
    return f"{golden_folder(project)}/{test}/{environment}.yaml"


def golden_objects(golden: Golden, objects: Iterable[Resource], masked: Iterable[FieldRule]) -> list[Resource]:
    """Return the objects that are kept, as they are: without what is ignored.

    Values of Secrets, tokens, and `masked` fields are hidden.
    """
    matcher = Matcher(golden.target) if golden.target is not None else None
    rules = rules_of(golden.ignored, masked, (), noise=False)
    found = []
    for one in objects:
        if matcher is None or matcher.matches(one):
            body = rules.prepare(hide([one.body]))[0][0]
            found.append(one.with_body(plain(body)))
    return found


def golden_text(objects: Sequence[Resource]) -> str:
    """Return what a golden file should hold."""
    return write_documents([one.body for one in objects])


def golden_findings(
    project: Project, test: Test, environment: str, objects: Sequence[Resource], session: Callable[[], Session]
) -> list[Finding]:
    """Return what of an environment's objects is not as its golden file has it.

    session: of the environment, asked for only where something differs.
    """
    path = golden_path(project, test.name, environment)
    if not objects:
        place = test.golden.location if test.golden is not None else None
        return [_finding("there is no object to keep in a golden file", place, environment, hint=None)]
    files = session().run.files
    if not files.exists(path):
        text = f"there is no golden file {path}"
        return [_finding(text, test.location, environment, hint="`overlay test --update` writes it")]
    try:
        documents = read_documents(decode(files.read(path), path), path)
        held = [(document, each) for document in documents for each in _resources(document)]
        check_unique([each for _, each in held])
    except OverlayError as error:
        return as_findings(error, environment)
    return _compared(environment, path, held, objects, session())


def _resources(document: Document) -> list[Resource]:
    return [
        Resource(identity, body, Origin("resource", place))
        for identity, body, place in parse_objects(document.value, document.location)
    ]


def _compared(
    environment: str,
    path: str,
    held: Sequence[tuple[Document, Resource]],
    objects: Sequence[Resource],
    session: Session,
) -> list[Finding]:
    documents = {one.id.key: document for document, one in held}
    types = load_types(session.prepared.settled.kubernetes_version)
    found: list[Finding] = []
    for old, new in matched([one for _, one in held], objects):
        changes = object_changes(old, new, types, reveal=True)
        if changes.kind == "same":
            continue
        if new is None and old is not None:
            text = "is in the golden file, and is not rendered any more"
            found.append(_finding(text, old.origin.location, environment, str(old.id)))
            continue
        if new is None:
            continue
        label = str(new.id)
        if old is None:
            found.append(_finding("is rendered, and is not in the golden file", Location(path), environment, label))
            continue
        if changes.kind == "renamed":
            text = f"is called {old.id.name} in the golden file"
            found.append(_finding(text, old.origin.location, environment, label))
        for change in changes.changes:
            if changes.kind == "renamed" and change.path == ("metadata", "name"):
                continue  # told already
            place = documents[old.id.key].location(_concrete(old.body, change))
            related = session.origins.place(new, _concrete(new.body, change))
            rule = "golden-of-secret" if change.new == HIDDEN else "golden"
            found.append(_finding(_told(change), place, environment, label, related=related, rule=rule))
    return found


def _told(change: Change) -> str:
    where = format_path(change.path) or "the object"
    if change.new == HIDDEN:
        return f"{where} is hidden, and is {'not' if change.kind == 'added' else 'in the open'} in the golden file"
    if change.kind == "added":
        return f"{where} is {_short(change.new)}, and is not in the golden file"
    if change.kind == "removed":
        return f"{where} is gone, the golden file has {_short(change.old)}"
    if change.kind == "moved":
        return f"{where} has another order than in the golden file"
    return f"{where} is {_short(change.new)}, the golden file has {_short(change.old)}"


def _short(item: Any) -> str:
    text = shown(item)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def _concrete(body: dict[str, Any], change: Change) -> tuple[str | int, ...]:
    """Return a change's path in a body, or as much of it as there is."""
    parts = change.path
    while parts:
        found = find(body, parts)
        if found:
            return found[0][0]
        parts = parts[:-1]
    return ()


def _finding(
    text: str,
    place: Location | None,
    environment: str,
    label: str | None = None,
    *,
    hint: str | None = UPDATE,
    related: Location | None = None,
    rule: str = "golden",
) -> Finding:
    return Finding(
        rule, text, place, hint, environment, label, severity="error",
        related=(("made here", related),) if related is not None else (),
    )  # fmt: skip
