"""`cluster`: which cluster an environment is for, and what may be done there."""

from __future__ import annotations

import re

from overlay.files.paths import printable
from overlay.kube.dotted import BadPath, parse_path
from overlay.model.cluster import Cluster, ClusterSettings, ConflictRule, Expression, HealthRule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.load.fields import Fields

ACTIONS = ("fail", "take", "leave")
DRIFT = ("report", "correct")
MAX_PRUNE = re.compile(r"\d{1,6}|(\d{1,2}|100)%")
DURATION = re.compile(r"(?=\d)(\d{1,3}h)?(\d{1,4}m)?(\d{1,5}s)?")


def read_cluster(spec: Fields) -> Cluster | None:
    cluster = spec.fields("cluster")
    if cluster is None:
        return None
    read = Cluster(
        context=cluster.string("context"),
        server_match=cluster.string("serverMatch"),
        uid=cluster.string("uid"),
        allow_uncommitted=cluster.boolean("allowUncommitted"),
        max_prune=_max_prune(cluster),
        wait=cluster.boolean("wait"),
        timeout=cluster.string("timeout"),
        drift=cluster.string("drift"),
        conflicts=tuple([_rule(one) for one in cluster.entries("conflicts")]),
        health=tuple([_health(one) for one in cluster.entries("health")]),
    )
    if read.server_match is not None:
        try:
            re.compile(read.server_match)
        except re.error as error:
            cluster.error(f"spec.cluster.serverMatch is no regular expression: {error}", "serverMatch")
    for name, text, form, example in (
        ("maxPrune", read.max_prune, MAX_PRUNE, 'a count or a share, such as "5" or "20%"'),
        ("timeout", read.timeout, DURATION, "a duration such as 90s or 5m"),
    ):
        if text is not None and not form.fullmatch(text):
            cluster.error(f"spec.cluster.{name} is {printable(text)[:40]!r}, expected {example}", name)
    if read.drift not in (None, *DRIFT):
        shown = printable(read.drift or "")[:40]
        cluster.error(f"spec.cluster.drift is {shown!r}, expected {' or '.join(DRIFT)}", "drift")
    cluster.finish()
    return read


def cluster_settings(found: Sequence[Cluster | None]) -> ClusterSettings | None:
    """Return what layers settle together, the nearest first; None where no layer says anything."""
    said = [one for one in found if one is not None]
    if not said:
        return None

    def nearest(name: str, default: Any) -> Any:
        return next((item for one in said if (item := getattr(one, name)) is not None), default)

    plain = ClusterSettings()
    return ClusterSettings(
        context=nearest("context", ""),
        server_match=nearest("server_match", ""),
        uid=nearest("uid", ""),
        allow_uncommitted=nearest("allow_uncommitted", default=False),
        max_prune=nearest("max_prune", ""),
        wait=nearest("wait", default=True),
        timeout=nearest("timeout", plain.timeout),
        drift=nearest("drift", plain.drift),
        conflicts=tuple([rule for one in reversed(said) for rule in one.conflicts]),
        health=tuple([rule for one in reversed(said) for rule in one.health]),
    )


def _max_prune(cluster: Fields) -> str | None:
    found = cluster.value.get("maxPrune")
    if isinstance(found, int) and not isinstance(found, bool):
        count = cluster.integer("maxPrune", least=0)
        return None if count is None else str(count)
    return cluster.string("maxPrune")


def _rule(entry: Fields) -> ConflictRule:
    if not entry.has("path") and not entry.has("manager"):
        entry.error(f"{entry.label()} needs path or manager")
    entry.need("action")
    path, action, kind, manager = [entry.string(name) or "" for name in ("path", "action", "kind", "manager")]
    if path:
        try:
            parse_path(path)
        except BadPath as error:
            entry.error(f"spec.cluster.conflicts path {printable(path)[:100]!r} {error}", "path")
    if action and action not in ACTIONS:
        shown = printable(action)[:40]
        entry.error(f"spec.cluster.conflicts action is {shown!r}, expected {', '.join(ACTIONS)}", "action")
    return ConflictRule(path, action, kind, manager)


def _health(entry: Fields) -> HealthRule:
    """Read a rule; whether its texts are expressions is for whoever evaluates them to say."""
    for name in ("apiVersion", "kind", "current"):
        entry.need(name)

    def expression(name: str) -> Expression | None:
        text = entry.string(name)
        return None if text is None else Expression(text, entry.location(name))

    return HealthRule(
        api_version=entry.string("apiVersion") or "", kind=entry.string("kind") or "",
        current=expression("current") or Expression(""), in_progress=expression("inProgress"),
        failed=expression("failed"),
    )  # fmt: skip
