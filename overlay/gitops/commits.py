"""Commits made of plans, in the private repository: objects that nothing refers to until they are pushed."""

from __future__ import annotations

from overlay.errors import GitError
from overlay.failpoint import failpoint
from overlay.gitops.message import publish_message, with_trailers
from overlay.gitops.plan import published_record
from overlay.tree import RECORD, record_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overlay.gitops.plan import Plan, Wanted
    from overlay.gitops.store import Store

# Trees are made by commits of nobody on refs of their own; the real commits are made of them afterwards.
_MADE = "refs/overlay/made/"
_NOBODY = b"committer overlay <overlay> 0 +0000\n"


def make_commits(store: Store, pairs: Sequence[tuple[Wanted, Plan]]) -> tuple[list[str], dict[str, str]]:
    """Return a commit for each plan, and the newest commit of each branch, on which environments follow each other.

    Commits are signed where the user signs commits. Raises GitError, also where Git does not know who commits.
    """
    trees = _trees(store, pairs)
    failpoint("git.objects")
    sign = store.signs()
    newest: dict[str, str] = {}
    commits = []
    for (want, plan), tree in zip(pairs, trees, strict=True):
        parent = newest.get(plan.target.branch) or plan.tip
        commit = store.write_commit(f"{tree}^{{tree}}", parent, message_of(want, plan), sign=sign)
        newest[plan.target.branch] = commit
        commits.append(commit)
    failpoint("git.commits")
    return commits, newest


def message_of(want: Wanted, plan: Plan) -> str:
    """Return the whole message of a plan's commit."""
    words = want.words or publish_message(want.environment, plan.revision, want.source, want.template)
    return with_trailers(words, published_record(want, plan.revision), want.source.author, dict(want.trailers))


def _trees(store: Store, pairs: Sequence[tuple[Wanted, Plan]]) -> list[str]:
    """Write all files of all plans by one `git fast-import`; return commits whose trees are those of the plans."""
    stream = b"".join(_stream(pairs))
    out = store.run("fast-import", "--quiet", "--force", "--done", given=stream).decode().split()
    if len(out) != len(pairs):
        raise GitError("git fast-import does not say what it made")
    return out


def _stream(pairs: Sequence[tuple[Wanted, Plan]]) -> Iterator[bytes]:
    """Yield the input of git-fast-import(1)."""
    last: dict[str, int] = {}
    for mark, (want, plan) in enumerate(pairs, 1):
        branch = plan.target.branch
        yield b"commit %s%d\nmark :%d\n" % (_MADE.encode(), mark, mark) + _NOBODY + b"data 0\n"
        if branch in last:
            yield b"from :%d\n" % last[branch]
        elif plan.tip is not None:
            yield b"from %s\n" % plan.tip.encode()
        last[branch] = mark
        texts = {**want.files, RECORD: record_text(published_record(want, plan.revision))}
        for change in plan.files:
            path = _quoted(plan.target.file(change.name))
            if change.kind == "removed":
                yield b"D " + path + b"\n"
            else:
                data = texts[change.name].encode()
                yield b"M 100644 inline " + path + b"\ndata %d\n" % len(data) + data + b"\n"
    for mark in range(1, len(pairs) + 1):
        yield b"get-mark :%d\n" % mark
    yield b"done\n"


def _quoted(path: str) -> bytes:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'.encode("utf-8", "surrogateescape")
