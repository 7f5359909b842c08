"""Which cluster an environment is for, and what may be done there: as documents say it, and as layers settle it."""

from __future__ import annotations

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.model.location import Location


@value
class ConflictRule:
    """One entry of `conflicts`: what is done where another manager owns a field: fail, take or leave.

    path: of the field, or of one above it. kind: of the object. manager: who owns it; `*` stands for any text. Empty
    means any.
    """

    path: str
    action: str
    kind: str = ""
    manager: str = ""


@value
class Expression:
    """A text in CEL, and where it is written, if it is in a document."""

    text: str
    location: Location | None = None


@value(kw_only=True)
class HealthRule:
    """One entry of `health`: what objects of a kind are when which expression is true."""

    api_version: str  # apiVersion
    kind: str
    current: Expression
    in_progress: Expression | None = None  # inProgress
    failed: Expression | None = None


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
    health: tuple[HealthRule, ...] = ()


@value(kw_only=True)
class ClusterSettings:
    """What is settled for one environment; `conflicts`, `health`: a later rule outweighs an earlier one."""

    context: str = ""
    server_match: str = ""
    uid: str = ""
    allow_uncommitted: bool = False
    max_prune: str = ""
    wait: bool = True
    timeout: str = "5m"
    drift: str = "report"
    conflicts: tuple[ConflictRule, ...] = ()
    health: tuple[HealthRule, ...] = ()
