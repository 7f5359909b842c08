"""The child that evaluates expressions: one JSON line with expressions in, one JSON line for each of them out.

The library parses and evaluates in native code that nothing can interrupt, and aborts when it runs out of stack: only
the end of a process bounds it. This file is run as a program and imports nothing of ours.
"""

from __future__ import annotations

import json
import re
import resource
import signal
import sys
from types import ModuleType

# The package imports a command line of its own (rich, prompt_toolkit): three quarters of its time.
sys.modules["cel.cli"] = ModuleType("cel.cli")

import cel  # noqa: E402
from cel.stdlib import add_stdlib_to_context  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_RESULT = 1 << 20
_PLACE = re.compile(r"ERROR: <input>:(\d+):(\d+): (?:Syntax error: )?([^\n]+)")
_UNKNOWN = re.compile(r"Undefined variable or function: '([^']*)'")


def main(seconds: float, memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    programs: dict[str, Any] = {}
    for line in sys.stdin.buffer:
        request = json.loads(line)
        context = _context(request["variables"])
        for text in request["texts"]:
            # By its own time, not by that of a busy machine; the signal's default ends the process anywhere.
            signal.setitimer(signal.ITIMER_PROF, seconds)
            answer = _answer(programs, text, context)
            signal.setitimer(signal.ITIMER_PROF, 0)
            sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
            sys.stdout.buffer.flush()


def _context(variables: dict[str, Any] | None) -> Any:
    """Return what expressions see, converted once for all of them; None where they are only read."""
    if variables is None:
        return None
    context = cel.Context(variables)
    add_stdlib_to_context(context)
    return context


def _answer(programs: dict[str, Any], text: str, context: Any) -> dict[str, Any]:
    try:
        if text not in programs:
            programs[text] = cel.compile(text)
    except ValueError as error:
        return _of_syntax(str(error))
    if context is None:
        return {"value": None}
    try:
        found = _plain(programs[text].execute(context))
    except Exception as error:  # noqa: BLE001  # whatever the library raises is the answer
        return _of_error(error)
    try:
        size = len(json.dumps(found, allow_nan=False))
    except ValueError:
        return {"kind": "value", "message": "its value is infinite or no number, which JSON has no word for"}
    return {"value": found} if size <= MAX_RESULT else {"kind": "limit", "message": "its value is larger than 1 MiB"}


def _of_syntax(text: str) -> dict[str, Any]:
    found = _PLACE.search(text)
    if found is None:
        return {"kind": "syntax", "message": text.partition("\n")[0][:300]}
    message = found[3]
    if message == "unsupported syntax '.?'":
        message += ": ask has(a.b) first"
    return {"kind": "syntax", "message": message, "line": int(found[1]), "column": int(found[2])}


def _of_error(error: Exception) -> dict[str, Any]:
    text = str(error)
    if isinstance(error, KeyError):
        return {"kind": "absent", "message": f"there is no {error.args[0]}"}
    if isinstance(error, IndexError):
        return {"kind": "absent", "message": f"there is no element {text.rpartition(' ')[2]}"}
    if unknown := _UNKNOWN.search(text):
        return {"kind": "absent", "message": f"there is no {unknown[1]}"}
    kind = "type" if isinstance(error, TypeError) else "value"
    # The first sentence says what; those after it explain CEL.
    return {"kind": kind, "message": text.partition(". ")[0].partition("\n")[0][:300]}


def _plain(found: Any) -> Any:
    """Return a value as JSON has it. Raises TypeError for one that JSON does not have."""
    if found is None or isinstance(found, (bool, int, float, str)):
        return found
    if isinstance(found, list):
        return [_plain(one) for one in found]
    if isinstance(found, dict):
        return {str(key): _plain(one) for key, one in found.items()}
    raise TypeError(f"its value is a {type(found).__name__}, which is no JSON value")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
