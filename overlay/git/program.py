"""The git program in one folder, under settings with which nothing that a repository holds acts.

Of a repository's configuration only data is used (identity, signing key, the remote's URL); programs that it names
are not run (hazards V7, G25 to G32, G38).
"""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess

from overlay.errors import GitConflict, GitError, Temporary
from overlay.files.paths import printable
from overlay.git.config import PROGRAMS, own_programs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from overlay.errors import OverlayError

SECONDS = 300.0
# How long git has to clean up after it was asked to end.
_GRACE = 2.0
_DISK = re.compile(
    r"no space left on device|out of diskspace|disk quota exceeded|file too large|input/output error|"
    r"read-only file system|insufficient permission for adding an object"
)
# Git does not always say why it cannot write; a disk with as little room as this does.
_WRITING = re.compile(r"(couldn't|could not|failed to|unable to|cannot) (write|set|create|store|update|lock)")
_LITTLE = 64 * 1024
# Said where something is missing, and we do not let git fetch it from there.
_UNFETCHED = re.compile(r"transport '.*' not allowed")
SETTINGS = (
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.fsync=committed", "core.autocrlf=false",
    "core.attributesFile=/dev/null", "core.pager=cat", "core.quotePath=false", "gc.auto=0", "maintenance.auto=false",
    "safe.bareRepository=explicit", "submodule.recurse=false", "log.showSignature=false", "advice.detachedHead=false",
    "user.useConfigOnly=true",
    # Else fast-import takes a file of another case for ours, and what people wrote changes its encoding.
    "core.ignoreCase=false", "i18n.commitEncoding=UTF-8", "i18n.logOutputEncoding=UTF-8",
    "diff.relative=false",
    # Eight lines about the empty file that stands for those of a repository.
    "advice.graftFileDeprecated=false",
)  # fmt: skip
# What of the caller's GIT_* means the user and not some repository.
_KEPT = (
    "GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_SSH", "GIT_SSL_", "GIT_CONFIG_", "GIT_EXEC_PATH", "GIT_ASKPASS",
    "GIT_PROXY_", "GIT_HTTP_USER_AGENT",
)  # fmt: skip


class Program:
    """Runs git in a folder, within `seconds` for each call.

    env: the caller's environment; of its GIT_* only what means the user is kept.
    """

    def __init__(self, folder: str, env: Mapping[str, str], *, seconds: float = SECONDS) -> None:
        self.folder = folder
        self.seconds = seconds
        self.env = {name: text for name, text in env.items() if not name.startswith("GIT_") or name.startswith(_KEPT)}
        self.env |= {
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_GRAFT_FILE": os.devnull,
        }
        # In a partial clone git fetches what it misses by itself, by a URL or a program that the clone names.
        self.env["GIT_ALLOW_PROTOCOL"] = "https:ssh"
        self._settings: tuple[str, ...] = SETTINGS
        # What to do where the folder's disk is full, or not to be written.
        self.cure = "make room there, and run the same command again"
        # Descriptors that git keeps open: what they lock stays locked while it runs, also where we are killed.
        self.held: tuple[int, ...] = ()
        # The largest file that git may write, in bytes; None for any.
        self.largest: int | None = None

    def disarm(self) -> None:
        """Take away the programs that the folder's repository names; the user's own act in their place."""
        listing = self.run("config", "--show-scope", "-z", "--get-regexp", PROGRAMS, accept=(0, 1))
        settings, ssh = own_programs(listing)
        self._settings = (*SETTINGS, *settings)
        if "GIT_SSH" not in self.env:
            self.env.setdefault("GIT_SSH_COMMAND", ssh)

    def with_config(self, pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
        """Return an environment that adds settings to the user's own, unseen by whoever lists processes."""
        known = self.env.get("GIT_CONFIG_COUNT", "0")
        count = int(known) if known.isascii() and known.isdigit() else 0
        env = {"GIT_CONFIG_COUNT": str(count + len(pairs))}
        for at, (key, item) in enumerate(pairs, count):
            env |= {f"GIT_CONFIG_KEY_{at}": key, f"GIT_CONFIG_VALUE_{at}": item}
        return env

    def command(self, *arguments: str, settings: Sequence[str] = ()) -> list[str]:
        """Return the command line of a call; settings: further ones."""
        return ["git", *[part for one in (*self._settings, *settings) for part in ("-c", one)], *arguments]

    def run(
        self,
        *arguments: str,
        given: bytes = b"",
        env: Mapping[str, str] | None = None,
        accept: Sequence[int] = (0,),
        settings: Sequence[str] = (),
        explain: Callable[[str, str], OverlayError] | None = None,
    ) -> bytes:
        """Run git in the folder and return what it prints.

        settings: further ones. explain: makes an error of what it prints on stdout and stderr. Raises GitError,
        GitConflict where a lock of another process is in the way, Temporary after too long a time.
        """
        try:
            process = subprocess.Popen(
                self.command(*arguments, settings=settings), cwd=self.folder, env={**self.env, **(env or {})},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                pass_fds=self.held,
                preexec_fn=self._limit if self.largest is not None else None,  # noqa: PLW1509  # no thread of ours runs
            )  # fmt: skip
        except OSError as error:
            if not os.path.isdir(self.folder):
                raise GitError(f"{self.folder} is gone", hint="run the same command again") from None
            raise GitError(f"git cannot be run: {os.strerror(error.errno or 0).lower()}", hint="install git") from None
        try:
            out, said = process.communicate(given, timeout=self.seconds)
        except subprocess.TimeoutExpired:
            raise Temporary(f"git {arguments[0]} took longer than {self.seconds:g} seconds") from None
        finally:
            if process.poll() is None:
                _end(process)
        if process.returncode not in accept:
            words = said.decode("utf-8", "replace")
            if process.returncode == -signal.SIGXFSZ:
                words += "file too large"
            trouble = None if explain else disk_trouble(words, self)
            if trouble is not None:
                raise trouble
            if process.returncode < 0 and not words.strip():
                raise GitError(f"git {arguments[0]} was ended by signal {-process.returncode}")
            raise explain(out.decode("utf-8", "replace"), words) if explain else explain_git(words, arguments[0])
        return out

    def _limit(self) -> None:
        assert self.largest is not None  # noqa: S101  # who calls looked
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.largest, self.largest))

    def text(self, *arguments: str, accept: Sequence[int] = (0,)) -> str:
        """Return the one line that git prints."""
        return self.run(*arguments, accept=accept).decode("utf-8", "surrogateescape").strip("\n")

    def config(self, name: str, *, kind: str = "") -> str:
        """Return a setting that is data; empty where it is not set."""
        return self.text("config", *([f"--type={kind}"] if kind else []), "--get", name, accept=(0, 1))

    def signs(self) -> bool:
        """Tell whether the user signs commits."""
        return self.config("commit.gpgsign", kind="bool") == "true"

    def write_commit(self, tree: str, parent: str | None, message: str, *, sign: bool) -> str:
        """Store a commit by the user; its date is SOURCE_DATE_EPOCH where that is set.

        Raises GitError, also where Git does not know who commits.
        """
        date = self._date()
        env = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} if date else {}
        options = [*(["-S"] if sign else []), *(["-p", parent] if parent is not None else [])]
        given = message.encode("utf-8", "surrogateescape")
        return self.run("commit-tree", *options, "-F", "-", tree, given=given, env=env).decode().strip()

    def _date(self) -> str:
        seconds = self.env.get("SOURCE_DATE_EPOCH", "")
        if seconds and not (seconds.isascii() and seconds.isdigit()):
            raise GitError("SOURCE_DATE_EPOCH is no number of seconds")
        return f"@{seconds} +0000" if seconds else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End git and its children; asked first, they take their lock files with them."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.communicate(timeout=_GRACE if number == signal.SIGTERM else None)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
        return


def disk_trouble(said: str, program: Program) -> GitError | None:
    """Return what git says of a disk that takes no more (hazard G19); None where it says nothing of it."""
    low = said.lower()
    found = _DISK.search(low)
    if found is not None:
        reason = "no space left on device" if found[0] == "out of diskspace" else found[0]
    elif _WRITING.search(low) and _is_full(program.folder):
        reason = "no space left on device"
    else:
        return None
    return GitError(f"{program.folder} cannot be written: {reason}", hint=program.cure)


def _is_full(folder: str) -> bool:
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < _LITTLE


def explain_git(said: str, action: str) -> GitError:
    """Return what git prints as an error of ours."""
    low = said.lower()
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line.partition(":")[2].strip() for line in lines if line.startswith(("fatal:", "error:", "remote:"))]
    reason = printable(" ".join(told or lines))[:400]
    if "unable to auto-detect email" in low or "please tell me who you are" in low or "empty ident name" in low:
        return GitError(
            "Git does not know who commits",
            hint='set it: git config --global user.name "…" and git config --global user.email "…"',
        )
    if "from promisor remote" in low or _UNFETCHED.search(low):
        return GitError(f"objects that are not here cannot be fetched: {reason}",
                        hint="in a partial clone they are left out: clone it whole, without --filter")  # fmt: skip
    if ".lock'" in low and "file exists" in low:
        return GitConflict(f"another git process holds a lock: {reason.partition('Another git')[0].strip()}",
                           hint="wait for it; remove the file only when no git runs")  # fmt: skip
    if "cannot lock ref" in low and "cannot create" in low:
        return GitError(f"Git cannot have both branches: {reason}", hint="name another branch")
    if "cannot lock ref" in low:
        return GitConflict(f"the branch moved meanwhile: {reason}", hint="run the same command again")
    if (
        "failed to sign" in low
        or "gpg failed" in low
        or "couldn't load public key" in low
        or "signing" in low
        or "passphrase" in low
    ):
        return GitError(f"the commit cannot be signed: {reason}", hint="check user.signingKey and gpg.format")
    return GitError(f"git {action} fails: {reason or 'it does not say why'}")
