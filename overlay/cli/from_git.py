"""What is published in Git, held against the cluster, for `overlay sync --from-git` and `overlay drift`."""

from __future__ import annotations

import os

from overlay.cli.table import Param
from overlay.errors import GitConflict, OverlayError, UsageError
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.cli.clusters import Live, Wish
    from overlay.cli.publishing import Publishing
    from overlay.gitops.committed import Committed
    from overlay.gitops.target import Target
    from overlay.model.cluster import ClusterSettings

_PANEL = "Published"
# Where environments are published unless their documents say something else.
_BRANCH = "environments/{environment}"
PLACE = (
    Param(
        name="repository",
        flags=("--repository",),
        metavar="URL",
        panel=_PANEL,
        help="The repository to which it is published; no project and no clone is needed then.",
    ),
    Param(
        name="branch",
        flags=("--branch",),
        metavar="NAME",
        panel=_PANEL,
        help=f"The branch there ({_BRANCH}); with --all every environment on branches like environments/*.",
    ),
    Param(name="path", flags=("--path",), metavar="DIR", panel=_PANEL, help="The folder on that branch (its top)."),
)


@value(kw_only=True)
class Published:
    """An environment as Git has it: what its cluster shall be, and which revision that is."""

    wish: Wish
    revision: int
    commit: str
    source: str


def read_published(args: dict[str, Any]) -> dict[str, Published | OverlayError]:
    """Return what is published of each environment that is meant, or what is wrong with it.

    Raises OverlayError for what concerns all.
    """
    from overlay.gitops.committed import Committed, read_committed  # noqa: PLC0415

    numbers = _numbers(args)
    found: dict[str, Published | OverlayError] = {}
    accept = bool(args.get("accept_rewritten"))
    with _publishing(args) as publishing:
        targets, owns = _targets(args, publishing, found)
        names = list(targets)
        for repository in dict.fromkeys([target.repository for target in targets.values()]):
            some = {name: target for name, target in targets.items() if target.repository == repository}
            store, remote = publishing.store(repository)
            for name, one in read_committed(store, remote, some, accept_rewritten=accept).items():
                try:
                    if isinstance(one, Committed) and (number := numbers.get(name)) is not None:
                        one = _earlier(publishing, one, number)  # noqa: PLW2901  # what is meant in its place
                    found[name] = one if isinstance(one, OverlayError) else _published(one, owns.get(name))
                except OverlayError as error:
                    found[name] = error.of(name)
    return {name: found[name] for name in dict.fromkeys([*names, *found])}


def _published(one: Committed, own: ClusterSettings | None) -> Published:
    from overlay.cli.record_wish import Written, wish_of_record  # noqa: PLC0415

    name = one.record.environment
    written = Written(
        name=name, record=one.record.value, texts=one.texts, shown=str(one.target), again=f"overlay sync {name}"
    )
    wish = wish_of_record(written, own)
    return Published(wish=wish, revision=one.record.revision, commit=one.commit, source=one.record.source)


def _publishing(args: dict[str, Any]) -> Publishing:
    from overlay.chart.cache import cache_folder  # noqa: PLC0415
    from overlay.cli.fetching import seconds  # noqa: PLC0415
    from overlay.cli.publishing import Publishing  # noqa: PLC0415
    from overlay.files.root import find_root  # noqa: PLC0415
    from overlay.git.outside import Outside  # noqa: PLC0415

    if args["repository"]:
        outside = Outside(cache_folder(), os.environ, seconds=seconds(args["timeout"]))
        return Publishing(args, outside.folder, outside)
    try:
        root = find_root(args["project"])
    except UsageError:
        root = os.path.realpath(args["project"])
    return Publishing(args, root)


def _targets(
    args: dict[str, Any], publishing: Publishing, wrong: dict[str, Published | OverlayError]
) -> tuple[dict[str, Target], dict[str, ClusterSettings | None]]:
    """Return where environments are published, and what documents say of their clusters; `wrong` takes the others."""
    names = _names(args)
    if args["repository"]:
        return _named_targets(args, publishing, names, wrong), {}
    if args["branch"] or args["path"]:
        raise UsageError("--branch and --path go with --repository", hint="the environment's documents say where it is")
    return _documented(args, publishing, names, wrong)


def _documented(
    args: dict[str, Any], publishing: Publishing, names: list[str] | None, wrong: dict[str, Published | OverlayError]
) -> tuple[dict[str, Target], dict[str, ClusterSettings | None]]:
    """Do as `_targets`, by documents; those that have none here are looked for where they are by default."""
    from overlay.cli.documents import Documents  # noqa: PLC0415
    from overlay.gitops.target import Target  # noqa: PLC0415

    def default(name: str) -> Target:
        return Target(repository="", branch=_BRANCH.replace("{environment}", name), path="")

    try:
        documents = Documents(args["project"])
    except UsageError:
        if names is None:
            raise
        # A clone of an environment's branch alone is enough.
        return {name: default(name) for name in names}, {}
    targets: dict[str, Target] = {}
    owns: dict[str, ClusterSettings | None] = {}
    for name in documents.every() if names is None else names:
        try:
            if documents.has(name):
                targets[name] = documents.target(name, publishing.branch())
                owns[name] = documents.settled(name).cluster
            else:
                targets[name] = default(name)
        except OverlayError as error:
            wrong[name] = error.of(name)
    return targets, owns


def _names(args: dict[str, Any]) -> list[str] | None:
    """Return the environments that are named, None for all; they need no documents here."""
    if args["environments"] and not args["all"]:
        return list(_numbers(args))
    from overlay.cli.publishing import names_of  # noqa: PLC0415

    return names_of(args)


def _numbers(args: dict[str, Any]) -> dict[str, int | None]:
    """Return the revision that is meant of each environment that is named (`prod@11`), None for the newest.

    Raises UsageError for two of one environment.
    """
    from overlay.cli.sides import read_revision  # noqa: PLC0415

    found: dict[str, int | None] = {}
    for one in map(read_revision, args["environments"]):
        if found.setdefault(one.environment, one.number) != one.number:
            raise UsageError(f"two revisions of {one.environment} at once", hint="name one")
    return found


def _earlier(publishing: Publishing, one: Committed, number: int) -> Committed:
    from overlay.gitops.committed import read_earlier  # noqa: PLC0415

    store, remote = publishing.open_store(publishing.remote(one.target.repository), "past")
    try:
        return read_earlier(store, remote, one, number)
    finally:
        store.__exit__(None, None, None)


def _named_targets(
    args: dict[str, Any], publishing: Publishing, names: list[str] | None, wrong: dict[str, Published | OverlayError]
) -> dict[str, Target]:
    """Return the environments at --repository; `wrong` takes those of --all that are not as they should be."""
    from overlay.gitops.committed import find_targets  # noqa: PLC0415
    from overlay.gitops.target import Target  # noqa: PLC0415
    from overlay.load.publishing import folder_of  # noqa: PLC0415

    url, accept = _url(args["repository"]), bool(args.get("accept_rewritten"))
    pattern = args["branch"] or _BRANCH
    if names is None:
        store, remote = publishing.store(url)
        found, errors = find_targets(store, remote, pattern.replace("{environment}", "*"), accept_rewritten=accept)
        wrong |= {name: error.of(name) for name, error in errors.items()}
        from overlay.model.value import replace  # noqa: PLC0415

        return {name: replace(target, repository=url) for name, target in sorted(found.items())}
    path = folder_of(args["path"] or "")
    return {
        name: Target(
            repository=url, branch=pattern.replace("{environment}", name), path=path.replace("{environment}", name)
        )
        for name in names
    }


def _url(given: str) -> str:
    """Return a remote's URL; a path is made one, so that it is no remote's name."""
    is_path = "://" not in given and ("@" not in given or os.path.isdir(given))
    return f"file://{os.path.realpath(given)}" if is_path else given


def apply_published(args: dict[str, Any]) -> int:
    """`overlay sync --from-git`: apply what is published, whoever published it."""
    from overlay.cli.applying import apply_looked, looked_at  # noqa: PLC0415

    read = read_published(args)
    found = {name: one for name, one in read.items() if not isinstance(one, OverlayError)}
    looked = looked_at({**read, **look_at_each(args, found)})  # type: ignore[dict-item]  # all that is found was looked at

    def stamp(live: Live) -> tuple[int, str, str]:
        one = found[live.wish.name]
        return one.revision, commit_for(live, one), one.source

    return apply_looked(args, looked, stamp)


def look_at_each(args: dict[str, Any], found: dict[str, Published]) -> dict[str, Live | OverlayError]:
    """Look at the clusters of environments, several at once."""
    from overlay.cli.together import together  # noqa: PLC0415

    def look_at_one(name: str) -> Live | OverlayError:
        try:
            return look_at(args, found[name])
        except OverlayError as error:
            return error.of(name)

    return dict(zip(found, together(look_at_one, list(found)), strict=True))


def look_at(args: dict[str, Any], one: Published) -> Live:
    """Look at the cluster; one that has a later revision already keeps it (hazard K30)."""
    from overlay.cli.clusters import look  # noqa: PLC0415

    # What a job does about others' changes is for the environment to say.
    corrects = bool(args.get("scheduled")) and one.wish.settings.drift == "correct"
    live = look({**args, "correct": corrects}, one.wish)
    current = live.record.current
    if current is None or args["allow_rollback"] or current.commit == "local":
        return live
    if current.bundle is None and one.revision >= current.revision:
        return live
    live.client.close()
    if current.bundle is not None:
        raise GitConflict(
            f"the cluster has the bundle {current.bundle}, Git has revision {one.revision} of {one.wish.name}",
            hint="--allow-rollback applies what Git has from now on", environment=one.wish.name,
        )  # fmt: skip
    raise GitConflict(
        f"the cluster has the newer commit {current.commit[:12]} (revision {current.revision}) of {one.wish.name}",
        hint="--allow-rollback goes back", environment=one.wish.name,
    )  # fmt: skip


def is_there(live: Live, one: Published) -> bool:
    """Tell whether the cluster has all of this revision, so that what differs was changed by others.

    What is still to be deleted is left over from the run that could not. A number comes again where somebody put an
    earlier revision back by hand: it is another revision then, of another commit of the source.
    """
    from overlay.cluster.plan import GONE, PRUNE  # noqa: PLC0415

    current = live.record.current
    if current is None or (current.revision, current.source, current.status) != (one.revision, one.source, "deployed"):
        return False
    return not live.plan.of(PRUNE, GONE)


def commit_for(live: Live, one: Published) -> str:
    """Return the commit to record: a branch moves for other environments too, which is nothing new of this one."""
    if live.record.current is not None and is_there(live, one) and live.plan.is_idle:
        return live.record.current.commit
    return one.commit
