"""What a run will do to each object, and why: decided from what is there, what shall be, and the server's dry-run."""

from __future__ import annotations

from overlay.cluster import foreign, guards, managed
from overlay.cluster.answer import IMMUTABLE
from overlay.cluster.applyset import PART_OF, owner_of
from overlay.cluster.hooks import OF as HOOK_OF
from overlay.diff.rules import Rules
from overlay.diff.secrets import hide
from overlay.diff.values import value_changes
from overlay.model.resource import ObjectId, split_api_version
from overlay.model.value import field, replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from overlay.cluster.answer import Failure
    from overlay.cluster.conflicts import Conflict
    from overlay.cluster.leftover import Place
    from overlay.cluster.record import Key, Record
    from overlay.diff.change import Change
    from overlay.kube.types import Types
    from overlay.model.cluster import ConflictRule
    from overlay.model.resource import Body, Resource

# What a run does to an object; the last three stop it before it begins.
CREATE, UPDATE, REPLACE, ADOPT, UNCHANGED = "create", "update", "replace", "adopt", "unchanged"
PRUNE, KEEP, GONE = "prune", "keep", "gone"
CONFLICT, REFUSED = "conflict", "refused"
WRITES = (CREATE, UPDATE, REPLACE, ADOPT)
STOPS = (CONFLICT, REFUSED)

REPLACE_ANNOTATION = "overlay.dev/replace"
# Replacing one of these would lose what it holds.
_NEVER_REPLACED = frozenset(("Namespace", "PersistentVolume", "PersistentVolumeClaim", "CustomResourceDefinition"))


@value(kw_only=True)
class Options:
    """What a run may do.

    prune: delete what left. replace: delete and create what cannot be changed. adopt: take objects that are nobody's
    or of kubectl or Helm. correct: take back fields of ours that somebody changed by hand. is_delete: everything shall
    go. conflicts: what is done about fields of others. rules: fields whose values are hidden.
    """

    prune: bool = True
    replace: bool = False
    adopt: bool = False
    correct: bool = False
    is_delete: bool = False
    limits: guards.PruneLimits = field(default_factory=guards.PruneLimits)
    conflicts: tuple[ConflictRule, ...] = ()
    rules: Rules = Rules()


@value(kw_only=True)
class Trial:
    """What a dry-run said of one object.

    body: what it would become. sent: what was applied, without fields that are left to others. force: fields of others
    are taken over. failure: the server's no. refusal: our own. pending: why it could not be asked yet. claim: what has
    to become ours before, so that it goes.
    """

    sent: Body
    is_new: bool = False
    body: Body | None = None
    force: bool = False
    failure: Failure | None = None
    conflicts: tuple[Conflict, ...] = ()
    refusal: str = ""
    pending: str = ""
    claim: Place | None = None


@value(kw_only=True)
class Action:
    """One row of a plan.

    why: in words, where the verb alone does not say it. changes: field by field, values of Secrets hidden.
    body: what to apply. uid: of the live object. force: take over fields of others. is_checked: the server has seen it
    in a dry-run. seen: what the live object looked like (`fingerprint`), where it is written or deleted.
    release: the Helm release that it is taken from, as `namespace/name`. going: since when somebody deletes it.
    claim: as the trial's.
    """

    verb: str
    id: ObjectId
    why: str = ""
    changes: tuple[Change, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    body: Body | None = None
    uid: str = ""
    force: bool = False
    is_checked: bool = True
    seen: str = ""
    release: str = ""
    going: str = ""
    claim: Place | None = None


@value(kw_only=True)
class Plan:
    """All rows: what shall be in the order of its stages, then what goes.

    ending: namespaces of what shall be that are being deleted, each with since when.
    """

    actions: tuple[Action, ...]
    record: Record
    ending: dict[str, str] = field(default_factory=dict)

    def of(self, *verbs: str) -> tuple[Action, ...]:
        return tuple([one for one in self.actions if one.verb in verbs])

    @property
    def is_stopped(self) -> bool:
        return any(one.verb in STOPS for one in self.actions)

    @property
    def going(self) -> tuple[Action, ...]:
        """What shall be, and will be gone whatever is applied to it: somebody else deletes it."""
        return tuple([one for one in self.of(UNCHANGED, UPDATE, ADOPT) if one.going])

    @property
    def is_idle(self) -> bool:
        """Tell whether there is nothing to do."""
        return not any(one.verb in (*WRITES, PRUNE, GONE) for one in self.actions)

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for one in self.actions:
            found[one.verb] = found.get(one.verb, 0) + 1
        return found


def fingerprint(body: Body) -> str:
    """Return what tells whether anybody has written an object since, its status left out."""
    metadata = body.get("metadata") or {}
    writers = sorted([f"{manager} {how} {time}" for manager, how, time, _ in managed.managers(body)])
    # Kinds without a generation have no status that would move their version.
    state = metadata.get("generation") or metadata.get("resourceVersion")
    return "\n".join([str(metadata.get("uid")), str(state), *writers])


def decide(
    wanted: Resource, live: Body | None, trial: Trial | None, owner: str, options: Options, types: Types | None = None
) -> Action:
    """Return what is done to an object that shall be; `trial` is None where the live object shows that nothing is.

    live: the object as it is, ours or not.
    """
    metadata = (live or {}).get("metadata") or {}
    uid, going = (str(metadata.get(name) or "") for name in ("uid", "deletionTimestamp"))
    row = Action(verb=UNCHANGED, id=wanted.id, uid=uid, going=going)
    if trial is None:
        return row
    row = replace(row, seen=fingerprint(live) if live is not None else "")
    whose = foreign.belongs_to(live, owner) if live is not None else None
    if live is not None and whose and not (options.adopt and foreign.may_adopt(live)):
        why = f"{whose}, which cannot be adopted from" if options.adopt else whose
        return replace(row, verb=CONFLICT, why=why)
    row = replace(row, body=trial.sent, force=trial.force, claim=trial.claim)
    if trial.pending:
        return replace(row, verb=CREATE, why=trial.pending, is_checked=False)
    if trial.conflicts:
        why = ", ".join([f"{one.field} belongs to {one.manager}" for one in trial.conflicts])
        return replace(row, verb=CONFLICT, why=why, conflicts=trial.conflicts)
    if trial.failure is not None:
        verb, why = _refused(wanted, trial.failure, live, options)
        # Made anew, it has nothing of others that could be left to them.
        return replace(row, verb=verb, why=why, body=wanted.body if verb == REPLACE else row.body)
    if live is None or trial.body is None:
        return replace(row, verb=CREATE)
    if trial.refusal:
        return replace(row, verb=REFUSED, why=trial.refusal)
    before, after = options.rules.prepare(hide([_shown(live), _shown(trial.body)]))[0]
    changes = tuple(value_changes(before, after, _type_of(wanted, types)))
    if whose or changes:
        release = foreign.release_of(live) if whose else ""
        return replace(row, verb=ADOPT if whose else UPDATE, why=whose or "", changes=changes, release=release)
    had, has = (managed.entry_of(body, "overlay") or {} for body in (live, trial.body))
    if had.get("fieldsV1") != has.get("fieldsV1") or had.get("apiVersion") != has.get("apiVersion"):
        # Nothing changes but whose the fields are; without it, what leaves Git later would stay.
        return replace(row, verb=UPDATE, why="the same values become ours")
    return replace(row, body=None, force=False, seen="")


def _refused(wanted: Resource, failure: Failure, live: Body | None, options: Options) -> tuple[str, str]:
    """Return the verb and the reason for an object that the server refuses."""
    if live is None or not is_immutable(failure):
        return REFUSED, failure.message
    if wanted.id.kind in _NEVER_REPLACED:
        return REFUSED, f"{failure.message}; a {wanted.id.kind} is never replaced"
    is_asked = (wanted.body["metadata"].get("annotations") or {}).get(REPLACE_ANNOTATION) == "true"
    if options.replace or is_asked:
        return REPLACE, failure.message
    return REFUSED, f'{failure.message}; --replace, or the annotation {REPLACE_ANNOTATION}: "true", replaces it'


def is_immutable(failure: Failure) -> bool:
    """Tell whether the server refused to change what cannot be changed in place, and nothing else (hazard K13).

    An object that is wrong besides would be deleted, and refused when it is to be made anew.
    """
    causes = [(field, message) for _, field, message in failure.causes] or [("", failure.message)]
    return failure.status == 422 and all(
        any(mark in message for mark in IMMUTABLE) and not field.startswith("metadata.") for field, message in causes
    )


def decide_prune(
    inventory: Iterable[Key], live: Mapping[Key, Body], lost: Mapping[Key, Body], wanted: Mapping[Key, str],
    options: Options, *, parent: Key | None = None,
) -> list[Action]:  # fmt: skip
    """Return what is done to the objects that shall not be (any more), and check that it is not too much.

    live: our members by label. lost: objects of the inventory that are there without the label.
    wanted: the objects that shall be, with the uid of the live one or an empty string. parent: the record, which stays
    as long as there is anything to remember. Raises ClusterConflict.
    """
    inventory = frozenset(inventory)
    uids = {uid for uid in wanted.values() if uid}
    actions: list[Action] = []
    for key in sorted(inventory - set(wanted)):
        found = live.get(key) or lost.get(key)
        if found is None:
            actions.append(Action(verb=GONE, id=_id_of(key, None)))
            continue
        uid = str(found["metadata"]["uid"])
        if uid in uids:
            # The same object under another group (extensions → apps): it shall be (hazard K26).
            actions.append(Action(verb=GONE, id=_id_of(key, found), why="it is the same object under another version"))
            continue
        if key not in live and HOOK_OF in (found["metadata"].get("labels") or {}):
            actions.append(Action(verb=GONE, id=_id_of(key, found), why="it has become a hook"))
            continue
        why = (
            f"its label {PART_OF} {'is another' if owner_of(found) else 'has gone'}"
            if key not in live
            else guards.keep_reason(found, options.limits, "overlay")
        )
        if why is None and not options.prune:
            why = "pruning is off"
        verb, seen = (KEEP, "") if why else (PRUNE, fingerprint(found))
        actions.append(Action(verb=verb, id=_id_of(key, found), why=why or "", uid=uid, seen=seen))
    actions = _inhabited(actions, wanted, parent)
    for key in sorted(set(live) - inventory - set(wanted)):
        found = live[key]
        if guards.owner_of(found) or _is_made_of_service(key, inventory | set(wanted)):
            # Controllers copy labels to what they make, such as EndpointSlices.
            continue
        why = "it carries our label, but this environment never applied it"
        actions.append(Action(verb=CONFLICT, id=_id_of(key, found), why=why, uid=str(found["metadata"]["uid"])))
    guards.check_prune(
        [str(one.id) for one in actions if one.verb == PRUNE], inventory=len(inventory), wanted=len(wanted),
        limits=options.limits, is_asked=options.is_delete,
    )  # fmt: skip
    return actions


def _is_made_of_service(key: Key, ours: frozenset[Key]) -> bool:
    """Tell whether this is the Endpoints that a cluster keeps of each Service: it names no owner, unlike slices."""
    group, kind, namespace, name = key
    return (group, kind) == ("", "Endpoints") and ("", "Service", namespace, name) in ours


def _inhabited(actions: Sequence[Action], wanted: Iterable[Key], parent: Key | None) -> list[Action]:
    """Keep each Namespace in which something stays: deleting it would delete that, too, whatever protects it."""
    left = [*[one.id.key for one in actions if one.verb == KEEP], *wanted]
    left += [parent] if left and parent is not None else []
    stays = {namespace: _id_of((group, kind, namespace, name), None)
             for group, kind, namespace, name in sorted(left, reverse=True) if namespace}  # fmt: skip
    return [
        replace(one, verb=KEEP, why=f"{stays[one.id.name]} stays in it", seen="")
        if one.verb == PRUNE and one.id.kind == "Namespace" and not one.id.group and one.id.name in stays
        else one
        for one in actions
    ]


def _id_of(key: Key, body: Body | None) -> ObjectId:
    group, kind, namespace, name = key
    version = split_api_version(body["apiVersion"])[1] if body else ""
    return ObjectId(group, version, kind, namespace, name)


# What the server writes of its own accord; none of it is anybody's wish.
_BOOKKEEPING = frozenset(("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"))


def _shown(body: Body) -> Any:
    """Return an object without what the server alone writes."""
    metadata = {key: item for key, item in body["metadata"].items() if key not in _BOOKKEEPING}
    return {key: item for key, item in {**body, "metadata": metadata}.items() if key != "status"}


def _type_of(wanted: Resource, types: Types | None) -> Any:
    return types.root(wanted.id.group, wanted.id.version, wanted.id.kind) if types else None


def summary(actions: Sequence[Action]) -> str:
    """Return counts in words: `2 create, 1 update, 14 unchanged`."""
    order = (CREATE, UPDATE, REPLACE, ADOPT, PRUNE, KEEP, CONFLICT, REFUSED, UNCHANGED)
    counts = {verb: sum(1 for one in actions if one.verb == verb) for verb in order}
    return ", ".join([f"{count} {verb}" for verb, count in counts.items() if count]) or "nothing"
