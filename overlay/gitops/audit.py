"""What should not stand in the history of a branch: secrets, edits that are not overlay's, files that act."""

from __future__ import annotations

from overlay.check.secrets import is_allowed
from overlay.errors import GitError
from overlay.files.paths import printable
from overlay.gitops.acting import obeys_it, runs_it
from overlay.gitops.audit_blobs import MANIFESTS
from overlay.gitops.audit_log import read_history
from overlay.gitops.hydrator import HYDRATOR
from overlay.gitops.record import read_record
from overlay.model.value import replace, value
from overlay.tree import RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overlay.git.remote import Remote
    from overlay.gitops.audit_blobs import Contents
    from overlay.gitops.audit_log import FileState, PastCommit
    from overlay.gitops.record import Record
    from overlay.gitops.store import Store
    from overlay.gitops.target import Target

_ROTATE = (
    "rotate it: who can read the branch, or could, has it; then keep it out of Git (ExternalSecret, SealedSecret, SOPS)"
)
# What each finding asks for, and whether it is an error.
_RULES = {
    "plain-secret": ("error", _ROTATE),
    "token": ("error", _ROTATE),
    "foreign-edit": ("error", "make the change in the source; overlay sync --overwrite-edits throws an edit away"),
    "record-mismatch": ("error", "find out who made that commit; overlay never commits what its record does not say"),
    "link": ("error", "take it away: readers may follow it out of the folder"),
    "submodule": ("error", "take it away: readers may fetch what it names"),
    "acting-file": ("error", "take it away: who may write to this branch decides what runs"),
    "history-rewritten": ("error", "find out who did that; the commits that were here before are not looked at"),
    "foreign-manifest": ("warning", "readers of the folder apply it; put it into the source if it is meant"),
    "foreign-settings": ("warning", "it changes what is read of the folder; remove it if it is not meant"),
}
_MODES = {"120000": "link", "160000": "submodule"}
_GONE = "000000"


@value(kw_only=True)
class AuditFinding:
    """One finding.

    files: paths from the top of the branch. line: of a token, else 0. commit, revision, author, date: of the first
    commit that has it, revision 0 for one that is not overlay's. contents: how many different ones. stands: still so.
    """

    environment: str
    rule: str
    message: str
    files: tuple[str, ...]
    line: int
    commit: str
    revision: int
    author: str
    date: str
    contents: int = 1
    stands: bool = False

    @property
    def severity(self) -> str:
        return _RULES[self.rule][0]

    @property
    def hint(self) -> str:
        return _RULES[self.rule][1]


class Audit:
    """Looks at one environment's folder of a branch."""

    def __init__(self, contents: Contents, environment: str, target: Target, allowed: Sequence[str]) -> None:
        """Take what is to be looked at; `allowed`: names of Secrets that may be plain."""
        self.contents = contents
        self.store: Store = contents.store
        self.remote: Remote = contents.remote
        self.environment = environment
        self.target = target
        self.allowed = frozenset(allowed)
        self.commits = 0
        self._found: dict[tuple[str, ...], AuditFinding] = {}
        self._oids: dict[tuple[str, ...], set[str]] = {}
        self._records: dict[str, Record | None] = {}
        self._edits: set[tuple[str, str]] = set()
        self._now: dict[str, str] = {}

    def run(self, tip: str, *, without: Sequence[str] = (), since: Sequence[str] = ()) -> list[AuditFinding]:
        """Return all findings, in the order of their first commits; see `read_history`."""
        self._now = self._files_at(tip)
        history = read_history(self.store, tip, self.target.path, without, since)
        self.commits = len(history)
        for commit in history:
            if commit.environment:
                self._check_record(commit)
            else:
                self._look_for_edits(commit)
            for file in commit.files:
                self._look_at(commit, file)
        record = self._record(tip)
        if history and record is not None and record.environment != self.environment:
            message = f"what stands there was published of {printable(record.environment)}"
            self._add("record-mismatch", history[-1], (), message, tip)
        return list(self._found.values())

    def _look_at(self, commit: PastCommit, file: FileState) -> None:
        path = printable(file.path)
        if file.mode in _MODES:
            kind = _MODES[file.mode]
            self._add(kind, commit, (file,), f"{path} is a {'symbolic link' if kind == 'link' else kind}")
        elif file.mode != _GONE:
            reader = runs_it(file.path)
            if reader is not None:
                self._add("acting-file", commit, (file,), f"{path} is run by {reader}")
            found = self.contents.of(file.oid)
            for secret in found.secrets:
                if not is_allowed("Secret", secret.name, self.allowed):
                    values = f": {printable(', '.join(secret.keys))}" if secret.keys else ""
                    message = f"{printable(secret.label)} holds plain values{values}"
                    self._add("plain-secret", commit, (file,), message, secret.label)
            holders = found.holders
            may = holders and all(is_allowed(kind, name, self.allowed) for kind, name in holders)
            if not found.secrets and not may:
                for name, line in found.tokens:
                    self._add("token", commit, (file,), f"{path} holds {name}", name, line=line)

    def _look_for_edits(self, commit: PastCommit) -> None:
        """Note what a commit that is not overlay's changes; what a merge brings was noted where it was made."""
        record = self._record(commit.parents[0]) if commit.parents else None
        ours = {self.target.file(name) for name in (*record.files, HYDRATOR, RECORD)} if record is not None else set()
        is_merge = len(commit.parents) > 1
        files = [one for one in commit.files if not (is_merge and (one.path, one.oid) in self._edits)]
        self._edits |= {(one.path, one.oid) for one in commit.files}
        edited = [one for one in files if one.path in ours]
        if edited:
            names = _listed([one.path for one in edited])
            self._add("foreign-edit", commit, edited, f"a commit that is not overlay's changes {names}", commit.commit)
        for file in files:
            if file.mode == _GONE or file.mode in _MODES or file.path in ours or runs_it(file.path) is not None:
                continue
            path, reader = printable(file.path), obeys_it(file.path)
            if reader is not None:
                self._add("foreign-settings", commit, (file,), f"{path} is not overlay's, and is read by {reader}")
            elif file.path.endswith(MANIFESTS):
                self._add("foreign-manifest", commit, (file,), f"{path} is not overlay's")

    def _check_record(self, commit: PastCommit) -> None:
        """Hold a commit that says it is overlay's against the record that it has."""
        record = self._record(commit.commit)
        if record is None or (record.environment, record.revision) != (commit.environment, commit.revision):
            says = f"revision {commit.revision} of {printable(commit.environment)}"
            message = f"a commit says that it is {says}, and has no record that agrees"
            self._add("record-mismatch", commit, (), message, commit.commit)
            return
        wrong = sorted(self._differing(commit, record))
        if wrong:
            message = f"{_listed(wrong)} differ{'s' * (len(wrong) == 1)} from what the record says"
            self._add(
                "record-mismatch", commit, [one for one in commit.files if one.path in wrong], message, commit.commit
            )

    def _differing(self, commit: PastCommit, record: Record) -> Iterator[str]:
        entries = self.store.folder_entries(commit.commit, self.target.path)
        files = {one.name: one.oid for one in entries if one.is_file}
        for name, digest in record.files.items():
            if name not in files or self.contents.of(files[name]).digest != digest:
                yield self.target.file(name)
        ours = {self.target.file(name) for name in (*record.files, HYDRATOR, RECORD)}
        yield from [one.path for one in commit.files if one.path not in ours and one.mode != _GONE]

    def _record(self, commit: str) -> Record | None:
        """Return the record that a commit has in the folder."""
        entries = self.store.folder_entries(commit, self.target.path)
        oid = next((one.oid for one in entries if one.is_file and one.name == RECORD), None)
        if oid is None:
            return None
        if oid not in self._records:
            try:
                self._records[oid] = read_record(self.store.blob(oid, self.remote), str(self.target))
            except GitError:
                self._records[oid] = None
        return self._records[oid]

    def _files_at(self, tip: str) -> dict[str, str]:
        out = self.store.run(
            "ls-tree", "-r", "-z", "--full-tree", tip, "--", *[self.target.path][: bool(self.target.path)]
        )
        lines = [line.partition(b"\t") for line in out.split(b"\0")[:-1]]
        return {path.decode("utf-8", "surrogateescape"): head.split()[2].decode() for head, _, path in lines}

    def _add(
        self, rule: str, commit: PastCommit, files: Sequence[FileState], message: str, what: str = "", *, line: int = 0
    ) -> None:
        """Note a finding once for a file and what is found there, however often the file changed."""
        paths = tuple([printable(one.path) for one in files])
        key = (rule, what, *paths[:1])
        oids = self._oids.setdefault(key, set())
        oids |= {one.oid for one in files}
        known = self._found.get(key) or AuditFinding(
            environment=self.environment, rule=rule, message=message, files=paths, line=line, commit=commit.commit,
            revision=commit.revision, author=commit.author, date=commit.date,
        )  # fmt: skip
        stands = any(self._now.get(one.path, "0" * len(one.oid)) == one.oid for one in files)
        self._found[key] = replace(known, contents=max(len(oids), 1), stands=known.stands or stands)


def rewritten(environment: str, target: Target, seen: str, tip: str) -> AuditFinding:
    """Return the finding of a branch that does not go on from a commit that was seen there."""
    return AuditFinding(
        environment=environment, rule="history-rewritten", files=(), line=0, commit=tip, revision=0, author="", date="",
        message=f"{target.branch} does not go on from {seen[:12]}, which was seen there", stands=True,
    )  # fmt: skip


def _listed(paths: Sequence[str]) -> str:
    shown = [printable(path) for path in paths[:3]]
    more = len(paths) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
