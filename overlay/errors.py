"""Every error that a user can meet.

OverlayError                 exit 2 unless a class says otherwise
├── Problems                 several errors of one run, reported together
├── UsageError               the command line is wrong
├── DocumentError            one of our own documents (environment.yaml, …) is wrong
├── YamlError                a file is not YAML, or not YAML that we accept
├── PathError                a path leaves the project, is a link, or is no regular file
├── ArchiveError             a packaged chart is not what it should be
├── ChartError               Helm refused the chart, its values or a template
│   └── ValuesError          the chart's schema refuses values
├── ManifestError            an object is not a Kubernetes object
├── PatchError               a patch does not apply
├── TransformError           a transform matches nothing, or cannot be done
├── LimitError               an input is larger than a published limit
├── OutputError              the output folder cannot be written as asked
├── FetchError               a remote input cannot be had, or is not what it should be
├── SignatureError           a bundle is not signed as it must be, or a key cannot sign or verify
├── LockError                overlay.lock does not say, or not rightly, what a remote input is
├── GitError                 a Git repository cannot do, or refuses, what is asked
│   └── GitConflict          exit 4: someone else's change stands in the way
├── SopsError                an encrypted file cannot be decrypted
├── ForgeError               GitHub, GitLab or Gitea refuses a pull request
├── ClusterError             a cluster cannot be reached as asked, or refuses what is asked
│   ├── ClusterConflict      exit 4: someone else's object, field or lease stands in the way
│   └── RolloutError         exit 5: only a part was applied, or what was applied does not become healthy
└── Temporary                exit 6: the same call may work later
"""

from __future__ import annotations

TYPE_CHECKING = False  # spares every run the import of typing
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import ClassVar

    from overlay.model.finding import Finding
    from overlay.model.location import Location, RenderedLine
    from overlay.model.refusal import Refusal

# One table for all commands (conventions.md, design.md "Exit codes").
EXIT_OK = 0
EXIT_DIFFERENT = 1
EXIT_USAGE = 2
EXIT_BUG = 3
EXIT_CONFLICT = 4
EXIT_PARTIAL = 5
EXIT_TEMPORARY = 6
EXIT_INTERRUPTED = 130


class OverlayError(Exception):
    """An expected failure: what failed, where, why and what to try.

    message: one sentence, lower case start, no trailing dot.
    location: the place in the user's file, when there is one.
    related: further places that explain it (label, location).
    hint: what to try next, one sentence.
    environment: the environment that was being built; set late by the pipeline.
    object: the Kubernetes object concerned, as `Kind/name` or `Kind/namespace/name`.
    rule: a stable name for machines, such as `unknown-field`; the kind of error where nothing more exact is said.
    """

    kind: ClassVar[str] = "error"
    exit_code: ClassVar[int] = EXIT_USAGE

    def __init__(
        self,
        message: str,
        *,
        location: Location | None = None,
        hint: str | None = None,
        environment: str | None = None,
        object: str | None = None,  # noqa: A002  # the word users read
        related: Sequence[tuple[str, Location]] = (),
        rule: str = "",
    ) -> None:
        from overlay.tokens import cover_tokens  # noqa: PLC0415  # only errors need it, and it compiles much

        # Whatever an error repeats of its input, a credential is not among it (hazards Z04, Z10).
        message = cover_tokens(message)
        super().__init__(message)
        self.message = message
        self.location = location
        self.hint = hint if hint is None else cover_tokens(hint)
        self.environment = environment
        self.object = object
        self.related = tuple(related)
        self.rule = rule or self.kind

    def each(self) -> tuple[OverlayError, ...]:
        """Return the single errors that this one stands for."""
        return (self,)

    def of(self, environment: str) -> OverlayError:
        """Return this error as one of an environment; a copy, because environments share files and their errors."""
        return self if self.environment else self.as_of(environment, self.object)

    def as_of(self, environment: str | None, object: str | None) -> OverlayError:  # noqa: A002  # as above
        """Return a copy that is of this environment (or of several, in words) and object."""
        copy = type(self).__new__(type(self), *self.args)
        copy.__dict__.update(self.__dict__)
        copy.environment, copy.object = environment, object
        return copy.with_traceback(self.__traceback__)


class Problems(OverlayError):
    """Several errors that one run found; never empty, never nested."""

    kind = "problems"

    def __init__(self, errors: Iterable[OverlayError]) -> None:
        flat = [one for error in errors for one in error.each()]
        super().__init__(f"{len(flat)} problems")
        self.errors = tuple(flat)

    def each(self) -> tuple[OverlayError, ...]:
        return self.errors

    def of(self, environment: str) -> Problems:
        return Problems([one.of(environment) for one in self.errors])


class UsageError(OverlayError):
    """The command line asks for something that does not exist or cannot be combined."""

    kind = "usage"


class DocumentError(OverlayError):
    """One of our own documents is wrong."""

    kind = "document"


class YamlError(OverlayError):
    """A file is not YAML, or not YAML that we accept."""

    kind = "yaml"


class PathError(OverlayError):
    """A path leaves the project, is a link, or is no regular file."""

    kind = "path"


class ArchiveError(OverlayError):
    """A packaged chart is not what it should be."""

    kind = "archive"


class ChartError(OverlayError):
    """Helm refused the chart, its values or a template."""

    kind = "chart"


class ValuesError(ChartError):
    """The chart's schema refuses values."""

    kind = "values"

    def __init__(
        self, message: str, refusals: tuple[Refusal, ...], *, location: Location, hint: str, environment: str
    ) -> None:
        """`refusals`: what exactly is refused, for who can tell where each value is written."""
        super().__init__(message, location=location, hint=hint, environment=environment)
        self.refusals = refusals


class ManifestError(OverlayError):
    """An object is not a Kubernetes object."""

    kind = "manifest"
    # Where a template rendered what is wrong: its text has lines of its own.
    rendered: RenderedLine | None = None


class PatchError(OverlayError):
    """A patch does not apply."""

    kind = "patch"


class TransformError(OverlayError):
    """A transform matches nothing, or cannot be done."""

    kind = "transform"


class LimitError(OverlayError):
    """An input is larger than a published limit."""

    kind = "limit"


class OutputError(OverlayError):
    """The output folder cannot be written as asked."""

    kind = "output"


class FetchError(OverlayError):
    """A remote input cannot be had, or is not what it should be."""

    kind = "fetch"


class SignatureError(OverlayError):
    """A bundle is not signed as it must be, or a key cannot sign or verify."""

    kind = "signature"


class LockError(OverlayError):
    """overlay.lock does not say, or not rightly, what a remote input is."""

    kind = "lock"


class GitError(OverlayError):
    """A Git repository cannot do, or refuses, what is asked."""

    kind = "git"


class GitConflict(GitError):
    """Someone else's change stands in the way, in the work tree or on a branch."""

    kind = "git-conflict"
    exit_code = EXIT_CONFLICT


class SopsError(OverlayError):
    """An encrypted file cannot be decrypted."""

    kind = "sops"


class ForgeError(OverlayError):
    """GitHub, GitLab or Gitea refuses a pull request."""

    kind = "forge"


class ClusterError(OverlayError):
    """A cluster cannot be reached as asked, or refuses what is asked."""

    kind = "cluster"


class ClusterConflict(ClusterError):
    """Someone else's object, field or lease stands in the way."""

    kind = "cluster-conflict"
    exit_code = EXIT_CONFLICT


class RolloutError(ClusterError):
    """Only a part was applied, or what was applied does not become healthy."""

    kind = "rollout"
    exit_code = EXIT_PARTIAL


class Temporary(OverlayError):  # reads as what it is
    """The same call may work later."""

    kind = "temporary"
    exit_code = EXIT_TEMPORARY


def raise_all(errors: Sequence[OverlayError]) -> None:
    """Raise nothing, the only error, or all of them together."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise Problems(errors)


def as_error(finding: Finding) -> OverlayError:
    """Return a finding as the error that it is to whoever does not accept it."""
    return OverlayError(
        finding.message,
        location=finding.location,
        hint=finding.hint,
        environment=finding.environment,
        object=finding.object,
        rule=finding.rule,
    )
