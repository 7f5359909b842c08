"""What an environment's objects do against the policy of their project, each at the line that makes them."""

from __future__ import annotations

from overlay.errors import OverlayError
from overlay.kube.follow import value_at
from overlay.model.finding import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.check.policy import Violation
    from overlay.inspect.session import Session
    from overlay.model.location import Location
    from overlay.model.policy import Policy


def of_policy(session: Session, policy: Policy | None = None) -> list[Finding]:
    """Return an environment's findings; `policy`: another one than its project's own.

    Of an environment that cannot be built there are none: why it cannot is told elsewhere.
    """
    policy = session.run.project.policy if policy is None else policy
    if not policy.demands:
        return []
    from overlay.check.policy import violations, wrong_expressions  # noqa: PLC0415  # few projects have one

    wrong = [
        Finding(
            f"policy/{rule.name}",
            f"the rule {rule.name} cannot be read: {reason}",
            rule.location,
            "the language is CEL: object.spec.replicas > 1",
            severity="error",
        )
        for rule, reason in wrong_expressions(policy.own)
    ]
    if wrong:
        return wrong
    try:
        build = session.build
    except OverlayError:
        return []
    settings = build.settings
    rules = {f"policy/{rule.name}": rule.location for rule in policy.own}
    facts = {"name": build.environment, "namespace": settings.namespace, "releaseName": settings.release_name}
    return [
        Finding(
            one.rule,
            one.message,
            _place(session, one),
            one.hint,
            object=str(one.resource.id),
            severity="warning" if one.severity == "warn" else "error",
            related=(("the rule", rules[one.rule]),) if one.rule in rules else (),
        )
        for one in violations(build.objects, policy, facts)
    ]


def _place(session: Session, one: Violation) -> Location | None:
    """Return the line of a field; of one that is missing, where the map was made that should have it."""
    path = one.path
    for depth in range(len(path) + 1):
        try:
            value_at(one.resource.body, path[:depth])
        except (LookupError, TypeError):
            return session.origins.place(one.resource, path[: depth - 1], lacking=str(path[depth - 1]))
    return session.origins.place(one.resource, path)
