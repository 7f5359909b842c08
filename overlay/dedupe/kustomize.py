"""A kustomize overlay as an environment: what the kustomize program renders of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile

from overlay.dedupe.kustomization import check, file_of
from overlay.errors import LimitError, ManifestError
from overlay.files.temporary import temporary_folder
from overlay.model.location import Location

_SECONDS = 60.0
_MAX_OUTPUT = 64 * 1024 * 1024
_NO_PROXY = "http://127.0.0.1:9"


def is_kustomized(folder: str) -> bool:
    """Tell whether a folder is an overlay of kustomize."""
    return file_of(folder) is not None


def render(folder: str) -> bytes:
    """Return what kustomize makes of a folder; raises OverlayError.

    The program sees no PATH, no home and a proxy that is none: what a check of all references missed cannot fetch
    (hazard Z12).
    """
    where = Location(file_of(folder) or folder)
    program = shutil.which("kustomize")
    if program is None:
        hint = "install kustomize 5, or render it first, into one folder per environment"
        raise ManifestError("a kustomization is no plain manifest", location=where, hint=hint)
    # As Flux does, a file beside the folder may be a patch: the check has held each against the root.
    restrictor = "LoadRestrictionsNone" if check(folder) else "LoadRestrictionsRootOnly"
    place = temporary_folder()
    with (
        tempfile.TemporaryDirectory(prefix="overlay-kustomize-", dir=place) as home,
        tempfile.TemporaryFile(dir=place) as output,
    ):
        env = {"PATH": "", "HOME": home, "HTTP_PROXY": _NO_PROXY, "HTTPS_PROXY": _NO_PROXY, "ALL_PROXY": _NO_PROXY}
        try:
            done = subprocess.run(
                [os.path.abspath(program), "build", "--load-restrictor", restrictor, "--",
                 os.path.abspath(folder)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, env=env, cwd=home, timeout=_SECONDS,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise LimitError(f"kustomize did not render {folder} within {_SECONDS:.0f} seconds") from None
        except OSError as error:
            raise ManifestError(f"{program} cannot be run: {os.strerror(error.errno or 0).lower()}") from None
        if done.returncode:
            raise ManifestError(f"kustomize says: {_said(done.stderr)}", location=where)
        if output.seek(0, os.SEEK_END) > _MAX_OUTPUT:
            raise LimitError(f"{folder} renders to more than {_MAX_OUTPUT} bytes")
        output.seek(0)
        return output.read()


def _said(text: bytes) -> str:
    lines = [line for line in text.decode("utf-8", "replace").split("\n") if line and not line.startswith("# Warning")]
    said = (lines or ["nothing"])[-1].removeprefix("Error: ")
    return said if len(said) <= 300 else f"{said[:299]}…"
