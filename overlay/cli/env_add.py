"""`overlay env add`: a new environment, as small as can be."""

from __future__ import annotations

import os
import posixpath
import sys

from overlay.cli.table import COMMON, Command, Param
from overlay.errors import OutputError, UsageError
from overlay.files.names import refuse_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def add(args: dict[str, Any]) -> int:
    """Write environments/NAME/environment.yaml."""
    from overlay.load.project import find_layer, load_project  # noqa: PLC0415

    name = args["name"]
    for word in (name, args["namespace"]):
        reason = refuse_name(word) if word is not None else None
        if reason:
            raise UsageError(f"{word!r} {reason}")
    project, files = load_project(args["project"])
    folder = posixpath.join(project.environments, name)
    above = project.environments.split("/")
    for end in range(1, len(above) + 1):
        part = "/".join(above[:end])
        if os.path.lexists(os.path.join(project.root, part)):
            files.folders(part)  # refuses a link: nothing is made behind one
    parents = []
    for parent in args["extends"]:
        found = find_layer(project, files, parent)
        if found.endswith("/component.yaml"):
            raise UsageError(f"{parent} is a Component", hint="list it under components: in the new environment.yaml")
        parents.append(posixpath.relpath(posixpath.dirname(found), folder))
    # What is inherited would be the namespace of another environment, or `default`.
    namespace = args["namespace"] or (own_namespace(project.name, name) if parents and project.name else None)
    text = environment_text(name, parents, namespace=namespace)
    path = os.path.join(project.root, folder)
    try:
        os.makedirs(path)
        with open(os.path.join(path, "environment.yaml"), "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise OutputError(f"{folder} exists already", hint="choose another name, or edit what is there") from None
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {os.strerror(error.errno or 0).lower()}") from None
    if not args["quiet"]:
        then = f"look at it with `overlay render {name}`"
        if not parents:
            then = "it extends nothing: list a base under extends:, name a chart, or say --extends at once"
        where = f" with namespace {namespace}" if namespace else ""
        print(f"wrote {folder}/environment.yaml{where}; {then}", file=sys.stderr)
    return 0


def own_namespace(project: str, environment: str) -> str:
    """Return the namespace that an environment has unless somebody says another one."""
    return f"{project}-{environment}"[:63].rstrip("-")


def environment_text(name: str, parents: list[str], *, namespace: str | None) -> str:
    """Return the smallest environment.yaml."""
    lines = ["apiVersion: overlay.dev/v1", "kind: Environment", "metadata:", f"  name: {name}"]
    if parents or namespace:
        lines.append("spec:")
    if parents:
        lines += ["  extends:", *[f"    - {parent}" for parent in parents]]
    if namespace:
        lines.append(f"  namespace: {namespace}")
    return "\n".join(lines) + "\n"


ADD = Command(
    path=("env", "add"),
    help="Add an environment that extends another one or a base.",
    run=add,
    params=(
        Param(name="name", kind="argument", metavar="NAME", required=True, help="Name of the new environment."),
        Param(
            name="extends",
            flags=("--extends",),
            kind="list",
            metavar="NAME",
            help="A base or environment to extend; repeatable.",
        ),
        Param(
            name="namespace",
            flags=("-n", "--namespace"),
            metavar="NAME",
            help="Namespace of its objects; of what extends something, PROJECT-NAME when absent.",
        ),
        *COMMON,
    ),
)
