"""Files in ConfigMaps that each environment calls after itself: brought under one key, and moved back by a patch."""

from __future__ import annotations

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from overlay.dedupe.matching import Words
    from overlay.model.resource import Body

_HOLDERS = {"ConfigMap": ("data", "binaryData"), "Secret": ("data", "stringData")}
# A shorter text is written again sooner than moved.
LEAST_LINES = 4


@value
class Move:
    """An entry that the base has under one key and an environment under another."""

    field: str
    shared: str
    own: str


def shared_keys(body: Body, words: Words) -> dict[tuple[str, str], str]:
    """Return the keys of an object's long texts, by the keys without the environment's word."""
    found: dict[tuple[str, str], str] = {}
    for field in _HOLDERS.get(body["kind"], ()):
        entries = body.get(field)
        for key, item in entries.items() if isinstance(entries, dict) else ():
            if isinstance(item, str) and item.count("\n") >= LEAST_LINES:
                found.setdefault((field, words.without(key)), key)
    return found


def aligned(body: Body, words: Words, keys: Mapping[tuple[str, str], str]) -> tuple[Body, list[Move]]:
    """Return an object with its long texts under the shared keys, and what was moved."""
    moves = [
        Move(field, keys[field, short], key)
        for (field, short), key in shared_keys(body, words).items()
        if keys.get((field, short), key) != key and keys[field, short] not in body[field]
    ]
    for move in moves:
        entries = {(move.shared if key == move.own else key): item for key, item in body[move.field].items()}
        body = {**body, move.field: entries}
    return body, moves
