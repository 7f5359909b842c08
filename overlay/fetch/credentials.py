"""Credentials from the stores that people already have: Docker's, Podman's and Helm's; each for one host only.

Nothing of them is ever part of a message, a repr or a file of ours.
"""

from __future__ import annotations

import base64
import json
import os
import re

from overlay.errors import FetchError
from overlay.fetch.folders import config_folder
from overlay.files.paths import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAX_CONFIG = 4 * 1024 * 1024
HELPER_SECONDS = 30.0
DOCKER_HUB = "registry-1.docker.io"
_HUB_KEYS = ("https://index.docker.io/v1/", "index.docker.io", "docker.io", DOCKER_HUB)
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Credential:
    """A user name and password, or an identity token to exchange; its repr tells nothing."""

    __slots__ = ("password", "token", "user")

    def __init__(self, user: str = "", password: str = "", token: str = "") -> None:
        self.user = user
        self.password = password
        self.token = token

    def __repr__(self) -> str:
        return "Credential(…)"


def registry_credential(
    host: str, env: Mapping[str, str], *, helper_seconds: float = HELPER_SECONDS
) -> Credential | None:
    """Return what the stores hold for a registry (`ghcr.io`, `localhost:5000`), the first that knows it.

    Order: Helm's registry/config.json, REGISTRY_AUTH_FILE (Podman), Docker's config.json. Raises FetchError for a
    store that cannot be read, or a helper that fails (hazard R09).
    """
    for path in credential_stores(env):
        config = read_store(path)
        if config is None:
            continue
        found = _from_config(config, path, host, env, helper_seconds)
        if found is not None:
            return found
    return None


def credential_stores(env: Mapping[str, str]) -> list[str]:
    """Return the files that may hold credentials, in the order that they are asked: Helm's, Podman's, Docker's."""
    home = env.get("HOME") or os.path.expanduser("~")
    docker = env.get("DOCKER_CONFIG") or os.path.join(home, ".docker")
    helm = env.get("HELM_REGISTRY_CONFIG") or os.path.join(config_folder("helm", env), "registry", "config.json")
    podman = env.get("REGISTRY_AUTH_FILE")
    return [helm, *([podman] if podman else []), os.path.join(docker, "config.json")]


def read_store(path: str) -> dict[str, Any] | None:
    """Return what a store holds, None where there is none.

    Raises FetchError.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_CONFIG)
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise FetchError(f"the credentials in {printable(path)} cannot be read: {reason}") from None
    try:
        found = json.loads(data) if data.strip() else {}
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise FetchError(
            f"{printable(path)} is no JSON object with credentials", hint="mend it, or remove it and log in again"
        )
    return found


def _from_config(
    config: dict[str, Any], path: str, host: str, env: Mapping[str, str], seconds: float
) -> Credential | None:
    keys = store_keys(host)
    helpers, auths = config.get("credHelpers"), config.get("auths")
    for key in keys:
        helper = helpers.get(key) if isinstance(helpers, dict) else None
        if isinstance(helper, str) and helper:
            return _ask_helper(helper, key, env, seconds)
    for key in keys:
        entry = auths.get(key) if isinstance(auths, dict) else None
        if isinstance(entry, dict):
            found = _from_entry(entry, path, key)
            if found is not None:
                return found
    store = config.get("credsStore")
    if isinstance(store, str) and store:
        for key in keys:
            found = _ask_helper(store, key, env, seconds)
            if found is not None:
                return found
    return None


def store_keys(host: str) -> tuple[str, ...]:
    """Return the names that stores know a host by, the usual one first."""
    return _HUB_KEYS if host == DOCKER_HUB else (host, f"https://{host}", f"https://{host}/")


def _from_entry(entry: dict[str, Any], path: str, key: str) -> Credential | None:
    token = entry.get("identitytoken")
    if isinstance(token, str) and token:
        return Credential(token=token)
    user, password = entry.get("username"), entry.get("password")
    if isinstance(user, str) and isinstance(password, str) and user:
        return Credential(user=user, password=password)
    packed = entry.get("auth")
    if not isinstance(packed, str) or not packed:
        return None
    try:
        name, colon, secret = base64.b64decode(packed, validate=True).decode().partition(":")
    except ValueError:
        colon = ""
    if not colon:
        raise FetchError(
            f"{printable(path)}: the auth of {printable(key)} is no base64 of user:password", hint="log in again"
        )
    return Credential(user=name, password=secret.rstrip("\0"))


def _ask_helper(name: str, key: str, env: Mapping[str, str], seconds: float) -> Credential | None:
    """Ask a program docker-credential-NAME; None where it has nothing for this host."""
    program = f"docker-credential-{name}"
    out = run_helper(name, "get", key, key, env, seconds)
    if out is None:
        return None
    try:
        answer = json.loads(out)
        user, secret = answer["Username"], answer["Secret"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise FetchError(f"the credential helper {program} gave no answer that can be understood") from None
    if not isinstance(user, str) or not isinstance(secret, str) or not secret:
        return None
    return Credential(token=secret) if user == "<token>" else Credential(user=user, password=secret)


def run_helper(name: str, verb: str, given: str, key: str, env: Mapping[str, str], seconds: float) -> bytes | None:
    """Run a program docker-credential-NAME (get, store, erase); None where it has nothing for this host.

    Raises FetchError.
    """
    import subprocess  # noqa: PLC0415  # few stores need a program

    program = f"docker-credential-{name}"
    if not _HELPER.fullmatch(name):
        raise FetchError(f"{printable(name)!r} is no name of a credential helper")
    try:
        done = subprocess.run(
            [program, verb], input=given.encode(), capture_output=True, timeout=seconds, check=False,
            env=dict(env), start_new_session=True,
        )  # fmt: skip
    except FileNotFoundError:
        raise FetchError(
            f"the credential helper {program} is not on PATH",
            hint="install it, or take it out of the file that names it, and log in again",
        ) from None
    except subprocess.TimeoutExpired:
        raise FetchError(f"the credential helper {program} did not answer in {seconds:g} seconds") from None
    except OSError as error:
        raise FetchError(
            f"the credential helper {program} cannot be run: {os.strerror(error.errno or 0).lower()}"
        ) from None
    if done.returncode:
        said = (done.stdout + done.stderr)[:4000].lower()
        if b"credentials not found" in said or b"no credentials" in said:
            return None
        raise FetchError(f"the credential helper {program} failed for {printable(key)} (exit {done.returncode})")
    return done.stdout
