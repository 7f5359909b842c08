"""What must be right about a chart before Helm sees it: dependencies, values, and schemas that stay inside."""

from __future__ import annotations

import re

from overlay.chart.values import check_numbers
from overlay.errors import ChartError, OverlayError, YamlError, raise_all
from overlay.model.location import Location
from overlay.yaml import decode, read_documents, read_mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.model.contents import ChartSource
    from overlay.yaml import Document

MAX_SCHEMA_DEPTH = 60
# The values of the chart and of its sub-charts; files of that name elsewhere can be anything.
_VALUES = re.compile(r"(charts/[^/]+/)*values\.yaml")
# Keywords whose value names another schema; all but a reference into the same document would be fetched (hazard V2).
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


def read_metadata(source: ChartSource, folder: str = "", name: str = "Chart.yaml") -> dict[str, Any]:
    """Return the parsed Chart.yaml (or Chart.lock) of a chart (or of a sub-chart's folder)."""
    return metadata_document(source, folder, name).value  # type: ignore[no-any-return]


def metadata_document(source: ChartSource, folder: str = "", name: str = "Chart.yaml") -> Document:
    """Return the same with its places; raises ChartError."""
    name = f"{folder}{name}"
    data = dict(source.files)[name]
    path = f"{source.path}/{name}"
    try:
        return read_mapping(decode(data, path), path)
    except YamlError as error:
        raise ChartError(error.message, location=error.location, hint=error.hint) from None


def check_chart(source: ChartSource) -> None:
    """Refuse missing dependencies, values that Helm would misread, schemas that reach outside or recurse without end.

    Raises ChartError, or Problems with all that is wrong.
    """
    errors: list[OverlayError] = []
    errors.extend(_dependency_errors(source, metadata_document(source)))
    for name, data in source.files:
        if name.rpartition("/")[2] == "values.schema.json":
            errors.extend(_schema_errors(f"{source.path}/{name}", data))
        elif _VALUES.fullmatch(name):
            errors.extend(_values_errors(f"{source.path}/{name}", data))
    raise_all(errors)


def present_charts(source: ChartSource) -> set[str]:
    """Return the names of the sub-charts that a chart's charts/ folder holds."""
    return {
        str(read_metadata(source, name.removesuffix("Chart.yaml")).get("name"))
        for name, _ in source.files
        if name.startswith("charts/") and name.endswith("/Chart.yaml") and name.count("/") == 2
    }


def _dependency_errors(source: ChartSource, document: Document) -> list[OverlayError]:
    wanted = document.value.get("dependencies")
    if not isinstance(wanted, list):
        return []
    present = present_charts(source)
    errors: list[OverlayError] = []
    for index, dependency in enumerate(wanted):
        place = document.location(("dependencies", index))
        name = dependency.get("name") if isinstance(dependency, dict) else None
        if not isinstance(name, str):
            errors.append(ChartError("a dependency needs a name", location=place))
        elif name not in present:
            errors.append(
                ChartError(
                    f"dependency {name} is missing in {source.path}/charts/",
                    location=place,
                    hint="charts are not fetched while rendering: put it there (helm dependency build)",
                )
            )
    return errors


def _values_errors(path: str, data: bytes) -> list[OverlayError]:
    """Read a chart's own values as all values are read: Helm keeps the last of two equal keys and ignores tags."""
    errors: list[OverlayError] = []
    try:
        for document in read_documents(decode(data, path), path):
            if isinstance(document.value, dict):
                check_numbers(document.value, (), document.location, errors)
            elif document.value is not None:
                errors.append(ChartError("values must be a map (key: value)", location=document.location()))
    except OverlayError as error:
        return list(error.each())
    return errors


def _schema_errors(path: str, data: bytes) -> list[OverlayError]:
    import json  # noqa: PLC0415  # few charts have a schema

    try:
        schema = json.loads(data)
    except (ValueError, RecursionError) as error:
        message = getattr(error, "msg", None) or (str(error) if isinstance(error, ValueError) else "nested too deeply")
        line = getattr(error, "lineno", 0)
        return [ChartError(f"not a JSON schema: {message}", location=Location(path, line, getattr(error, "colno", 0)))]
    errors: list[OverlayError] = []
    pending: list[tuple[Any, int]] = [(schema, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > MAX_SCHEMA_DEPTH:
            return [ChartError(f"schema nested deeper than {MAX_SCHEMA_DEPTH}", location=Location(path))]
        if isinstance(node, list):
            pending.extend((item, depth + 1) for item in node)
        elif isinstance(node, dict):
            for key in _REFERENCES:
                target = node.get(key)
                if isinstance(target, str) and not target.startswith("#"):
                    errors.append(
                        ChartError(
                            f"schema reference {target[:200]!r} reaches outside the file",
                            location=Location(path),
                            hint="only references such as #/$defs/name are allowed; nothing is fetched",
                        )
                    )
            pending.extend((item, depth + 1) for item in node.values())
    if not errors and _recurses(schema):
        errors.append(
            ChartError(
                "schema recursion: a reference leads back to itself without an object or list between",
                location=Location(path),
            )
        )
    return errors


def _recurses(schema: Any) -> bool:
    """Tell whether following references from some schema comes back to it with no step into data."""
    resolved: dict[str, bool] = {}

    def targets(node: Any) -> list[str]:
        """Return the references that apply to the same instance as `node`."""
        found, pending = [], [node]
        while pending:
            one = pending.pop()
            if not isinstance(one, dict):
                continue
            found += [one[key] for key in _REFERENCES if isinstance(one.get(key), str)]
            for key in ("allOf", "anyOf", "oneOf"):
                if isinstance(one.get(key), list):
                    pending.extend(one[key])
            pending.extend(one[key] for key in ("not", "if", "then", "else") if key in one)
        return found

    def visit(reference: str, chain: frozenset[str]) -> bool:
        if reference in chain:
            return True
        if reference in resolved:
            return resolved[reference]
        node = _resolve(schema, reference)
        resolved[reference] = any(visit(target, chain | {reference}) for target in targets(node))
        return resolved[reference]

    pending: list[Any] = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if any(isinstance(node.get(key), str) and visit(node[key], frozenset()) for key in _REFERENCES):
                return True
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return False


def _resolve(schema: Any, reference: str) -> Any:
    node = schema
    for part in reference.removeprefix("#").split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, list) and key.isdigit() and int(key) < len(node):
            node = node[int(key)]
        elif isinstance(node, dict):
            node = node.get(key)
        else:
            return None
    return node
