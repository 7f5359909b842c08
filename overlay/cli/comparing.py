"""The options of commands that compare two versions: what counts as a difference."""

from __future__ import annotations

from overlay.cli.table import Param


def comparing(panel: str) -> tuple[Param, ...]:
    """Return the options, for a part of a command's help."""
    return (
        Param(
            name="detect_renames",
            flags=("--detect-renames",),
            kind="flag",
            panel=panel,
            help="What came and what went is one object where they are alike.",
        ),
        Param(
            name="ignore",
            flags=("--ignore",),
            kind="list",
            metavar="PATH",
            panel=panel,
            help="Leave out a field, such as metadata.labels.[helm.sh/chart]; * stands for any text of a name.",
        ),
        Param(
            name="ignore_noise",
            flags=("--ignore-noise",),
            kind="flag",
            panel=panel,
            help="Leave out what says which chart made an object: helm.sh/chart, checksum/ and the like.",
        ),
    )
