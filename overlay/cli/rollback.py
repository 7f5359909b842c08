"""`overlay rollback`: an earlier revision is published again, whole, applied, and stays until it is released."""

from __future__ import annotations

from overlay.cli.asking import YES, ask
from overlay.cli.cluster_options import APPLYING
from overlay.cli.publishing_options import ACCEPT_REWRITTEN, OVERWRITE_EDITS, PAST
from overlay.cli.table import Command, Param, output
from overlay.errors import EXIT_OK, OverlayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.cli.publishing import Planned, Publishing
    from overlay.gitops.history import Content
    from overlay.gitops.plan import Plan, Wanted
    from overlay.gitops.publish import Outcome
    from overlay.model.cluster import ClusterSettings
    from overlay.model.project import FieldRule


def rollback(args: dict[str, Any]) -> int:
    """Plan, ask, publish; say what became of it."""
    from overlay.cli.past import Past  # noqa: PLC0415
    from overlay.cli.publishing import Publishing, published_meanwhile  # noqa: PLC0415
    from overlay.cli.publishing_output import event, plan_value, print_plans  # noqa: PLC0415
    from overlay.cli.sides import read_number  # noqa: PLC0415
    from overlay.gitops.publish import Outcome  # noqa: PLC0415
    from overlay.gitops.rollback import restored  # noqa: PLC0415

    name, given = args["environment"], args["revision"]
    if "@" in name:
        hint = f"write `overlay rollback {name.replace('@', ' ')}`"
        raise UsageError(f"{name!r} is no name of an environment", hint=hint)
    number = read_number(given) if given else None
    with Past(args) as past:
        history = past.history(name)
        latest = history.latest()
        content = history.content(history.before(latest.number) if number is None else history.find(number))
        want = restored(content, history.target, history.current, args["reason"] or "")
        has_cluster = content.record.value["settings"].get("cluster") is not None
        is_applied = has_cluster and not args["git_only"]
        own = past.documents.settled(name).cluster if is_applied else None
    with Publishing(args, past.documents.project.root) as publishing:
        one = _plan(publishing, want, content, past.documents.project.masked)
        if number is None and one.plan.previous is not None and one.plan.previous[0] != latest.number:
            raise published_meanwhile(one.plan, one.plan)
        event(args, "planned", name, plan=plan_value(one))
        restores = content.revision.number
        if one.plan.acts and is_applied:
            _look(args, content, own, one)
        if one.plan.acts and args["output"] == "text":
            print_plans([one], args, rest=f"overlay diff {name}@{latest.number}..{name}@{restores}")
        if one.plan.acts:
            with publishing.released():  # a person may take their time
                ask(args, f"Roll back {name} to revision {restores}?")
        outcome = Outcome(plan=one.plan, commit=one.plan.tip, is_new=False)
        if one.plan.acts:
            outcome = _publish(one, is_settled=args["yes"] and number is not None)
    _tell(args, outcome, restores, is_left=has_cluster and args["git_only"])
    if not is_applied:
        return EXIT_OK
    return _apply(args, name)


def _look(args: dict[str, Any], content: Content, own: ClusterSettings | None, one: Planned) -> None:
    """Find out before anything is published whether the cluster would take it: its plan comes once it is.

    Raises OverlayError.
    """
    from overlay.cli.from_git import Published, look_at  # noqa: PLC0415
    from overlay.cli.record_wish import Written, wish_of_record  # noqa: PLC0415

    written = Written(
        name=one.name, record=content.record.value, texts=content.files, shown=str(one.plan.target),
        again=f"overlay sync {one.name}",
    )  # fmt: skip
    wish = wish_of_record(written, own)
    published = Published(wish=wish, revision=one.plan.revision, commit="", source="")
    try:
        look_at({**args, "allow_rollback": False}, published).client.close()
    except OverlayError as error:
        error.hint = f"{error.hint}; " if error.hint else ""
        error.hint += "nothing is published yet, and --git-only goes back in Git alone"
        raise error.of(one.name) from None


def _apply(args: dict[str, Any], name: str) -> int:
    """Apply what is published now, as any run without a source does; its plan comes first, and is asked for."""
    from overlay.cli.from_git import apply_published  # noqa: PLC0415

    where = {"environments": (name,), "all": False, "repository": None, "branch": None, "path": None}
    return apply_published({**args, **where, "from_git": True, "allow_rollback": False})


def _plan(publishing: Publishing, want: Wanted, content: Content, masked: Sequence[FieldRule]) -> Planned:
    """Decide what going back would do.

    masked: fields that the project hides now, beside those that it hid then. Raises OverlayError where it cannot
    be done.
    """
    from overlay.cli.publishing import Planned, masked_before  # noqa: PLC0415
    from overlay.gitops.manifests import objects_of  # noqa: PLC0415

    publisher = publishing.publisher(want.target)
    looked = publisher.plan([want])[0]
    if isinstance(looked.plan, OverlayError):
        raise looked.plan
    return Planned(
        name=want.environment,
        objects=len(objects_of(content.files)),
        kubernetes_version=content.record.value["settings"]["kubernetesVersion"],
        want=want,
        plan=looked.plan,
        contents=looked.contents,
        publisher=publisher,
        masked=(*masked_before(looked), *content.record.masked, *masked),
    )


def _publish(one: Planned, *, is_settled: bool) -> Outcome:
    """Publish; is_settled: also where somebody else published the environment meanwhile."""
    from overlay.cli.publishing import published_meanwhile  # noqa: PLC0415

    def confirm(before: Plan, after: Plan) -> None:
        if not is_settled:
            raise published_meanwhile(before, after)

    outcome = one.publisher.publish([(one.want, one.plan)], confirm=confirm).outcomes[0]
    one.publisher.store.tidy()
    return outcome


def _tell(args: dict[str, Any], outcome: Outcome, restores: int, *, is_left: bool) -> None:
    from overlay.cli.publishing_output import event  # noqa: PLC0415
    from overlay.cli.sourcing_output import say  # noqa: PLC0415

    plan, commit = outcome.plan, outcome.commit or ""
    name = plan.environment
    more = {"revision": plan.revision, "branch": plan.target.branch, "commit": commit, "restored": restores}
    if outcome.is_new:
        event(args, "published", name, **more)
        words = (
            f"{name}: rolled back to revision {restores}, published as revision {plan.revision} in "
            f"{commit[:12]} on {plan.target}\n{name}: held there; `overlay sync {name} --release` goes on"
        )
    else:
        event(args, "unchanged", name, **more)
        words = f"{name}: held at revision {restores} already, at {commit[:12]} (revision {plan.revision})"
    if is_left:
        words += f"\n{name}: in its cluster nothing changed by this; `overlay sync {name} --from-git` applies it there"
    if args["output"] == "text":
        say(args, words)


ROLLBACK = Command(
    path=("rollback",),
    help="""Go back to an earlier revision of an environment: publish it again, all of its objects together, and apply
it to the cluster that it names, if it names one.

That makes a new revision whose files are exactly those of the earlier one; nothing is rendered, so that neither the
chart nor the work tree matters. Without a number it is the revision before the one that stands there now. The
environment is held from then on: `overlay sync` leaves it alone until --release. The plan is printed first and asked
for on a terminal; elsewhere -y says yes.

With --git-only, only Git is written: `overlay sync ENV --from-git` applies what is published later; where Argo CD,
Flux or a scheduled job reads the branch, they do.

Examples:

  overlay rollback prod

  overlay rollback prod 11 --reason "checkout fails"

  overlay rollback prod --git-only

  overlay sync prod --release""",
    run=rollback,
    params=(
        Param(name="environment", kind="argument", metavar="ENV", required=True, help="Name of an environment."),
        Param(name="revision", kind="argument", metavar="NUMBER", help="The revision to go back to."),
        YES,
        Param(
            name="reason", flags=("--reason",), metavar="TEXT", help="Why; it is recorded, and `overlay sync` says it."
        ),
        output("text", "json", text="text, or json: one event a line."),
        Param(name="git_only", flags=("--git-only",), kind="flag", help="Commit and push only."),
        *APPLYING,
        OVERWRITE_EDITS,
        ACCEPT_REWRITTEN,
        *PAST,
    ),
)
