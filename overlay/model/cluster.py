"""Which cluster an environment is for, and what may be done there: as documents say it, and as layers settle it."""

from __future__ import annotations

from overlay.model.value import value


@value
class ConflictRule:
    """One entry of `conflicts`: what is done where another manager owns a field at a path: fail, take or leave."""

    path: str
    action: str


@value(kw_only=True)
class Cluster:
    """`cluster`; None and empty where the document is silent.

    context: of the kubeconfig. server_match: `serverMatch`, a regular expression of the server's address. uid: of the
    cluster's namespace kube-system. max_prune: `maxPrune`, a count or a share such as `20%`. timeout: a duration.
    drift: what a scheduled run does about it: report or correct.
    """

    context: str | None = None
    server_match: str | None = None
    uid: str | None = None
    allow_uncommitted: bool | None = None  # allowUncommitted
    max_prune: str | None = None  # maxPrune
    wait: bool | None = None
    timeout: str | None = None
    drift: str | None = None
    conflicts: tuple[ConflictRule, ...] = ()


@value(kw_only=True)
class ClusterSettings:
    """What is settled for one environment; `conflicts`: a later rule outweighs an earlier one."""

    context: str = ""
    server_match: str = ""
    uid: str = ""
    allow_uncommitted: bool = False
    max_prune: str = ""
    wait: bool = True
    timeout: str = "5m"
    drift: str = "report"
    conflicts: tuple[ConflictRule, ...] = ()
