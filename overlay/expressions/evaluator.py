"""Asks a child process what expressions mean; one that takes the child down costs only its own answer."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Self

# Of the processor, for one expression over one object: a rule over a thousand elements needs a tenth.
SECONDS = 1.0
MEMORY = 512 << 20
MAX_LENGTH = 8192
# The child stops itself by its processor time; this is only for one that cannot (stopped, swapped out).
WALL_SECONDS = 120.0
_CHILD = os.path.join(os.path.dirname(__file__), "child.py")


@value
class Failure:
    """Why an expression has no value.

    kind: `syntax` (no expression), `absent` (it asks for a field or variable that there is not), `type` (it does with
    a value what cannot be done with it), `limit` (time, memory, length), `value` (anything else). message: one
    sentence. line, column: where in the expression, from 1, or 0.
    """

    kind: str
    message: str
    line: int = 0
    column: int = 0


class Evaluator:
    """Evaluates expressions; the child starts with the first of them. Threads may share it.

    seconds: of the processor, for one expression. memory: bytes.
    """

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._seconds = seconds
        self._memory = memory
        self._child: _Child | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child; the next expression would start another."""
        with self._lock:
            self._end()

    def check(self, texts: Sequence[str]) -> list[Failure | None]:
        """Return what is wrong with each expression as it is written, None for those that can be evaluated."""
        return [one if isinstance(one, Failure) else None for one in self._ask(texts, None)]

    def evaluate(self, texts: Sequence[str], variables: Mapping[str, Any]) -> list[Any]:
        """Return what each expression gives for these variables: a JSON value, or the Failure in its place."""
        return self._ask(texts, dict(variables))

    def _ask(self, texts: Sequence[str], variables: dict[str, Any] | None) -> list[Any]:
        answers: list[Any] = []
        with self._lock:
            while len(answers) < len(texts):
                text = texts[len(answers)]
                if len(text) > MAX_LENGTH:
                    answers.append(Failure("limit", f"it is longer than {MAX_LENGTH} characters"))
                    continue
                # Those before one that is too long, and those after one that took the child down, go together.
                rest = _fitting(texts[len(answers) :])
                answers += self._exchange(rest, variables)
        return answers

    def _exchange(self, texts: Sequence[str], variables: dict[str, Any] | None) -> list[Any]:
        """Return an answer for each expression, up to the first that ends the child; at least one."""
        child = self._child = self._child or _Child(self._seconds, self._memory)
        answers: list[Any] = []
        if child.send(json.dumps({"texts": texts, "variables": variables}).encode()):
            end = time.monotonic() + WALL_SECONDS * len(texts)
            while len(answers) < len(texts) and (line := child.line(end)) is not None:
                answer = json.loads(line)
                answers.append(answer["value"] if "value" in answer else Failure(**answer))
        if len(answers) < len(texts):
            answers.append(_explain(self._end(), self._seconds))
        return answers

    def _end(self) -> int:
        child, self._child = self._child, None
        return child.end() if child is not None else 0


class _Child:
    def __init__(self, seconds: float, memory: int) -> None:
        # Exactly the modules that we have; nothing else of our environment is any business of an expression's.
        environment = {"PYTHONPATH": os.pathsep.join([path for path in sys.path if path])}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", _CHILD, str(seconds), str(memory)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, cwd="/", bufsize=0,
        )  # fmt: skip
        assert self._process.stdin is not None  # noqa: S101  # it is a pipe
        assert self._process.stdout is not None  # noqa: S101
        self._input, self._output = self._process.stdin, self._process.stdout.fileno()
        self._read = b""
        self._has_ended = False

    def send(self, line: bytes) -> bool:
        """Send a request; tell whether the child was still there to take it."""
        left = memoryview(line + b"\n")
        try:
            while left:
                left = left[self._input.write(left) :]
        except BrokenPipeError:
            self._has_ended = True
        return not self._has_ended

    def line(self, end: float) -> bytes | None:
        """Return the next line of its answers, None when it has ended or the time is over."""
        poll = select.poll()
        poll.register(self._output, select.POLLIN)
        while b"\n" not in self._read:
            if not poll.poll(max(end - time.monotonic(), 0.0) * 1000):
                return None
            chunk = os.read(self._output, 1 << 20)
            if not chunk:
                self._has_ended = True
                return None
            self._read += chunk
        line, _, self._read = self._read.partition(b"\n")
        return line

    def end(self) -> int:
        """End it; return its status: that of its own end, where it ended of its own accord."""
        if not self._has_ended:
            self._process.kill()
        self._process.communicate()
        return self._process.returncode


def _explain(status: int, seconds: float) -> Failure:
    """Say why a child that ended with this status has not answered."""
    if status == -signal.SIGPROF:
        return Failure("limit", f"it takes more than {seconds:g} s")
    if status == -signal.SIGKILL:
        return Failure("limit", "it takes too long, or needs more memory than there is")
    return Failure("limit", "it needs more memory than it may have, or is nested too deeply")


def _fitting(texts: Sequence[str]) -> list[str]:
    fitting = []
    for text in texts:
        if len(text) > MAX_LENGTH:
            break
        fitting.append(text)
    return fitting
