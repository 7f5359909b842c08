"""What a record says of a cluster, read as what anybody may have written who may write the branch or the bundle."""

from __future__ import annotations

from overlay.errors import GitConflict, UsageError
from overlay.model.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from overlay.cli.clusters import Wish
    from overlay.model.cluster import ClusterSettings, HealthRule
    from overlay.model.resource import Resource


class NoCluster(UsageError):
    """What is published of an environment names no cluster."""


@value(kw_only=True)
class Written:
    """What stands somewhere of an environment: its record, and the bytes of its files by name.

    shown: how messages name the place. again: how it is published there once more.
    """

    name: str
    record: dict[str, Any]
    texts: Mapping[str, bytes]
    shown: str
    again: str


def wish_of_record(one: Written, own: ClusterSettings | None) -> Wish:
    """Return what a published environment shall be in its cluster.

    own: what its documents say here, if they are here; pins of theirs count although the branch leaves them out.
    Raises NoCluster where it names none, GitConflict for a record that somebody wrote.
    """
    try:
        return _wish(one, own)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise GitConflict(
            f"the settings in {one.shown} are not as they were published", environment=one.name,
            hint=f"look who changed them; `{one.again}` publishes them again",
        ) from None  # fmt: skip


def _wish(one: Written, own: ClusterSettings | None) -> Wish:
    from overlay.cli.clusters import Wish  # noqa: PLC0415
    from overlay.gitops.record import masked_fields  # noqa: PLC0415

    record, name = one.record, one.name
    settings, chart = record["settings"], record.get("chart") or {}
    cluster = settings.get("cluster")
    if cluster is None:
        raise NoCluster(
            f"what is published of {name} names no cluster", environment=name,
            hint=f"set spec.cluster.context in it, and publish it again with `{one.again}`",
        )  # fmt: skip
    found = _settings(cluster)
    if own is not None:
        found = replace(
            found, context=own.context or found.context, uid=own.uid or found.uid,
            server_match=own.server_match or found.server_match,
        )  # fmt: skip
    return Wish(
        name=name, namespace=_text(settings, "namespace"), settings=found, objects=_objects(one),
        kubernetes_version=_text(settings, "kubernetesVersion"), notes=_text(record, "notes"),
        chart=(_text(chart, "name"), _text(chart, "version"), _text(chart, "appVersion")),
        masked=masked_fields(settings),
    )  # fmt: skip


def _settings(found: dict[str, Any]) -> ClusterSettings:
    from overlay.load.cluster import ACTIONS, DRIFT, DURATION, MAX_PRUNE  # noqa: PLC0415
    from overlay.model.cluster import ClusterSettings, ConflictRule  # noqa: PLC0415

    read = ClusterSettings(
        context=_text(found, "context"),
        server_match=_text(found, "serverMatch"),
        uid=_text(found, "uid"),
        max_prune=_text(found, "maxPrune"),
        wait=found.get("wait") is not False,
        timeout=_text(found, "timeout") or "5m",
        drift=_text(found, "drift") or "report",
        conflicts=tuple(
            [
                ConflictRule(*[_text(one, name) for name in ("path", "action", "kind", "manager")])
                for one in found.get("conflicts") or ()
            ]
        ),
        health=tuple([_health(one) for one in found.get("health") or ()]),
    )
    if (
        not DURATION.fullmatch(read.timeout)
        or not MAX_PRUNE.fullmatch(read.max_prune or "0")
        or read.drift not in DRIFT
        or any(one.action not in ACTIONS or not (one.path or one.manager) for one in read.conflicts)
    ):
        raise ValueError
    return read


def _health(found: dict[str, Any]) -> HealthRule:
    from overlay.model.cluster import Expression, HealthRule  # noqa: PLC0415

    texts = {name: _text(found, name) for name in ("apiVersion", "kind", "current", "inProgress", "failed")}
    return HealthRule(
        api_version=texts["apiVersion"], kind=texts["kind"], current=Expression(texts["current"]),
        in_progress=Expression(texts["inProgress"]) if texts["inProgress"] else None,
        failed=Expression(texts["failed"]) if texts["failed"] else None,
    )  # fmt: skip


def _text(found: dict[str, Any], key: str) -> str:
    text = found.get(key)
    if text is not None and not isinstance(text, str):
        raise TypeError
    return text or ""


def _objects(one: Written) -> tuple[Resource, ...]:
    from overlay.kube.objects import parse_objects  # noqa: PLC0415
    from overlay.model.resource import Origin, Resource  # noqa: PLC0415
    from overlay.yaml import decode, read_documents  # noqa: PLC0415

    return tuple(
        [
            Resource(identity, body, Origin("resource", place))
            for name, data in one.texts.items()
            if name.endswith(".yaml")
            for document in read_documents(decode(data, name), name)
            for identity, body, place in parse_objects(document.value, document.location)
        ]
    )
