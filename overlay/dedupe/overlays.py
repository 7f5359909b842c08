"""Overlays of kustomize in a tree: the folders that no other kustomization refers to, by what they belong to."""

from __future__ import annotations

import os
import re

from overlay.dedupe.environments import pattern
from overlay.dedupe.kustomization import file_of, folders_of, is_component
from overlay.files.names import refuse_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def overlays_among(folders: Sequence[str]) -> list[str]:
    """Return the folders that hold an overlay: a kustomization that is no part of another one."""
    files = {folder: path for folder in folders if (path := file_of(folder)) is not None}
    used = {os.path.normpath(each) for path in files.values() for each in folders_of(path)}
    return [folder for folder, path in files.items() if os.path.normpath(folder) not in used and not is_component(path)]


def overlay_key(folder: str, tree: str) -> str | None:
    """Return what an overlay belongs to: its path up to the first word of an environment, a star in place of that.

    `apps/shop/prod/eu` and `apps/shop/dev` are both environments of `apps/shop`.
    """
    parts = folder[len(tree.rstrip("/")) :].strip("/").split("/")
    for at, part in enumerate(parts):
        starred = pattern(part)
        if starred is not None:
            return "/".join([*parts[:at], starred])
    return None


def name_of(key: str) -> str | None:
    """Return what the overlays of a key are called together: `apps/shop/*` and `apps/shop-*` are both `shop`."""
    words = [part.replace("*", "").strip("-._") for part in key.split("/")]
    named = [re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in words if word]
    return named[-1] if named and refuse_name(named[-1]) is None else None
