"""Steps at which a run can be made to fail, so that tests prove what is left behind and that the next run goes on.

`OVERLAY_FAILPOINT=<step>:<kill|raise|hang|enospc>`; nothing happens where it is not set.
"""

from __future__ import annotations

import os

from overlay.errors import OverlayError

VARIABLE = "OVERLAY_FAILPOINT"


def failpoint(step: str) -> None:
    """Fail here where the environment says so."""
    wanted = os.environ.get(VARIABLE)
    if wanted is None:
        return
    name, _, how = wanted.partition(":")
    if name == step:
        _fail(step, how)


def _fail(step: str, how: str) -> None:
    if how == "kill":
        import signal  # noqa: PLC0415  # tests alone

        os.kill(os.getpid(), signal.SIGKILL)
    if how == "hang":
        import sys  # noqa: PLC0415
        import time  # noqa: PLC0415

        sys.stderr.write(f"hangs at {step}\n")
        sys.stderr.flush()
        while True:
            time.sleep(60)
    if how == "enospc":
        import errno  # noqa: PLC0415

        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), step)
    raise OverlayError(f"made to fail at {step}", hint=f"unset {VARIABLE}")
