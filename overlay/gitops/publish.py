"""Plans become commits, and those of one remote are pushed together, without force.

Steps are ordered for a crash: what is fetched and made lies in a private repository that nobody depends on, and the
push is the only step that others see, whole or not at all (hazards G07 to G12). Killed anywhere, the same command
starts anew; where a branch moved meanwhile, it is looked at again.
"""

from __future__ import annotations

import random
import time
from contextlib import suppress

from overlay.errors import GitConflict, GitError, OverlayError, raise_all
from overlay.failpoint import failpoint
from overlay.git.remote import ONE_BRANCH
from overlay.gitops.commits import make_commits
from overlay.gitops.plan import large_files, plan
from overlay.gitops.reading import read_elsewhere, read_published, read_touched
from overlay.gitops.target import Target
from overlay.model.finding import Finding
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from overlay.git.remote import Remote
    from overlay.gitops.plan import Plan, Published, Wanted
    from overlay.gitops.record import Record
    from overlay.gitops.source import Source
    from overlay.gitops.store import Store

_TRIES = 10
_LONGEST_WAIT = 1.0
_UNKNOWN = "source-order-unknown"


@value(kw_only=True)
class Choices:
    """What the command line allows.

    release: the end of a hold. overwrite_edits: of somebody else. accept_rewritten: a branch that was rewritten or
    deleted. allow_rollback: a commit that is older than the one that was published.
    """

    release: bool = False
    overwrite_edits: bool = False
    accept_rewritten: bool = False
    allow_rollback: bool = False


@value(kw_only=True)
class Outcome:
    """What became of one environment: its plan, and the commit that stands on its branch now."""

    plan: Plan
    commit: str | None
    is_new: bool


@value(kw_only=True)
class Result:
    """What became of the environments of one remote; errors: of those that somebody else changed meanwhile."""

    outcomes: tuple[Outcome, ...]
    errors: tuple[OverlayError, ...] = ()


@value(kw_only=True)
class Looked:
    """One environment as it was looked at: what its target holds, and the plan or what is wrong with it.

    now: None where the branch cannot be gone on from. contents: what stands in the files that would change. findings:
    what is worth saying.
    """

    want: Wanted
    now: Published | None
    plan: Plan | OverlayError
    contents: Mapping[str, bytes]
    findings: tuple[Finding, ...] = ()


class Publisher:
    """Publishes to one remote."""

    def __init__(
        self,
        store: Store,
        remote: Remote,
        choices: Choices,
        is_newer: Callable[[Record, Source], bool | None] = lambda *_: False,
        beside: Sequence[str] = (),
    ) -> None:
        """`remote`: reached from the store. is_newer: tells whether what is published is of a later commit.

        beside: further branches that the remote is asked for.
        """
        self.is_newer = is_newer
        self.beside = beside
        self.store = store
        self.remote = remote
        self.choices = choices

    def plan(self, wants: Sequence[Wanted]) -> list[Looked]:
        """Fetch what the targets hold, and decide; one environment's problem does not stop the others."""
        try:
            return self._plan(wants)
        except GitError:
            # What goes wrong in a damaged repository of ours says nothing of the remote.
            if not self.store.mend():
                raise
            return self._plan(wants)

    def _plan(self, wants: Sequence[Wanted]) -> list[Looked]:
        published, wrong = self._published(wants)
        good = [want for want in wants if want.target not in wrong]
        contents = read_touched(self.store, self.remote, [(want, published[want.target]) for want in good])
        revisions = self._last_revisions(good, published)
        elsewhere = read_elsewhere(self.store, self.remote, good, published)
        return [
            self._look(
                want,
                published[want.target],
                contents[want.environment],
                revisions.get(want.target, 0),
                elsewhere.get(want.environment),
            )
            if want.target not in wrong
            else Looked(want=want, now=None, plan=wrong[want.target].of(want.environment), contents={})
            for want in wants
        ]

    def _look(
        self,
        want: Wanted,
        now: Published,
        contents: Mapping[str, bytes],
        last_revision: int,
        elsewhere: tuple[Target, Record] | None,
    ) -> Looked:
        findings: list[Finding] = []
        if elsewhere is not None:
            findings.append(_left_behind(want, *elsewhere))
            last_revision = max(last_revision, elsewhere[1].revision)

        def newer() -> bool:
            if self.choices.allow_rollback or now.record is None:
                return False
            found = self.is_newer(now.record, want.source)
            if found is None:
                findings.append(_not_ordered(want, now.record))
            return found is True

        one: Plan | OverlayError
        try:
            one = plan(
                want, now, contents, self.store.form, release=self.choices.release,
                overwrite_edits=self.choices.overwrite_edits, last_revision=last_revision, newer=newer,
            )  # fmt: skip
            if one.acts:
                findings += [_large(want, name) for name in large_files(want, one)]
        except OverlayError as error:
            one = error.of(want.environment)
        return Looked(want=want, now=now, plan=one, contents=contents, findings=tuple(findings))

    def _published(self, wants: Sequence[Wanted]) -> tuple[dict[Target, Published], dict[Target, OverlayError]]:
        """Return what the targets hold, and what is wrong with them or their branches."""
        branches = list(dict.fromkeys([want.target.branch for want in wants]))
        answer = self.remote.listing(*dict.fromkeys([*branches, *self.beside]))
        listed = {branch: commit for branch, commit in answer.items() if branch in branches}
        failpoint("git.listed")
        accepted = self.choices.accept_rewritten
        gone = {} if accepted else self.store.deleted(self.remote, branches, listed)
        tips, rewritten = self.store.fetch(self.remote, listed, accept_rewritten=accepted)
        wrong: dict[Target, OverlayError] = {}
        published = read_published(self.store, self.remote, tips, [want.target for want in wants], wrong)
        bad = {**gone, **rewritten}
        return published, wrong | {want.target: bad[want.target.branch] for want in wants if want.target.branch in bad}

    def _last_revisions(self, wants: Sequence[Wanted], published: dict[Target, Published]) -> dict[Target, int]:
        """Return the last revisions of targets whose branches are gone, so that numbers never come again."""
        seen = self.store.tips()
        gone = [want.target for want in wants if published[want.target].tip is None and want.target.branch in seen]
        known = read_published(self.store, self.remote, seen, gone)
        return {target: one.record.revision for target, one in known.items() if one.record is not None}

    def publish(
        self,
        pairs: Sequence[tuple[Wanted, Plan]],
        *,
        confirm: Callable[[Plan, Plan], None] | None = None,
        together: bool = False,
    ) -> Result:
        """Commit and push the plans.

        confirm: is asked (it raises) when an environment itself changed on the remote since it was planned; where only
        others moved the branch, nothing is asked. together: what stops one environment stops all; else a remote that
        takes one branch at a time gets them one by one. Raises GitConflict where a branch moves all the time, Problems
        where all are stopped.
        """
        try:
            return self._publish(pairs, confirm, together=together)
        except GitError as error:
            if error.rule != ONE_BRANCH or together:
                raise
        outcomes: list[Outcome] = []
        errors: list[OverlayError] = []
        for branch in dict.fromkeys([want.target.branch for want, _ in pairs]):
            some = [(want, one) for want, one in pairs if want.target.branch == branch]
            try:
                result = self._publish(some, confirm, together=False)
            except OverlayError as error:
                errors.append(error.of(", ".join([want.environment for want, _ in some])))
            else:
                outcomes += result.outcomes
                errors += result.errors
        return Result(outcomes=tuple(outcomes), errors=tuple(errors))

    def _publish(
        self,
        pairs: Sequence[tuple[Wanted, Plan]],
        confirm: Callable[[Plan, Plan], None] | None,
        *,
        together: bool,
    ) -> Result:
        first = {want.environment: one for want, one in pairs}
        errors: list[OverlayError] = []
        tries = 0
        while True:
            acting = [(want, one) for want, one in pairs if one.acts]
            try:
                commits, newest = make_commits(self.store, acting) if acting else ([], {})
                failpoint("git.push")
                if newest:
                    self.remote.push(newest, {one.target.branch: one.tip for _, one in acting})
            except GitError as error:
                tries += 1
                if not isinstance(error, GitConflict) and not self.store.mend():
                    raise
                if tries == _TRIES and error.rule == "lock":
                    raise
                if tries == _TRIES:
                    raise GitConflict(
                        f"{self.remote.shown} moved {tries} times meanwhile", hint="run the same command again"
                    ) from None
                time.sleep(random.uniform(0, min(_LONGEST_WAIT, 0.05 * 2**tries)))  # noqa: S311  # jitter
                pairs, wrong = self._again(pairs, first, confirm)
                errors += wrong
                if errors and (together or not pairs):
                    raise_all(errors)
                continue
            failpoint("git.pushed")
            with suppress(GitError):  # it is published, and the next run sees it when it fetches
                self.store.see(newest)
            failpoint("git.seen")
            made = {want.environment: commit for (want, _), commit in zip(acting, commits, strict=True)}
            outcomes = [
                Outcome(plan=one, commit=made.get(want.environment, one.tip), is_new=want.environment in made)
                for want, one in pairs
            ]
            return Result(outcomes=tuple(outcomes), errors=tuple(errors))

    def _again(
        self,
        pairs: Sequence[tuple[Wanted, Plan]],
        first: dict[str, Plan],
        confirm: Callable[[Plan, Plan], None] | None,
    ) -> tuple[list[tuple[Wanted, Plan]], list[OverlayError]]:
        """Plan on what the branches are now; return also what is wrong with environments that cannot go on."""
        found: list[tuple[Wanted, Plan]] = []
        errors: list[OverlayError] = []
        for looked in self.plan([want for want, _ in pairs]):
            try:
                found.append((looked.want, _still(looked, first[looked.want.environment], confirm)))
            except OverlayError as error:
                errors.append(error.of(looked.want.environment))
        return found, errors


def _still(looked: Looked, before: Plan, confirm: Callable[[Plan, Plan], None] | None) -> Plan:
    """Return an environment's plan on what the branch is now.

    Raises OverlayError where it cannot be gone on with.
    """
    one = looked.plan
    if isinstance(one, OverlayError):
        raise one
    if one.previous == before.previous or not one.acts:
        return one
    if confirm is not None:
        confirm(before, one)
    unknown = [finding for finding in looked.findings if finding.rule == _UNKNOWN]
    if unknown:
        raise GitConflict(
            f"{one.environment} was published by somebody else meanwhile, and {unknown[0].message}",
            hint="look at it, and run the same command again",
        )
    return one


def _not_ordered(want: Wanted, record: Record) -> Finding:
    return Finding(
        _UNKNOWN,
        f"whether {want.source.short} comes after {record.source[:7]}, from which {want.target} was published, "
        "cannot be told",
        hint="the source's remote should have both commits; in CI, `fetch-depth: 0` fetches all of them",
        environment=want.environment,
    )


def _left_behind(want: Wanted, place: Target, record: Record) -> Finding:
    return Finding(
        "left-behind",
        f"what was published of {want.environment} before, revision {record.revision}, stays at {place}",
        hint="remove that folder when nothing reads it any more",
        environment=want.environment,
    )


def _large(want: Wanted, name: str) -> Finding:
    return Finding(
        "large-file",
        f"{want.target.file(name)} is larger than 50 MiB; Git's hosts warn of that, and refuse 100",
        hint="keep it elsewhere: each change of it stays in the history",
        environment=want.environment,
    )
