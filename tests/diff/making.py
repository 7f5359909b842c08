"""Objects for tests, as short as can be."""

from __future__ import annotations

from typing import Any

from overlay.kube.objects import identify
from overlay.model.location import Location
from overlay.model.resource import Origin, Resource


def resource(
    kind: str, name: str, *, api: str = "v1", namespace: str = "", hashed: bool = False, **fields: Any
) -> Resource:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    body = {"apiVersion": api, "kind": kind, "metadata": metadata, **fields}
    return Resource(identify(body), body, Origin("resource", Location("a.yaml", 1, 1)), needs_hash=hashed)
