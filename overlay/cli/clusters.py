"""What the commands that talk to clusters share: the way in, the record, a plan, and carrying it out."""

from __future__ import annotations

import os

from overlay.cli.stopping import stops
from overlay.errors import UsageError
from overlay.model.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from overlay.cluster.client import Client
    from overlay.cluster.halt import Halt
    from overlay.cluster.outcome import Event, Outcome
    from overlay.cluster.placing import Placed
    from overlay.cluster.plan import Options, Plan
    from overlay.cluster.record import AppliedBundle, Entry, Record
    from overlay.cluster.store import RecordStore
    from overlay.kube.types import Types
    from overlay.model.build import Build
    from overlay.model.cluster import ClusterSettings
    from overlay.model.project import FieldRule
    from overlay.model.resource import Resource

# A plan that is out of date as often as this is one of a cluster that somebody else works on all the time.
_TRIES = 3


@value(kw_only=True)
class Wish:
    """What an environment shall be in its cluster, wherever it was read.

    chart: name, version and app version, as the record keeps them. bundle: where it comes from one.
    masked: fields whose values are hidden (`diff.mask` of overlay.yaml, which goes with what is published).
    """

    name: str
    namespace: str
    settings: ClusterSettings
    objects: tuple[Resource, ...]
    kubernetes_version: str
    notes: str = ""
    chart: tuple[str, str, str] = ("", "", "")
    bundle: AppliedBundle | None = None
    masked: tuple[FieldRule, ...] = ()


@value(kw_only=True)
class Live:
    """An environment and its cluster, looked at."""

    wish: Wish
    client: Client
    store: RecordStore
    record: Record
    placed: Placed
    plan: Plan
    options: Options


def wish_of(build: Build) -> Wish | None:
    """Return what a build shall be in its cluster; None where the environment names none."""
    settings = build.settings.cluster
    if settings is None:
        return None
    chart = build.chart
    return Wish(
        name=build.environment,
        namespace=build.settings.namespace,
        settings=settings,
        objects=build.objects,
        kubernetes_version=build.settings.kubernetes_version,
        notes=build.notes or "",
        chart=(chart.name, chart.version, chart.app_version) if chart else ("", "", ""),
        masked=build.settings.masked,
    )


def reach(args: dict[str, Any], settings: ClusterSettings | None) -> Client:
    """Return a client for the environment's cluster; nothing is sent yet. Raises UsageError, ClusterConflict."""
    from overlay import __version__  # noqa: PLC0415
    from overlay.cluster.client import Client  # noqa: PLC0415
    from overlay.cluster.identity import check_server  # noqa: PLC0415
    from overlay.cluster.kubeconfig import find_access  # noqa: PLC0415

    context = args["context"] or (settings.context if settings else "")
    access = find_access(os.environ, kubeconfig=args["kubeconfig"] or "", context=context)
    # A pod reaches the cluster that it runs in by an address of its own, and no other.
    if settings and not access.is_pod:
        check_server(access, settings.server_match)
    return Client(access, agent=f"overlay/{__version__}", tell=lambda server: _say_that_it_waits(server, args))


def _say_that_it_waits(server: str, args: dict[str, Any]) -> None:
    from overlay.cli.sourcing_output import say  # noqa: PLC0415
    from overlay.files.paths import printable  # noqa: PLC0415

    say(args, f"waiting for {printable(server)}, which does not answer yet")


def check_cluster(client: Client, settings: ClusterSettings, record: Record, *, first_contact: bool) -> None:
    """Refuse the wrong cluster: another than is pinned, or one that the environment has never been in."""
    from overlay.cluster.identity import check_identity, cluster_uid  # noqa: PLC0415

    if not settings.uid and (record.current is not None or first_contact):
        return
    check_identity(cluster_uid(client), settings.uid, context=client.access.context, first_contact=first_contact)


def unpinned_uid(live: Live) -> str:
    """Return the identity of a cluster in which the environment is for the first time, where nothing pins it.

    Empty otherwise, and for an account that may not see it.
    """
    from overlay.cluster.answer import Refused  # noqa: PLC0415
    from overlay.cluster.identity import cluster_uid  # noqa: PLC0415

    if live.wish.settings.uid or live.record.current is not None:
        return ""
    try:
        return cluster_uid(live.client)
    except Refused:
        return ""


def look(args: dict[str, Any], wish: Wish, *, shortcut: bool = True) -> Live:
    """Look at the environment's cluster and decide; nothing is written. Raises OverlayError."""
    from overlay.cluster.placing import refuse_own  # noqa: PLC0415

    refuse_own(wish.objects, wish.name, wish.namespace)
    client = reach(args, wish.settings)
    try:
        return _look(args, wish, client, shortcut=shortcut)
    except BaseException:
        client.close()
        raise


def _look(args: dict[str, Any], wish: Wish, client: Client, *, shortcut: bool) -> Live:
    from overlay.cluster.placing import place  # noqa: PLC0415
    from overlay.cluster.store import RecordStore  # noqa: PLC0415
    from overlay.cluster.survey import make_plan  # noqa: PLC0415

    check_health(wish.settings)
    store = RecordStore(client, wish.namespace, wish.name)
    record = store.read()
    check_cluster(client, wish.settings, record, first_contact=bool(args.get("first_contact")))
    placed = place(wish.objects, client.kinds(), wish.namespace, record.owner)
    options = options_of(args, wish.settings, wish.masked)
    plan = make_plan(client, placed, record, options, types_of(wish), shortcut=shortcut)
    return Live(wish=wish, client=client, store=store, record=record, placed=placed, plan=plan, options=options)


def types_of(wish: Wish) -> Types:
    from overlay.kube.types import load_types  # noqa: PLC0415

    return load_types(wish.kubernetes_version)


def check_health(settings: ClusterSettings) -> None:
    """Refuse rules of health that are no expressions, before anything is asked of a cluster. Raises DocumentError."""
    if not settings.health:
        return
    from overlay.cluster.health_rules import HealthRules  # noqa: PLC0415
    from overlay.errors import raise_all  # noqa: PLC0415

    with HealthRules(settings.health) as rules:
        raise_all(rules.problems())


def options_of(args: dict[str, Any], settings: ClusterSettings, masked: Sequence[FieldRule] = ()) -> Options:
    """Return what a run may do: the command line wins over the environment."""
    from overlay.cluster.guards import PROTECTED, PruneLimits, parse_limit  # noqa: PLC0415
    from overlay.cluster.plan import Options  # noqa: PLC0415
    from overlay.diff.rules import masking  # noqa: PLC0415

    allowed = frozenset(args.get("allow_delete") or ())
    for kind in sorted(allowed - PROTECTED):
        raise UsageError(
            f"--allow-delete {kind}: no such kind is protected", hint=f"one of {', '.join(sorted(PROTECTED))}"
        )
    asked, said = parse_limit(args.get("max_prune") or ""), parse_limit(settings.max_prune)
    most, share = asked if args.get("max_prune") else said
    limits = PruneLimits(most=most, share=share, allowed=allowed)
    if args.get("from_git") or args.get("bundle"):
        # Whoever may write the branch or the bundle may tighten what is said here, and not loosen it.
        ceiling = PruneLimits(most=asked[0], share=asked[1])
        limits = PruneLimits(most=said[0], share=said[1], allowed=allowed, ceiling=ceiling)
    return Options(
        prune=not args.get("no_prune"),
        replace=bool(args.get("replace")),
        adopt=bool(args.get("adopt")),
        correct=bool(args.get("correct")),
        limits=limits,
        conflicts=settings.conflicts,
        rules=masking(masked),
    )


def carry_out(
    args: dict[str, Any], live: Live, *, revision: int, commit: str, source: str, tell: Callable[[Event], None],
    halt: Halt | None = None,
) -> Outcome:  # fmt: skip
    """Take the lease, do what the plan says, give it back. Raises OverlayError."""
    from overlay import __version__  # noqa: PLC0415
    from overlay.cli.fetching import seconds  # noqa: PLC0415
    from overlay.cluster.apply import Pace, Run, make_home, occasion  # noqa: PLC0415
    from overlay.cluster.halt import Halt  # noqa: PLC0415
    from overlay.cluster.health_rules import HealthRules  # noqa: PLC0415
    from overlay.cluster.lease import Lease  # noqa: PLC0415
    from overlay.cluster.moved import Moved  # noqa: PLC0415
    from overlay.cluster.record import PENDING, Entry  # noqa: PLC0415

    wish = live.wish
    make_home(live.client, live.placed, live.plan, wish.namespace)
    halt = halt or Halt()
    lease = Lease(live.client, wish.namespace, wish.name, sleep=halt.sleep)
    lease.acquire(wait=seconds(args["lease_timeout"]))
    pace = Pace(
        wait=wish.settings.wait and not args.get("no_wait"),
        timeout=seconds(args.get("rollout_timeout") or wish.settings.timeout),
    )
    entry: Entry = Entry(
        revision=revision, commit=commit, source=source, updated=now(), status=PENDING, chart=wish.chart[0],
        chart_version=wish.chart[1], app_version=wish.chart[2], bundle=wish.bundle,
    )  # fmt: skip
    rules = HealthRules(wish.settings.health)
    outcome = None
    try:
        for _ in range(_TRIES):
            made = Run(
                live.client, live.store, lease, live.placed, live.plan, pace=pace, now=now, tell=tell,
                custom=rules.judge, halt=halt,
            )  # fmt: skip
            what = "delete" if live.options.is_delete else occasion(live.record, revision, wish.bundle)
            try:
                outcome = made.execute(entry, what, notes=wish.notes, tool=__version__)
                return outcome  # noqa: TRY300  # Moved is another answer of the same line
            except Moved:
                live = look_again(args, live)
        raise Moved(f"{wish.name} is changed by others faster than it can be looked at")
    finally:
        if outcome is not None and outcome.record is None:
            lease.remove()
        else:
            lease.release()
        rules.close()


def look_again(args: dict[str, Any], live: Live) -> Live:
    """Plan anew after the cluster moved; go on where that is what was said yes to.

    Raises Moved where a person has to look at it, ClusterConflict where it cannot be carried out any more.
    """
    from overlay.cluster.moved import Moved  # noqa: PLC0415
    from overlay.cluster.survey import make_plan  # noqa: PLC0415

    record = live.store.read()
    types = types_of(live.wish) if live.wish.objects else None
    plan = make_plan(live.client, live.placed, record, live.options, types)
    found = replace(live, record=record, plan=plan)
    stopped = stops(found)
    if stopped is not None:
        raise stopped
    if not args.get("yes") and _rows(found) != _rows(live):
        raise Moved(
            "the cluster moved while the plan was looked at: nothing was applied", environment=live.wish.name,
            hint="look at the new plan: run the same command again",
        )  # fmt: skip
    return found


def _rows(live: Live) -> list[tuple[Any, ...]]:
    return [(one.verb, one.id, one.changes, one.why) for one in live.plan.actions]


def now() -> str:
    """Return the time as records show it."""
    from datetime import UTC, datetime  # noqa: PLC0415

    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
