"""The rule that a folder of rendered files holds what is rendered."""

from __future__ import annotations

import hashlib

from overlay.errors import OverlayError
from overlay.folder.plan import plan_folder
from overlay.folder.write import OutputFolder
from overlay.inspect.findings import as_findings
from overlay.model.finding import Finding
from overlay.model.location import Location
from overlay.tree import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from overlay.model.build import Build

_NAMED = 3


class Rendered:
    """Holds builds against the folder `top/environment`."""

    def __init__(self, top: str) -> None:
        self.top = top

    def fingerprint(self, name: str) -> str:
        """Return a digest of what the folder of an environment holds."""
        folder = OutputFolder(self.top, name, create=False)
        try:
            digest = hashlib.sha256()
            for path, data in sorted(folder.present().items()):
                digest.update(b"%d:%s%d:" % (len(path), path.encode(), len(data)) + data)
            return digest.hexdigest()
        finally:
            folder.close()

    def __call__(self, build: Build) -> Iterable[Finding]:
        """Return what in the folder is missing, different or stale."""
        try:
            folder = OutputFolder(self.top, build.environment, create=False)
            try:
                plan = plan_folder(tree(build), folder.present(), folder.shown)
            finally:
                folder.close()
        except OverlayError as error:
            return as_findings(error, build.environment)
        if plan.is_empty:
            return []
        found = [
            *[f"{name} is missing" for name in plan.created],
            *[f"{name} is different" for name in plan.changed],
            *[f"{name} is stale" for name in plan.removed],
        ]
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        return [
            Finding(
                "rendered-outdated",
                f"{folder.shown} is not what is rendered: {', '.join(found[:_NAMED])}{more}",
                Location(f"{folder.shown}/{[*plan.changed, *plan.removed, *plan.created][0]}"),
                f"overlay render {build.environment} --output-dir {self.top}, and commit it",
                environment=build.environment,
                severity="error",
            )
        ]
