"""The hostile pull request: every trick at once ends with named errors, and nothing gets out (hazards 3.1 to 3.8)."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.check.hostile import CANARIES, HOME, VARIABLE, hostile, tricks
from tests.running import run

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ("markdown", "sarif", "junit", "json")


class Listener:
    """A port that must hear nothing: it is where every address of the change leads, and every proxy."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def heard(self) -> bool:
        """Tell whether somebody came; a connection waits until it is taken."""
        self.socket.setblocking(False)
        try:
            self.socket.accept()
        except BlockingIOError:
            return False
        return True


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.socket.close()


def environment(home: Path, listener: Listener) -> dict[str, str]:
    """Return the variables of a job that has secrets, and every proxy set to the listener."""
    (home / ".kube").mkdir(parents=True)
    (home / ".kube/config").write_text(f"users: [{{name: a, user: {{token: {HOME}, exec: {{command: touch}}}}}}]\n")
    (home / ".docker").mkdir()
    (home / ".docker/config.json").write_text(
        json.dumps({"credsStore": "evil", "auths": {"evil.example": {"auth": HOME}}})
    )
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), listener.url)
    return {
        **os.environ, **proxies, "PYTHONPATH": str(ROOT), "HOME": str(home), "CANARY": VARIABLE, "CI": "true",
        "GITHUB_ACTIONS": "true", "GITHUB_TOKEN": VARIABLE, "HELM_PLUGINS": str(home), "TMPDIR": str(home),
    }  # fmt: skip


def everything(folder: Path, *, but: Path) -> dict[str, tuple[int, bytes]]:
    """Return mode and content of all files below a folder; Git's own and reports left out."""
    found = {}
    for path in folder.rglob("*"):
        if but in path.parents or path == but or "cache" in path.parts:
            continue
        mode = path.lstat().st_mode
        found[str(path)] = (mode, path.read_bytes() if path.is_file() and not path.is_symlink() else b"")
    return found


def test_C05_C12_every_trick_at_once_ends_with_named_errors_and_nothing_gets_out(
    tmp_path: Path, listener: Listener
) -> None:
    work, out, home = tmp_path / "work", tmp_path / "out", tmp_path / "work/home"
    work.mkdir()
    out.mkdir()
    env = environment(home, listener)
    project = hostile(work, listener.url, lambda: work / "ran")
    env["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    before = everything(work, but=out)
    reports = [f"--report={kind}={out / kind}" for kind in REPORTS] + [f"--report=html={out / 'page'}"]
    arguments = ("check", "--all", "--base", "main", "--no-cache", *reports)
    # The loop alone has its 30 seconds, and the base is checked beside the change.
    done = run(*arguments, cwd=project, env=env, seconds=900)
    assert (done.returncode, done.stderr) == (1, "")
    found = json.loads((out / "json").read_text())
    by_name = {one["environment"]: one for one in found["environments"]}
    wanted = {name: said for name, (_, said) in tricks(listener.url).items()}
    missing = {
        name: [one["message"] for one in found["problems"] if name in (one["environment"] or "").split(", ")]
        for name, said in wanted.items()
        if by_name[name]["result"] != "failed"
        or not any(
            said in one["message"] and name in (one["environment"] or "").split(", ") for one in found["problems"]
        )
    }
    assert missing == {}
    fine = sorted(name for name, one in by_name.items() if one["result"] == "ok")
    assert fine == ["c07-commands", "c10-markup", "c11-large", "dev", "prod", "t12-lookup"]
    demanded = [one for one in found["problems"] if one["environment"] == "c06-policy"]
    assert {one["rule"] for one in demanded} >= {"privileged", "registries"}, "the base's policy counts"
    assert all("the base's overlay.yaml demands it" in one["hint"] for one in demanded if one["rule"] == "privileged")
    assert by_name["c10-markup"]["diff"]["objects"], "what the change ignores is told all the same"
    texts = {"stdout": done.stdout, **{str(path): path.read_text() for path in out.rglob("*") if path.is_file()}}
    for name, text in texts.items():
        assert not [one for one in (*CANARIES, "root:x:") if one in text], name
        assert "Traceback" not in text, name
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", text), name
    assert not listener.heard()
    assert everything(work, but=out) == before, "nothing is run, written or left behind"
    assert_inert(done.stdout, out)


def assert_inert(printed: str, out: Path) -> None:
    """Hold that nothing of the change acts in what is printed and in the reports (C07, C09, C10, C11)."""
    assert not [line for line in printed.splitlines() if line.lstrip().startswith("::") or "##[" in line]
    comment = (out / "markdown").read_text()
    assert len(comment) <= 65_536
    assert re.search(r"\d+ more", comment), "what is left out is counted"
    outside, inside = "", False
    for line in comment.splitlines():
        if re.match(r"`{3,}", line):
            inside = not inside
        elif not inside:
            outside += re.sub(r"(`+).*?\1", "", line) + "\n"
    assert not inside, "every fence is closed"
    for acting in ("@team", "<!-- x", "<img", "![", "javascript:"):
        assert acting not in outside
    page = (out / "page/index.html").read_text()
    assert "<img src=x" not in page
    assert "javascript:z)" not in re.sub(r">[^<]*<", "><", page)
    ET.parse(out / "junit")  # our own
    json.loads((out / "sarif").read_text())


@pytest.mark.skipif(
    subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode != 0,
    reason="this machine gives nobody a namespace of networks",
)
def test_C12_without_any_network_a_check_says_the_same(tmp_path: Path, listener: Listener) -> None:
    env = environment(tmp_path / "home", listener)
    project = hostile(tmp_path, listener.url, lambda: tmp_path / "ran")
    names = [name for name in tricks(listener.url) if not name.startswith(("t04", "t05"))]
    command = [
        sys.executable,
        "-m",
        "overlay",
        "check",
        *names,
        "t12-lookup",
        "--base",
        "main",
        "--no-cache",
        "-o",
        "json",
    ]
    outcomes = [
        subprocess.run([*prefix, *command], cwd=project, env=env, capture_output=True, text=True, check=False)
        for prefix in ([], ["unshare", "-rn"])
    ]
    assert [one.returncode for one in outcomes] == [1, 1], outcomes[1].stderr
    assert outcomes[0].stdout == outcomes[1].stdout
    assert not listener.heard()
    assert not (tmp_path / "ran").exists()
