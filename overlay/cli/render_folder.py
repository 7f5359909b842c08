"""`overlay render --output-dir`: environments as folders of files, or the list of files that differ."""

from __future__ import annotations

import os
import sys

from overlay.cli.render import finish, warn
from overlay.errors import EXIT_DIFFERENT, OutputError, OverlayError
from overlay.files.paths import printable
from overlay.folder.plan import FolderPlan, plan_folder
from overlay.folder.write import OutputFolder, left_folders
from overlay.load.project import load_project
from overlay.tree import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from overlay.model.build import Build
    from overlay.model.finding import Finding


def write_folders(builds: Iterator[tuple[str, Build | OverlayError]], args: dict[str, Any]) -> int:
    """Write or compare each environment's folder; one that fails leaves its folder as it was."""
    top = args["output_dir"].rstrip("/") or "/"
    _refuse_sources(top, args["project"])
    failures: list[OverlayError] = []
    findings: list[Finding] = []
    different = False
    names: list[str] = []
    for name, result in builds:
        names.append(name)
        if isinstance(result, OverlayError):
            failures.append(result)
            continue
        findings += result.findings
        try:
            files = tree(result)
            folder = OutputFolder(top, name, create=not args["check"])
            try:
                if args["check"]:
                    plan = plan_folder(files, folder.present(), folder.shown)
                    different = different or not plan.is_empty
                    sys.stdout.write(_listing(plan, folder.shown))
                else:
                    plan = folder.write(files)
                    if not args["quiet"]:
                        print(_summary(name, plan, folder.shown), file=sys.stderr)
            finally:
                folder.close()
        except OverlayError as error:
            error.environment = error.environment or name
            failures.append(error)
    for name in left_folders(top, names) if args["all"] else ():
        if args["check"]:
            different = True
            sys.stdout.write(f"{printable(f'{top}/{name}')}: stale, no environment is called {name}\n")
        else:
            message = f"{printable(f'{top}/{name}')} was written for an environment that there is no more"
            warn(
                "left-folder",
                message,
                "delete the folder: whoever applies it keeps what it holds",
                args,
                failures,
                findings,
            )
    code = finish(failures, findings, args)
    if code == 0 and different:
        if not args["quiet"]:
            print("the files above are not what would be rendered; run without --check to write them", file=sys.stderr)
        return EXIT_DIFFERENT
    return code


def _refuse_sources(top: str, place: str) -> None:
    """Refuse to write among the documents and charts that are rendered: the next run would read its own output."""
    project, files = load_project(place)
    files.close()
    sources = os.path.realpath(os.path.join(project.root, project.environments))
    if project.environments and os.path.commonpath([os.path.realpath(top), sources]) == sources:
        raise OutputError(
            f"{printable(top)} lies in {project.environments}, whose files are rendered; output is never written there",
            hint="name another --output-dir",
        )


def _listing(plan: FolderPlan, folder: str) -> str:
    rows = [(name, "missing") for name in plan.created]
    rows += [(name, "different") for name in plan.changed]
    rows += [(name, "stale") for name in plan.removed]
    return "".join([f"{printable(folder)}/{name}: {what}\n" for name, what in sorted(rows)])


def _summary(name: str, plan: FolderPlan, folder: str) -> str:
    if plan.is_empty:
        return f"{name}: {printable(folder)} is up to date"
    counts = ((plan.created, "created"), (plan.changed, "changed"), (plan.removed, "removed"))
    done = ", ".join([f"{len(files)} {what}" for files, what in counts if files])
    return f"{name}: {printable(folder)}: {done}, {len(plan.unchanged)} unchanged"
