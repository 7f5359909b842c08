"""Files that SOPS encrypted with age, read in the clear by the sops program when a user asks for it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

from overlay.errors import SopsError
from overlay.files.paths import printable
from overlay.kube.encrypted import METADATA, has_metadata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_SECONDS = 120.0
_LOOKS_ENCRYPTED = re.compile(rb"""^(?:sops_mac=|\s*"?sops"?\s*:)""", re.MULTILINE)
_TYPES = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".env": "dotenv"}
# What of the caller's environment the program sees: where age's keys are, and nothing else (hazard Z12).
_PASSED = ("HOME", "PATH", "XDG_CONFIG_HOME", "SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE")
# What a file may say of how it was encrypted: all else could name a service, which would be asked over the network.
_HARMLESS = (
    "age", "lastmodified", "mac", "version", "mac_only_encrypted", "shamir_threshold", "encrypted_regex",
    "unencrypted_regex", "encrypted_suffix", "unencrypted_suffix", "encrypted_comment_regex",
    "unencrypted_comment_regex",
)  # fmt: skip
# How the program says that somebody edited what it had encrypted.
_CHANGED = ("MAC mismatch", "message authentication failed", "does not match sops' data format")
_ENV_SETTING = re.compile(rb"^sops_([a-z_]+?)(?:__[^=]*)?=(.*)$", re.MULTILINE)


class Sops:
    """Decrypts the files of one run; what is no file of SOPS comes back as it is.

    env: the caller's environment.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = {name: text for name, text in env.items() if name in _PASSED}
        if self.env.get("SOPS_AGE_KEY_FILE"):
            self.env["SOPS_AGE_KEY_FILE"] = os.path.abspath(self.env["SOPS_AGE_KEY_FILE"])
        self._program: str | None = None

    def __call__(self, path: str, data: bytes) -> bytes:
        """Return a file's content in the clear; raises SopsError."""
        kind = _TYPES.get(os.path.splitext(path)[1])
        if kind is None or not _LOOKS_ENCRYPTED.search(data):
            return data
        settings = dict(_settings(path, data, kind))
        if "mac" not in settings:
            return data
        foreign = sorted(name for name, held in settings.items() if name not in _HARMLESS and held)
        if foreign:
            names = printable(", ".join(foreign))[:200]
            raise SopsError(
                f"{printable(path)} is encrypted with {names}: only age keys are used here",
                hint="encrypt it for age alone (sops updatekeys), or decrypt it yourself",
            )
        return self._run(path, data, kind)

    def _run(self, path: str, data: bytes, kind: str) -> bytes:
        program = self._program = self._program or shutil.which("sops", path=self.env.get("PATH"))
        if program is None:
            raise SopsError(
                f"{printable(path)} is encrypted, and there is no program sops to decrypt it",
                hint="install sops 3.9 or newer, or leave --decrypt out",
            )
        try:
            # Not in the project's folder: the program obeys a .sops.yaml of where it runs.
            done = subprocess.run(
                [program, "decrypt", "--input-type", kind, "--output-type", kind, "/dev/stdin"],
                input=data, capture_output=True, env=self.env, cwd="/", timeout=_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise SopsError(f"sops did not decrypt {printable(path)} within {_SECONDS:.0f} seconds") from None
        except OSError as error:
            raise SopsError(f"{program} cannot be run: {os.strerror(error.errno or 0).lower()}") from None
        if done.returncode:
            raise _refusal(path, done.stderr.decode("utf-8", "replace"))
        return done.stdout


def _settings(path: str, data: bytes, kind: str) -> Iterator[tuple[str, Any]]:
    """Yield what a file says of its encryption, of all its documents."""
    if kind == "dotenv":
        for name, text in _ENV_SETTING.findall(data):
            yield name.decode(), text
        return
    from overlay.yaml import decode, read_documents  # noqa: PLC0415  # few files come so far

    for document in read_documents(decode(data, path), path):
        if isinstance(document.value, dict) and has_metadata(document.value):
            yield from document.value[METADATA].items()


def _refusal(path: str, said: str) -> SopsError:
    """Say why the program refused, in our words: its own may hold more than everybody should see."""
    shown = printable(path)
    if any(sign in said for sign in _CHANGED):
        return SopsError(
            f"{shown} was changed after it was encrypted: its MAC does not fit",
            hint="change it with `sops edit`, or take the last good one from Git",
        )
    if "data key" in said or "identity" in said:
        return SopsError(
            f"no age key of yours decrypts {shown}",
            hint="name your key file in SOPS_AGE_KEY_FILE, or let somebody add your key (sops updatekeys)",
        )
    return SopsError(f"sops cannot decrypt {shown}", hint=f"`sops decrypt {shown}` tells more")
