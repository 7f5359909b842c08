"""Logging in to a registry: what it asks for, from the stores that know its credential, sent to nobody else."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

from overlay.errors import FetchError
from overlay.fetch.address import Address, may_have_credentials, parse, refuse_realm
from overlay.fetch.challenge import read_challenges
from overlay.fetch.clock import clock_difference
from overlay.fetch.connection import basic
from overlay.files.paths import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from overlay.fetch.credentials import Credential
    from overlay.fetch.http import Answer, Client
    from overlay.fetch.reference import Repository

_MAX_TOKEN = 1024 * 1024


class Logins:
    """What registries accepted, kept per origin and repository; nothing of it is shown or written.

    credential: gives the credential of a host, asked only when a registry wants one.
    token_hosts: further hosts that may see credentials as token services.
    """

    def __init__(
        self, client: Client, credential: Callable[[str], Credential | None], token_hosts: tuple[str, ...] = ()
    ) -> None:
        self.client = client
        self.credential = credential
        self.token_hosts = token_hosts
        self._known: dict[tuple[tuple[str, str, int], str], str] = {}

    def known(self, repository: Repository) -> str | None:
        """Return the Authorization header that a registry accepted for a repository."""
        return self._known.get((repository.registry.origin, repository.name))

    def log_in(self, repository: Repository, header: str, *, actions: str = "pull") -> str:
        """Return the Authorization header that a 401 answer's WWW-Authenticate header asks for.

        actions: what is wanted where the header does not say. Raises FetchError, Temporary.
        """
        found = self._log_in(repository, read_challenges(header), actions)
        self._known[repository.registry.origin, repository.name] = found
        return found

    def refused(self, repository: Repository, answer: Answer, actions: str = "pull") -> FetchError:
        """Return the error of a login that was not enough; answer: what refused it."""
        host = repository.registry.authority
        known = self.credential(host) is not None
        return refused(host, answer, known=known, scope=f"{actions} {repository.name}")

    def _log_in(self, repository: Repository, challenges: dict[str, dict[str, str]], actions: str) -> str:
        host = repository.registry.authority
        credential = self.credential(host)
        if "bearer" in challenges:
            return self._token(repository, challenges["bearer"], credential, actions)
        if "basic" in challenges and credential is not None and credential.user:
            return basic(credential.user, credential.password)
        if "basic" in challenges:
            raise FetchError(f"{host} wants a login", hint=f"log in with `overlay login {host}`")
        raise FetchError(f"{host} wants a login in a way that is not known")

    def _token(self, repository: Repository, pairs: dict[str, str], credential: Credential | None, actions: str) -> str:
        registry = repository.registry
        host = registry.authority
        realm = parse(pairs.get("realm", ""), plain_http=True)
        reason = refuse_realm(realm, registry)
        if reason:
            raise FetchError(f"{host} sends to {realm} for a token, which {reason}")
        allowed = may_have_credentials(realm, registry, self.token_hosts)
        scope = pairs.get("scope") or f"repository:{repository.name}:{actions}"
        query = [("service", pairs["service"])] if pairs.get("service") else []
        if repository.name:
            query.append(("scope", scope))
        form = authorization = None
        target = realm
        if credential is not None and allowed and credential.token:
            fields = [
                *query,
                ("grant_type", "refresh_token"),
                ("refresh_token", credential.token),
                ("client_id", "overlay"),
            ]
            form = urlencode(fields).encode()
        else:
            if credential is not None and allowed:
                authorization = basic(credential.user, credential.password)
            mark = "&" if "?" in realm.path else "?"
            path = f"{realm.path}{mark}{urlencode(query, quote_via=quote)}"
            target = Address(scheme=realm.scheme, host=realm.host, port=realm.port, path=path)
        answer = self.client.get(
            target, limit=_MAX_TOKEN, accept="application/json", authorization=authorization, named=registry, form=form
        )
        if answer.status == 200:
            found = json_object(answer, str(realm))
            token = found.get("token") or found.get("access_token")
            if isinstance(token, str) and token.isascii() and token.isprintable():
                return f"Bearer {token}"
            raise FetchError(f"{realm} gave no token")
        if credential is not None and not allowed:
            raise FetchError(
                f"{host} sends to {realm.host} for a token, which must not see the credentials of {host}",
                hint=f"if both belong together, allow it with --token-host {realm.host}",
            )
        raise refused(host, answer, known=credential is not None)


def refused(host: str, answer: Answer, *, known: bool, scope: str = "") -> FetchError:
    """Return the error of a login that a registry does not accept, or wants; scope: what it is needed for."""
    scope = f" (it needs to {scope})" if scope else ""
    # A token that is not valid yet, or not any more, is refused like a wrong one (hazard D08).
    differs = clock_difference(answer.headers)
    if differs:
        return FetchError(
            f"login rejected by {host}{scope}: {differs}", hint="set the clock (NTP): tokens are valid for minutes"
        )
    if known:
        return FetchError(f"login rejected by {host}{scope}", hint=f"log in again with `overlay login {host}`")
    return FetchError(f"{host} wants a login{scope}", hint=f"log in with `overlay login {host}`")


def unexpected(host: str, answer: Answer, what: str = "", hint: str | None = None) -> FetchError:
    """Return the error of an answer that nothing else explains; what: what was asked for, such as ` for oci://…`."""
    # Go's servers and nginx say it in words, with this status.
    if answer.status == 400 and answer.address.scheme == "http" and b"HTTPS" in answer.body:
        return FetchError(f"{host} speaks TLS, and was asked over http{what}", hint="say --no-plain-http")
    return FetchError(f"{host} answers {answer.status}{what}: {said(answer)}", hint=hint)


def said(answer: Answer) -> str:
    """Return the first error message of a registry's answer."""
    try:
        first = json.loads(answer.body)["errors"][0]
        return printable(f"{first.get('code', '')} {first.get('message', '')}".strip())[:200]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return "no reason given"


def json_object(answer: Answer, shown: str) -> dict[str, Any]:
    """Return the JSON object that an answer is.

    Raises FetchError.
    """
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise FetchError(f"{shown} was answered with what is no JSON object")
    return found
