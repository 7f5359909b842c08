"""`overlay schema`: the JSON Schema of one of our documents."""

from __future__ import annotations

import os
import sys

from overlay.cli.table import COMMON, Command, Param
from overlay.kube.data import schemas_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DOCUMENTS = ("environment", "base", "component", "project", "test", "lock", "changes")


def schema(args: dict[str, Any]) -> int:
    """Print a schema."""
    with open(os.path.join(schemas_folder(), f"{args['document']}.schema.json"), encoding="utf-8") as file:
        sys.stdout.write(file.read())
    return 0


SCHEMA = Command(
    path=("schema",),
    help="""Print the JSON Schema (draft 2020-12) of one of our documents.

That is environment.yaml and the others, and what `overlay diff -o json` prints: changes.""",
    run=schema,
    params=(
        Param(
            name="document",
            kind="argument",
            metavar="DOCUMENT",
            choices=DOCUMENTS,
            default="environment",
            help="environment, base, component, project, test, lock or changes.",
        ),
        *COMMON,
    ),
)
