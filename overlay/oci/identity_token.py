"""The token that says who we are to a certificate authority: of a file, a variable, or the CI service that runs us."""

from __future__ import annotations

import json
import re

from overlay.errors import SignatureError, UsageError
from overlay.fetch.address import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from overlay.fetch.http import Client

VARIABLE = "SIGSTORE_ID_TOKEN"
AUDIENCE = "sigstore"
# What GitHub Actions sets for jobs with `permissions: {id-token: write}`: where to ask, and what to ask with.
_URL, _REQUEST = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_MAX_TOKEN = 64 * 1024


def find_token(name: str, env: Mapping[str, str], client: Client, read: Callable[[str], bytes]) -> str:
    """Return the token that signs; nobody is asked for one, and no browser opens.

    name: a file, or `env://NAME`, empty where nothing was said. read: returns its bytes.
    Raises UsageError, SignatureError, FetchError, Temporary; no message shows a token.
    """
    if _TOKEN.fullmatch(name):
        raise UsageError(
            "--identity-token takes a file or env://NAME: on a command line everybody on this machine sees the token",
            hint=f"put it into {VARIABLE}, and leave the option out",
        )
    if name:
        return _checked(read(name), name)
    if env.get(VARIABLE):
        return _checked(env[VARIABLE].encode(), VARIABLE)
    if env.get(_URL) and env.get(_REQUEST):
        return _of_github(env[_URL], env[_REQUEST], client)
    hint = f"--key cosign.key (`cosign generate-key-pair` makes one), or an identity token in {VARIABLE}"
    if env.get("GITHUB_ACTIONS") == "true":
        hint += "; a job of GitHub Actions has one with `permissions: {id-token: write}`"
    raise UsageError("sign with which key, or as whom?", hint=hint)


def _of_github(url: str, request: str, client: Client) -> str:
    """Ask the service that runs the job; its own token goes there, and nowhere that it sends us to."""
    address = parse(f"{url}{'&' if '?' in url else '?'}audience={AUDIENCE}")
    headers = {"Authorization": f"Bearer {request}", "Accept": "application/json"}
    answer = client.send("GET", address, headers=headers, body=None, limit=_MAX_TOKEN)
    if answer.status != 200:
        raise SignatureError(
            f"{address} answers {answer.status}, and was asked for an identity token",
            hint="does the job have `permissions: {id-token: write}`?",
        )
    try:
        found = json.loads(answer.body)["value"].encode()
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        found = b""
    return _checked(found, str(address))


def _checked(data: bytes, shown: str) -> str:
    text = data[: _MAX_TOKEN + 1].decode("ascii", "replace").strip()
    if len(text) > _MAX_TOKEN or not _TOKEN.fullmatch(text):
        raise SignatureError(f"{shown} holds no identity token: three parts of base64url with dots between (a JWT)")
    return text
