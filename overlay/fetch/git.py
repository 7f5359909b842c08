"""A folder of a Git repository at a commit, by the git program: a private bare repository, no hooks, no work tree.

The user's own configuration acts (credential helpers, proxies, SSH); nothing that the remote holds does: attributes,
filters, submodules and links are never followed, and no repository configuration but ours is read (hazards V7, G25 on).
"""

from __future__ import annotations

import re
import shutil
import tempfile
from urllib.parse import urlsplit

from overlay.errors import FetchError, GitError, LimitError, Temporary
from overlay.files.paths import printable
from overlay.files.temporary import temporary_folder
from overlay.git.program import Program
from overlay.loopback import is_loopback
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_FILES = 10_000
MAX_BYTES = 100 * 1024 * 1024
# What a remote may send in one pack; git is stopped when it writes more.
MAX_PACK = 1024 * 1024 * 1024
_MAX_LISTING = 32 * 1024 * 1024
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SCP = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*:(?!//)[A-Za-z0-9~/_][A-Za-z0-9~/._+-]*")
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/+-]*")
# Beside those of every git that we run.
_SETTINGS = (
    "core.askPass=", "protocol.allow=never", "protocol.https.allow=always", "protocol.ssh.allow=always",
    "fetch.recurseSubmodules=false", "transfer.fsckObjects=true", "transfer.bundleURI=false",
    "http.followRedirects=false", "fetch.unpackLimit=1", "init.templateDir=", "credential.interactive=false",
)  # fmt: skip
# What of the caller's GIT_* means the user and not some repository.
_KEPT = frozenset(
    (
        "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH", "GIT_PROXY_SSL_CAINFO",
    )
)  # fmt: skip


@value(kw_only=True)
class Checkout:
    """Files of a folder at a commit, by path below it, sorted."""

    commit: str
    files: tuple[tuple[str, bytes], ...]


class Git:
    """Runs git within `seconds` for a whole fetch."""

    def __init__(self, env: Mapping[str, str], *, seconds: float = 300.0, plain_http: bool | None = None) -> None:
        self.seconds = seconds
        self.plain_http = plain_http
        # What may be spoken with the address that is asked for.
        self.protocols = ""
        self.env = {name: text for name, text in env.items() if not name.startswith("GIT_") or name in _KEPT}
        if "GIT_SSH" not in self.env:
            self.env.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")

    def checkout(self, url: str, ref: str, path: str) -> Checkout:
        """Return the files of a folder (`""` for all) at what a branch, tag or commit means now.

        Raises FetchError, LimitError, Temporary.
        """
        self._check(url, ref)
        folder = tempfile.mkdtemp(prefix="overlay-git-", dir=temporary_folder())
        try:
            commit = ref if _COMMIT.fullmatch(ref) else self._resolve(url, ref, folder)
            form = "sha256" if len(commit) == 64 else "sha1"
            self._run(["init", "--quiet", "--bare", f"--object-format={form}", folder], folder)
            depth = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"]
            self._run([*depth, "--end-of-options", url, commit], folder, shown=url)
            commit = (
                self._run(["rev-parse", "--verify", "--end-of-options", f"{commit}^{{commit}}"], folder)
                .decode()
                .strip()
            )
            return Checkout(commit=commit, files=self._files(folder, commit, path, url))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _check(self, url: str, ref: str) -> None:
        shown = printable(url)[:200]
        if not url.isascii() or not url.isprintable() or " " in url or url.startswith("-") or "\\" in url:
            raise FetchError(f"{shown!r} is no URL of a Git repository")
        parts = urlsplit(url) if "://" in url else None
        if parts is not None and parts.scheme in ("http", "https") and "@" in parts.netloc:
            raise FetchError(
                f"the URL of {parts.hostname} has a user name in it", hint="Git's credential helpers are asked for one"
            )
        if parts is None and not _SCP.fullmatch(url):
            raise FetchError(f"{shown!r} is no URL of a Git repository", hint="write https://… or ssh://…")
        scheme = parts.scheme if parts is not None else "ssh"
        host = (parts.hostname or "") if parts is not None else "host"
        if scheme not in ("http", "https", "ssh"):
            raise FetchError(f"{shown} cannot be used: only https:// and ssh:// are fetched from")
        if not host or host.startswith("-") or (parts is not None and (parts.username or "").startswith("-")):
            raise FetchError(f"{shown!r} is no URL of a Git repository")
        if scheme == "http":
            if not (is_loopback(host) if self.plain_http is None else self.plain_http):
                raise FetchError(f"{shown} is not encrypted", hint="use https://")
            self.protocols = "http:https:ssh"
        else:
            self.protocols = "https:ssh"
        if not _REF.fullmatch(ref) or ".." in ref or ref.endswith((".lock", "/", ".")) or "//" in ref or "/." in ref:
            raise FetchError(f"{printable(ref)[:100]!r} is no branch, tag or commit of Git")

    def _resolve(self, url: str, ref: str, folder: str) -> str:
        """Return the commit of a branch or tag; a name that is both is refused."""
        names = [ref] if ref.startswith("refs/") else [f"refs/heads/{ref}", f"refs/tags/{ref}"]
        patterns = [*names, *[f"{name}^{{}}" for name in names]]
        listed = self._run(["ls-remote", "--quiet", "--end-of-options", url, *patterns], folder, shown=url).decode(
            "utf-8", "replace"
        )
        found: dict[str, str] = {}
        for line in listed.splitlines():
            commit, _, name = line.partition("\t")
            if name in patterns and _COMMIT.fullmatch(commit):
                # A tag object's line is followed by that of the commit it names.
                found[name.removesuffix("^{}")] = commit
        if not found:
            raise FetchError(f"{printable(url)} has no branch or tag {ref}")
        if len(set(found.values())) > 1:
            raise FetchError(
                f"{printable(url)} has both a branch and a tag {ref}", hint=f"write refs/heads/{ref} or refs/tags/{ref}"
            )
        return next(iter(found.values()))

    def _files(self, folder: str, commit: str, path: str, url: str) -> tuple[tuple[str, bytes], ...]:
        shown = f"{printable(url)}@{commit[:12]}"
        tree = f"{commit}:{path}"
        try:
            listing = self._run(["ls-tree", "-r", "-l", "-z", "--full-tree", "--end-of-options", tree], folder)
        except FetchError:
            raise FetchError(f"{shown} has no folder {printable(path) or '/'}") from None
        entries: list[tuple[str, str]] = []
        total = 0
        for line in listing.split(b"\0")[:-1]:
            head, _, raw = line.partition(b"\t")
            mode, kind, name, size = head.split()
            file = raw.decode("utf-8", "surrogateescape")
            below = printable(f"{path}/{file}" if path else file)
            if mode == b"120000":
                raise FetchError(f"{shown}: {below} is a symlink; links are never followed")
            if kind != b"blob":
                raise FetchError(f"{shown}: {below} is a submodule; submodules are never fetched")
            total += int(size)
            entries.append((file, name.decode()))
        if len(entries) > MAX_FILES:
            raise LimitError(f"{shown} has more than {MAX_FILES} files")
        if total > MAX_BYTES:
            raise LimitError(f"{shown} has {total} bytes, more than the limit of {MAX_BYTES}")
        blobs = self._run(
            ["cat-file", "--batch"], folder, given="".join(f"{name}\n" for _, name in entries).encode(),
            limit=MAX_BYTES + 100 * MAX_FILES,
        )  # fmt: skip
        return tuple(sorted(_split(entries, blobs)))

    def _run(
        self, arguments: Sequence[str], folder: str, *, given: bytes = b"", shown: str = "", limit: int = _MAX_LISTING
    ) -> bytes:
        program = Program(folder, self.env, seconds=self.seconds)
        program.largest = MAX_PACK
        env = {"GIT_DIR": folder, "GIT_OPTIONAL_LOCKS": "0", "GIT_ALLOW_PROTOCOL": self.protocols}
        plain = "always" if "http" in self.protocols.split(":") else "never"
        try:
            out = program.run(
                *arguments, given=given, env=env, settings=(*_SETTINGS, f"protocol.http.allow={plain}"),
                explain=lambda _, said: _explain(said, shown),
            )  # fmt: skip
        except GitError as error:
            raise FetchError(error.message, hint=error.hint) from None
        except Temporary as error:
            if shown and printable(shown) not in error.message:
                raise Temporary(f"git took longer than {self.seconds:g} seconds for {printable(shown)}") from None
            raise
        if len(out) > limit:
            raise LimitError(f"git answers with more than {limit} bytes")
        return out


def _split(entries: list[tuple[str, str]], blobs: bytes) -> list[tuple[str, bytes]]:
    """Return the files of `git cat-file --batch`."""
    found, at = [], 0
    for file, _ in entries:
        end = blobs.index(b"\n", at)
        size = int(blobs[at:end].split()[2])
        found.append((file, blobs[end + 1 : end + 1 + size]))
        at = end + size + 2
    return found


def _explain(said: str, url: str) -> FetchError | Temporary:
    lines = [
        line.partition(":")[2].strip()
        for line in said.splitlines()
        if line.startswith(("fatal:", "error:", "ERROR:", "remote:"))
    ]
    reason = printable(" ".join(lines) or said.strip())[:300]
    shown = printable(url)
    low = said.lower()
    if (
        "could not read username" in low
        or "authentication failed" in low
        or "permission denied" in low
        or "error: 403" in low
    ):
        return FetchError(
            f"{shown} wants a login", hint="give it to Git: a credential helper (git config --global) or an SSH key"
        )
    if "unable to update url base from redirection" in low or "error: 301" in low or "error: 302" in low:
        return FetchError(
            f"{shown} redirects elsewhere, which is not followed",
            hint="write the new URL; GitLab wants .git at its end",
        )
    temporary = ("could not resolve host", "timed out", "connection reset", "error: 429", "error: 5", "early eof")
    if any(one in low for one in temporary):
        return Temporary(f"{shown} cannot be reached: {reason}")
    if "not found" in low and "repository" in low:
        return FetchError(
            f"{shown} is no Git repository that can be read",
            hint="check the URL; hosts answer so where a login is needed",
        )
    return FetchError(f"git cannot fetch {shown}: {reason}" if url else f"git fails: {reason}")
