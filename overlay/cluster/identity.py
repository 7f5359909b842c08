"""The right cluster or nothing: its own identity, and what an environment says of it (hazard K31)."""

from __future__ import annotations

import re

from overlay.errors import ClusterConflict, ClusterError, UsageError
from overlay.files.paths import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.cluster.access import Access
    from overlay.cluster.client import Client


def check_server(access: Access, pattern: str) -> None:
    """Refuse a server whose address the environment's `serverMatch` does not mean, before anything is sent."""
    if not pattern:
        return
    try:
        matches = re.fullmatch(pattern, access.server)
    except re.error as error:
        raise UsageError(f"spec.cluster.serverMatch is no regular expression: {error}") from None
    if not matches:
        raise ClusterConflict(
            f"context {printable(access.context)} leads to {access.server}, which is not {printable(pattern)}",
            hint="check the context, or spec.cluster.serverMatch of the environment",
        )


def cluster_uid(client: Client) -> str:
    """Return what tells this cluster from every other one: the uid of its namespace kube-system."""
    served = client.kinds().prefer("", "Namespace")
    found = client.find(served, "", "kube-system") if served else None
    if found is None:
        raise ClusterError("the cluster has no namespace kube-system to know it by")
    return str(found["metadata"]["uid"])


def check_identity(uid: str, pinned: str, *, context: str, first_contact: bool) -> None:
    """Refuse a cluster that is not the one that was pinned, or the first contact with one that nobody allowed."""
    if pinned == uid or (not pinned and first_contact):
        return
    if pinned:
        raise ClusterConflict(
            f"context {printable(context)} leads to the cluster {uid}, not to {printable(pinned)}, which is pinned",
            hint="check the context; if the cluster was made anew, pin its new identity",
        )
    raise UsageError(
        f"this is the first contact with the cluster {uid} of context {printable(context)}",
        hint="if it is the right one, give --first-contact",
    )
