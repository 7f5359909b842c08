"""Overlay: a base chart and environment overlays become one typed Build."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.model.build import Build
    from overlay.model.options import Options
    from overlay.pipeline import build, build_all

__version__ = "0.1.0"
__all__ = ["Build", "Options", "__version__", "build", "build_all"]


def __getattr__(name: str) -> object:
    # Imported on first use: the program itself needs none of this to print its help.
    homes = {"build": "pipeline", "build_all": "pipeline", "Build": "model.build", "Options": "model.options"}
    if name not in homes:
        raise AttributeError(name)
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(f"overlay.{homes[name]}"), name)
