"""Note on each object where it came from, on request (kustomize's `buildMetadata: [originAnnotations]`)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.model.resource import Resource

ORIGIN = "config.kubernetes.io/origin"


def add_origins(objects: Sequence[Resource]) -> tuple[Resource, ...]:
    """Return the objects with the annotation that tools of kustomize's family read.

    A generated object has the document that configures it, every other one its file's path from the project folder.
    """
    return tuple([one.with_body(_noted(one)) for one in objects])


def _noted(one: Resource) -> dict[str, object]:
    if one.generated:
        text = (
            f"configuredBy:\n  apiVersion: builtin\n  kind: {one.id.kind}Generator\n"
            f"configuredIn: {one.origin.location.file}\n"
        )
    else:
        text = f"path: {one.origin.location.file}\n"
    metadata = one.body["metadata"]
    annotations = {**(metadata.get("annotations") or {}), ORIGIN: text}
    return {**one.body, "metadata": {**metadata, "annotations": annotations}}
