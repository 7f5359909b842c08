"""Objects of a repository, read through one git process that never fetches."""

from __future__ import annotations

import subprocess

from overlay.errors import LimitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.git.program import Program

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
