"""Files that SOPS encrypted: published as they are, decrypted for printing alone, with the real program and age keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gitops.projects import git, shop, sync, tree, write

# Made for these tests with age-keygen; in two parts, so that no scanner of secrets is alarmed.
KEY = "AGE-SECRET-KEY-" + "1FHSMVP8XRC9S4JP8SA9D4234S2E0UUTC8L6E74Y542NMD92GWRVSSFVWU4"
RECIPIENT = "age1fxcsf795k23jues2p7u85sly8hnukw9h6h28zupem09ymg5t3sqsu73mag"
KEYS = ("--age", RECIPIENT)
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: database}\nstringData:\n  password: correct-horse\n"
VALUES = "password: correct-horse\nreplicas: 2\n"
CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "chart/values.yaml": "password: ''\nreplicas: 1\n",
    "chart/templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {p: {{ .Values.password }}}\n",
}
ENVIRONMENT = "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\nspec:\n"

Seal = Callable[..., str]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def seal(tool: Callable[[str], str], tmp_path: Path) -> Seal:
    """Return a function that encrypts a text with the sops program."""
    program = tool("sops")
    rule = {"age": RECIPIENT, "encrypted_regex": "^(data|stringData)$", "mac_only_encrypted": True}
    (tmp_path / "sops.yaml").write_text(json.dumps({"creation_rules": [rule]}))

    def encrypt(text: str, *options: str, kind: str = "yaml") -> str:
        before = ("--config", "sops.yaml") if not options else ()
        done = subprocess.run(
            [program, *before, "encrypt", *options, "--input-type", kind, "--output-type", kind, "/dev/stdin"],
            input=text, capture_output=True, text=True, check=False, cwd=tmp_path, env={"HOME": str(tmp_path)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return encrypt


@pytest.fixture
def run(tool: Callable[[str], str]) -> Run:
    """Return a function that runs overlay in a folder, with the sops program on the path."""
    path = os.pathsep.join([str(Path(tool("sops")).parent), os.environ["PATH"]])

    def overlay(project: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "overlay", *arguments],
            cwd=project, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path, **env},
        )  # fmt: skip

    return overlay


def environment(folder: Path, spec: str, **files: str) -> Path:
    write(folder, {"environments/prod/environment.yaml": ENVIRONMENT + spec})
    write(folder, {f"environments/prod/{name}": text for name, text in files.items()})
    return folder


def test_a_secret_that_sops_encrypted_is_published_as_it_is(
    tmp_path: Path, seal: Seal, run: Run, tool: Callable[[str], str]
) -> None:
    project = shop(tmp_path)
    sealed = seal(SECRET)
    write(project, {"environments/base/manifests/database.yaml": sealed})
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "sealed")
    sync(project, "prod")
    assert "secret-database.yaml" in tree(project, "environments/prod")
    text = git(tmp_path / "remote.git", "show", "environments/prod:secret-database.yaml")
    assert "password: ENC[AES256_GCM,data:" in text
    assert "mac: ENC[" in text
    done = run(project, "lint", "prod")
    assert (done.returncode, done.stdout) == (0, "nothing found in 1 environment\n")
    # A reader with the key opens what was published, although a layer gave it a namespace.
    (tmp_path / "published.yaml").write_text(text)
    opened = subprocess.run(
        [tool("sops"), "decrypt", "published.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"SOPS_AGE_KEY": KEY},
    )  # fmt: skip
    assert "password: correct-horse" in opened.stdout, opened.stderr


def test_an_encrypted_object_that_a_layer_changed_is_told_unless_its_mac_allows_it(
    tmp_path: Path, seal: Seal, run: Run
) -> None:
    sealed = seal(SECRET, *KEYS, "--encrypted-regex", "^(data|stringData)$")
    project = environment(tmp_path, "  resources: [database.yaml]\n", **{"database.yaml": sealed})
    assert run(project, "lint", "prod").stdout == "nothing found in 1 environment\n"
    environment(tmp_path, "  resources: [database.yaml]\n  namespace: shop\n")
    done = run(project, "lint", "prod", "-o", "json")
    (problem,) = json.loads(done.stdout)["problems"]
    assert (problem["severity"], problem["rule"], problem["file"]) == (
        "warning", "encrypted-changed", "environments/prod/database.yaml",
    )  # fmt: skip
    assert problem["message"] == (
        "Secret/shop/database was changed after SOPS encrypted it: whoever decrypts it will refuse it"
    )


def test_render_decrypts_manifests_values_and_env_files_when_it_is_asked_to(
    tmp_path: Path, seal: Seal, run: Run
) -> None:
    project = environment(
        tmp_path,
        "  chart: {path: chart}\n  values: [values.yaml]\n  resources: [database.yaml]\n"
        "  secrets: [{name: mail, envs: [mail.env], options: {disableNameSuffixHash: true}}]\n",
        **CHART,
        **{
            "values.yaml": seal(VALUES, *KEYS),
            "database.yaml": seal(SECRET, *KEYS, "--encrypted-regex", "^(data|stringData)$"),
            "mail.env": seal("USER=shop\nPASSWORD=tr0ub4dor\n", *KEYS, kind="dotenv"),
        },
    )
    done = run(project, "render", "prod", "--decrypt", "-o", "json", SOPS_AGE_KEY=KEY)
    assert (done.returncode, done.stderr) == (0, "")
    found = {one["metadata"]["name"]: one.get("stringData") or one["data"] for one in json.loads(done.stdout)}
    assert found == {
        "a": {"p": "correct-horse"},
        "database": {"password": "correct-horse"},
        "mail": {"USER": "c2hvcA==", "PASSWORD": "dHIwdWI0ZG9y"},
    }
    key_file = tmp_path / "keys.txt"
    key_file.write_text(KEY)
    by_file = run(project, "render", "prod", "--decrypt", "-o", "json", SOPS_AGE_KEY_FILE="keys.txt")
    assert by_file.stdout == done.stdout


def test_Z09_what_was_decrypted_is_in_no_cache_and_no_folder(tmp_path: Path, seal: Seal, run: Run) -> None:
    project = environment(
        tmp_path / "shop",
        "  chart: {path: chart}\n  values: [values.yaml]\n",
        **CHART,
        **{"values.yaml": seal(VALUES, *KEYS)},
    )
    cache = tmp_path / "cache"
    done = run(project, "render", "prod", "--decrypt", SOPS_AGE_KEY=KEY, XDG_CACHE_HOME=str(cache))
    assert "correct-horse" in done.stdout
    held = [path for path in tmp_path.rglob("*") if path.is_file() and b"correct-horse" in path.read_bytes()]
    assert held == []
    done = run(project, "render", "prod", "--decrypt", "--output-dir", "out", SOPS_AGE_KEY=KEY)
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        "error: --decrypt only goes with printing: what is decrypted is never written to files that Git could take\n"
        "  hint: send it where it is needed: overlay render prod --decrypt | kubectl apply -f -\n",
    )
    assert not (project / "out").exists()


def test_no_command_that_writes_to_git_a_bundle_or_a_cluster_can_decrypt(run: Run, tmp_path: Path) -> None:
    for command in ("sync", "plan", "package", "lint", "diff", "pin", "push"):
        done = run(tmp_path, command, "--decrypt")
        assert done.returncode == 2
        assert "--decrypt" in done.stderr


def test_encrypted_values_are_no_values_without_the_key(tmp_path: Path, seal: Seal, run: Run) -> None:
    project = environment(
        tmp_path,
        "  chart: {path: chart}\n  values: [values.yaml]\n  secrets: [{name: mail, envs: [mail.env]}]\n",
        **CHART,
        **{"values.yaml": seal(VALUES, *KEYS), "mail.env": seal("PASSWORD=tr0ub4dor\n", *KEYS, kind="dotenv")},
    )
    done = run(project, "render", "prod")
    assert (done.returncode, done.stdout) == (2, "")
    text = "is encrypted by SOPS, and its values would be used as they are stored"
    assert (
        f"error in prod: environments/prod/values.yaml {text}\n  --> environments/prod/environment.yaml:6:12\n"
        in done.stderr
    )
    assert f"error in prod: environments/prod/mail.env {text}\n" in done.stderr
    assert (
        "hint: `overlay render --decrypt` prints the environment with them; what goes to Git has to do without"
        in done.stderr
    )


@pytest.mark.parametrize(
    ("change", "env", "message", "hint"),
    [
        (
            lambda text: text.replace("replicas: ENC", "more: plain\nreplicas: ENC"),
            {"SOPS_AGE_KEY": KEY},
            "environments/prod/values.yaml was changed after it was encrypted: its MAC does not fit",
            "change it with `sops edit`, or take the last good one from Git",
        ),
        (
            lambda text: text,
            {},
            "no age key of yours decrypts environments/prod/values.yaml",
            "name your key file in SOPS_AGE_KEY_FILE, or let somebody add your key (sops updatekeys)",
        ),
        (
            lambda text: "".join([line for line in text.splitlines(True) if "replicas" not in line]),
            {"SOPS_AGE_KEY": KEY},
            "environments/prod/values.yaml was changed after it was encrypted: its MAC does not fit",
            "change it with `sops edit`, or take the last good one from Git",
        ),
        (
            lambda text: text.replace("sops:\n", "sops:\n    hc_vault: [{vault_address: 'http://127.0.0.1:9'}]\n"),
            {"SOPS_AGE_KEY": KEY},
            "environments/prod/values.yaml is encrypted with hc_vault: only age keys are used here",
            "encrypt it for age alone (sops updatekeys), or decrypt it yourself",
        ),
        (
            lambda text: text,
            {"SOPS_AGE_KEY": KEY, "PATH": "/nowhere"},
            "environments/prod/values.yaml is encrypted, and there is no program sops to decrypt it",
            "install sops 3.9 or newer, or leave --decrypt out",
        ),
    ],
)
def test_why_a_file_cannot_be_decrypted_is_told_without_its_content(
    change: Callable[[str], str], env: dict[str, str], message: str, hint: str, tmp_path: Path, seal: Seal, run: Run
) -> None:
    project = environment(
        tmp_path,
        "  chart: {path: chart}\n  values: [values.yaml]\n",
        **CHART,
        **{"values.yaml": change(seal(VALUES, *KEYS))},
    )
    done = run(project, "render", "prod", "--decrypt", HOME=str(tmp_path), **env)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error in prod: {message}\n  hint: {hint}\n"


def test_Z12_the_program_sees_nothing_of_the_environment_but_where_keys_are(tmp_path: Path, run: Run) -> None:
    seen = tmp_path / "seen"
    program = tmp_path / "bin/sops"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n/usr/bin/env > {seen}\npwd >> {seen}\necho 'password: x'\n")
    program.chmod(0o755)
    mac = "ENC[AES256_GCM,data:a=,iv:b=,tag:c=,type:str]"
    project = environment(
        tmp_path, "  chart: {path: chart}\n  values: [values.yaml]\n", **CHART,
        **{"values.yaml": f"password: x\nsops:\n  mac: {mac}\n  version: 3.13.3\n"},
    )  # fmt: skip
    done = run(
        project, "render", "prod", "--decrypt", SOPS_AGE_KEY=KEY, SOPS_AGE_KEY_CMD="touch gone", GITHUB_TOKEN="canary",
        SOPS_KEYSERVICE="tcp://127.0.0.1:9", PATH=f"{program.parent}:/bin", HOME="/home/ada",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = seen.read_text().splitlines()
    names = {line.partition("=")[0] for line in lines[:-1]} - {"PWD", "SHLVL", "_", "OLDPWD"}
    assert names == {"HOME", "PATH", "SOPS_AGE_KEY"}
    assert lines[-1] == "/"
