"""What a change of the source shows: settings, files, rendered effect, commit; as text or for programs."""

from __future__ import annotations

import sys

from overlay.cli.fields import fields_text
from overlay.cli.printing import print_document
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.diff.effect import FieldChange
    from overlay.source.commit import Committed
    from overlay.source.proposal import Proposed
    from overlay.source.setting import Move


@value(kw_only=True)
class Result:
    """What was found and done, as it is printed.

    origin: the environment that settings come from. heirs: those that extend the one that changes.
    """

    environment: str
    origin: str | None
    moves: tuple[Move, ...]
    files: tuple[str, ...]
    effect: tuple[FieldChange, ...]
    heirs: tuple[str, ...] = ()
    committed: Committed | None = None
    proposed: Proposed | None = None
    dry_run: bool = False


def say(args: dict[str, Any], text: str) -> None:
    """Tell a person what was done."""
    if not args["quiet"]:
        sys.stdout.flush()
        # In one piece: other environments tell theirs at the same time.
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def print_result(result: Result, args: dict[str, Any]) -> None:
    """Print a result in the form that was asked for."""
    if args["output"] == "text":
        from overlay.report.style import inert  # noqa: PLC0415

        sys.stdout.write(inert(_text(result)))
        return
    shown = _as_value(result)
    print_document(shown, args["output"])


def _text(result: Result) -> str:
    if not result.files:
        return ""
    out = [f"{result.environment}: {', '.join(result.files)}"]
    out += [f"  {move}" for move in result.moves]
    out += [f"  inherited by {', '.join(result.heirs)}"] if result.heirs else []
    return "\n".join(out) + "\n\n" + effect_text(result)


def effect_text(result: Result) -> str:
    """Return what changes in the rendered objects, for a person."""
    if not result.effect:
        return "nothing that is rendered changes\n"
    objects = list(dict.fromkeys([one.object for one in result.effect]))
    head = f"rendered, {'1 object' if len(objects) == 1 else f'{len(objects)} objects'}:\n"
    return head + fields_text(result.effect)


def _as_value(result: Result) -> dict[str, Any]:
    committed = result.committed
    return {
        "apiVersion": "overlay.dev/v1",
        "kind": "SourceChange",
        "environment": result.environment,
        "from": result.origin,
        "dryRun": result.dry_run,
        "files": list(result.files),
        "inheritedBy": list(result.heirs),
        "settings": [
            {
                "kind": move.setting.kind,
                "name": move.setting.name,
                "before": move.before,
                "after": move.setting.text,
            }
            for move in result.moves
        ],
        "effect": effect_value(result.effect),
        "commit": committed.commit if committed is not None else None,
        "branch": (committed.branch or None) if committed is not None else None,
        "pullRequest": None
        if result.proposed is None
        else {
            "action": result.proposed.action,
            "number": result.proposed.number or None,
            "url": result.proposed.url or None,
        },
    }


def effect_value(changes: Sequence[FieldChange]) -> list[dict[str, Any]]:
    """Return what changes as a document shows it."""
    return [{"object": one.object, "path": one.path, "change": one.word, **_sides(one)} for one in changes]


def _sides(one: FieldChange) -> dict[str, Any]:
    if not one.path:
        return {}
    return {
        **({"before": one.before} if one.word != "added" else {}),
        **({"after": one.after} if one.word != "removed" else {}),
    }
