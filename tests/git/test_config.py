"""What a repository's configuration names to be run, and what stands in its place."""

from __future__ import annotations

from overlay.git.config import SSH, own_programs


def listing(*entries: tuple[str, str, str]) -> bytes:
    return "".join(f"{scope}\0{name}\n{text}\0" for scope, name, text in entries).encode()


def test_without_settings_there_is_nothing_to_take_away() -> None:
    assert own_programs(b"") == ((), SSH)


def test_the_users_own_programs_act_in_the_place_of_the_repositorys() -> None:
    settings, ssh = own_programs(
        listing(
            ("system", "credential.helper", "store"),
            ("global", "gpg.program", "gpg2"),
            ("global", "core.sshcommand", "ssh -i key"),
            ("global", "credential.https://h.helper", "!token"),
            ("local", "gpg.program", "/tmp/evil"),
            ("worktree", "gpg.ssh.program", "/tmp/evil"),
            ("local", "core.sshcommand", "/tmp/evil"),
            ("local", "core.askpass", "/tmp/evil"),
            ("local", "credential.https://h.helper", "/tmp/evil"),
        )
    )
    assert settings == (
        "gpg.program=gpg2",
        "gpg.ssh.program=ssh-keygen",
        "core.askpass=",
        "credential.helper=",
        "credential.helper=store",
        "credential.https://h.helper=!token",
    )
    assert ssh == "ssh -i key"


def test_the_users_own_helpers_are_left_alone_where_the_repository_names_none() -> None:
    found = own_programs(listing(("global", "credential.helper", "store"), ("global", "gpg.program", "gpg2")))
    assert found == ((), SSH)


def test_filters_and_hooks_act_for_nobody() -> None:
    found, _ = own_programs(
        listing(
            ("global", "filter.lfs.clean", "git-lfs clean"),
            ("global", "filter.lfs.required", "true"),
            ("local", "hook.lint.command", "/tmp/evil"),
        )
    )
    assert found == (
        "filter.lfs.clean=",
        "filter.lfs.required=false",
        "hook.lint.command=true",
        "hook.lint.enabled=false",
    )
