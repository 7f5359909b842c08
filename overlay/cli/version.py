"""`overlay version`: every part that settles what is rendered."""

from __future__ import annotations

import os
import sys

from overlay import __version__
from overlay.cli.printing import print_document
from overlay.cli.table import COMMON, Command, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PLATFORMS = {
    "linux": "linux: complete",
    "darwin": "macOS: renders with the limits its kernel offers (no network namespace, no address-space limit)",
}


def version(args: dict[str, Any]) -> int:
    """Print versions."""
    from overlay.chart.child import find_library  # noqa: PLC0415
    from overlay.chart.choose import LIBRARY_HELM  # noqa: PLC0415
    from overlay.kube.data import schemas_folder  # noqa: PLC0415

    names = [name.removesuffix(".json") for name in os.listdir(os.path.join(schemas_folder(), "kubernetes"))]
    tables = sorted(
        (name for name in names if name[0].isdigit()), key=lambda name: [int(part) for part in name.split(".")]
    )
    parts = {
        "overlay": __version__,
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "helm": f"{LIBRARY_HELM} (library)" if find_library() else _program(),
        "kubernetes": f"{tables[0]} to {tables[-1]}",
        "platform": _PLATFORMS.get(sys.platform, f"{sys.platform}: not supported, use WSL on Windows"),
    }
    if args["output"] in ("json", "yaml"):
        print_document(parts, args["output"])
    else:
        width = max(len(name) for name in parts)
        for name, text in parts.items():
            print(f"{name.ljust(width)}  {text}")
    return 0


def _program() -> str:
    from overlay.chart.program import find_program  # noqa: PLC0415

    program = find_program()
    return f"{program.version} (program)" if program else "missing"


VERSION = Command(
    path=("version",),
    help="Print the versions of all parts.",
    run=version,
    params=(
        output("text", "json", "yaml"),
        *COMMON,
    ),
)
