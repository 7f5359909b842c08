"""A registry's credential put into, or taken out of, the stores that people already have; all else in them stays."""

from __future__ import annotations

import base64
import json
import os

from overlay.errors import FetchError
from overlay.fetch.credentials import HELPER_SECONDS, credential_stores, read_store, run_helper, store_keys
from overlay.files.atomic import write_atomic
from overlay.files.paths import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from overlay.fetch.credentials import Credential


def keep_credential(host: str, credential: Credential, env: Mapping[str, str]) -> str:
    """Keep a credential where this host's is already, else in REGISTRY_AUTH_FILE or Docker's config; return where.

    Where the store names a helper, the helper keeps it, and the file holds no secret. Raises FetchError.
    """
    stores = credential_stores(env)
    configs = {path: read_store(path) or {} for path in stores}
    keys = store_keys(host)
    known = [path for path in stores if any(key in _auths(configs[path]) for key in keys)]
    path = (known or [env.get("REGISTRY_AUTH_FILE") or stores[-1]])[0]
    config = configs[path]
    helper = _helper(config, keys)
    if helper is not None:
        name, key = helper
        secret = {"ServerURL": key, "Username": credential.user, "Secret": credential.password}
        run_helper(name, "store", json.dumps(secret), key, env, HELPER_SECONDS)
        entry: dict[str, str] = {}
    else:
        entry = {"auth": base64.b64encode(f"{credential.user}:{credential.password}".encode()).decode()}
    auths = {name: found for name, found in _auths(config).items() if name not in keys}
    _write(path, {**config, "auths": {**auths, keys[0]: entry}})
    return f"docker-credential-{helper[0]}" if helper is not None else path


def drop_credential(host: str, env: Mapping[str, str]) -> list[str]:
    """Take a credential out of all stores that have it; return where it was.

    Raises FetchError.
    """
    found = []
    keys = store_keys(host)
    for path in credential_stores(env):
        config = read_store(path)
        if config is None:
            continue
        auths = _auths(config)
        held = [key for key in keys if key in auths]
        helper = _helper(config, keys)
        if helper is not None and held:
            run_helper(helper[0], "erase", helper[1], helper[1], env, HELPER_SECONDS)
        if held:
            _write(path, {**config, "auths": {name: one for name, one in auths.items() if name not in keys}})
            found.append(path)
    return found


def _auths(config: Mapping[str, Any]) -> dict[str, Any]:
    found = config.get("auths")
    return found if isinstance(found, dict) else {}


def _helper(config: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[str, str] | None:
    """Return the helper that keeps a host's credential, and the name that it knows the host by."""
    helpers, store = config.get("credHelpers"), config.get("credsStore")
    for key in keys:
        name = helpers.get(key) if isinstance(helpers, dict) else None
        if isinstance(name, str) and name:
            return name, key
    return (store, keys[0]) if isinstance(store, str) and store else None


def _write(path: str, config: Mapping[str, Any]) -> None:
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        # A link is how some keep their dotfiles: what it leads to is written.
        write_atomic(os.path.realpath(path), (json.dumps(config, indent="\t") + "\n").encode(), mode=0o600)
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise FetchError(f"the credentials in {printable(path)} cannot be written: {reason}") from None
