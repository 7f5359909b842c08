"""Defaults that stand in the way of another choice: nobody owns them, so that no apply would remove them.

A Deployment that never said how it rolls out cannot become one that is made anew (`Recreate`), as the server has
written `rollingUpdate` into it. Helm's and kubectl's patches know of it; server-side apply does not.
"""

from __future__ import annotations

from overlay.cluster import managed
from overlay.model.resource import split_api_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.cluster.answer import Failure
    from overlay.model.resource import Body

# (group, kind): the field of `spec` with a choice, and with the default of one of them.
_CHOICES = {("apps", "Deployment"): "strategy", ("apps", "StatefulSet"): "updateStrategy"}
_DEFAULT = "rollingUpdate"

# Where a leftover stands.
Place = tuple[str, str, str]


def in_the_way(wanted: Body, live: Body, failure: Failure) -> Place | None:
    """Return what of a live object is all that the server refuses another object for, where it is nobody's."""
    choice = _CHOICES.get((split_api_version(wanted["apiVersion"])[0], wanted["kind"]))
    if choice is None or {field for _, field, _ in failure.causes} != {f"spec.{choice}.{_DEFAULT}"}:
        return None
    place = ("spec", choice, _DEFAULT)
    is_said = (wanted["spec"].get(choice) or {}).get(_DEFAULT) is not None
    is_owned = any(fields and managed.manages(fields, place, live) for *_, fields in managed.managers(live))
    return None if is_said or is_owned else place
