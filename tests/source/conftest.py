"""Fixtures shared with the tests of what is fetched, and of servers for Git."""

from __future__ import annotations

from tests.servers.fixtures import authority, git_http, make_git_server

__all__ = ["authority", "git_http", "make_git_server"]
