"""What is there: our members by one list per kind and namespace, and a dry-run of each object that needs one."""

from __future__ import annotations

from overlay.cluster import conflicts, foreign, managed
from overlay.cluster.answer import Refused
from overlay.cluster.applyset import PART_OF
from overlay.cluster.client import MANAGER
from overlay.cluster.definitions import refusal
from overlay.cluster.leftover import in_the_way
from overlay.cluster.placing import Placed, check_sizes
from overlay.cluster.plan import Plan, Trial, decide, decide_prune
from overlay.cluster.stages import make_stages
from overlay.errors import ClusterError
from overlay.kube.objects import identify
from overlay.model.value import replace, value
from overlay.parallel import run_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from overlay.cluster.answer import Failure
    from overlay.cluster.client import Client
    from overlay.cluster.discovery import Served
    from overlay.cluster.plan import Options
    from overlay.cluster.record import Key, Record
    from overlay.kube.types import Types
    from overlay.model.resource import Body, Resource


# An object that is another one at each of so many looks is one that somebody works on all the time.
_TRIES = 8


@value(kw_only=True)
class Survey:
    """The live objects of a moment.

    members: by label. lost: of the inventory, without the label. others: where one of ours shall be, and is not ours.
    """

    members: dict[Key, Body]
    lost: dict[Key, Body]
    others: dict[Key, Body]
    trials: dict[Key, Trial]


def make_plan(
    client: Client,
    placed: Placed,
    record: Record,
    options: Options,
    types: Types | None = None,
    *,
    shortcut: bool = True,
) -> Plan:
    """Look at the cluster and decide. Writes nothing.

    shortcut: without asking the server about objects whose managed fields show that nothing would change.
    """
    found = survey(client, placed, record, options, shortcut=shortcut)
    live = {**found.members, **found.others}
    ordered = [one for stage in make_stages(placed.objects) for one in stage.objects]
    actions = [
        decide(one, live.get(one.id.key), found.trials.get(one.id.key), record.owner, options, types) for one in ordered
    ]
    wanted = {one.id.key: action.uid for one, action in zip(ordered, actions, strict=True)}
    parent = ("", "ConfigMap", record.namespace, record.name)
    goes = decide_prune(record.inventory, found.members, found.lost, wanted, options, parent=parent)
    return Plan(actions=(*actions, *goes), record=record, ending=_ending(client, placed))


def _ending(client: Client, placed: Placed) -> dict[str, str]:
    """Return the namespaces of objects that are being deleted (hazard K12), each with since when.

    One that may not be looked at is taken for one that stays.
    """
    served = client.kinds().prefer("", "Namespace")

    def since(name: str) -> str:
        try:
            found = client.find(served, "", name) if served is not None else None
        except Refused as error:
            if error.failure.status != 403:
                raise
            return ""
        return str((found or {"metadata": {}})["metadata"].get("deletionTimestamp") or "")

    names = sorted({one.id.namespace for one in placed.objects if one.id.namespace})
    return {name: text for name, text in zip(names, run_all(since, names), strict=True) if text}


def survey(client: Client, placed: Placed, record: Record, options: Options, *, shortcut: bool) -> Survey:
    members, lost, same = _members(client, placed, record, shortcut=shortcut)
    check_sizes([one for one in placed.objects if one.id.key not in same])
    trials: dict[Key, Trial] = {}
    others: dict[Key, Body] = {}

    def tried(objects: Sequence[Resource], pending: Callable[[Resource], str]) -> None:
        asked = []
        for one in objects:
            if one.id.key in same:
                continue
            if why := pending(one):
                trials[one.id.key] = Trial(sent=one.body, pending=why)
            else:
                asked.append(one)
        for one, (trial, live) in zip(
            asked, run_all(lambda one: _try(client, placed, one, members, options), asked), strict=True
        ):
            trials[one.id.key] = trial
            if live is not None:
                (members if one.id.key in members else others)[one.id.key] = live

    first = [one for one in placed.objects if one.id.kind in _FIRST]
    tried(first, lambda _: "")
    for one in first:
        live, trial = members.get(one.id.key) or others.get(one.id.key), trials.get(one.id.key)
        if live is not None and trial is not None and trial.body is not None and one.id.kind != "Namespace":
            trials[one.id.key] = replace(trial, refusal=refusal(client, live, trial.body))
    come = {one.id.name for one in first if one.id.kind == "Namespace" and trials.get(one.id.key, _OLD).is_new}

    def pending(one: Resource) -> str:
        if placed.served[one.id.key] is None:
            return f"its kind {one.id.kind} comes in the same run"
        return f"its namespace {one.id.namespace} comes in the same run" if one.id.namespace in come else ""

    tried([one for one in placed.objects if one.id.kind not in _FIRST], pending)
    return Survey(members=members, lost=lost, others=others, trials=trials)


_OLD = Trial(sent={})
_FIRST = ("CustomResourceDefinition", "Namespace")


def tracked(client: Client, record: Record) -> dict[Key, Body | None]:
    """Return every object of the inventory as it is now, None for those that are not there."""
    members, lost, _ = _members(client, Placed(objects=(), served={}, crds=frozenset()), record, shortcut=False)
    return {key: members.get(key) or lost.get(key) for key in sorted(record.inventory)}


def _members(
    client: Client, placed: Placed, record: Record, *, shortcut: bool
) -> tuple[dict[Key, Body], dict[Key, Body], frozenset[Key]]:
    """Return our members by label, what of the inventory is there without it, and which members stay as they are.

    Of the last, only what a plan needs is kept; there are none without the shortcut.
    Raises ClusterError where anything cannot be read: half a list would delete the other half (hazard K20).
    """
    kinds = client.kinds()
    places: dict[tuple[Served, str], None] = {}
    for key in [*[one.id.key for one in placed.objects], *sorted(record.inventory)]:
        group, kind, namespace, _ = key
        served = placed.served.get(key) or kinds.prefer(group, kind)
        if served is None:
            if group in {one.partition("/")[0] for one in kinds.stale}:
                raise ClusterError(f"the API {group} does not answer, so it is not known what is there of it")
            continue  # its definition has gone, and every object with it
        if served.api_version in kinds.stale:
            raise ClusterError(f"the API {served.api_version} does not answer, so it is not known what is there of it")
        places[served, namespace] = None
    wanted = {one.id.key: one.body for one in placed.objects}

    same: dict[Key, Body] = {}

    def keep(body: Body) -> Body:
        key = identify(body).key
        if not shortcut or key not in wanted or not managed.holds(wanted[key], body, MANAGER):
            return body
        same[key] = managed.outlined(body)
        return same[key]

    lists = run_all(
        lambda place: client.list_all(place[0], place[1], labels=f"{PART_OF}={record.owner}", keep=keep)[0],
        list(places),
    )
    members: dict[Key, Body] = {}
    for body in [one for items in lists for one in items]:
        key = identify(body).key
        served = placed.served.get(key)
        # Where versions of a kind stand side by side, each list has all its objects: one counts in its own version.
        if served is None or served.api_version == body["apiVersion"]:
            members[key] = body
    missing = [key for key in sorted(record.inventory - set(wanted)) if key not in members and kinds.prefer(*key[:2])]
    found = run_all(lambda key: client.find(kinds.prefer(*key[:2]), key[2], key[3]), missing)  # type: ignore[arg-type]
    lost = {key: body for key, body in zip(missing, found, strict=True) if body is not None}
    # A list that had to be read again may have found another object the second time.
    return members, lost, frozenset([key for key, body in same.items() if members.get(key) is body])


def _try(
    client: Client, placed: Placed, one: Resource, members: dict[Key, Body], options: Options
) -> tuple[Trial, Body | None]:
    """Return what a dry-run says of an object, and the live object that it is about."""
    served = placed.served[one.id.key]
    assert served is not None  # noqa: S101  # such objects are pending
    live = members.get(one.id.key)
    is_ours = live is not None
    sent, force = one.body, False
    if live is not None:
        sent = conflicts.without_left(sent, live, options.conflicts, MANAGER)
    # Fields that are left to others change what the next dry-run finds; it never finds more of them.
    for _ in range(_TRIES):
        try:
            # What a new object becomes is compared with nothing.
            is_new, body = client.apply(
                served, one.id.namespace, one.id.name, sent, dry_run=True, force=force, metadata_only=live is None
            )
        except Refused as error:
            failure = error.failure
            if not failure.conflicts:
                live = live or (client.find(served, one.id.namespace, one.id.name) if failure.status != 404 else None)
                trial = Trial(sent=sent, failure=failure, force=force)
                return (_try_claiming(client, served, live, trial, failure) if live and is_ours else trial), live
            named = conflicts.parse_conflicts(failure.conflicts)
            taken = (*managed.BEFORE, *managed.BESIDE) if options.adopt or options.correct else ()
            sent, force, stay = conflicts.settle(sent, named, options.conflicts, taken=taken)
            if stay:
                live = live or client.find(served, one.id.namespace, one.id.name)
                return Trial(sent=sent, conflicts=stay), live
            continue
        if is_new:
            return Trial(sent=sent, is_new=True, force=force), live
        if live is None or live["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"]:
            # A controller wrote in between: what it wrote is no change of ours.
            live = client.find(served, one.id.namespace, one.id.name)
            continue
        if not is_ours and options.adopt and foreign.may_adopt(live):
            return _try_adoption(client, served, live, Trial(sent=sent, body=body, force=force)), live
        return Trial(sent=sent, body=body, force=force), live
    raise ClusterError(f"{one.id} is changed by others faster than it can be looked at", object=str(one.id))


def _try_claiming(client: Client, served: Served, live: Body, trial: Trial, failure: Failure) -> Trial:
    """Return what comes of an object that is refused for a default of the server's alone, which becomes ours first."""
    place = in_the_way(trial.sent, live, failure)
    if place is None:
        return trial
    spec, choice, default = place
    sent, metadata = trial.sent, live["metadata"]
    if default in sent[spec][choice]:
        sent = conflicts.without(sent, place)  # null, with which an apply says nothing
    namespace = str(metadata.get("namespace") or "")
    try:
        rest = conflicts.without(sent, (spec, choice))
        _, body = client.apply(served, namespace, metadata["name"], rest, dry_run=True, force=trial.force)
        becomes = {**body[spec], choice: sent[spec][choice]}
        operations = [
            {"op": "add", "path": "/metadata/labels", "value": body["metadata"].get("labels") or {}},
            {"op": "add", "path": "/metadata/annotations", "value": body["metadata"].get("annotations") or {}},
            {"op": "add", "path": f"/{spec}", "value": becomes},
        ]
        # Not as a whole (PUT): a job's account may only patch.
        left = client.patch(
            served, namespace, metadata["name"], operations, content="application/json-patch+json", dry_run=True
        )
    except Refused as error:
        return replace(trial, failure=error.failure)
    return replace(trial, sent=sent, body=left, failure=None, claim=place)


def _try_adoption(client: Client, served: Served, live: Body, trial: Trial) -> Trial:
    """Return what comes of an object whose fields become ours first, so that those which we do not set go.

    No dry-run of an apply can tell: the fields are not ours yet. Writing what would be left does, defaults included.
    """
    body = managed.without_given_up(trial.body or {}, MANAGER)
    metadata = {key: item for key, item in body["metadata"].items() if key != "managedFields"}
    metadata["resourceVersion"] = live["metadata"]["resourceVersion"]
    namespace = str(metadata.get("namespace") or "")
    try:
        left = client.replace(served, namespace, {**body, "metadata": metadata}, dry_run=True)
    except Refused as error:
        return replace(trial, failure=error.failure)
    return replace(trial, body=left)
