"""Where environments are published, and which clusters they name, as their documents say; nothing is rendered."""

from __future__ import annotations

from overlay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.gitops.target import Target
    from overlay.load.graph import Effective


class Documents:
    """The documents of a project, read alone: whatever is wrong with files that they name does not matter here."""

    def __init__(self, folder: str) -> None:
        """`folder`: the project's, or one below it."""
        from overlay.chart.cache import cache_folder  # noqa: PLC0415
        from overlay.fetch.pinned import Remotes  # noqa: PLC0415
        from overlay.load.graph import Loader  # noqa: PLC0415
        from overlay.load.layers import load_document  # noqa: PLC0415
        from overlay.load.project import load_project  # noqa: PLC0415

        self.project, self.files = load_project(folder)
        self._loader = Loader(self.project, self.files, Remotes(self.files, cache_folder()), load_document)

    def every(self) -> list[str]:
        """Return what --all means.

        Raises PathError where there is no environment.
        """
        from overlay.load.project import every_environment  # noqa: PLC0415

        return every_environment(self.project, self.files)

    def has(self, environment: str) -> bool:
        """Tell whether there is an environment of this name."""
        from overlay.load.project import list_environments  # noqa: PLC0415

        return environment in list_environments(self.project, self.files)

    def settled(self, environment: str) -> Effective:
        """Return what an environment's documents settle.

        Raises UsageError for an unknown name, and for bases and components: they are no environments.
        """
        from overlay.load.graph import effective  # noqa: PLC0415

        found = self._loader.load(environment)
        kind = found.layers[-1].layer.kind
        if kind != "Environment":
            raise UsageError(f"{environment} is a {kind}: only Environments are published")
        return effective(found, self.project)

    def target(self, environment: str, branch: str) -> Target:
        """Return where an environment is published; branch: the source's, empty for a detached head."""
        from overlay.gitops.target import target_of  # noqa: PLC0415

        return target_of(self.settled(environment).publish, branch)
