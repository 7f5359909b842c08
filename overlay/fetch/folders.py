"""The user's configuration and cache folders (XDG base directories), where programs keep theirs by name."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def config_folder(program: str, env: Mapping[str, str]) -> str:
    """Return a program's configuration folder, `~/.config/helm`."""
    return _folder(program, env, "CONFIG", ".config")


def cache_folder(program: str, env: Mapping[str, str]) -> str:
    """Return a program's cache folder, `~/.cache/helm`."""
    return _folder(program, env, "CACHE", ".cache")


def _folder(program: str, env: Mapping[str, str], which: str, default: str) -> str:
    own = env.get(f"{program.upper()}_{which}_HOME")
    if own:
        return own
    base = env.get(f"XDG_{which}_HOME")
    if not base or not os.path.isabs(base):
        base = os.path.join(env.get("HOME") or os.path.expanduser("~"), default)
    return os.path.join(base, program)
