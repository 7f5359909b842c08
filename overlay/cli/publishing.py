"""What the commands that publish to Git share: environments built, the source's commit read, targets planned."""

from __future__ import annotations

import os
from contextlib import contextmanager

from overlay.errors import GitConflict, GitError, OverlayError, Problems, UsageError, as_error, raise_all
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Any, Self

    from overlay.git.remote import Remote
    from overlay.git.repository import Repository
    from overlay.gitops.order import Order
    from overlay.gitops.plan import Plan, Wanted
    from overlay.gitops.publish import Looked, Publisher
    from overlay.gitops.source import Source
    from overlay.gitops.store import Store
    from overlay.gitops.target import Target
    from overlay.inspect.session import Workshop
    from overlay.model.build import Build
    from overlay.model.finding import Finding
    from overlay.model.options import Options
    from overlay.model.project import FieldRule


@value(kw_only=True)
class Planned:
    """One environment before anything is done: what is wanted, and the plan.

    objects: how many are wanted. contents: what stands in the files that would change. masked: fields whose values are
    hidden. findings: what is worth saying.
    """

    name: str
    objects: int
    kubernetes_version: str
    want: Wanted
    plan: Plan
    contents: Mapping[str, bytes]
    publisher: Publisher
    masked: tuple[FieldRule, ...]
    findings: tuple[Finding, ...] = ()


class Publishing:
    """The user's repository and the private ones of its remotes; use it as a context."""

    def __init__(self, args: dict[str, Any], root: str, repository: Repository | None = None) -> None:
        """`repository`: the one to use, where the folder is in none."""
        from overlay.cli.fetching import seconds  # noqa: PLC0415
        from overlay.git.repository import Repository  # noqa: PLC0415

        self.args = args
        self.repository = repository or Repository(root, os.environ, seconds=seconds(args["timeout"]))
        self._ordered: Order | None = None
        self._remotes: dict[str, Remote] = {}
        self._stores: dict[str, tuple[Store, Remote]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for store, _ in self._stores.values():
            store.__exit__(None, None, None)

    @contextmanager
    def released(self) -> Iterator[None]:
        """Let others use the private repositories meanwhile; what moves then, the push finds out."""
        stores = [store for store, _ in self._stores.values()]
        for store in stores:
            store.__exit__(None, None, None)
        yield
        for store in stores:
            store.__enter__()

    def branch(self) -> str:
        """Return the short name of the branch that is checked out; empty for a detached head."""
        return (self.repository.branch() or "").removeprefix("refs/heads/")

    def source(self) -> Source:
        """Return the commit that is checked out."""
        from overlay.git.remote import find_remote  # noqa: PLC0415
        from overlay.git.url import shown_url  # noqa: PLC0415
        from overlay.gitops.source import read_source  # noqa: PLC0415

        name = find_remote(self.repository, self.args["remote"])
        url = self.repository.config(f"remote.{name}.url")
        return read_source(self.repository, shown_url(url) if url else "")

    def remote(self, repository: str) -> Remote:
        """Return a remote by its name or URL (empty: the source's)."""
        from overlay.git.remote import find_remote, named_remote, remote_at  # noqa: PLC0415

        if repository not in self._remotes:
            self._remotes[repository] = (
                remote_at(self.repository, repository)
                if "://" in repository or "@" in repository
                else named_remote(self.repository, repository or find_remote(self.repository, self.args["remote"]))
            )
        return self._remotes[repository]

    def store(self, repository: str) -> tuple[Store, Remote]:
        """Return the private repository of a remote (its name or URL; empty: the source's), open and locked."""
        remote = self.remote(repository)
        if remote.url not in self._stores:
            self._stores[remote.url] = self.open_store(remote)
        return self._stores[remote.url]

    def open_store(self, remote: Remote, purpose: str = "") -> tuple[Store, Remote]:
        """Return a private repository of a remote, open and locked, and the remote reached from it.

        purpose: see `Store`.
        """
        from overlay.chart.cache import cache_folder  # noqa: PLC0415
        from overlay.gitops.store import Store, stored_form  # noqa: PLC0415

        cache = cache_folder()
        form = stored_form(cache, remote.url) or remote.form() or self.repository.form()
        store = Store(cache, self.repository, remote.url, form, purpose=purpose)
        store.__enter__()
        return store, remote.through(store, self.repository.transport())

    def findings(self) -> list[Finding]:
        """Return what is worth saying of the private repositories."""
        from overlay.model.finding import Finding  # noqa: PLC0415

        text = "was damaged and is made anew; what was seen of branches before is forgotten"
        mended = [store for store, _ in self._stores.values() if store.is_mended]
        return [Finding("cache-damaged", f"{store.folder} {text}") for store in mended]

    def _order(self) -> Order:
        from overlay.gitops.order import Order  # noqa: PLC0415

        if self._ordered is None:
            self._ordered = Order(self.repository, self._source_listing, self._history)
        return self._ordered

    def _source_listing(self) -> Mapping[str, str]:
        """Return what the source's remote says of the branch that is checked out; asked once."""
        remote = self.remote("")
        if remote.url in self._stores:
            remote = self._stores[remote.url][1]
        return remote.heard or remote.listing(*self._source_branches())

    def _is_source(self, remote: Remote) -> bool:
        try:
            return self.remote("").url == remote.url
        except GitError:
            return False  # the source has no remote

    def _source_branches(self) -> list[str]:
        return [branch] if (branch := self.branch()) else []

    @contextmanager
    def _history(self) -> Iterator[tuple[Store, Remote]]:
        """Open a private repository for commits of the source alone."""
        from overlay.chart.cache import cache_folder  # noqa: PLC0415
        from overlay.gitops.store import Store  # noqa: PLC0415

        remote = self.remote("")
        with Store(cache_folder(), self.repository, remote.url, self.repository.form(), purpose="commits") as store:
            yield store, remote.through(store, self.repository.transport())

    def publisher(self, target: Target) -> Publisher:
        """Return what publishes to a target's remote."""
        from overlay.gitops.publish import Choices, Publisher  # noqa: PLC0415

        args = self.args
        choices = Choices(
            release=bool(args.get("release")),
            overwrite_edits=bool(args.get("overwrite_edits")),
            accept_rewritten=bool(args.get("accept_rewritten")),
            allow_rollback=bool(args.get("allow_rollback")),
        )
        store, remote = self.store(target.repository)
        beside = self._source_branches() if self._is_source(remote) else []
        return Publisher(store, remote, choices, self._order().is_newer, beside)

    def look(self, builds: Sequence[Build], source: Source) -> list[tuple[Looked, Publisher]]:
        """Decide for each build what publishing would do; nothing but the private repositories is written.

        Raises OverlayError for what concerns all.
        """
        from overlay.gitops.plan import wanted  # noqa: PLC0415
        from overlay.gitops.target import refuse_shared  # noqa: PLC0415

        template = self.args.get("message")
        wants = [wanted(build, source, self._target(build, source), template) for build in builds]
        refuse_shared([(want.environment, want.target) for want in wants])
        found: dict[str, tuple[Looked, Publisher]] = {}
        # In one order whoever runs: two runs that wait for each other's repositories would wait for ever.
        for repository in sorted({want.target.repository for want in wants}, key=lambda name: self.remote(name).url):
            some = [want for want in wants if want.target.repository == repository]
            publisher = self.publisher(some[0].target)
            found |= {looked.want.environment: (looked, publisher) for looked in publisher.plan(some)}
        return [found[build.environment] for build in builds]

    def _target(self, build: Build, source: Source) -> Target:
        """Return where an environment goes; remotes of several names and one URL are one."""
        from overlay.gitops.target import target_of  # noqa: PLC0415
        from overlay.model.value import replace  # noqa: PLC0415

        target = target_of(build.settings.publish, source.branch)
        url = self.remote(target.repository).url
        same = next(name for name, remote in self._remotes.items() if remote.url == url)
        return replace(target, repository=same)

    def plan(self, builds: Sequence[Build], source: Source) -> tuple[list[Planned], list[OverlayError]]:
        """Return what was decided, and what is wrong with those that cannot be published; see `look`."""
        found: list[Planned] = []
        errors: list[OverlayError] = []
        for build, (looked, publisher) in zip(builds, self.look(builds, source), strict=True):
            plan = looked.plan
            if isinstance(plan, OverlayError):
                errors.append(plan)
                continue
            found.append(planned(build, looked, plan, publisher))
        return found, errors


def planned(build: Build, looked: Looked, plan: Plan, publisher: Publisher) -> Planned:
    """Return what is known of an environment that was looked at."""
    return Planned(
        name=build.environment,
        objects=len(build.objects),
        kubernetes_version=build.settings.kubernetes_version,
        want=looked.want,
        plan=plan,
        contents=looked.contents,
        findings=looked.findings,
        publisher=publisher,
        masked=(*masked_before(looked), *build.settings.masked),
    )


def masked_before(looked: Looked) -> tuple[FieldRule, ...]:
    """Return the fields whose values are hidden of what stands there: a change that no longer says so shows none."""
    return looked.now.record.masked if looked.now is not None and looked.now.record is not None else ()


def published_meanwhile(before: Plan, after: Plan) -> GitConflict:
    """Return an error for an environment that somebody else published since it was planned."""
    revision, source = after.previous or (0, "")
    return GitConflict(
        f"{before.environment} was published by somebody else meanwhile: revision {revision} from {source[:7]}",
        hint="look at it, and run the same command again",
    )


def names_of(args: dict[str, Any]) -> list[str] | None:
    """Return the environments that the command line names, None for all.

    Raises UsageError, or Problems, for bases and components: they are no environments.
    """
    if args["all"] == bool(args["environments"]):
        text = "--all and names of environments exclude each other" if args["all"] else "which environment?"
        raise UsageError(text, hint="name one or more, or say --all; `overlay env list` shows them")
    if args["all"]:
        return None
    names = list(dict.fromkeys(args["environments"]))
    _refuse_shared_parts(args["project"], names)
    return names


def _refuse_shared_parts(folder: str, names: Sequence[str]) -> None:
    from overlay.load.project import DOCUMENTS, find_layer, load_project  # noqa: PLC0415

    project, files = load_project(folder)
    errors: list[OverlayError] = []
    for name in names:
        try:
            kind = DOCUMENTS[find_layer(project, files, name).rpartition("/")[2]]
        except UsageError:
            continue  # told beside the others, which go on
        if kind != "Environment":
            hint = f"`overlay render {name}` shows what it makes"
            errors.append(UsageError(f"{name} is a {kind}: only Environments are published", hint=hint))
    files.close()
    raise_all(errors)


def build_environments(
    args: dict[str, Any], names: Sequence[str] | None
) -> tuple[list[Build], list[OverlayError], list[Finding]]:
    """Return the builds, what is wrong with environments that cannot be built, and what is worth saying."""
    from overlay.pipeline import build_all  # noqa: PLC0415

    return gathered(build_all(names, project=args["project"], options=_options(args), child=args["early"]))


def make_workshop(args: dict[str, Any]) -> Workshop:
    """Return where environments are built that are checked afterwards."""
    from overlay.inspect.session import Workshop  # noqa: PLC0415

    return Workshop(project=args["project"], options=_options(args), child=args["early"])


def _options(args: dict[str, Any]) -> Options:
    from overlay.model.options import Options  # noqa: PLC0415

    return Options(strict=args["strict"], cache=not args["no_cache"])


def gathered(
    results: Iterator[tuple[str, Build | OverlayError]],
) -> tuple[list[Build], list[OverlayError], list[Finding]]:
    """Return the builds, what is wrong with environments that cannot be built, and what is worth saying."""
    builds: list[Build] = []
    errors: list[OverlayError] = []
    for _, result in results:
        if isinstance(result, OverlayError):
            errors.append(result)
        else:
            builds.append(result)
    return builds, errors, [finding for build in builds for finding in build.findings]


def check_environments(workshop: Workshop, names: Sequence[str]) -> tuple[dict[str, OverlayError], list[Finding]]:
    """Return what must not be published although it builds: dead values, renderings that change by themselves.

    workshop: where they were built.
    """
    from overlay.inspect.lint import beyond_build  # noqa: PLC0415
    from overlay.model.value import replace  # noqa: PLC0415

    wrong: dict[str, OverlayError] = {}
    told: list[Finding] = []
    for name in names:
        found = [replace(one, environment=name) for one in beyond_build(workshop.session(name))]
        bad = [as_error(one) for one in found if one.severity == "error" or one.rule == "not-deterministic"]
        told += [one for one in found if one.severity != "error" and one.rule != "not-deterministic"]
        if bad:
            wrong[name] = Problems(bad)
    return wrong, told


def by_publisher(planned: Sequence[Planned]) -> dict[Publisher, list[tuple[Wanted, Plan]]]:
    """Return what is planned on each remote."""
    found: dict[Publisher, list[tuple[Wanted, Plan]]] = {}
    for one in planned:
        found.setdefault(one.publisher, []).append((one.want, one.plan))
    return found
