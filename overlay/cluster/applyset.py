"""Who owns an object: the labels and annotations of ApplySets (KEP-3659), exactly as kubectl writes and reads them."""

from __future__ import annotations

import base64
from hashlib import sha256

from overlay.errors import ClusterConflict
from overlay.files.paths import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from overlay.model.resource import Body

# kubectl's code, not the text of the KEP (pkg/cmd/apply/applyset.go).
PART_OF = "applyset.kubernetes.io/part-of"
ID = "applyset.kubernetes.io/id"
TOOLING = "applyset.kubernetes.io/tooling"
KINDS = "applyset.kubernetes.io/contains-group-kinds"
NAMESPACES = "applyset.kubernetes.io/additional-namespaces"
TOOL = "overlay"

GroupKind = tuple[str, str]


def set_id(name: str, namespace: str, kind: str, group: str) -> str:
    """Return the id of the ApplySet whose parent this is; a parent outside namespaces has an empty one.

    >>> set_id("shop", "prod", "ConfigMap", "")
    'applyset-MKiGd8qjds7_4l58fSj3Hm-momNfCzEqg3i6kuRIBpI-v1'
    """
    digest = sha256(f"{name}.{namespace}.{kind}.{group}".encode()).digest()
    # A label's value neither ends in `=` nor starts with `-`, hence no padding, a prefix and a suffix.
    return f"applyset-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}-v1"


def labelled(body: Body, owner: str) -> Body:
    """Return an object as a member of an ApplySet. Raises ClusterConflict where it says to be one of another."""
    metadata = body["metadata"]
    labels: Mapping[str, str] = metadata.get("labels") or {}
    given = labels.get(PART_OF)
    if given not in (None, owner):
        raise ClusterConflict(
            f"the object carries the label {PART_OF}, which says whose it is",
            object=f"{body['kind']}/{metadata['name']}",
            hint="remove the label: it is written when the object is applied",
        )
    return {**body, "metadata": {**metadata, "labels": {**labels, PART_OF: owner}}}


def owner_of(body: Body) -> str:
    """Return the id of the ApplySet that an object belongs to, or an empty string."""
    return str(((body.get("metadata") or {}).get("labels") or {}).get(PART_OF) or "")


def kinds_hint(kinds: Iterable[GroupKind]) -> str:
    """Return the value of the annotation that names the kinds of all members.

    >>> kinds_hint([("apps", "Deployment"), ("", "Secret"), ("", "ConfigMap")])
    'ConfigMap,Deployment.apps,Secret'
    """
    return ",".join(sorted({f"{kind}.{group}" if group else kind for group, kind in kinds}))


def parse_kinds_hint(text: str) -> frozenset[GroupKind]:
    """Return the kinds that the annotation names."""
    found = set()
    for one in filter(None, text.split(",")):
        kind, _, group = one.partition(".")
        found.add((group, kind))
    return frozenset(found)


def namespaces_hint(namespaces: Iterable[str], home: str) -> str:
    """Return the value of the annotation that names the members' namespaces, the parent's own left out."""
    return ",".join(sorted(set(namespaces) - {home, ""}))


def parse_namespaces_hint(text: str, home: str) -> frozenset[str]:
    """Return the namespaces that the annotation names, and the parent's own."""
    return frozenset([*filter(None, text.split(",")), home])


def check_parent(parent: Body, owner: str) -> None:
    """Refuse a parent of another tool, or one whose id is not its own (hazard K23). Raises ClusterConflict."""
    metadata: Mapping[str, Any] = parent["metadata"]
    label = f"{parent['kind']}/{metadata.get('namespace', '')}/{metadata['name']}"
    tooling = str((metadata.get("annotations") or {}).get(TOOLING) or "")
    tool = tooling.rpartition("/")[0]
    if tool != TOOL:
        managed = f"is managed by {printable(tool)}" if tool else "is no record of ours"
        raise ClusterConflict(
            f"{label} {managed}", object=label, hint="remove it, or give the release another name or namespace"
        )
    found = str((metadata.get("labels") or {}).get(ID) or "")
    if found != owner:
        raise ClusterConflict(
            f"{label} has the ApplySet id {printable(found) or '(none)'}, which is not its own",
            object=label,
            hint=f"its label {ID} must be {owner}; was it copied from elsewhere?",
        )
