"""Connections that are ended in the middle: nothing of them is left to the collector."""

from __future__ import annotations

import gc
import socket
import threading
import warnings
from collections.abc import Iterator

import pytest

from overlay.cluster.access import Access
from overlay.cluster.client import Client
from overlay.cluster.connection import Limits
from overlay.errors import OverlayError, Temporary
from overlay.fetch.retry import Patience


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def client(server: socket.socket) -> Client:
    access = Access(
        context="prod", source="kubeconfig", server=f"https://127.0.0.1:{server.getsockname()[1]}", insecure=True
    )
    return Client(access, limits=Limits(connect=60, idle=60, request=60), patience=Patience(attempts=1))


def test_a_run_that_ends_in_the_middle_of_a_handshake_leaves_no_socket(silent: socket.socket) -> None:
    made = client(silent)
    caught: list[BaseException] = []

    def ask() -> None:
        try:
            made.kinds()
        except OverlayError as error:
            caught.append(error)  # its traceback keeps all that was under way

    thread = threading.Thread(target=ask)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        thread.start()
        theirs, _ = silent.accept()
        assert theirs.recv(1), "the handshake has begun"
        made.close()
        thread.join(60)
        assert not thread.is_alive()
        theirs.close()
        assert len(caught) == 1
        caught.clear()
        gc.collect()
    assert [str(one.message) for one in seen if one.category is ResourceWarning] == []


def test_after_the_end_nothing_is_opened_any_more(silent: socket.socket) -> None:
    made = client(silent)
    made.close()
    with pytest.raises(Temporary) as caught:
        made.kinds()
    assert (caught.value.message, caught.value.hint) == (
        "the run was ended while it talked to the cluster",
        "run it again; it goes on from there",
    )
