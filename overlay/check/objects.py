"""Whole objects against their types, strictly: everything that the API server would refuse or drop."""

from __future__ import annotations

from overlay.check.apis import standing_of
from overlay.check.compile import STRICT, compiled
from overlay.check.sense import nonsense
from overlay.errors import ManifestError, OverlayError
from overlay.kube.encrypted import METADATA, has_metadata, is_encrypted
from overlay.kube.lifecycle import lifecycle
from overlay.kube.types import kind_key, minor_version, nearest_version
from overlay.merge.same import path_text
from overlay.model.finding import Finding
from overlay.model.value import value
from overlay.nearest import did_you_mean, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from overlay.check.problem import Path, Problem
    from overlay.kube.custom import CustomKind, CustomKinds
    from overlay.kube.types import Types
    from overlay.model.location import Location
    from overlay.model.resource import Resource

    # (object, path, key=whether its key is meant, lacking=the field that is not there) -> where a user wrote it
    Place = Callable[..., Location | None]

UNKNOWN_KINDS = ("ignore", "warn", "error")


@value(kw_only=True)
class Checked:
    """What is wrong with objects, and what is only worth saying."""

    errors: tuple[OverlayError, ...]
    findings: tuple[Finding, ...]


def at_origin(
    resource: Resource,
    path: Path,  # noqa: ARG001  # a Place
    *,
    key: bool = False,  # noqa: ARG001
    lacking: str = "",  # noqa: ARG001
) -> Location | None:
    """Say where an object came from, whatever field is meant."""
    return resource.origin.location


def check_objects(
    objects: Iterable[Resource],
    types: Types,
    kubernetes: str,
    *,
    custom: CustomKinds,
    unknown_kinds: str = "warn",
    place: Place = at_origin,
) -> Checked:
    """Check objects for one Kubernetes version; nothing is raised, everything is gathered.

    unknown_kinds: what an object of a kind that nobody describes is: ignore, warn or error.
    """
    errors: list[OverlayError] = []
    findings = [*_unknown_version(kubernetes)]
    checks: dict[tuple[str, str, str], object] = {}
    unknown: dict[str, list[Resource]] = {}
    target = minor_version(kubernetes)
    for resource in objects:
        identity = resource.id
        gvk = (identity.group, identity.version, identity.kind)
        try:
            check = checks[gvk]
        except KeyError:
            root = types.root(*gvk)
            check = checks[gvk] = None if root is None else compiled(root, STRICT)
            if types.is_own(*gvk):
                findings += _deprecated(resource, target, place)
            elif root is not None:
                findings += _custom_notes(resource, custom.get(kind_key(*gvk)), place)
        if check is None:
            gone = _not_served(resource, target, place) or _no_such_kind(resource, types, target, place)
            if gone is not None:
                errors.append(gone)
            else:
                unknown.setdefault(f"{resource.body['apiVersion']} {identity.kind}", []).append(resource)
            continue
        problems: list[Problem] | None = check(resource.body)  # type: ignore[operator]
        if problems and METADATA in resource.body and has_metadata(resource.body):
            problems = [one for one in problems if not _is_sealed(one)]
        images: list[tuple[Path, str]] = []
        if not problems:
            # What must fit each other is only looked at where each part is right.
            problems, images = nonsense(resource)
        if problems:
            errors += [_error(problem, resource, place) for problem in problems]
        if images:
            findings += [_odd_image(resource, path, image, place) for path, image in images]
    for what, found in unknown.items():
        _report_unknown(what, found, unknown_kinds, errors, findings, place, custom.names())
    return Checked(errors=tuple(errors), findings=tuple(findings))


def _is_sealed(problem: Problem) -> bool:
    """Tell whether a problem is only that SOPS encrypted a value: nobody here can tell what it is."""
    return problem.path == (METADATA,) or is_encrypted(problem.found)


def _unknown_version(version: str) -> Iterator[Finding]:
    """Yield what to say of a Kubernetes version whose types nobody here knows."""
    nearest = nearest_version(version)
    if minor_version(version) != minor_version(nearest):
        message = f"Kubernetes {version} is not known here: patches and objects are checked as for {nearest}"
        yield Finding("kubernetes-version", message, hint="`overlay version` prints the versions that are known")


def _error(problem: Problem, resource: Resource, place: Place) -> ManifestError:
    named = problem.path == ("metadata", "name")
    secret = resource.id.kind == "Secret" and not resource.id.group and not named
    return ManifestError(
        problem.message(resource.body, secret=secret),
        location=place(resource, problem.path, key=problem.at_key, lacking=problem.lacking),
        hint=problem.hint(resource.body, secret=secret),
        object=str(resource.id),
        rule=problem.rule,
    )


def _not_served(resource: Resource, target: tuple[int, int], place: Place) -> ManifestError | None:
    """Say that Kubernetes does not have an API of its own any more, or not yet."""
    found = standing_of(resource.id, target)
    if found is None or found.status == "deprecated":
        return None
    location = place(resource, ("apiVersion",))
    return ManifestError(
        found.message(target), location=location, hint=found.hint(), object=str(resource.id), rule=f"{found.status}-api"
    )


def _no_such_kind(resource: Resource, types: Types, target: tuple[int, int], place: Place) -> ManifestError | None:
    """Say that a kind does not exist, where no CustomResourceDefinition could declare it."""
    group = resource.id.group
    # Of versions that we have no table of, nothing is known.
    if types.version != f"{target[0]}.{target[1]}" or lifecycle(group, resource.id.version, resource.id.kind):
        return None
    names = types.names()
    own = {name.partition(" ")[0].rpartition("/")[0] for name in names}
    # The group of a custom resource has a dot.
    if "." in group and group not in own:
        return None
    api, kind = resource.body["apiVersion"], resource.id.kind
    near = [
        f"{api} {name}"
        for name in nearest(kind, [name[len(api) + 1 :] for name in names if name.startswith(f"{api} ")])
    ]
    close = [name for name in names if name.endswith(f" {kind}")] or near or nearest(f"{api} {kind}", names)
    return ManifestError(
        f"Kubernetes {types.version} has no {api} {kind}",
        location=place(resource, ("kind",)),
        hint=f"did you mean {' or '.join(close[:3])}?" if close else None,
        object=str(resource.id),
        rule="unknown-kind",
    )


def _odd_image(resource: Resource, path: Path, image: str, place: Place) -> Finding:
    return Finding(
        "odd-image",
        f"{path_text(resource.body, path)} is {image!r}, which no container runtime can read",
        place(resource, path),
        "write it like registry.example/shop/web:2.4.1, in lower case",
        object=str(resource.id),
    )


def _deprecated(resource: Resource, target: tuple[int, int], place: Place) -> list[Finding]:
    found = standing_of(resource.id, target)
    if found is None or found.status != "deprecated":
        return []
    where = place(resource, ("apiVersion",))
    return [Finding("deprecated-api", found.message(target), where, found.hint(), object=str(resource.id))]


def _custom_notes(resource: Resource, kind: CustomKind | None, place: Place) -> list[Finding]:
    if kind is None or (kind.served and not kind.warning and not kind.cel):
        return []
    origin, label = place(resource, ("apiVersion",)), str(resource.id)
    what = f"{resource.body['apiVersion']} {resource.id.kind}"
    found = []
    if not kind.served:
        text = f"{what} is not served by its CustomResourceDefinition"
        found.append(Finding("unserved-api", text, origin, "use a version that is", object=label))
    if kind.warning:
        found.append(Finding("deprecated-api", kind.warning[:500], origin, object=label))
    if kind.cel:
        text = f"rules of {what} in CEL (x-kubernetes-validations) are not checked here"
        found.append(Finding("cel-not-checked", text, origin, object=label, severity="info"))
    return found


def _report_unknown(
    what: str,
    found: list[Resource],
    severity: str,
    errors: list[OverlayError],
    findings: list[Finding],
    place: Place,
    known: list[str],
) -> None:
    first = found[0]
    count = "its object is" if len(found) == 1 else f"its {len(found)} objects are"
    text = f"no schema describes {what}: {count} not checked"
    hint = (
        did_you_mean(what, known)
        or "name its CustomResourceDefinition under crds, or set validate.unknownKinds in overlay.yaml"
    )
    if severity == "error":
        location = place(first, ("kind",))
        errors.append(ManifestError(text, location=location, hint=hint, object=str(first.id), rule="unknown-kind"))
    elif severity == "warn":
        findings.append(Finding("unknown-kind", text, place(first, ("kind",)), hint, object=str(first.id)))
