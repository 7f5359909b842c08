"""Where in Git rendered output goes: as a document says it, and as all layers settle it together."""

from __future__ import annotations

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.model.location import Location


@value
class Allowance:
    """The name of an object whose values may be read, where a document says it."""

    name: str
    location: Location


@value(kw_only=True)
class Publish:
    """`publish`: where in Git rendered output goes; None and empty where the document is silent.

    repository: the name of a Git remote, or an https or ssh URL. branch, path: `{environment}` in them stands for the
    environment's name. message: a template of commit messages. secrets: objects whose values may be read.
    """

    repository: str | None = None
    branch: str | None = None
    path: str | None = None
    message: str | None = None
    secrets: tuple[Allowance, ...] = ()


@value(kw_only=True)
class PublishSettings:
    """Where in Git an environment's output goes.

    repository: the name of a remote, or a URL; empty for the remote that the source is pushed to. branch: empty for
    the source's own. path: a folder there, empty for the top. secrets: names of objects whose values may be read.
    """

    repository: str = ""
    branch: str = ""
    path: str = ""
    message: str = ""
    secrets: tuple[str, ...] = ()
