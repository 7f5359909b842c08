"""One run in a process of its own, which may be killed: `python -m tests.cluster.crashing KUBECONFIG NAMESPACE < objects`."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time

from overlay.cli.main import _interrupt
from overlay.cluster.apply import Pace
from overlay.errors import EXIT_INTERRUPTED, OverlayError
from overlay.failpoint import _fail
from tests.cluster.harness import Environment


def tell_of_hanging() -> None:
    """Say so when a thread has come to the step at which it hangs."""
    while True:
        if any(frame.f_code is _fail.__code__ for frame in sys._current_frames().values()):
            print("hangs", flush=True)  # noqa: T201
            return
        time.sleep(0.01)


def main() -> None:
    kubeconfig, namespace = sys.argv[1:]
    signal.signal(signal.SIGTERM, _interrupt)
    if os.environ.get("OVERLAY_FAILPOINT", "").endswith(":hang"):
        threading.Thread(target=tell_of_hanging, daemon=True).start()
    prod = Environment(None, namespace, kubeconfig=kubeconfig)
    prod.lease_seconds = 3
    error: OverlayError | None
    try:
        error = prod.sync(*json.load(sys.stdin), pace=Pace(timeout=90, prune=90)).error("prod")
    except OverlayError as raised:
        error = raised
    except KeyboardInterrupt:
        os._exit(EXIT_INTERRUPTED)
    if error is not None:
        print(error.message)  # noqa: T201
    sys.stdout.flush()
    os._exit(0 if error is None else error.exit_code)


if __name__ == "__main__":
    main()
