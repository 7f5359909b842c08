"""Fixtures shared with other tests of Git."""

from __future__ import annotations

from tests.servers.fixtures import authority, git_http, git_https, make_git_server, sshd

__all__ = ["authority", "git_http", "git_https", "make_git_server", "sshd"]
