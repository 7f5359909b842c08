"""Asks the cluster which objects a changed CustomResourceDefinition would not fit."""

from __future__ import annotations

from overlay.cluster.client import MANAGER
from overlay.cluster.narrowing import ALLOW_ANNOTATION, narrowings, unserved
from overlay.kube.objects import identify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from overlay.cluster.client import Client
    from overlay.cluster.discovery import Served
    from overlay.model.resource import Body


def refusal(client: Client, live: Body, new: Body) -> str:
    """Return why a definition must not be changed as it shall be, or an empty text. Raises what a list raises."""
    if (new["metadata"].get("annotations") or {}).get(ALLOW_ANNOTATION) == "true":
        return ""
    asked: dict[str, list[tuple[str, Callable[[Body], bool]]]] = {}
    for one in narrowings(live, new):
        asked.setdefault(one.version, []).append((str(one), one.concerns))
    spec = live["spec"]
    group, kind = spec["group"], spec["names"]["kind"]
    preferred = client.kinds().prefer(group, kind)
    for version in unserved(live, new):
        api_version = f"{group}/{version}"
        text = f"version {version}, in which fields of it are managed, is served no more"
        asked.setdefault(preferred.version if preferred else version, []).append(
            (text, lambda body, name=api_version: _is_managed_in(body, name))  # type: ignore[misc]
        )
    for version, tests in asked.items():
        served = client.kinds().find(group, version, kind) or preferred
        if served is None:
            continue  # it is served nowhere yet: there are no objects
        for text, names in _concerned(client, served, tests).items():
            more = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
            return f'{text}, and {names[0]}{more} does not fit; the annotation {ALLOW_ANNOTATION}: "true" allows it'
    return ""


def _concerned(client: Client, served: Served, tests: list[tuple[str, Callable[[Body], bool]]]) -> dict[str, list[str]]:
    """Return the objects of a kind that each test is true of, by its text."""
    found: dict[str, list[str]] = {}

    def look(body: Body) -> Body:
        for text, is_concerned in tests:
            if is_concerned(body):
                found.setdefault(text, []).append(str(identify(body)))
        return {}  # ten thousand of them need no memory

    client.list_all(served, keep=look)
    return found


def _is_managed_in(body: Body, api_version: str) -> bool:
    entries = body["metadata"].get("managedFields") or ()
    return any(one.get("apiVersion") == api_version and one.get("manager") != MANAGER for one in entries)
