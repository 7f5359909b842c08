"""What environments are called: folders' names without what they share, and the words that name an environment."""

from __future__ import annotations

import re

from overlay.files.names import refuse_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# Words for a stage, from names of folders and namespaces in public GitOps repositories.
WORDS = frozenset(
    (
        "acc", "acceptance", "alpha", "beta", "canary", "ci", "demo", "dev", "devel", "develop", "development", "dr",
        "e2e", "int", "integration", "live", "load", "local", "nonprod", "perf", "performance", "poc", "pre", "preprod",
        "preproduction", "preview", "prd", "pro", "prod", "production", "qa", "sandbox", "sandpit", "sbx", "sit",
        "stage", "staging", "stg", "sys", "systest", "test", "testing", "train", "training", "tst", "uat",
    )
)  # fmt: skip
_BETWEEN = re.compile(r"([^A-Za-z0-9]+)")


def tokens(text: str) -> list[str]:
    """Return a name's words and what stands between them, in turns: `["shop", "-", "dev"]`."""
    return _BETWEEN.split(text)


def pattern(name: str) -> str | None:
    """Return a folder's name with a star for the word of its environment; None where it has none."""
    parts = [("*" if part.lower() in WORDS else part) for part in tokens(name)]
    if "*" not in parts:
        return None
    return re.sub(r"\*(?:[^A-Za-z0-9*]*\*)+", "*", "".join(parts))


def names_of(folders: Sequence[str]) -> list[str]:
    """Return what the environments of these folders are called: `apps/shop-dev`, `apps/shop-prod` → `dev`, `prod`."""
    split = [[part for part in folder.strip("/").split("/") if part not in ("", ".", "..")] for folder in folders]
    while all(split) and len({parts[-1] for parts in split}) == 1 and len(split) > 1:
        for parts in split:
            parts.pop()
    last = [parts[-1] if parts else folder for parts, folder in zip(split, folders, strict=True)]
    if len(set(last)) < len(last):
        last = ["-".join(parts) for parts in split]
    short = _without_shared([tokens(name) for name in last])
    return [_usable(name, whole) for name, whole in zip(short, last, strict=True)]


def group_name(folders: Sequence[str], names: Sequence[str]) -> str:
    """Return what the folders of a group share, as a name: `apps/shop-dev`, `apps/shop-prod` → `shop`."""
    whole = folders[0].strip("/")
    parts = [part for part in whole.split("/") if part not in ("", ".", "..")]
    word = names[0]
    for part in reversed(parts):
        left = [each for each in re.split(r"[^A-Za-z0-9]+", part) if each]
        kept = _minus(left, [each for each in re.split(r"[^A-Za-z0-9]+", word) if each])
        if kept:
            return _usable("-".join(kept), "group")
    return "base"


def _minus(words: list[str], taken: list[str]) -> list[str]:
    """Return words without a run of others in them."""
    lowered = [word.lower() for word in words]
    for at in range(len(words) - len(taken) + 1):
        if taken and lowered[at : at + len(taken)] == taken:
            return words[:at] + words[at + len(taken) :]
    return words


def _without_shared(split: list[list[str]]) -> list[str]:
    if len(split) < 2:  # one name shares nothing
        return ["".join(parts) for parts in split]
    shortest = min(len(parts) for parts in split)
    front = 0
    while front < shortest and len({parts[front] for parts in split}) == 1:
        front += 1
    back = 0
    while back < shortest - front and len({parts[-1 - back] for parts in split}) == 1:
        back += 1
    found = ["".join(parts[front : len(parts) - back]).strip("-._ ") for parts in split]
    return found if all(found) and len(set(found)) == len(found) else ["".join(parts) for parts in split]


def _usable(name: str, whole: str) -> str:
    """Return a name as environments may be called, or one made of the whole folder's."""
    for text in (name, whole):
        made = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].rstrip("-")
        if refuse_name(made) is None:
            return made
    return "environment"
