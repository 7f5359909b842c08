"""The options of commands that publish to Git."""

from __future__ import annotations

from overlay.cli.fetching import TIMEOUT
from overlay.cli.table import COMMON, Param

ENVIRONMENTS = Param(name="environments", kind="arguments", metavar="ENV", help="Names of environments.")
ALL = Param(name="all", flags=("--all",), kind="flag", help="Every environment of the project.")
REMOTE = Param(
    name="remote",
    flags=("--remote",),
    metavar="NAME",
    panel="Git",
    help="The remote that the source is pushed to (the one of the branch, else origin).",
)
ALLOW_DIRTY = Param(
    name="allow_dirty",
    flags=("--allow-dirty",),
    kind="flag",
    panel="Git",
    help="Also where files that are read are not as committed; it is recorded.",
)
NO_CACHE = Param(
    name="no_cache", flags=("--no-cache",), kind="flag", panel="Git", help="Do not use renderings of earlier runs."
)
RELEASE = Param(
    name="release",
    flags=("--release",),
    kind="flag",
    panel="Git",
    help="Go on where an environment is held at an earlier revision by a rollback.",
)
OVERWRITE_EDITS = Param(
    name="overwrite_edits",
    flags=("--overwrite-edits",),
    kind="flag",
    panel="Git",
    help="Throw away what somebody else edited in published files.",
)
ACCEPT_REWRITTEN = Param(
    name="accept_rewritten",
    flags=("--accept-rewritten",),
    kind="flag",
    panel="Git",
    help="Go on from a branch whose history was rewritten, or begin a new one where it was deleted.",
)
ALLOW_ROLLBACK = Param(
    name="allow_rollback",
    flags=("--allow-rollback",),
    kind="flag",
    panel="Git",
    help="Publish a commit that is older than the one that was published.",
)
CHOICES = (RELEASE, OVERWRITE_EDITS, ACCEPT_REWRITTEN, ALLOW_ROLLBACK)
PUBLISHING = (ENVIRONMENTS, ALL, *CHOICES, ALLOW_DIRTY, NO_CACHE, REMOTE, TIMEOUT, *COMMON)
# Of commands that look at what was published.
PAST = (REMOTE, TIMEOUT, *COMMON)
