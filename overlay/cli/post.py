"""`overlay post`: a report as the one comment of a pull request, or as the summary of a job."""

from __future__ import annotations

import os
import re
import sys

from overlay.cli.fetching import NETWORK, make_client
from overlay.cli.printing import print_document
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import EXIT_OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.source.comments import Posted
    from overlay.source.event import Meant

_MOST = 16 * 1024 * 1024
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def post(args: dict[str, Any]) -> int:
    """Post a report; return the exit code."""
    from overlay.files.reader import read_argument  # noqa: PLC0415
    from overlay.report.posted import COMMENT, SUMMARY, posted  # noqa: PLC0415

    if not _NAME.fullmatch(args["name"]):
        raise UsageError("--name takes small letters, digits and -")
    text = read_argument(args["report"], _MOST).decode("utf-8", "replace")
    if args["to"] == "summary":
        _summarize(posted(text, marker="", heading=args["title"], link="", limit=SUMMARY // 4).lstrip("\n"))
        return EXIT_OK
    meant = _meant(args)
    marker = f"<!-- overlay:{args['name']} -->"
    body = posted(text, marker=marker, heading=args["title"], link=meant.run, limit=COMMENT)
    _say(_comment(args, meant, marker, body), args)
    return EXIT_OK


def _summarize(text: str) -> None:
    """Append to the summary of the job."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        raise UsageError("GITHUB_STEP_SUMMARY is not set", hint="this is for jobs of GitHub Actions, which set it")
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)


def _meant(args: dict[str, Any]) -> Meant:
    from overlay.files.reader import read_argument  # noqa: PLC0415
    from overlay.source.event import Meant, read_event  # noqa: PLC0415

    if args["number"] is not None:
        number = args["number"]
        if not (number.isascii() and number.isdigit() and 0 < int(number) < 10**9):
            raise UsageError(f"--number takes the number of a pull request, found {number[:40]!r}")
        return Meant(number=int(number))
    path = os.environ.get("GITHUB_EVENT_PATH")
    if not path:
        raise UsageError("which pull request?", hint="jobs of GitHub Actions know it; elsewhere say --number")
    return read_event(os.environ, read_argument(path, _MOST).decode("utf-8", "replace"))


def _comment(args: dict[str, Any], meant: Meant, marker: str, body: str) -> Posted:
    from overlay.source.comments import Comments  # noqa: PLC0415
    from overlay.source.event import repository_of  # noqa: PLC0415
    from overlay.source.forge import Forge, find_token, read_remote  # noqa: PLC0415
    from overlay.source.interface import Interface  # noqa: PLC0415

    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
    project = read_remote(f"{server}/{repository_of(os.environ)}")
    if project is None:
        raise UsageError("GITHUB_SERVER_URL is no server of GitHub's")
    forge = Forge(kind="github", is_sure=True)
    variable, token = find_token(forge, os.environ)
    if not token:
        raise UsageError(
            "there is no token to comment with",
            hint="set GITHUB_TOKEN: ${{ github.token }} in the step's env, and permissions: pull-requests: write",
        )
    later = "run the same command again later"
    return Comments(
        Interface(make_client(args), forge, project, variable, token, plain_http=args["plain_http"], later=later)
    ).post(meant, marker, body)


def _say(done: Posted, args: dict[str, Any]) -> None:
    if args["output"] in ("json", "yaml"):
        found = {"action": done.action, "number": done.number, "url": done.url}
        print_document({"apiVersion": "overlay.dev/v1", "kind": "Posted", **found}, args["output"])
    elif done.action == "outdated":
        sys.stdout.write("no open pull request has the commit that was checked: nothing is posted\n")
    else:
        sys.stdout.write(f"{done.action} the comment of pull request {done.number}: {done.url}\n")


POST = Command(
    path=("post",),
    help="""Post a report as the one comment of a pull request, which the next report replaces.

Made for jobs of GitHub Actions: the event says which pull request is meant, a run that ended (workflow_run) by the
commit that it checked, never by what it says. The report is taken as text that anybody may have written: it shows, and
mentions nobody, loads nothing and leads nowhere. What does not fit is counted.

Examples:

  overlay post report.md

  overlay post report.md --to summary""",
    run=post,
    params=(
        Param(
            name="report", kind="argument", metavar="FILE", required=True, help="The report, in markdown; - is stdin."
        ),
        Param(
            name="to",
            flags=("--to",),
            metavar="PLACE",
            choices=("comment", "summary"),
            default="comment",
            help="comment (of the pull request) or summary (of the job).",
        ),
        Param(name="number", flags=("--number",), metavar="N", help="The pull request, where no event says it."),
        Param(
            name="name",
            flags=("--name",),
            metavar="NAME",
            default="check",
            help="Which of our comments it is, where a repository has several projects.",
        ),
        Param(name="title", flags=("--title",), metavar="TEXT", default="overlay", help="The heading."),
        output("text", "json", "yaml"),
        *NETWORK,
        *COMMON,
    ),
)
