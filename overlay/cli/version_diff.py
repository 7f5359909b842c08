"""`overlay diff` of what is rendered: two versions of the project, or a folder of manifests and now."""

from __future__ import annotations

import os
import sys

from overlay.errors import EXIT_DIFFERENT, EXIT_OK, EXIT_USAGE, OverlayError, UsageError, as_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from overlay.diff.outcome import EnvironmentDiff
    from overlay.diff.rules import Rules
    from overlay.inspect.session import Workshop
    from overlay.inspect.versions import Wanted
    from overlay.model.project import FieldRule, Project


def version_diff(args: dict[str, Any], names: Sequence[str], between: str) -> int:
    """Print what differs in environments; return 1 where something does, 2 where one cannot be compared."""
    from overlay.cli.diff_output import label, print_diff  # noqa: PLC0415

    if bool(names) == args["all"]:
        text = "--all and names of environments exclude each other" if names else "which environment?"
        raise UsageError(text, hint="name one or more, or say --all; `overlay env list` shows them")
    if args["against"]:
        if between or args["base"]:
            raise UsageError("--against names one side, --base and .. both", hint="leave one out")
        diffs, sides = _against_folder(args, names)
    else:
        diffs, sides = _between(args, names, between)
    print_diff(diffs, sides, args)
    if len(names) == 2 and not between and not args["against"] and all(one.change == "same" for one in diffs):
        # Two names may have meant the two sides.
        meant = f"`overlay compare {' '.join(names)}` holds one against the other"
        print(f"neither differs from {label(sides[0])}; {meant}", file=sys.stderr)
    return exit_code_of(diffs, args)


def exit_code_of(diffs: Sequence[EnvironmentDiff], args: dict[str, Any]) -> int:
    """Report what cannot be compared; return the exit code: 0 the same, 1 different, 2 not to be known."""
    from overlay.cli.exits import report  # noqa: PLC0415

    errors = [as_error(problem) for one in diffs for problem in one.problems]
    if errors:
        report(errors, (), args)
        return EXIT_USAGE
    return EXIT_DIFFERENT if any(one.change != "same" for one in diffs) else EXIT_OK


def _between(
    args: dict[str, Any], names: Sequence[str], between: str
) -> tuple[list[EnvironmentDiff], tuple[dict[str, str | None], dict[str, str | None]]]:  # fmt: skip
    from overlay.cli.versions import Versions  # noqa: PLC0415
    from overlay.inspect.affected import prepare_beside  # noqa: PLC0415
    from overlay.inspect.session import Workshop  # noqa: PLC0415
    from overlay.inspect.versions import diff_versions  # noqa: PLC0415
    from overlay.model.options import Options  # noqa: PLC0415

    with Versions(args, between) as versions:
        options = Options(strict=args["strict"])
        with Workshop(project=versions.after.files, options=options, child=args["early"]) as after:
            before = after.beside(versions.before.files)
            known = sorted({*before.run.environments, *after.run.environments})
            if args["all"]:
                names = known
            check_names(names, known)
            causes = not args["stat"] and not args["name_only"] and args["output"] != "unified"
            wanted = wanted_of(args, before.project, after.project, causes=causes)
            prepare_beside(before.run, after.run, names)
            found = [diff_versions(before, after, name, wanted) for name in dict.fromkeys(names)]
        sides = [{"ref": one.ref, "commit": one.commit or None} for one in (versions.before, versions.after)]
    return found, (sides[0], sides[1])


def check_names(names: Sequence[str], known: Sequence[str]) -> None:
    """Refuse a name that no environment has on either side."""
    from overlay.nearest import did_you_mean  # noqa: PLC0415

    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or (f"there are {', '.join(known)}" if known else "there are none yet")
            raise UsageError(f"no environment is called {name!r}", hint=hint)


def wanted_of(args: dict[str, Any], before: Project, after: Project, *, causes: bool = True) -> Wanted:
    """Return how versions are compared, as the command line and the base say (hazard C06).

    Raises UsageError.
    """
    from overlay.inspect.versions import Wanted  # noqa: PLC0415

    return Wanted(
        rules=wanted_rules(args, before.ignored, dict.fromkeys([*before.masked, *after.masked])),
        detect_renames=args["detect_renames"],
        causes=causes,
    )


def wanted_rules(args: dict[str, Any], ignored: Iterable[FieldRule], masked: Iterable[FieldRule]) -> Rules:
    """Return what does not count as a difference, and what is hidden, as the command line and the project say.

    Raises UsageError.
    """
    from overlay.diff.rules import rules_of  # noqa: PLC0415
    from overlay.kube.dotted import BadPath  # noqa: PLC0415

    try:
        return rules_of(ignored, masked, args["ignore"], noise=args["ignore_noise"])
    except BadPath as error:
        raise UsageError(f"--ignore: the path {error}", hint="write it as metadata.labels.[helm.sh/chart]") from None


def _against_folder(
    args: dict[str, Any], names: Sequence[str]
) -> tuple[list[EnvironmentDiff], tuple[dict[str, str | None], dict[str, str | None]]]:  # fmt: skip
    from overlay.inspect.session import Workshop  # noqa: PLC0415
    from overlay.model.options import Options  # noqa: PLC0415

    folder = args["against"]
    with Workshop(project=args["project"], options=Options(strict=args["strict"]), child=args["early"]) as workshop:
        known = workshop.run.environments
        names = tuple(dict.fromkeys(names)) if names else known
        check_names(names, known)
        if len(names) > 1 and os.path.isfile(folder):
            raise UsageError(f"{folder} is one file, and {len(names)} environments are asked for", hint="name one")
        wanted = wanted_of(args, workshop.project, workshop.project)
        found = [_folder_diff(workshop, folder, name, wanted, alone=len(names) == 1) for name in names]
    return found, ({"ref": folder, "commit": None}, {"ref": "now", "commit": None})


def _folder_diff(workshop: Workshop, folder: str, name: str, wanted: Wanted, *, alone: bool) -> EnvironmentDiff:
    from overlay.cli.folder_objects import folder_objects  # noqa: PLC0415
    from overlay.cluster.guards import fate  # noqa: PLC0415
    from overlay.diff.outcome import EnvironmentDiff  # noqa: PLC0415
    from overlay.diff.versions import environment_diff  # noqa: PLC0415
    from overlay.inspect.compare import types_of  # noqa: PLC0415
    from overlay.inspect.findings import as_findings  # noqa: PLC0415
    from overlay.inspect.session import Session  # noqa: PLC0415
    from overlay.oci.media import TOP  # noqa: PLC0415
    from overlay.tree import RECORD  # noqa: PLC0415
    from overlay.yaml import write_document  # noqa: PLC0415
    from overlay.yaml.parts import part_of  # noqa: PLC0415

    below = os.path.join(folder, name)
    unpacked = os.path.join(folder, TOP, name)
    if os.path.isfile(os.path.join(unpacked, RECORD)):
        below = unpacked  # as `overlay pull -d` leaves it
    try:
        session = Session(workshop, name)
        after = session.build.objects
        # What is written as it would be written now needs no reading: writing costs a tenth of it.
        written = {part_of(write_document(one.body)): one for one in after}
        before = folder_objects(below if not alone or os.path.isdir(below) else folder, written)
    except OverlayError as error:
        return EnvironmentDiff(environment=name, change="failed", problems=tuple(as_findings(error, name)))
    return environment_diff(
        name, before, after, types_of(session), rules=wanted.rules, detect_renames=wanted.detect_renames, fate=fate
    )
