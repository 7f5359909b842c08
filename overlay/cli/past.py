"""What was published of environments, found from their documents and their branches alone: nothing is rendered."""

from __future__ import annotations

from overlay.cli.publishing import Publishing
from overlay.errors import UsageError, raise_all
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Any, Self

    from overlay.cli.sides import AtRevision
    from overlay.gitops.history import Content, History
    from overlay.gitops.store import Store
    from overlay.gitops.target import Target
    from overlay.model.resource import Resource


@value(kw_only=True)
class Shown:
    """A revision as it was read; objects: in the order in which they are applied."""

    content: Content
    objects: tuple[Resource, ...]

    @property
    def label(self) -> str:
        return f"{self.content.record.environment}@{self.content.record.revision}"


class Past:
    """The histories of environments, in private repositories of their own; use it as a context.

    What is seen here settles nothing: whether a branch may be gone on from, those that publish find out themselves.
    """

    def __init__(self, args: dict[str, Any]) -> None:
        from overlay.cli.documents import Documents  # noqa: PLC0415

        self.args = args
        self.documents = Documents(args["project"])
        self.publishing = Publishing(args, self.documents.project.root)
        self._stores: list[Store] = []
        self._histories: dict[str, History] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for store in self._stores:
            store.__exit__(None, None, None)

    def open(self, environments: Iterable[str]) -> None:
        """Have the newest commits of environments; those of one remote are asked for together.

        Raises UsageError where nothing was published, GitConflict for a branch that is not there any more.
        """
        by_url: dict[str, dict[str, Target]] = {}
        for name in environments:
            target = self.target(name)
            by_url.setdefault(self.publishing.remote(target.repository).url, {})[name] = target
        # Always in the same order: two runs that need the same two private repositories never wait for each other.
        for _, targets in sorted(by_url.items()):
            self._open(targets)

    def _open(self, targets: dict[str, Target]) -> None:
        from overlay.cli.exits import report  # noqa: PLC0415
        from overlay.gitops.history import History, nothing_published  # noqa: PLC0415
        from overlay.model.finding import Finding  # noqa: PLC0415

        branches = sorted({target.branch for target in targets.values()})
        repository = next(iter(targets.values())).repository
        store, remote = self.publishing.open_store(self.publishing.remote(repository), "past")
        self._stores.append(store)
        listed = remote.listing(*branches)
        raise_all(list(store.deleted(remote, branches, listed).values()))
        tips, rewritten = store.fetch(remote, listed, accept_rewritten=False)
        for branch, error in rewritten.items():
            store.see({branch: listed[branch]})
            report((), [Finding("history-rewritten", error.message, hint="find out who did that")], self.args)
        for name, target in targets.items():
            tip = tips.get(target.branch) or listed.get(target.branch)
            if tip is None:
                raise nothing_published(name, target)
            self._histories[name] = History(store, remote, target, name, tip)

    def history(self, environment: str) -> History:
        """Return the history of an environment."""
        if environment not in self._histories:
            self.open([environment])
        return self._histories[environment]

    def show(self, at: AtRevision) -> Shown:
        """Return a revision.

        Raises UsageError for one that there is not.
        """
        from overlay.gitops.manifests import objects_of  # noqa: PLC0415

        history = self.history(at.environment)
        revision = history.latest() if at.number is None else history.find(at.number)
        content = history.content(revision)
        return Shown(content=content, objects=objects_of(content.files))

    def target(self, environment: str) -> Target:
        """Return where an environment is published to, as its documents say.

        Raises UsageError for an unknown name.
        """
        from overlay.load.project import find_layer  # noqa: PLC0415

        try:
            find_layer(self.documents.project, self.documents.files, environment)
        except UsageError as error:
            raise UsageError(
                error.message,
                hint=f"{error.hint}; of one that was removed, check out a commit that still has its documents: they "
                "say where it was published",
            ) from None
        return self.documents.target(environment, self.publishing.branch())
