"""Objects of a repository, read through one git process that never fetches."""

from __future__ import annotations

import subprocess

from overlay.errors import LimitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.git.program import Program

_AT_ONCE = 500
# Git before 2.45 does not know the variable; there, no remote that is reached without an address answers.
_OFFLINE = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": ""}


class ObjectReader:
    """Reads what a program's folder holds."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, name: str, *, limit: int | None = None) -> tuple[str, bytes] | None:
        """Return type and content of an object; None where git does not find it, or cannot read it.

        limit: of its bytes; raises LimitError, before they are read.
        """
        process = self._process = self._process or self._start()
        assert process.stdin is not None  # noqa: S101  # pipes, as asked for
        assert process.stdout is not None  # noqa: S101
        try:
            process.stdin.write(name.encode("utf-8", "surrogateescape") + b"\n")
            process.stdin.flush()
            words = process.stdout.readline().split()
            if len(words) == 3:
                size = int(words[2])
                if limit is not None and size > limit:
                    self.close()  # it would print them all
                    raise LimitError(f"has {size} bytes, more than the limit of {limit}")
                data = process.stdout.read(size + 1)
                if len(data) == size + 1:
                    return words[1].decode(), data[:-1]
        except BrokenPipeError:
            words = []
        if words[-1:] != [b"missing"]:
            self.close()  # it died of what it read
        return None

    def read_all(self, names: Sequence[str], *, limit: int) -> dict[str, bytes]:
        """Return what several objects hold, asked for at once; without those that `read` has something to say of."""
        found: dict[str, bytes] = {}
        # So many names fit into a pipe while git waits for its answers to be read.
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            process = self._process = self._process or self._start()
            assert process.stdin is not None  # noqa: S101  # pipes, as asked for
            assert process.stdout is not None  # noqa: S101
            try:
                process.stdin.write("".join([f"{name}\n" for name in some]).encode("ascii"))
                process.stdin.flush()
            except BrokenPipeError:
                self.close()
                break
            for name in some:
                words = process.stdout.readline().split()
                size = int(words[2]) if len(words) == 3 else 0
                data = process.stdout.read(size + 1) if len(words) == 3 and size <= limit else b""
                if len(data) != size + 1:
                    self.close()  # what comes next is no answer of ours
                    return found
                found[name] = data[:-1]
        return found

    def close(self) -> None:
        """End the process; the next `read` starts another one."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> subprocess.Popen[bytes]:
        program = self._program
        return subprocess.Popen(
            program.command("cat-file", "--batch"), cwd=program.folder, env={**program.env, **_OFFLINE},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
            pass_fds=program.held,
        )  # fmt: skip
