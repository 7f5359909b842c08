"""The user's own tests, `tests/*.yaml` beside the environments: from YAML to frozen values."""

from __future__ import annotations

from fnmatch import fnmatchcase

from overlay.check.schemas import refusals
from overlay.errors import DocumentError, OverlayError, UsageError, raise_all
from overlay.kube.dotted import BadPath, parse_path
from overlay.load.diff_rules import read_field_rules
from overlay.load.documents import by_place, read_header
from overlay.load.entries import read_expect
from overlay.load.fields import Fields
from overlay.load.targets import read_target
from overlay.merge.targets import Matcher
from overlay.model.spec import Expect
from overlay.model.testing import Assertion, Golden, Test
from overlay.nearest import did_you_mean
from overlay.yaml import decode, read_mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.files.reader import ProjectFiles
    from overlay.model.location import Location
    from overlay.model.project import Project
    from overlay.model.spec import Target
    from overlay.yaml import Document

FOLDER = "tests"
WAYS = ("exists", "absent", "equals", "schema", "expression")
_ENDINGS = (".yaml", ".yml")
_ANY = Expect(1, None)
# What may stand beside each way.
_BESIDE = {
    "exists": ("expect", "message"),
    "absent": ("message",),
    "equals": ("target", "field", "message"),
    "schema": ("target", "field", "message"),
    "expression": ("target", "message"),
}


def tests_folder(project: Project) -> str:
    """Return the folder of tests: beside that of the environments."""
    above = project.environments.rpartition("/")[0]
    return f"{above}/{FOLDER}" if above else FOLDER


def load_tests(project: Project, files: ProjectFiles, environments: Sequence[str]) -> list[Test]:
    """Return all tests, by name.

    environments: all that there are. Raises UsageError where there is no test, and what is wrong with those that are.
    """
    folder = tests_folder(project)
    found = files.walk(folder) if files.is_folder(folder) else ()
    paths = [path for path in found if path.endswith(_ENDINGS) and "/" not in path.removeprefix(f"{folder}/")]
    if not paths:
        raise UsageError(
            f"there are no tests: {folder}/ holds no *.yaml", hint="`overlay schema test` says what stands in one"
        )
    tests, errors = [], []
    for path in paths:
        try:
            tests.append(read_test(read_mapping(decode(files.read(path), path), path), environments))
        except OverlayError as error:
            errors.append(error)
    raise_all(errors)
    return sorted(tests, key=lambda one: one.name)


def read_test(document: Document, environments: Sequence[str] | None = None) -> Test:
    """Return one test; environments: those that it can be about, where they are known.

    Raises DocumentError, or Problems with all that is wrong with it.
    """
    errors: list[OverlayError] = []
    top = Fields(document, document.value, (), errors)
    _, name = read_header(top, ("Test",))
    place = document.location(("metadata", "name"))
    stem = document.file.rpartition("/")[2].rpartition(".")[0]
    if name and stem and name != stem:
        hint = "a test is found by its file, so both must say the same"
        errors.append(DocumentError(f"metadata.name is {name!r} but the file is {stem!r}", location=place, hint=hint))
    top.need("spec")
    spec = top.fields("spec")
    top.finish()
    test = Test(name=name, location=place)
    if spec is not None:
        test = Test(
            name=name,
            location=place,
            environments=_environments(spec, environments),
            golden=_golden(spec),
            assertions=tuple([one for entry in spec.entries("assertions") if (one := _assertion(entry)) is not None]),
        )
        if not spec.has("golden") and not spec.value.get("assertions"):
            spec.error("spec needs golden, or assertions: a test of nothing always passes")
        spec.finish()
    raise_all(sorted(errors, key=by_place))
    return test


def _environments(spec: Fields, known: Sequence[str] | None) -> tuple[tuple[str, Location], ...]:
    found = []
    for index, pattern in enumerate(spec.strings("environments")):
        found.append((pattern, spec.location("environments", index)))
        if known is not None and not any(fnmatchcase(name, pattern) for name in known):
            hint = did_you_mean(pattern, known) or f"there are {', '.join(known)}"
            spec.error(f"no environment is called {pattern[:100]!r}", "environments", index, hint=hint)
    return tuple(found)


def _golden(spec: Fields) -> Golden | None:
    found = spec.fields("golden")
    if found is None:
        return None
    golden = Golden(location=found.location(), target=_target(found), ignored=read_field_rules(found, "ignore"))
    found.finish()
    return golden


def _assertion(entry: Fields) -> Assertion | None:
    ways = [way for way in WAYS if entry.has(way)]
    message = entry.string("message") or ""
    field, target = entry.string("field") or "", _target(entry)
    expect = read_expect(entry) if entry.has("expect") else _ANY
    entry.known += [*WAYS, "expect"]
    if len(ways) != 1:
        entry.error(f"{entry.label()} needs exactly one of {', '.join(WAYS)}; found {' and '.join(ways) or 'none'}")
        return None
    way = ways[0]
    for name in ("expect", "target", "field"):
        if entry.has(name) and name not in _BESIDE[way]:
            entry.error(f"{entry.label(name)} means nothing beside {way}", name)
    if way in ("equals", "schema"):
        entry.need("target")
    if way == "equals":
        entry.need("field")
    content: Any = None
    if way in ("exists", "absent"):
        target = _target(entry, way)
    elif way == "schema":
        content = entry.mapping("schema")
        for path, reason in refusals(content) if content is not None else ():
            entry.error(f"{entry.label('schema', *path)} {reason}", "schema", *path)
    else:
        content = entry.string("expression") if way == "expression" else entry.take("equals")
    return Assertion(
        location=entry.location(way),
        way=way,
        target=target,
        expect=Expect(0, 0) if way == "absent" else expect,
        field=field,
        parts=_parts(entry, field),
        content=content,
        message=message,
    )


def _parts(entry: Fields, field: str) -> tuple[Any, ...]:
    try:
        return parse_path(field) if field else ()
    except BadPath as error:
        entry.error(f"{entry.label('field')} {field[:100]!r} {error}", "field")
        return ()


def _target(entry: Fields, name: str = "target") -> Target | None:
    found = entry.fields(name)
    if found is None:
        return None
    target = read_target(found)
    found.finish()
    try:
        Matcher(target)
    except OverlayError as error:
        entry.errors += error.each()
    return target
