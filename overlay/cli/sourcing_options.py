"""The options of every command that changes the source."""

from __future__ import annotations

from overlay.cli.fetching import NETWORK
from overlay.cli.table import COMMON, Param, output

NETWORK_PANEL = "Network"
# What is done with a change of the source.
CHANGING = (
    Param(
        name="dry_run", flags=("--dry-run",), kind="flag", help="Show what would change; write and commit nothing."
    ),
    Param(name="no_commit", flags=("--no-commit",), kind="flag", help="Write the files, and leave the commit to you."),
    Param(
        name="message",
        flags=("-m", "--message"),
        metavar="MESSAGE",
        help="The commit's message; {environment}, {origin} and {changes} stand for what is done.",
    ),
    Param(
        name="branch",
        flags=("-b", "--branch"),
        metavar="NAME",
        help="Commit on this branch (made where it is missing) and leave what is checked out alone.",
    ),
    Param(
        name="pull_request",
        flags=("--pull-request",),
        kind="flag",
        help="Push the branch, and open or update its pull (merge) request; without a token show the link.",
    ),
    Param(
        name="forge",
        flags=("--forge",),
        metavar="KIND",
        choices=("github", "gitlab", "gitea"),
        panel=NETWORK_PANEL,
        help="What the remote's host is, where its name does not tell: github, gitlab or gitea.",
    ),
    Param(
        name="remote",
        flags=("--remote",),
        metavar="NAME",
        panel=NETWORK_PANEL,
        help="The remote to push to (the one that the branch is pushed to, else origin).",
    ),
)  # fmt: skip
SOURCING = (
    *CHANGING,
    output("text", "json", "yaml"),
    *NETWORK,
    *COMMON,
)
