"""`overlay --help`: every command under what it is for, each in few words that end where a thought does."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperGroup

# heading: its commands, in the order in which a newcomer needs them
TOPICS = {
    "Begin": ("init", "env", "adopt"),
    "Say things once": ("duplicates", "factor", "extract-values"),
    "Render and understand": ("render", "lint", "explain", "values", "images", "compare", "api-versions"),
    "Review a change": ("diff", "check", "test", "affected", "post"),
    "Move versions": ("pin", "promote"),
    "Publish to Git": ("plan", "sync", "history", "show", "rollback", "audit"),
    "In clusters (after `sync`)": ("status", "drift", "list", "wait", "notes", "delete", "adopt-live", "schedule"),
    "Bundles and charts in registries": (
        "package", "push", "pull", "copy", "sign", "verify", "bundles", "chart", "login", "logout",
    ),
    "Remote charts and bases": ("lock", "vendor", "repo"),
    "This program": ("version", "schema", "completion"),
}  # fmt: skip
_WIDTH = 60


class Overview(TyperGroup):
    """The top of the command line."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  # the name is that of typer
        """Write the commands by topic."""
        placed = {name for names in TOPICS.values() for name in names}
        rest = tuple([name for name in self.commands if name not in placed])
        for topic, names in {**TOPICS, **({"More": rest} if rest else {})}.items():
            with formatter.section(topic):
                formatter.write_dl([(name, brief(self.commands[name].help or "")) for name in names])


def brief(text: str) -> str:
    """Return the first sentence; of a long one what stands before its colon.

    >>> brief("Show environments side by side: which objects each has, and which fields differ. More.")
    'Show environments side by side'
    """
    sentence = re.split(r"\.(?:\s|$)", " ".join(text.split()), maxsplit=1)[0]
    return sentence if len(sentence) <= _WIDTH else re.split(r"[:;] ", sentence, maxsplit=1)[0]
