"""Patches as they are written, against the types of the objects that they mean: before anything merges."""

from __future__ import annotations

from overlay.check.compile import MERGE, PART, STRATEGIC, STRICT, check_value
from overlay.check.problem import Problem
from overlay.check.scalars import WORDS
from overlay.errors import OverlayError, PatchError
from overlay.merge.pointer import format_pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from overlay.kube.types import Type, Types
    from overlay.model.contents import ReadPatch
    from overlay.model.resource import ObjectId, Resource

_MODES = {"strategic": STRATEGIC, "merge": MERGE}
_WRITES = ("add", "replace", "test")


def check_patch(
    patch: ReadPatch, named: Iterable[ObjectId], objects: Sequence[Resource], types: Types
) -> list[OverlayError]:
    """Return what is wrong with a patch, whatever the objects hold; nothing for kinds that nobody describes.

    named: the identities that it means; one patch may mean several kinds. objects: those of them that exist.
    """
    errors: dict[tuple[Any, str], OverlayError] = {}
    kinds = dict.fromkeys([(identity.group, identity.version, identity.kind) for identity in named])
    for gvk in kinds:
        root = types.root(*gvk)
        if root is None:
            continue
        secret = gvk == ("", "v1", "Secret")
        content: Any = patch.content
        if patch.kind == "json":
            problems = _operations(patch, root)
        else:
            if patch.target is not None and isinstance(content, dict):
                # Beside a target they say nothing, so they cannot be wrong.
                content = {key: item for key, item in content.items() if key not in ("apiVersion", "kind")}
            problems = check_value(root, content, _MODES[patch.kind])
        for problem in problems:
            if problem.rule == "unknown-and-null" and any(_stands(one.body, problem.path) for one in objects):
                continue
            error = _error(problem, patch, secret=secret, kind=gvk[2] if len(kinds) > 1 else "")
            errors.setdefault((problem.path, error.message), error)
    return list(errors.values())


def _error(problem: Problem, patch: ReadPatch, *, secret: bool, kind: str) -> PatchError:
    message = problem.message(patch.content, secret=secret)
    return PatchError(
        f"{message} (as {kind})" if kind else message,
        # An unknown field is its key's fault, but the path of an operation is a value.
        location=patch.locate(problem.path, key=problem.at_key and problem.path[1:] != ("path",)),
        hint=problem.hint(patch.content, secret=secret),
        rule=problem.rule.replace("unknown-and-null", "unknown-field"),
    )


def _stands(body: Any, path: Sequence[str | int]) -> bool:
    """Tell whether an object has a field; which element of a list is meant does not matter."""
    found = [body]
    for part in path:
        if isinstance(part, int):
            found = [item for one in found if isinstance(one, list) for item in one]
        else:
            found = [one[part] for one in found if isinstance(one, dict) and part in one]
    return bool(found)


def _operations(patch: ReadPatch, root: Type) -> list[Problem]:
    """Check what a JSON patch writes, and where; the form of its operations is checked elsewhere."""
    from overlay.merge.jsonpatch import parse_operations  # noqa: PLC0415  # few patches need it

    try:
        operations = parse_operations(patch.content, patch.locate)
    except OverlayError:
        return []
    problems: list[Problem] = []
    paths = [operation.path for operation in operations]
    for at, operation in enumerate(operations):
        # What is removed, moved or copied must stand in the object, known or not: applying the patch says so.
        if operation.op not in (*_WRITES, "copy", "move"):
            continue
        before = f"operation {operation.index}: "
        found, wrong = _walk(root, operation.path)
        if wrong is not None:
            if operation.op != "test":
                wrong.pointer = (before, wrong.pointer[1] if wrong.pointer else operation.text)
                wrong.parts = ["path", operation.index]
                problems.append(wrong)
            continue
        if found is None or operation.op not in _WRITES:
            continue
        # A later operation may complete what this one begins.
        parent = operation.path[:-1] if operation.path[-1:] == ("-",) else operation.path
        begun = any(len(path) > len(operation.path) and path[: len(parent)] == parent for path in paths[at + 1 :])
        for problem in check_value(found, operation.value, PART if begun or operation.op == "test" else STRICT):
            problem.pointer = (before, format_pointer((*operation.path, *problem.path)))
            problem.parts += ["value", operation.index]
            problems.append(problem)
    return problems


def _walk(root: Type, path: Sequence[str]) -> tuple[Type | None, Problem | None]:
    """Return the type that a pointer leads to (None where nothing is known), or what is wrong with the way."""
    found: Type | None = root
    for index, part in enumerate(path):
        if found is None or found.form in ("any", "int-or-string"):
            return None, None
        if found.form == "list":
            found = found.element()
            continue
        if found.form not in ("object", "map"):
            wrong = Problem("wrong-path", f" has no fields: it must be {WORDS[found.form]}")
            wrong.pointer = ("", format_pointer(path[:index]))
            return None, wrong
        if found.form == "object" and part not in found.fields:
            if found.open:
                return None, None
            wrong = Problem("unknown-field", "", names=list(found.fields))
            wrong.pointer = ("", format_pointer(path[: index + 1]))
            return None, wrong
        found = found.field(part)
    return found, None
