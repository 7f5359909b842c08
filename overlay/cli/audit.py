"""`overlay audit`: secrets and foreign edits in the history of what was published."""

from __future__ import annotations

from overlay.cli.fetching import TIMEOUT
from overlay.cli.publishing_options import ALL, ENVIRONMENTS, REMOTE
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import EXIT_DIFFERENT, EXIT_OK, EXIT_PARTIAL, GitConflict, OverlayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.cli.audit_output import Audited
    from overlay.cli.publishing import Publishing
    from overlay.gitops.store import Store
    from overlay.gitops.target import Target
    from overlay.model.publish import PublishSettings


def audit(args: dict[str, Any]) -> int:
    """Fetch the whole history of each environment's branch, look at it, print what is found."""
    from overlay.cli.audit_output import print_audits  # noqa: PLC0415
    from overlay.cli.exits import report, worst  # noqa: PLC0415
    from overlay.cli.progress import Progress  # noqa: PLC0415
    from overlay.cli.publishing import Publishing, names_of  # noqa: PLC0415
    from overlay.files.root import find_root  # noqa: PLC0415

    progress = Progress(args)
    names = names_of(args)
    audited: list[Audited] = []
    try:
        with Publishing(args, find_root(args["project"])) as publishing:
            targets, settings, errors = _targets(args, publishing, names)
            for repository in sorted({target.repository for target in targets.values()}):
                some = {name: target for name, target in targets.items() if target.repository == repository}
                progress.at("fetching what was published")
                found, wrong = _audit(publishing, some, settings, args["since"], progress)
                audited += found
                errors += wrong
    finally:
        progress.end()
    audited.sort(key=lambda one: one.environment)
    if audited or not errors:
        print_audits(audited, args)
    report(errors, (), args)
    if errors:
        return EXIT_PARTIAL if audited else worst(errors)
    bad = ("error", "warning") if args["strict"] else ("error",)
    return EXIT_DIFFERENT if any(each.severity in bad for one in audited for each in one.findings) else EXIT_OK


def _targets(
    args: dict[str, Any], publishing: Publishing, names: Sequence[str] | None
) -> tuple[dict[str, Target], dict[str, PublishSettings], list[OverlayError]]:
    """Return where environments are published and what may be there, and what is wrong with their documents."""
    from overlay.cli.documents import Documents  # noqa: PLC0415

    documents = Documents(args["project"])
    targets: dict[str, Target] = {}
    settings: dict[str, PublishSettings] = {}
    errors: list[OverlayError] = []
    for name in names if names is not None else documents.every():
        try:
            targets[name] = documents.target(name, publishing.branch())
            settings[name] = documents.settled(name).publish
        except OverlayError as error:
            errors.append(error.of(name))
    return targets, settings, errors


def _audit(
    publishing: Publishing,
    targets: dict[str, Target],
    settings: dict[str, PublishSettings],
    since: Sequence[str],
    progress: Any,
) -> tuple[list[Audited], list[OverlayError]]:
    """Look at the environments of one remote."""
    from overlay.chart.cache import cache_folder  # noqa: PLC0415
    from overlay.cli.audit_output import Audited  # noqa: PLC0415
    from overlay.gitops.audit import Audit, rewritten  # noqa: PLC0415
    from overlay.gitops.audit_blobs import Contents  # noqa: PLC0415
    from overlay.gitops.store import Store  # noqa: PLC0415

    branches = list(dict.fromkeys([target.branch for target in targets.values()]))
    store, remote = publishing.store(next(iter(targets.values())).repository)
    listed = remote.listing(*branches)
    gone, seen = store.deleted(remote, branches, listed), store.tips()
    found: list[Audited] = []
    errors: list[OverlayError] = []
    whole = Store(cache_folder(), publishing.repository, remote.url, store.form, purpose="audit")
    with publishing.released(), whole:
        inner = remote.through(whole, publishing.repository.transport())
        whole.fetch_whole(inner, listed)
        before = _commits(whole, since)
        contents = Contents(whole, inner)
        for name, target in targets.items():
            tip = listed.get(target.branch)
            if tip is None:
                wrong: OverlayError | None = gone.get(target.branch)
                errors += [GitConflict(wrong.message, hint="put it back").of(name)] if wrong is not None else []
                found.append(Audited(environment=name, target=target, repository=remote.shown))
                continue
            progress.at(f"looking at {name}")
            one = Audit(contents, name, target, settings[name].secrets)
            findings = one.run(tip, without=_below(target, targets), since=before)
            if target.branch in seen and not whole.is_ancestor(seen[target.branch], tip):
                findings.append(rewritten(name, target, seen[target.branch], tip))
            found.append(
                Audited(
                    environment=name, target=target, repository=remote.shown, tip=tip, commits=one.commits,
                    findings=tuple(findings),
                )
            )  # fmt: skip
    return found, errors


def _below(target: Target, targets: dict[str, Target]) -> list[str]:
    """Return the folders of other environments that lie in one's own."""
    above = f"{target.path}/" if target.path else ""
    return [
        other.path
        for other in targets.values()
        if other.branch == target.branch and other.path != target.path and other.path.startswith(above)
    ]


def _commits(store: Store, names: Sequence[str]) -> list[str]:
    """Return the commits that the command line names.

    Raises UsageError for one that is not there.
    """
    found = []
    for name in names:
        is_id = len(name) >= 7 and not name.strip("0123456789abcdef")
        commit = is_id and store.text("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", accept=(0, 1, 128))
        if not commit:
            hint = "--since takes a commit of an environment's branch, at least seven digits of it"
            raise UsageError(f"no commit {name!r} stands on these branches", hint=hint)
        found.append(commit)
    return found


AUDIT = Command(
    path=("audit",),
    help="""Look through the whole history of what was published, for what should not stand there.

Secrets with plain values, keys and tokens that can be told by their form (their values are never printed), commits
that are not overlay's and change published files, records that do not agree with their files, links, submodules, and
files that others run or obey. What was committed once stays in Git: rotate it. Exit code 1 where there is an error;
with --strict a warning counts, too.

Examples:

  overlay audit --all

  overlay audit prod --since 1a2b3c4d5e6f -o json""",
    run=audit,
    params=(
        ENVIRONMENTS,
        ALL,
        Param(
            name="since",
            flags=("--since",),
            kind="list",
            metavar="COMMIT",
            help="Only what came after a commit of an environment's branch, to where all is well; repeatable.",
        ),
        output("text", "json", "yaml", "sarif", text="text, json, yaml or sarif (paths as on the branch)."),
        REMOTE,
        TIMEOUT,
        *COMMON,
    ),
)
