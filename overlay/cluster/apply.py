"""Carries out a plan: the record first, then stage by stage, then the wait, the prune, and the record again.

Each step is one from which the next run goes on, wherever this one is killed: what is about to be touched is in the
inventory before the first object is; nothing is deleted unless everything was applied and has become healthy; what
could not be deleted stays in the inventory.
"""

from __future__ import annotations

import itertools
import time

from overlay.cluster import hooks
from overlay.cluster.applyset import PART_OF
from overlay.cluster.halt import Halt
from overlay.cluster.health import Health
from overlay.cluster.moved import check_moved
from overlay.cluster.outcome import Event, Outcome
from overlay.cluster.plan import ADOPT, CREATE, KEEP, REPLACE, WRITES
from overlay.cluster.prune import apart, prune
from overlay.cluster.record import DELETED, DEPLOYED, FAILED, PENDING, SUPERSEDED, UNPRUNED
from overlay.cluster.run_hooks import run_hooks
from overlay.cluster.stages import make_stages, rank
from overlay.cluster.take_over import claim, take_over
from overlay.cluster.wait import Waiter
from overlay.errors import ClusterConflict, ClusterError, OverlayError, Temporary
from overlay.failpoint import failpoint
from overlay.model.value import replace, value
from overlay.parallel import run_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from overlay.cluster.client import Client
    from overlay.cluster.discovery import Served
    from overlay.cluster.lease import Lease
    from overlay.cluster.placing import Placed
    from overlay.cluster.plan import Action, Plan
    from overlay.cluster.record import AppliedBundle, Entry, Key, Record
    from overlay.cluster.stages import Stage
    from overlay.cluster.store import RecordStore
    from overlay.model.resource import Body


def make_home(client: Client, placed: Placed, plan: Plan, namespace: str) -> None:
    """Create the namespace of the record, where the environment has it among its own objects.

    The lease and the record stand there, so it comes before both; killed right after, the next run finds a member.
    """
    home = next((one for one in plan.of(CREATE) if one.id.kind == "Namespace" and one.id.name == namespace), None)
    if home is not None and (served := placed.served[home.id.key]) is not None:
        client.apply(served, "", namespace, home.body or {})


# A kind or a namespace that does not come within this time will not come.
NEEDED_SECONDS = 60.0


def occasion(record: Record, revision: int, bundle: AppliedBundle | None = None) -> str:
    """Return what a run is in Helm's words: `install` where nothing is deployed, `upgrade`, or `rollback`.

    bundle: what is applied, where it comes from one; an older one than the cluster has is a rollback, too.
    """
    for one in (record.current, *record.history):
        if one is None or one.status == DELETED:
            break
        if one.status in (DEPLOYED, UNPRUNED, SUPERSEDED):
            is_back = revision < one.revision or (bundle is not None and bundle.is_older(one.bundle))
            return "rollback" if is_back else "upgrade"
    return "install"


@value(kw_only=True)
class Pace:
    """How long a run waits. wait: for health at all. timeout: for all of it. prune: for what was deleted to be gone."""

    wait: bool = True
    timeout: float = 300.0
    prune: float = 120.0


class Run:
    """One execution of one plan.

    now: the time for people, as the record shows it. tell: of every step. custom: the users' rules of
    health. halt: ends the run at its next step.
    """

    def __init__(
        self, client: Client, store: RecordStore, lease: Lease, placed: Placed, plan: Plan, *, pace: Pace,
        now: Callable[[], str], tell: Callable[[Event], None],
        custom: Callable[[Body], Health | None] | None = None, halt: Halt | None = None,
    ) -> None:  # fmt: skip
        self._client = client
        self._store = store
        self._lease = lease
        self._placed = placed
        self._plan = plan
        self._pace = pace
        self._now = now
        self._tell = tell
        self._custom = custom
        self._halt = halt or Halt()
        self._served: dict[Key, Served] = {key: one for key, one in placed.served.items() if one is not None}
        self._applies = itertools.count()
        self._end = time.monotonic() + pace.timeout
        self._outcome = Outcome(plan=plan)
        self._record: Record = plan.record
        self._labels = f"{PART_OF}={plan.record.owner}"
        self._is_away = False
        self._skipped: set[Key] = set()
        self._hooked: set[Key] = set()

    def execute(self, entry: Entry, what: str, *, notes: str = "", tool: str = "") -> Outcome:
        """Do what the plan says; return what came of it.

        Raises Moved where somebody wrote meanwhile, ClusterConflict where another run has overtaken us.

        entry: this revision, as the record will show it. what: install, upgrade, rollback or delete: whose hooks run.
        notes: the chart's, for whoever asks the cluster. tool: our version.
        """
        if self._plan.is_stopped:
            raise ClusterConflict("the plan has conflicts: nothing was changed")
        if self._plan.record.version:
            self._store.check(self._plan.record)
        check_moved(self._client, self._placed, self._plan)
        keys = [one.id.key for one in self._placed.objects]
        begun = replace(self._plan.record, notes=notes, tool=tool)
        self._record = self._store.write(begun.begin(replace(entry, status=PENDING), keys))
        failpoint("record")
        is_applied = self._hooks(f"pre-{what}") and self._apply_all()
        if is_applied and self._pace.wait:
            is_applied = self._wait_all()
        failpoint("wait")
        # What comes after a deletion comes after it; else a hook that fails keeps what left.
        is_applied = is_applied and (what == "delete" or self._hooks(f"post-{what}"))
        # Without a prune, all that was ours still is (hazards K15, K35).
        left = self._prune_all() if is_applied else self._record.inventory
        if what == "delete" and is_applied and not self._outcome.stuck:
            is_applied = self._hooks("post-delete")
            if is_applied and self._prune_home():
                return self._outcome
        self._check()
        failpoint("end")
        status = DELETED if what == "delete" else DEPLOYED
        if not is_applied or self._outcome.stuck:
            status = UNPRUNED if is_applied else FAILED
        done = replace(entry, status=status, updated=self._now())
        if not keys and not left and is_applied:
            # Everything has gone: nothing is left to remember.
            self._store.remove(self._record)
            return self._outcome
        self._record = self._store.write(self._record.end(done, [*keys, *left]))
        self._outcome = replace(self._outcome, record=self._record)
        return self._outcome

    def _check(self) -> None:
        """Stop here when another run has taken over (hazards K29, D07)."""
        self._alive()
        self._store.check(self._record)

    def _alive(self) -> None:
        self._halt.check()
        self._lease.check()

    def _hooks(self, event: str) -> bool:
        """Run the hooks of an event, where there is anything to do at all; tell whether they ended well."""
        if self._plan.is_idle:
            return True
        try:
            run_hooks(
                self._client, self._placed.hooks, event, self._record.owner, tell=self._tell, check=self._check,
                seconds=lambda: self._end - time.monotonic(),
            )  # fmt: skip
        except (ClusterError, Temporary) as error:
            self._outcome = replace(self._outcome, hook=error)
            return False
        self._hooked |= {one.object.id.key for one in hooks.due(self._placed.hooks, event)}
        failpoint(event)
        return True

    # --- applying

    def _apply_all(self) -> bool:
        actions = {one.id.key: one for one in self._plan.actions if one.verb in WRITES}
        stages = make_stages(self._placed.objects)
        for number, stage in enumerate(stages):
            due = [actions[one.id.key] for one in stage.objects if one.id.key in actions]
            if (due and not self._apply_stage(due)) or (stage.awaited and not self._await(stage, due)):
                rest = [one.id.key for later in stages[number + 1 :] for one in later.objects]
                self._leave([actions[key] for key in rest if key in actions])
                return False
        return True

    def _leave(self, actions: Sequence[Action]) -> None:
        self._outcome = replace(self._outcome, not_attempted=(*self._outcome.not_attempted, *actions))

    def _apply_stage(self, due: Sequence[Action]) -> bool:
        self._check()
        unchecked = [one for one in due if not one.is_checked]
        if unchecked and not self._check_late(unchecked):
            self._leave([one for one in due if one.id.key not in self._outcome.failed])
            return False
        results = run_all(self._apply_one, due)
        failed = {one.id.key: error for one, error in zip(due, results, strict=True) if error is not None}
        self._leave([one for one in due if one.id.key in self._skipped])
        done = [one for one in due if one.id.key not in failed and one.id.key not in self._skipped]
        self._outcome = replace(
            self._outcome, applied=(*self._outcome.applied, *done), failed={**self._outcome.failed, **failed}
        )
        return not failed and len(done) == len(due)

    def _check_late(self, due: Sequence[Action]) -> bool:
        """Ask the server about objects whose kind or namespace came in this run; one that is refused stops all."""
        if any(one.id.key not in self._served for one in due):
            kinds = self._client.kinds(again=True)
            for one in due:
                known = kinds.find(one.id.group, one.id.version, one.id.kind)
                if known is not None:
                    self._served[one.id.key] = known

        def ask(one: Action) -> OverlayError | None:
            served = self._served.get(one.id.key)
            if served is None:
                return ClusterError(f"the cluster does not know {one.id.version} {one.id.kind}", object=str(one.id))
            try:
                self._client.apply(served, one.id.namespace, one.id.name, one.body or {}, dry_run=True)
            except ClusterError as error:
                return error
            return None

        found = {one.id.key: error for one, error in zip(due, run_all(ask, due), strict=True) if error is not None}
        self._outcome = replace(self._outcome, failed={**self._outcome.failed, **found})
        return not found

    def _apply_one(self, action: Action) -> OverlayError | None:
        """Apply one object; return what went wrong."""
        served, identity = self._served[action.id.key], action.id
        if self._is_away or self._halt.is_set or self._lease.is_lost:
            # The server is gone, we shall be, or another run goes on: a stage may have a thousand objects.
            self._skipped.add(identity.key)
            return None
        body = action.body or {}
        failpoint(f"apply-{next(self._applies)}")
        try:
            if action.verb == REPLACE:
                self._delete(action)
            elif action.uid:
                if action.verb == ADOPT:
                    take_over(self._client, served, identity, action.uid)
                if action.claim is not None:
                    claim(self._client, served, identity, action.uid, action.claim)
                # Only the very object that the plan is about.
                body = {**body, "metadata": {**body["metadata"], "uid": action.uid}}
            self._client.apply(
                served, identity.namespace, identity.name, body, force=action.force or action.verb == ADOPT,
                metadata_only=True,
            )  # fmt: skip
        except (ClusterError, Temporary) as error:
            self._is_away = self._is_away or isinstance(error, Temporary)
            self._tell(Event("failed", identity, error.message))
            return error
        self._tell(Event(action.verb, identity, action.why))
        return None

    # --- waiting

    def _waiter(self) -> Waiter:
        return Waiter(self._client, self._served, labels=self._labels, custom=self._custom)

    def _await(self, stage: Stage, due: Sequence[Action]) -> bool:
        """Wait for what the next stage needs; what was there before this run is believed to be."""
        keys = {one.id.key for one in due} & stage.awaited
        if not keys:
            return True
        is_short = all(rank(one.id) < 2 for one in due)
        return self._healthy(keys, NEEDED_SECONDS if is_short else self._end - time.monotonic())

    def _wait_all(self) -> bool:
        return self._healthy([one.id.key for one in self._placed.objects], self._end - time.monotonic())

    def _healthy(self, keys: Sequence[Key] | set[Key], seconds: float) -> bool:
        ids = {one.id.key: one.id for one in self._placed.objects}

        def tell(key: Key, health: Health) -> None:
            self._tell(Event("health", ids[key], f"{health.status}: {health.message}".removesuffix(": ")))

        waited = self._waiter().healthy(keys, seconds=max(seconds, 0.0), tell=tell, check=self._alive)
        if waited.late:
            self._outcome = replace(self._outcome, unhealthy={ids[key]: one for key, one in waited.late.items()})
        return waited.is_done

    # --- pruning

    def _prune_all(self) -> frozenset[Key]:
        """Delete what left; return what is still there."""
        home, rest = apart(self._plan)
        # A member that has become a hook was made anew as one.
        self._prune([one for one in rest if one.id.key not in self._hooked], self._alive)
        return frozenset(
            [one.id.key for one in (*self._plan.of(KEEP), *home)] + [one.key for one in self._outcome.stuck]
        )

    def _prune_home(self) -> bool:
        """Delete the namespace of the record, after all that the record names; tell whether it went, too."""
        home, _ = apart(self._plan)
        # The lease goes with it.
        self._prune(home, self._halt.check)
        return bool(home) and not self._store.is_there()

    def _prune(self, due: Sequence[Action], alive: Callable[[], None]) -> None:
        found = prune(
            self._client, due, seconds=self._pace.prune, labels=self._labels, check=self._check, alive=alive,
            tell=self._tell,
        )  # fmt: skip
        pruned, stuck = (*self._outcome.pruned, *found.gone), self._outcome.stuck | found.stuck
        self._outcome = replace(self._outcome, pruned=pruned, stuck=stuck)

    def _delete(self, action: Action) -> None:
        """Delete an object that is to be made anew, and wait until it is gone."""
        self._client.delete(self._served[action.id.key], action.id.namespace, action.id.name, uid=action.uid)
        # One that is adopted does not have our label yet.
        waiter = Waiter(self._client, self._served, labels="")
        late = waiter.gone({action.id.key: action.uid}, seconds=self._pace.prune, check=self._alive)
        if late:
            message = next(iter(late.values())).message
            raise ClusterError(
                f"{action.id} is not gone after {self._pace.prune:g} seconds: {message}", object=str(action.id)
            )
