"""hydrator.metadata as Argo CD's source hydrator writes it, so that its readers find the commit behind a tree.

Shape: docs/user-guide/source-hydrator.md and `hydratorMetadataFile` of argo-cd; empty fields are left out.
"""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.gitops.source import Source

HYDRATOR = "hydrator.metadata"
_TRAILER = re.compile(r"argocd-reference-commit-(author|sha|subject|body|repourl|date):\s*(.+)", re.IGNORECASE)
_AUTHOR = re.compile(r"\s*(.*?)\s*<([^<>\s]+@[^<>\s]+)>\s*")
_SHA = re.compile(r"[0-9a-f]{5,64}")


def hydrator_text(source: Source, environment: str) -> str:
    """Return the file's text for one environment rendered from a commit."""
    subject, _, rest = source.message.partition("\n")
    body, reference = _without_reference(rest.strip("\n"))
    found: dict[str, Any] = {
        "repoURL": source.url,
        "drySha": source.commit,
        "commands": [f"overlay render {environment}"],
        "author": source.author,
        "date": source.date,
        "subject": subject,
        "body": body,
        "references": [{"commit": reference}] if reference else None,
    }
    return json.dumps({name: item for name, item in found.items() if item}, indent=2, ensure_ascii=False) + "\n"


def _without_reference(body: str) -> tuple[str, dict[str, Any]]:
    """Return a commit's body without the trailers that name another commit, and what these say; the last one wins."""
    lines, found = [], {}
    for line in body.split("\n"):
        match = _TRAILER.fullmatch(line)
        item = _read(match[1].lower(), match[2].strip()) if match else None
        if match is None or item is None:
            lines.append(line)
        else:
            found[{"repourl": "repoURL"}.get(match[1].lower(), match[1].lower())] = item
    return "\n".join(lines).strip("\n"), found


def _read(name: str, text: str) -> Any:
    """Return what a trailer says; None for one that is not as it should be, which stays in the body."""
    if name == "author":
        match = _AUTHOR.fullmatch(text)
        return {"name": match[1], "email": match[2]} if match else None
    if name == "sha":
        return text if _SHA.fullmatch(text) else None
    if name == "body":
        try:
            found = json.loads(text)
        except ValueError:
            return None
        return found if isinstance(found, str) else None
    return text
