"""Programs that a repository's own configuration names, taken away: the user's own act in their place."""

from __future__ import annotations

# Settings that name programs which the commands here could run.
PROGRAMS = (
    r"^(gpg\.|filter\.|hook\..*\.command$|credential\.(.*\.)?helper$|core\.(sshcommand|askpass|alternaterefscommand)$)"
)
_DEFAULTS = {
    "gpg.program": "gpg",
    "gpg.openpgp.program": "gpg",
    "gpg.x509.program": "gpgsm",
    "gpg.ssh.program": "ssh-keygen",
    "gpg.ssh.defaultkeycommand": "",
    "core.askpass": "",
    # What a repository that lends its objects has; git has no word for asking for nothing.
    "core.alternaterefscommand": "true",
}
OWN = ("local", "worktree")
SSH = "ssh -oBatchMode=yes"


def own_programs(listing: bytes) -> tuple[tuple[str, ...], str]:
    """Return settings for git's command line, and the user's SSH command, given `git config --show-scope -z`.

    Hooks and filters are taken away whoever names them: git runs filters also where it writes an index, to tell
    whether files changed in the second of their entries.
    """
    parts = listing.decode("utf-8", "surrogateescape").split("\0")
    settings: list[str] = []
    users: dict[str, str] = {}
    named: dict[str, None] = {}
    helpers: list[str] = []
    for scope, pair in zip(parts[::2], parts[1::2], strict=False):
        name, _, text = pair.partition("\n")
        if name.startswith("filter."):
            settings.append(f"{name}={'false' if name.endswith('.required') else ''}")
        elif name.startswith("hook."):
            # Of Git 2.54 and later, beside those of core.hooksPath.
            settings += [f"{name}=true", f"{name.removesuffix('.command')}.enabled=false"]
        elif scope in OWN:
            named[name] = None
        elif name.startswith("credential."):
            helpers.append(f"{name}={text}")
        else:
            users[name] = text
    settings += [f"{name}={users.get(name, _DEFAULTS[name])}" for name in named if name in _DEFAULTS]
    if any(name.startswith("credential.") for name in named):
        # An empty helper forgets all that were named before it.
        settings += ["credential.helper=", *helpers]
    return tuple(settings), users.get("core.sshcommand", SSH)
