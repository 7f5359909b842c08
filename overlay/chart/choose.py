"""Which implementation answers: the library in a child process, or the `helm` program where it is missing."""

from __future__ import annotations

from overlay.chart.child import HelmChild, HelmLibrary, find_library
from overlay.errors import ChartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.chart.render import Renderer

# The Helm inside helm-python-sdk 0.2.2, which pyproject.toml pins; a test asks the library.
LIBRARY_HELM = "4.2.3"


def start_early() -> HelmChild | None:
    """Fork the child before anything heavy is imported, so that it loads the library meanwhile."""
    library = find_library()
    return HelmChild(library) if library else None


def choose_renderer(child: HelmChild | None = None) -> Renderer:
    """Return the library's renderer, or the program's where there is no library for this platform."""
    library = find_library()
    if library is not None:
        return HelmLibrary(LIBRARY_HELM, library, child)
    from overlay.chart.program import find_program  # noqa: PLC0415  # only where the library is missing

    program = find_program()
    if program is None:
        raise ChartError(
            "neither Helm's library nor the helm program is here",
            hint="pip install helm-python-sdk, or put helm (version 4) on the PATH",
        )
    return program
