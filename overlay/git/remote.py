"""A branch goes to the remote: without force, whole or not at all, and what the remote says is told."""

from __future__ import annotations

import os
import random
import re
import tempfile
import time
from urllib.parse import urlsplit

from overlay.errors import GitConflict, GitError, OverlayError, Temporary
from overlay.files.paths import printable
from overlay.files.temporary import temporary_folder
from overlay.git.program import disk_trouble
from overlay.git.url import http_settings, protocols, shown_url, told_forms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from overlay.git.program import Program
    from overlay.git.repository import Repository

# The rule of an error that says that a remote takes one branch at a time.
ONE_BRANCH = "one-branch"
# What the remote is called while git runs; no user calls one so.
NAME = "overlay-remote"
# Said each time: the repository's configuration could name other programs, which run here for remotes on disk.
_UPLOAD, _RECEIVE = "--upload-pack=git-upload-pack", "--receive-pack=git-receive-pack"
_TEMPORARY = re.compile(
    r"could not resolve host|timed out|timeout|connection (was )?(reset|refused|closed)|connect to server|"
    r"early eof|temporary failure|hung up unexpectedly|unexpected disconnect|empty reply|"
    r"unreachable|no route to host|transfer closed"
)
# What a remote calls a lock file that some git holds, or left.
_LOCKED = re.compile(r"\.lock'?: File exists")
# Said of the branches beside the one that is refused.
_ATOMIC = re.compile(r"atomic (push|transaction) fail")
_LOGIN = re.compile(
    r"could not read (username|password)|authentication failed|permission denied|error: 40[13]|access denied"
)
# Another push came between what the remote said of its branches and ours.
_MOVED = re.compile(
    r"is at [0-9a-f]+ but expected|reference already exists|reference is missing|incorrect old value|"
    r"cannot lock ref.*file exists"
)
# How often a server that is asked over HTTP gets another chance within a run, and how long it has, in seconds.
_TRIES, _FIRST_WAIT = 3, 0.5
# Said of connections that were there: asked again, such a server may well answer.
_LOST = re.compile(
    r"connection (was )?(reset|closed)|early eof|hung up unexpectedly|unexpected disconnect|empty reply|transfer closed"
)
_STATUS = re.compile(r"error: (\d{3})\b")
_STRANGER = re.compile(r"host key verification failed|host identification has changed")
_ABSENT = re.compile(r"repository '.*' not found|error: 404")
# What git says beside the reason.
_UNREAD = "Could not read from remote repository."
_ADVICE = ("Please make sure", "and the repository exists.")
# Answers for a login as Git's credential helpers do, from the environment of this one process.
_HELPER = '!f() { test "$1" = get && printf \'username=%s\\npassword=%s\\n\' "$OVERLAY_USER" "$OVERLAY_PASSWORD"; }; f'


class _Hiccup(Temporary):
    """A server over HTTP that was reached and could not answer; nothing came of what it was asked."""


class Remote:
    """One remote by its URL, reached by a program of the git layer; login: where Git's own helpers have none.

    The URL, which may hold a password, stands in no command line and in no file: git reads it from its environment.
    """

    def __init__(self, program: Program, url: str, *, name: str = "", settings: Sequence[tuple[str, str]] = ()) -> None:
        """`name`: what the user calls it; settings: further ones for it. Raise GitError for a URL not to be used."""
        self.program = program
        self.name = name or "the remote"
        self.url = url
        self.shown = shown_url(url)
        self._login: tuple[str, str] | None = None
        self._protocols = protocols(url)
        parts = urlsplit(url if "://" in url else "")
        self._secrets = told_forms(parts.username or "", parts.password) if parts.password else []
        self._settings = tuple(settings)
        # The last answer to `listing`.
        self.heard: dict[str, str] | None = None

    def through(self, program: Program, settings: Sequence[tuple[str, str]] = ()) -> Remote:
        """Return the same remote, reached from another repository; settings: further ones for it."""
        other = Remote(program, self.url, name=self.name, settings=settings)
        other._login, other._secrets = self._login, self._secrets  # a copy of ourselves
        return other

    def use_login(self, user: str, password: str) -> None:
        """Answer with this where the remote asks for a login and no helper of the user's knows one."""
        self._login = (user, password)
        self._secrets += told_forms(user, password)

    def listing(self, *branches: str) -> dict[str, str]:
        """Return the newest commits of those of some branches that the remote has."""
        # Without --heads it would send all that it has, also the refs of each pull request there ever was.
        refs = [f"refs/heads/{name}" for name in branches]
        out = self._run("ls-remote", _UPLOAD, "--heads", "--end-of-options", NAME, *refs) if refs else b""
        lines = [line.partition("\t") for line in out.decode("utf-8", "surrogateescape").splitlines()]
        self.heard = {ref.removeprefix("refs/heads/"): commit for commit, _, ref in lines if ref in refs}
        return self.heard

    def like(self, pattern: str) -> dict[str, str]:
        """Return the newest commits of branches whose names match, `*` for anything but a slash."""
        out = self._run("ls-remote", _UPLOAD, "--heads", "--end-of-options", NAME, f"refs/heads/{pattern}")
        lines = [line.partition("\t") for line in out.decode("utf-8", "surrogateescape").splitlines()]
        # Git's own patterns match more: an end of the name, and slashes.
        wanted = re.compile("[^/]*".join([re.escape(part) for part in f"refs/heads/{pattern}".split("*")]))
        return {ref.removeprefix("refs/heads/"): commit for commit, _, ref in lines if wanted.fullmatch(ref)}

    def default(self) -> str:
        """Return the name of the default branch; empty where there is none."""
        out = self._run("ls-remote", _UPLOAD, "--symref", "--end-of-options", NAME, "HEAD")
        lines = out.decode("utf-8", "surrogateescape").splitlines()
        heads = [line.partition("\t")[0] for line in lines if line.startswith("ref: refs/heads/")]
        return heads[0].removeprefix("ref: refs/heads/") if heads else ""

    def form(self) -> str:
        """Return the format of the objects, `sha1` or `sha256`; empty where git does not hear of it."""
        # It stands in what git and the remote say to each other, also where there is no commit yet.
        with tempfile.NamedTemporaryFile(dir=temporary_folder()) as heard:
            self._run(
                "ls-remote", _UPLOAD, "--heads", "--end-of-options", NAME, "none",
                variables={"GIT_TRACE_PACKET": heard.name},
            )  # fmt: skip
            found = re.search(rb"object-format=(sha1|sha256)\b", heard.read())
        return found[1].decode() if found else ""

    def fetch(self, *specs: str, shallow: bool = False, options: Sequence[str] = ()) -> None:
        """Have commits here; only refs that a spec names are written.

        shallow: their newest commits alone.
        """
        self._fetch(specs, [*(["--depth=1"] if shallow else []), *options])

    def fetch_objects(self, oids: Sequence[str], options: Sequence[str] = ()) -> None:
        """Have objects here, also those of commits that are here already."""
        # What is here says nothing about what is missing of it, so the remote is not told.
        self._fetch(oids, options, ["fetch.negotiationAlgorithm=noop"])

    def _fetch(self, specs: Sequence[str], options: Sequence[str], settings: Sequence[str] = ()) -> None:
        self._run(
            "fetch", _UPLOAD, "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap=",
            *options, "--stdin", "--end-of-options", NAME,
            given="".join(f"{spec}\n" for spec in specs).encode("utf-8", "surrogateescape"), more=settings,
        )  # fmt: skip

    def push(self, updates: Mapping[str, str], before: Mapping[str, str | None]) -> None:
        """Let branches be these commits, all of them or none; each must go on from what it is there.

        before: what they were when the commits were made. Raises GitConflict where one is not so any more, GitError
        where the remote refuses, Temporary where it cannot be told.
        """
        specs = [f"{commit}:refs/heads/{branch}" for branch, commit in updates.items()]
        # One branch is whole or not at all on every server; several together are more than some can do.
        atomic = ["--atomic"] if len(specs) > 1 else []
        try:
            self._run(
                "push", _RECEIVE, "--quiet", "--porcelain", "--no-verify", *atomic, "--recurse-submodules=no",
                NAME, *specs,
            )  # fmt: skip
        except OverlayError as error:
            # Whether a push whose answer got lost was accepted is known to the remote alone (hazard G07).
            try:
                found = self.listing(*updates)
            except OverlayError:
                raise error from None
            if all(found.get(branch) == commit for branch, commit in updates.items()):
                return
            moved = [branch for branch, commit in before.items() if found.get(branch) != commit]
            if moved and type(error) is GitError:
                # Each server has words of its own for it.
                text = f"the branch moved on {self.shown}: {printable(moved[0])}"
                raise GitConflict(text, hint="run the same command again") from None
            raise

    def access(self) -> tuple[list[str], dict[str, str]]:
        """Return the settings and the environment with which git reaches this remote, and no other."""
        settings = [
            "protocol.allow=never", *[f"protocol.{name}.allow=always" for name in self._protocols],
            "http.followRedirects=false", "push.followTags=false", "push.gpgSign=false", "push.pushOption=",
            "transfer.fsckObjects=true", "transfer.bundleURI=false", "credential.interactive=false",
        ]  # fmt: skip
        # Said twice, so that `url.*.pushInsteadOf` does not make another one of it.
        urls = [(f"remote.{NAME}.{key}", self.url) for key in ("url", "pushurl")]
        env = self.program.with_config([*urls, *self._settings, *http_settings(self.url)])
        env["GIT_ALLOW_PROTOCOL"] = ":".join(self._protocols)
        if self._login is not None:
            settings.append(f"credential.helper={_HELPER}")
            env |= {"OVERLAY_USER": self._login[0], "OVERLAY_PASSWORD": self._login[1]}
        return settings, env

    def _run(
        self, *arguments: str, given: bytes = b"", more: Sequence[str] = (), variables: Mapping[str, str] | None = None
    ) -> bytes:
        """`more`: settings. variables: of the environment.

        Asking again is safe: to list and to fetch changes nothing there, and a push that was accepted after all finds
        its branches as it wants them.
        """
        start, tries = time.monotonic(), 0
        while True:
            tries += 1
            try:
                return self._run_once(*arguments, given=given, more=more, variables=variables)
            except _Hiccup as error:
                if tries == _TRIES or time.monotonic() - start > self.program.seconds / 2:
                    raise Temporary(f"{error.message} (asked {tries} times)", hint=error.hint) from None
                time.sleep(random.uniform(0.5, 1) * _FIRST_WAIT * 2**tries)  # noqa: S311  # jitter

    def _run_once(
        self, *arguments: str, given: bytes, more: Sequence[str], variables: Mapping[str, str] | None
    ) -> bytes:
        settings, env = self.access()
        settings += more
        env |= variables or {}
        explain = self._explain_fetch if arguments[0] == "fetch" else self._explain
        try:
            return self.program.run(*arguments, given=given, env=env, settings=settings, explain=explain)
        except Temporary as error:
            if error.message.startswith(self.shown):
                raise
            raise Temporary(f"{self.shown}: {error.message}", hint=error.hint) from None

    def _explain_fetch(self, out: str, said: str) -> OverlayError:
        """Return what goes wrong with a fetch, which is the one that writes here."""
        own = "\n".join([line for line in said.splitlines() if not line.startswith("remote:")])
        return disk_trouble(own, self.program) or self._explain(out, said)

    def _explain(self, out: str, said: str) -> OverlayError:
        said = said.replace(self.url, self.shown)
        for secret in self._secrets:
            said = said.replace(secret, "***")
        lines = [line for line in said.splitlines() if line.strip() and not line.startswith(_ADVICE)]
        heard = [line.removeprefix("remote:").strip() for line in lines if line.startswith("remote:")]
        words = printable("; ".join([line for line in heard if line]))[:300]
        refusals = [line.split("\t")[-1] for line in out.splitlines() if line.startswith("!\t")]
        refused = next((line for line in refusals if not _ATOMIC.search(line)), refusals[0] if refusals else "")
        if refused and _LOCKED.search(f"{refused} {said}"):
            return GitConflict(
                f"a lock is in the way on {self.shown}: {printable(refused)}{f' ({words})' if words else ''}",
                hint="wait for the git that holds it; remove the file only when no git runs there",
                rule="lock",
            )
        own = "\n".join([line for line in lines if not line.startswith("remote:")])
        if "does not support --atomic" in own:
            return GitError(
                f"{self.shown} cannot take several branches together, so that either all are changed or none",
                hint="sync one environment after the other, or publish them to folders of one branch: "
                "spec.publish.branch and path",
                rule=ONE_BRANCH,
            )
        if "[rejected]" in refused or "[rejected]" in own or _MOVED.search(f"{refused} {words}".lower()):
            return GitConflict(
                f"the branch moved on {self.shown}: {printable(refused)}", hint="run the same command again"
            )
        if refused or "[remote rejected]" in said:
            return GitError(f"{self.shown} refuses the branch: {printable(refused)}{f' ({words})' if words else ''}")
        # What the remote prints, and its own name, say nothing of why it cannot be reached.
        low = own.replace(self.shown, "").lower()
        if _STRANGER.search(low):
            return GitError(
                f"the host key of {self.shown} is not the known one, or none is known",
                hint="find out who answers there; known_hosts says which key is whose",
            )
        if _LOGIN.search(low):
            return GitError(
                f"{self.shown} wants a login, or gives this one no right to push{f' ({words})' if words else ''}",
                hint="give Git one: a credential helper, an SSH key, or a token in the environment",
            )
        if _ABSENT.search(low):
            return GitError(
                f"{self.shown} is not there, or not for this login{f' ({words})' if words else ''}",
                hint="check the URL: git remote -v",
            )
        reason = f"{_reason(lines)}{f' ({words})' if words else ''}"
        status = _STATUS.search(low)
        if status[1] == "429" or status[1] >= "500" if status else _TEMPORARY.search(low):
            is_hiccup = "https" in self._protocols and (status or _LOST.search(low))
            kind = _Hiccup if is_hiccup else Temporary
            return kind(f"{self.shown} cannot be reached: {reason}", hint="try again later")
        return GitError(f"git cannot use {self.shown}: {reason}")


def _reason(lines: Sequence[str]) -> str:
    """Return why git, or the ssh that it runs, gave up."""
    told = [line.partition(":")[2].strip() for line in lines if line.startswith(("fatal:", "error:"))]
    told += [line for line in lines if line.startswith("ssh:")]
    return printable(" ".join([line for line in told if line and line != _UNREAD] or lines))[:300]


def named_remote(repository: Repository, name: str) -> Remote:
    """Return a remote of a repository.

    Raises GitError for one that is not there, or whose URL is not to be used.
    """
    if name.startswith("-") or not repository.config(f"remote.{name}.url"):
        raise GitError(f"there is no remote {shown_url(name)!r}", hint=_remotes_there_are(repository))
    url = repository.text("remote", "get-url", "--push", name)
    if protocols(url) == ("file",) and "://" not in url:
        url = os.path.normpath(os.path.join(repository.top, url))  # as git means it, wherever it runs
    return Remote(repository, url, name=name)


def remote_at(program: Program, url: str) -> Remote:
    """Return the remote of a URL that documents or the command line name, as the user's own `url.*.insteadOf` has it.

    Raises GitError for a URL that is not to be used, before and after that.
    """
    protocols(url)
    # Outside of any repository, whose configuration says nothing of it.
    env = {"GIT_DIR": os.devnull, **program.with_config([(f"remote.{NAME}.url", url)])}
    out = program.run("ls-remote", "--get-url", NAME, env=env)
    return Remote(program, out.decode("utf-8", "surrogateescape").rstrip("\n"))


def _remotes_there_are(repository: Repository) -> str:
    names = [printable(name) for name in repository.text("remote").split("\n") if name]
    if not names:
        return "add one with `git remote add origin URL`, or name it with --remote"
    more = len(names) - 10
    return f"there {'are' if len(names) > 1 else 'is'} {', '.join(names[:10])}{f' and {more} more' if more > 0 else ''}"


def find_remote(repository: Repository, asked: str | None) -> str:
    """Return the name of the remote that the user pushes to."""
    if asked:
        return asked
    branch = (repository.branch() or "").removeprefix("refs/heads/")
    names = [f"branch.{branch}.pushremote", "remote.pushdefault", f"branch.{branch}.remote"]
    found = next((name for key in names if (name := repository.config(key))), "")
    return found if found and found != "." else "origin"
