"""The rules of a project: those that most teams want, switched on by name, and those that it wrote itself."""

from __future__ import annotations

from fnmatch import fnmatchcase

from overlay.expressions import Evaluator, Failure
from overlay.kube.confidential import is_secret_name
from overlay.kube.dotted import find
from overlay.kube.pods import containers_of, pod_of
from overlay.merge.targets import Matcher
from overlay.model.policy import OwnRule, Policy
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from overlay.model.resource import Resource

    Path = tuple[str | int, ...]
    # (path, what is wrong there, what to try)
    Told = tuple[Path, str, str]

_LONG_RUNNING = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController")
_HOST = ("hostNetwork", "hostPID", "hostIPC")
_HUB = "docker.io"


@value(kw_only=True)
class Violation:
    """An object that does not do what a rule demands; path: where."""

    rule: str
    resource: Resource
    path: Path
    message: str
    hint: str
    severity: str


def violations(objects: Iterable[Resource], policy: Policy, facts: Mapping[str, Any]) -> Iterator[Violation]:
    """Yield what objects do against a policy.

    facts: what expressions see as `environment`. Raises PatchError for a target that cannot be used.
    """
    exempt = [(one.rule, Matcher(one.target)) for one in policy.exempt]
    own = [(one, Matcher(one.target) if one.target is not None else None) for one in policy.own]
    with Evaluator() as evaluator:
        for resource in objects:
            spared = {rule for rule, matcher in exempt if matcher.matches(resource)}
            for name, severity in policy.rules:
                if name not in spared:
                    for path, text, hint in BUILT_IN[name].look(resource, policy):
                        yield Violation(
                            rule=name, resource=resource, path=path, message=text, hint=hint, severity=severity
                        )
            asked = [
                rule for rule, meant in own if rule.name not in spared and (meant is None or meant.matches(resource))
            ]
            if asked:
                yield from _own(asked, resource, facts, evaluator)


def wrong_expressions(rules: Iterable[OwnRule]) -> Iterator[tuple[OwnRule, str]]:
    """Yield the rules whose expressions cannot be read, and why."""
    rules = list(rules)
    if rules:
        with Evaluator() as evaluator:
            for rule, failure in zip(rules, evaluator.check([rule.expression for rule in rules]), strict=True):
                if failure is not None:
                    yield rule, failure.message


def _own(
    rules: list[OwnRule], resource: Resource, facts: Mapping[str, Any], evaluator: Evaluator
) -> Iterator[Violation]:
    answers = evaluator.evaluate(
        [rule.expression for rule in rules], {"object": resource.body, "environment": dict(facts)}
    )
    for rule, answer in zip(rules, answers, strict=True):
        if answer is True:
            continue
        message, hint = rule.message, "see spec.policy.own in overlay.yaml"
        if isinstance(answer, Failure):
            message = f"the rule {rule.name} cannot be evaluated: {answer.message}"
            hint = "a field that may be absent is asked for with has(object.field) first"
        elif answer is not False:
            message, hint = f"the rule {rule.name} gives no true or false", "write it as a comparison"
        found = find(resource.body, rule.field)
        # A field that is not there is told at the nearest that is.
        path = found[0][0] if found else tuple([part for part in rule.field if isinstance(part, (str, int))])
        yield Violation(
            rule=f"policy/{rule.name}", resource=resource, path=path, message=message, hint=hint,
            severity=rule.severity,
        )  # fmt: skip


def _containers(resource: Resource, *fields: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    pod = pod_of(resource)
    if pod is not None:
        path, spec = pod
        for at, container in containers_of(spec, fields or ("containers", "initContainers")):
            yield (*path, *at), container


def _latest_tag(resource: Resource, _: Policy) -> Iterator[Told]:
    for path, container in _containers(resource):
        image = container.get("image")
        if isinstance(image, str) and image:
            tag, digest = _parts(image)[1:]
            if not digest and tag in ("", "latest"):
                what = f"the image {image} has no tag" if not tag else f"the image {image} is whatever is latest"
                yield (*path, "image"), what, "name a version, or a digest (overlay pin --image)"


def _requests(resource: Resource, _: Policy) -> Iterator[Told]:
    for path, container in _containers(resource):
        resources = container.get("resources")
        requests = resources.get("requests") if isinstance(resources, dict) else None
        missing = [name for name in ("cpu", "memory") if not isinstance(requests, dict) or name not in requests]
        if missing:
            what = f"the container {container.get('name')} requests no {' and no '.join(missing)}"
            yield (*path, "resources", "requests"), what, "set resources.requests"


def _probes(resource: Resource, _: Policy) -> Iterator[Told]:
    if resource.id.kind in _LONG_RUNNING:
        for path, container in _containers(resource, "containers"):
            missing = [name for name in ("readinessProbe", "livenessProbe") if not container.get(name)]
            if missing:
                what = f"the container {container.get('name')} has no {' and no '.join(missing)}"
                yield path, what, "without them traffic goes to pods that cannot take it, and stuck ones stay"


def _privileged(resource: Resource, _: Policy) -> Iterator[Told]:
    pod = pod_of(resource)
    if pod is None:
        return
    path, spec = pod
    for name in _HOST:
        if spec.get(name) is True:
            yield (*path, name), f"{name} gives the pods a part of the node", "leave it out"
    for at, container in containers_of(spec):
        context = container.get("securityContext")
        if isinstance(context, dict) and context.get("privileged") is True:
            what = f"the container {container.get('name')} is privileged"
            yield (*path, *at, "securityContext", "privileged"), what, "name the capabilities that it needs"


def _plain_variable(resource: Resource, _: Policy) -> Iterator[Told]:
    for path, container in _containers(resource):
        env = container.get("env")
        for index, variable in enumerate(env if isinstance(env, list) else ()):
            if isinstance(variable, dict) and variable.get("value") and is_secret_name(str(variable.get("name", ""))):
                what = f"the variable {variable['name']} has its value in the open"
                yield (*path, "env", index, "value"), what, "take it from a Secret: valueFrom.secretKeyRef"


def _namespaces(resource: Resource, policy: Policy) -> Iterator[Told]:
    own = resource.id.kind == "Namespace" and not resource.id.group
    name = resource.id.name if own else resource.id.namespace
    if name and not any(fnmatchcase(name, pattern) for pattern in policy.namespaces):
        allowed = ", ".join(policy.namespaces)
        yield (
            ("metadata", "name" if own else "namespace"),
            f"the namespace {name} is none of those allowed",
            f"allowed are {allowed}",
        )


def _registries(resource: Resource, policy: Policy) -> Iterator[Told]:
    for path, container in _containers(resource, "containers", "initContainers", "ephemeralContainers"):
        image = container.get("image")
        if isinstance(image, str) and image and not any(_is_below(image, place) for place in policy.registries):
            what = f"the image {image} is from a registry that is not allowed"
            yield (*path, "image"), what, f"allowed are {', '.join(policy.registries)}"


def _parts(image: str) -> tuple[str, str, str]:
    """Return whole name, tag and digest: `nginx` is `docker.io/library/nginx`."""
    rest, _, digest = image.partition("@")
    colon = rest.find(":", max(rest.rfind("/"), 0))
    name, tag = (rest, "") if colon < 0 else (rest[:colon], rest[colon + 1 :])
    host, slash, _ = name.partition("/")
    if not slash:
        name = f"{_HUB}/library/{name}"
    elif "." not in host and ":" not in host and host != "localhost":
        name = f"{_HUB}/{name}"
    return name, tag, digest


def _is_below(image: str, place: str) -> bool:
    place = place.rstrip("/")
    return _parts(image)[0] == place or _parts(image)[0].startswith(f"{place}/")


@value(kw_only=True)
class _Rule:
    look: Callable[[Resource, Policy], Iterator[Told]]
    help: str
    # The field of the policy that says what is allowed.
    needs: str = ""


BUILT_IN = {
    "latest-tag": _Rule(look=_latest_tag, help="Every image has a tag, which is not latest, or a digest."),
    "requests": _Rule(look=_requests, help="Every container requests cpu and memory."),
    "probes": _Rule(look=_probes, help="Containers that run on have a readiness and a liveness probe."),
    "privileged": _Rule(
        look=_privileged, help="No container is privileged, no pod shares the node's network or processes."
    ),
    "plain-variable": _Rule(
        look=_plain_variable, help="No variable that is called like a secret has its value in the open."
    ),
    "namespaces": _Rule(look=_namespaces, help="Objects stand in allowed namespaces only.", needs="namespaces"),
    "registries": _Rule(look=_registries, help="Images come from allowed registries only.", needs="registries"),
}
