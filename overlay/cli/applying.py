"""The cluster half of `overlay sync`: plans beside those for Git, carried out when Git has taken what is applied."""

from __future__ import annotations

from overlay.errors import OverlayError, UsageError
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from overlay.cli.clusters import Live, Wish
    from overlay.cluster.halt import Halt
    from overlay.cluster.record import Record
    from overlay.model.build import Build
    from overlay.model.finding import Finding


@value(kw_only=True)
class Looked:
    """The clusters of the environments of a run.

    lives: by environment. errors: of environments that must not go on; nothing of them is published either.
    """

    lives: dict[str, Live]
    errors: tuple[OverlayError, ...] = ()

    @property
    def refused(self) -> frozenset[str]:
        return frozenset([one.environment or "" for error in self.errors for one in error.each()])

    @property
    def changing(self) -> list[Live]:
        return [one for one in self.lives.values() if not one.plan.is_idle]

    def close(self) -> None:
        for one in self.lives.values():
            one.client.close()


def look_at_clusters(args: dict[str, Any], builds: Iterable[Build]) -> Looked:
    """Look at the cluster of each environment that names one; one that fails does not stop the others."""
    from overlay.cli.clusters import look, wish_of  # noqa: PLC0415
    from overlay.cli.together import together  # noqa: PLC0415

    def look_at(wish: Wish) -> Live | OverlayError:
        try:
            return look(args, wish)
        except OverlayError as error:
            return error.of(wish.name)

    wishes = [wish for build in builds if (wish := wish_of(build)) is not None]
    return looked_at(dict(zip([one.name for one in wishes], together(look_at, wishes), strict=True)))


def looked_at(found: Mapping[str, Live | OverlayError]) -> Looked:
    """Gather what was seen, and what keeps an environment from going on."""
    from overlay.cli.stopping import stops  # noqa: PLC0415
    from overlay.cli.together import shared_objects  # noqa: PLC0415

    lives = {name: one for name, one in found.items() if not isinstance(one, OverlayError)}
    errors = [one for one in found.values() if isinstance(one, OverlayError)]
    shared = shared_objects(lives.values())
    stopped = [shared.get(name) or stops(live) for name, live in lives.items()]
    return Looked(lives=lives, errors=(*errors, *[one for one in stopped if one is not None]))


def print_lives(args: dict[str, Any], looked: Looked) -> None:
    """Show the plans of all clusters."""
    from overlay.cli.cluster_output import plan_value, print_plan  # noqa: PLC0415
    from overlay.cli.clusters import unpinned_uid  # noqa: PLC0415
    from overlay.cli.exits import report  # noqa: PLC0415
    from overlay.cli.publishing_output import event  # noqa: PLC0415

    for name, live in looked.lives.items():
        event(args, "cluster-planned", name, plan=plan_value(live))
        if args["output"] == "text" and not live.plan.is_idle:
            print_plan(live, args)
        if name not in looked.refused and (uid := unpinned_uid(live)):
            event(args, "first-contact", name, context=live.client.access.context, uid=uid)
            report((), [_not_pinned(live, uid)], args)


def _not_pinned(live: Live, uid: str) -> Finding:
    from overlay.model.finding import Finding  # noqa: PLC0415

    # Not written by us: a sync leaves the work tree alone, and what it publishes is committed already.
    return Finding(
        "cluster-not-pinned",
        f"this is the first contact with the cluster {uid} of context {live.client.access.context}, which nothing pins",
        hint=f"add `uid: {uid}` to spec.cluster of its environment.yaml: then no other cluster is ever touched",
        environment=live.wish.name, severity="info",
    )  # fmt: skip


def left_behind(looked: Looked, published: Mapping[str, tuple[int, str] | None]) -> list[Finding]:
    """Return a warning for each environment that is for the first time in its namespace, and was in another one.

    published: revision and source's commit of what stands on its branch, which tell it from others of its name.
    """
    from overlay.cluster.answer import Refused  # noqa: PLC0415
    from overlay.cluster.store import all_records  # noqa: PLC0415

    found = []
    for name, live in looked.lives.items():
        stands = published.get(name)
        if live.record.current is not None or stands is None:
            continue
        try:
            records = [one for one in all_records(live.client, "") if not isinstance(one, OverlayError)]
        except Refused:
            continue  # not for this account to look at
        found += [
            _left(name, one) for one in records
            if one.environment == name and one.inventory and one.current is not None
            and (one.current.revision, one.current.source) == stands
        ]  # fmt: skip
    return found


def _left(name: str, record: Record) -> Finding:
    from overlay.model.finding import Finding  # noqa: PLC0415

    count, was = len(record.inventory), record.namespace
    return Finding(
        "left-in-namespace",
        f"it was in the namespace {was} before: {count} object{'s' * (count != 1)} of it stay there",
        hint=f"`overlay delete {name}` deletes them where the environment's namespace is still {was}",
        environment=name,
    )


def apply_lives(
    args: dict[str, Any], lives: Sequence[Live], commits: Mapping[str, tuple[int, str, str]]
) -> list[OverlayError]:
    """Carry out each plan with the revision and commit that hold it, and the source's; return what went wrong."""
    from overlay.cli.together import together  # noqa: PLC0415
    from overlay.cluster.halt import Halt  # noqa: PLC0415

    halt = Halt()

    def apply(live: Live) -> OverlayError | None:
        revision, commit, source = commits[live.wish.name]
        return apply_one(args, live, revision=revision, commit=commit, source=source, halt=halt)

    return [error for error in together(apply, lives, halt) if error is not None]


def apply_one(
    args: dict[str, Any], live: Live, *, revision: int, commit: str, source: str, halt: Halt | None = None
) -> OverlayError | None:
    """Carry out one plan and say what came of it; return what went wrong."""
    try:
        return _apply_one(args, live, revision=revision, commit=commit, source=source, halt=halt)
    except OverlayError as error:
        return error.of(live.wish.name)


def _apply_one(
    args: dict[str, Any], live: Live, *, revision: int, commit: str, source: str, halt: Halt | None
) -> OverlayError | None:
    from overlay.cli.cluster_output import outcome_text, teller  # noqa: PLC0415
    from overlay.cli.clusters import carry_out  # noqa: PLC0415
    from overlay.cli.exits import report  # noqa: PLC0415
    from overlay.cli.publishing_output import event  # noqa: PLC0415
    from overlay.cli.sourcing_output import say  # noqa: PLC0415
    from overlay.cluster.plan import KEEP  # noqa: PLC0415
    from overlay.cluster.story import stories  # noqa: PLC0415
    from overlay.model.finding import Finding  # noqa: PLC0415
    from overlay.report.style import inert  # noqa: PLC0415

    name = live.wish.name
    known = live.record.current
    if live.plan.is_idle and known and (known.revision, known.commit, known.status) == (revision, commit, "deployed"):
        if (going := _going(live)) is not None:
            return going
        event(args, "cluster-unchanged", name, revision=revision)
        if args["output"] == "text":
            say(args, f"{name}: {live.client.access.context} is as it shall be (revision {revision})")
        return None
    outcome = carry_out(
        args, live, revision=revision, commit=commit, source=source, tell=teller(args, name), halt=halt
    )  # fmt: skip
    texts = [Finding("server-warning", text, environment=name) for text in live.client.warnings]
    if args["output"] == "text":
        report((), texts, args)
    error = outcome.error(name) or _going(live)
    for line in stories(live.client, outcome):
        event(args, "story", name, about=line.about, text=line.text)
        if args["output"] == "text":
            say(args, inert(f"{name}: {line.about}: {line.text}"))
    if error is None:
        event(args, "applied", name, revision=revision, commit=commit, counts=live.plan.counts())
        if args["output"] == "text":
            say(args, f"{name}: {outcome_text(outcome)} in {live.client.access.context} (revision {revision})")
            if live.plan.is_idle:  # else the plan has shown them
                for one in live.plan.of(KEEP):
                    say(args, inert(f"{name}: kept {one.id} ({one.why})"))
            report((), [_left_release(name, one) for one in _releases(live)], args)
    return error


def _going(live: Live) -> OverlayError | None:
    """Return an error where what shall be is as it shall be, and will not be for long."""
    from overlay.errors import RolloutError  # noqa: PLC0415

    going = live.plan.going
    if not going:
        return None
    more = f" (and {len(going) - 1} more)" if len(going) > 1 else ""
    return RolloutError(
        f"{going[0].id} is being deleted by somebody since {going[0].going}{more}", environment=live.wish.name,
        object=str(going[0].id), hint="when it is gone, the next run makes it anew",
    )  # fmt: skip


def apply_looked(args: dict[str, Any], looked: Looked, stamp: Callable[[Live], tuple[int, str, str]]) -> int:
    """Show all plans, ask, carry them out, say what came of each; return the exit code.

    stamp: returns the revision, commit and source that a cluster shall record.
    """
    from overlay.cli.asking import ask  # noqa: PLC0415
    from overlay.cli.exits import exit_code, report  # noqa: PLC0415
    from overlay.cli.publishing_output import event  # noqa: PLC0415
    from overlay.cli.together import together  # noqa: PLC0415
    from overlay.cluster.halt import Halt  # noqa: PLC0415

    halt = Halt()

    def apply(live: Live) -> OverlayError | None:
        revision, commit, source = stamp(live)
        return apply_one(args, live, revision=revision, commit=commit, source=source, halt=halt)

    try:
        print_lives(args, looked)
        if looked.changing:
            ask(args, f"Change {len(looked.changing)} cluster{'s' * (len(looked.changing) != 1)}?")
        due = [live for name, live in looked.lives.items() if name not in looked.refused]
        failed = [error for error in together(apply, due, halt) if error is not None]
    finally:
        looked.close()
    errors = [*looked.errors, *failed]
    for problem in (each for error in errors for each in error.each()):
        event(args, "failed", problem.environment or "", message=problem.message, hint=problem.hint)
    report(errors, (), args)
    return exit_code(errors, is_partial=len(due) > len(failed))


def _releases(live: Live) -> list[str]:
    """Return the Helm releases that objects were taken from."""
    return sorted({one.release for one in live.plan.actions if one.release})


def _left_release(name: str, release: str) -> Finding:
    from overlay.model.finding import Finding  # noqa: PLC0415

    where, _, short = release.partition("/")
    return Finding(
        "release-left",
        f"the Helm release {short} in {where} still lists what was taken over: `helm uninstall {short}` would"
        " delete it",
        hint=f"let Helm forget it: kubectl delete secret -n {where} -l owner=helm,name={short}",
        environment=name,
    )


def apply_uncommitted(args: dict[str, Any]) -> int:
    """`overlay sync --no-git`: apply what is rendered now, where the environment allows it."""
    from overlay.cli.asking import ask  # noqa: PLC0415
    from overlay.cli.exits import exit_code, report  # noqa: PLC0415
    from overlay.cli.publishing import build_environments, names_of  # noqa: PLC0415

    builds, errors, findings = build_environments(args, names_of(args))
    kept = []
    for build in builds:
        cluster = build.settings.cluster
        if cluster is None or not cluster.allow_uncommitted:
            what = "it names no cluster" if cluster is None else "it does not allow to apply what is not committed"
            errors.append(
                UsageError(
                    what, environment=build.environment,
                    hint=f"set spec.cluster.{'allowUncommitted: true' if cluster else 'context'} in it",
                )
            )  # fmt: skip
        else:
            kept.append(build)
    looked = look_at_clusters(args, kept)
    try:
        print_lives(args, looked)
        report((), findings, args)
        due = [one for one in looked.lives.values() if one.wish.name not in looked.refused]
        if any(not one.plan.is_idle for one in due):
            ask(args, f"Change {len(due)} cluster{'s' * (len(due) != 1)}?")
        commits = {}
        for one in due:
            current = one.record.current
            is_same = one.plan.is_idle and current is not None and current.status == "deployed"
            last = current.revision if current else 0
            revision, commit = (last, current.commit) if is_same and current else (last + 1, "local")
            commits[one.wish.name] = (revision, commit, "local")
        errors += [*looked.errors, *apply_lives(args, due, commits)]
    finally:
        looked.close()
    report(errors, (), args)
    return exit_code(errors, is_partial=len(errors) < len(looked.lives))
