"""What a commit says about a change of the source: a subject, a body, trailers for programs."""

from __future__ import annotations

from overlay.files.paths import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.source.setting import Move

_LONGEST = 72


def commit_message(environment: str, origin: str | None, moves: Sequence[Move], template: str | None) -> str:
    """Return the message of a commit.

    origin: the environment that settings were promoted from. template: the user's words, in which `{environment}`,
    `{origin}` and `{changes}` stand for what is done.
    """
    changes = [printable(str(move)) for move in moves]
    if template:
        words = {"environment": environment, "origin": origin or "", "changes": ", ".join(changes)}
        text = template
        for name, word in words.items():
            text = text.replace(f"{{{name}}}", word)
        head = text.strip()
    else:
        head = _subject(environment, origin, moves)
        if len(changes) > 1 or len(head) > _LONGEST:
            head += "\n\n" + "\n".join(f"- {change}" for change in changes)
    trailers = [f"Overlay-Environment: {environment}"]
    if origin:
        trailers.append(f"Overlay-Promoted-From: {origin}")
    trailers += [f"Overlay-Set: {change}" for change in changes]
    return head + "\n\n" + "\n".join(trailers) + "\n"


def title_of(message: str) -> str:
    """Return a message's first line."""
    return message.partition("\n")[0]


def body_of(message: str) -> str:
    """Return what a message says below its first line."""
    return message.partition("\n")[2].strip()


def _subject(environment: str, origin: str | None, moves: Sequence[Move]) -> str:
    if len(moves) == 1:
        setting = moves[0].setting
        what = f"{printable(setting.label)} to {printable(setting.text)}"
    else:
        what = f"{len(moves)} settings"
    return f"{environment}: promote {what} from {origin}" if origin else f"{environment}: pin {what}"
