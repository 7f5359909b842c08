"""What the commands that package share: environments built and checked, the source's commit, the bundle's place."""

from __future__ import annotations

import os

from overlay.cli.table import Param
from overlay.errors import UsageError, raise_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from overlay.cli.progress import Progress
    from overlay.errors import OverlayError
    from overlay.files.reader import ProjectFiles
    from overlay.git.repository import Repository
    from overlay.model.build import Build
    from overlay.model.project import Project
    from overlay.oci.bundle import Artifact
    from overlay.oci.revision import Revision
    from overlay.oci.store import Store

STORE = Param(
    name="store",
    flags=("--store",),
    metavar="DIR",
    help="Folder of the bundles on this machine (~/.local/share/overlay/bundles).",
)
VERSION = Param(
    name="version",
    flags=("--version",),
    metavar="VERSION",
    help="The bundle's version, such as 1.4.0.",
)
PACKAGING = (
    Param(
        name="version_from_tag",
        flags=("--version-from-tag",),
        kind="flag",
        help="Take the version from the Git tag of the commit (v1.4.0).",
    ),
    Param(
        name="allow_dirty",
        flags=("--allow-dirty",),
        kind="flag",
        help="Also where files that are read are not as committed; it is recorded.",
    ),
    Param(name="no_cache", flags=("--no-cache",), kind="flag", help="Do not use renderings of earlier runs."),
)


def make_store(args: dict[str, Any]) -> Store:
    """Return the bundles on this machine."""
    from overlay.oci.store import Store, store_folder  # noqa: PLC0415

    return Store(args["store"] or store_folder(os.environ))


class Packaging:
    """A project on its way into a bundle."""

    def __init__(self, args: dict[str, Any]) -> None:
        """Find the project, its commit and the version."""
        from overlay.git.repository import Repository  # noqa: PLC0415
        from overlay.load.project import load_project  # noqa: PLC0415
        from overlay.oci.revision import is_in_repository, read_revision, tagged_version  # noqa: PLC0415
        from overlay.oci.versions import check_version  # noqa: PLC0415

        self.args = args
        project, files = load_project(args["project"])
        self.project: Project = project
        self.files: ProjectFiles = files
        self.repository: Repository | None = None
        self.revision: Revision | None = None
        if is_in_repository(project.root):
            self.repository = Repository(project.root, os.environ)
            self.revision = read_revision(self.repository)
        if args["version"] and args["version_from_tag"]:
            raise UsageError("--version and --version-from-tag exclude each other")
        if args["version_from_tag"]:
            if self.repository is None or self.revision is None:
                raise UsageError("--version-from-tag needs a commit, and there is none")
            self.version = tagged_version(self.repository, self.revision.commit)
        elif args["version"]:
            self.version = check_version(args["version"])
        else:
            raise UsageError("which version?", hint="say --version 1.4.0, or --version-from-tag")

    @property
    def name(self) -> str:
        """The project's name, or that of its folder."""
        import re  # noqa: PLC0415

        name = self.project.name or os.path.basename(self.project.root).lower()
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name):
            raise UsageError(f"{name!r} cannot name a bundle", hint="give the project a name: overlay.yaml")
        return name

    def make(self, names: Sequence[str] | None, progress: Progress) -> Artifact:
        """Return the bundle of some environments, None for all; nothing is written.

        Raises OverlayError; Problems with all that is wrong with any environment.
        """
        from overlay.cli.exits import report  # noqa: PLC0415
        from overlay.cli.publishing import build_environments, check_environments  # noqa: PLC0415
        from overlay.oci.bundle import Facts, bundle  # noqa: PLC0415
        from overlay.oci.epoch import epoch  # noqa: PLC0415

        seconds = epoch(os.environ, None if self.revision is None else self.revision.seconds)
        progress.at("rendering")
        builds, errors, findings = build_environments(self.args, names)
        raise_all(errors)
        if not builds:
            raise UsageError("there are no environments to package", hint="add one with `overlay env add NAME`")
        raise_all([error for build in builds for error in _plain_secrets(build)])
        dirty = self._dirty(builds)
        progress.at("checking")
        wrong, told = check_environments(self.args, [build.environment for build in builds])
        progress.end()
        report((), [*findings, *told], self.args)
        raise_all(list(wrong.values()))
        lock = self.files.read("overlay.lock") if self.files.exists("overlay.lock") else None
        facts = Facts(
            name=self.name,
            version=self.version,
            seconds=seconds,
            revision="" if self.revision is None else self.revision.commit,
            dirty=dirty,
            annotations=self.project.bundle,
        )
        progress.at("packaging")
        return bundle(builds, self._source(builds), lock, facts)

    def _source(self, builds: Sequence[Build]) -> Mapping[str, bytes]:
        """Return the files of the project that the environments were built from."""
        paths = {entry.path for build in builds for entry in build.inputs if not entry.path.startswith("<")}
        more = {path for path in ("overlay.yaml", "overlay.lock") if self.files.exists(path)}
        return {path: self.files.read(path) for path in sorted(paths | more)}

    def _dirty(self, builds: Sequence[Build]) -> tuple[str, ...]:
        """Return the files that are not as committed; they stop the run unless that is allowed."""
        from overlay.gitops.source import changed_inputs, refuse_changed_inputs  # noqa: PLC0415

        if self.repository is None or self.revision is None:
            return ()
        changed = changed_inputs(self.repository, self.revision.commit, builds)
        if not self.args["allow_dirty"]:
            refuse_changed_inputs(changed, self.repository, self.revision.commit)
        return tuple(sorted(changed))


def _plain_secrets(build: Build) -> list[OverlayError]:
    """Return an error for each value that can be read and that the environment does not allow by name."""
    from overlay.check.secrets import exposed  # noqa: PLC0415

    return [
        UsageError(
            f"{one.resource.id} {one.what}, and the bundle shows it to all who can pull it",
            location=one.resource.origin.location,
            hint=one.hint,
            environment=build.environment,
            object=str(one.resource.id),
            rule=one.rule,
        )
        for one in exposed(build.objects, build.settings.publish.secrets)
    ]
