"""`overlay init`: a project that renders at once."""

from __future__ import annotations

import os
import sys

from overlay.cli.env_add import environment_text, own_namespace
from overlay.cli.starter import CHART, REPLICAS
from overlay.cli.table import COMMON, Command, Param
from overlay.errors import OutputError, OverlayError, PathError, UsageError, raise_all
from overlay.files.names import refuse_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.files.reader import ProjectFiles


def init(args: dict[str, Any]) -> int:
    """Write a project folder."""
    name = args["name"]
    words = (args["environments"] or "dev,staging,prod").split(",")
    environments = [word.strip() for word in words if word.strip()]
    for word in (name, *environments):
        reason = refuse_name(word)
        if reason:
            raise UsageError(f"{word!r} {reason}")
    if not environments:
        raise UsageError("--environments names none")
    if "base" in environments or len(set(environments)) != len(environments):
        raise UsageError("--environments needs different names, and base is taken")
    if args["chart"] and args["manifests"]:
        raise UsageError("--chart and --manifests exclude each other: an environment has one base")
    top = os.path.join(args["project"], name)
    if os.path.lexists(top) and (not os.path.isdir(top) or os.listdir(top)):
        raise OutputError(f"{top} exists and is not empty", hint="name a new folder")
    files = _files(name, environments, args)
    try:
        for path, data in files.items():
            place = os.path.join(top, path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "xb") as file:
                file.write(data)
    except OSError as error:
        raise OutputError(f"{top} cannot be written: {os.strerror(error.errno or 0).lower()}") from None
    if not args["quiet"]:
        count = f"{len(environments)} environment{'s' if len(environments) > 1 else ''}"
        print(
            f"made {top} with {count}: {', '.join(environments)}\n\n"
            f"next:\n  cd {top}\n  overlay env list\n  overlay render {environments[0]}\n"
            f"  overlay render --all --output-dir rendered",
            file=sys.stderr,
        )
    return 0


def _files(name: str, environments: list[str], args: dict[str, Any]) -> dict[str, bytes]:
    texts = {
        "overlay.yaml": f"apiVersion: overlay.dev/v1\nkind: Project\nmetadata:\n  name: {name}\n",
    }
    base = [
        "apiVersion: overlay.dev/v1",
        "kind: Base",
        "metadata:",
        "  name: base",
        "spec:",
        "  chart:",
        "    path: chart",
    ]
    copied = args["chart"] or args["manifests"]
    if not copied:
        texts.update({f"environments/base/chart/{path}": text for path, text in CHART.items()})
        base += ["  values:", "    - values.yaml"]
        texts["environments/base/values.yaml"] = (
            "# What all environments share, over the chart's own values.yaml.\nport: 8080\n"
        )
    texts["environments/base/base.yaml"] = "\n".join(base) + "\n"
    for index, environment in enumerate(environments):
        folder = f"environments/{environment}"
        text = environment_text(environment, ["../base"], namespace=own_namespace(name, environment))
        if not copied:
            # One real difference each, so that the first look shows what an environment is for.
            text += f"  replicas:\n    - name: web\n      count: {REPLICAS[min(index, len(REPLICAS) - 1)]}\n"
        texts[f"{folder}/environment.yaml"] = text
    files = {path: text.encode() for path, text in texts.items()}
    if copied:
        files.update(_copied(copied, chart=bool(args["chart"])))
    return files


def _copied(folder: str, *, chart: bool) -> dict[str, bytes]:
    """Return the user's chart or manifests, below environments/base/chart; links are refused."""
    from overlay.chart.source import MANIFEST_ENDINGS  # noqa: PLC0415
    from overlay.files.reader import ProjectFiles  # noqa: PLC0415

    if not os.path.isdir(folder):
        hint = f"unpack it first: tar -xzf {folder}" if folder.endswith((".tgz", ".tar.gz")) else None
        raise PathError(f"{folder} is no folder", hint=hint)
    files = ProjectFiles(folder)
    if chart and not files.exists("Chart.yaml"):
        raise PathError(f"{folder} has no Chart.yaml", hint="a folder of plain manifests goes with --manifests")
    names = [path for path in files.walk("") if chart or path.endswith(MANIFEST_ENDINGS)]
    if not names:
        raise PathError(f"{folder} holds no manifests (*.yaml, *.yml, *.json)")
    if not chart and "Chart.yaml" in names:
        raise PathError(f"{folder} is a Helm chart", hint="give it with --chart")
    if not chart:
        _check_manifests(files, names, folder)
    return {f"environments/base/chart/{path}": files.read(path) for path in names}


def _check_manifests(files: ProjectFiles, names: list[str], folder: str) -> None:
    """Refuse what would keep the project from rendering at once, all of it together."""
    from overlay.chart.source import refuse_kustomization  # noqa: PLC0415
    from overlay.kube.objects import parse_objects  # noqa: PLC0415
    from overlay.yaml import decode, read_documents  # noqa: PLC0415

    refuse_kustomization(names, folder, None)
    errors: list[OverlayError] = []
    for path in names:
        shown = os.path.join(folder, path)
        try:
            for document in read_documents(decode(files.read(path), shown), shown):
                parse_objects(document.value, document.location)
        except OverlayError as error:
            errors.append(error)
    raise_all(errors)


INIT = Command(
    path=("init",),
    help="Make a new project folder that renders at once.",
    run=init,
    params=(
        Param(name="name", kind="argument", metavar="NAME", required=True, help="Name of the project and its folder."),
        Param(name="chart", flags=("--chart",), metavar="DIR", help="Start from this Helm chart (it is copied)."),
        Param(
            name="manifests",
            flags=("--manifests",),
            metavar="DIR",
            help="Start from this folder of plain manifests (copied).",
        ),
        Param(
            name="environments",
            flags=("--environments",),
            metavar="NAMES",
            help="Names, separated by commas [dev,staging,prod].",
        ),
        *COMMON,
    ),
)
