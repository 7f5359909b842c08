"""A rendering of an earlier run is used only when it is exactly what we wrote; everything else is rendered again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from overlay import Options, build
from overlay.chart.cache import MAX_ENTRIES, RenderCache, cache_folder, render_cached
from overlay.chart.render import Rendered, RenderRequest
from overlay.errors import ChartError, OverlayError
from tests.chart.charts import request

ANSWER = Rendered(
    templates=(("templates/a.yaml", "a: 1\n"),), crds=(("crds/c.yaml", "c: 1\n"),), notes="n", warnings=("w",)
)
ASKED = request({})


class Counting:
    """A Renderer that says what it was asked."""

    version = "4.2.3"

    def __init__(self, answers: Sequence[Rendered | OverlayError] = ()) -> None:
        self.answers = answers
        self.asked: list[RenderRequest] = []

    def render(self, requests: Sequence[RenderRequest]) -> Iterator[Rendered | OverlayError]:
        self.asked += requests
        for number, _ in enumerate(requests):
            yield self.answers[number] if self.answers else ANSWER

    def close(self) -> None: ...


@pytest.fixture
def cache(tmp_path: Path) -> RenderCache:
    return RenderCache(str(tmp_path), "4.2.3")


def entry(cache: RenderCache, asked: RenderRequest = ASKED) -> Path:
    cache.put(cache.key(asked), ANSWER)
    return Path(cache.folder, cache.key(asked))


def test_what_was_kept_comes_back_whole(cache: RenderCache) -> None:
    path = entry(cache)
    assert cache.get(path.name) == ANSWER
    assert path.stat().st_mode & 0o777 == 0o600
    assert Path(cache.folder).stat().st_mode & 0o777 == 0o700
    assert [found.name for found in Path(cache.folder).iterdir()] == [path.name]


def rewrite(path: Path, payload: bytes, *, digest: bytes | None = None) -> None:
    right = hashlib.sha256(path.name.encode() + payload).hexdigest().encode()
    path.write_bytes((digest or right) + b"\n" + payload)


def replaced_by_link(path: Path) -> None:
    real = path.rename(path.with_suffix(".real"))
    path.symlink_to(real)


def replaced_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replaced_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


OTHER = json.dumps([[["templates/a.yaml", "a: evil\n"]], [], None, []]).encode()

TAMPERED: dict[str, Callable[[Path], object]] = {
    "another payload": lambda path: path.write_bytes(path.read_bytes().replace(b"a: 1", b"a: 2")),
    "digest of the payload alone": lambda path: rewrite(path, OTHER, digest=hashlib.sha256(OTHER).hexdigest().encode()),
    "no digest": lambda path: path.write_bytes(OTHER),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "prolonged": lambda path: path.write_bytes(path.read_bytes() + b" "),
    "empty": lambda path: path.write_bytes(b""),
    "no JSON": lambda path: rewrite(path, b"{"),
    "another shape": lambda path: rewrite(path, b"[1, 2, 3, 4]"),
    "a list too few": lambda path: rewrite(path, b"[[], [], null]"),
    "a link": replaced_by_link,
    "a pipe": replaced_by_pipe,
    "a folder": replaced_by_folder,
}


@pytest.mark.parametrize("tamper", [pytest.param(act, id=name) for name, act in TAMPERED.items()])
def test_a_tampered_entry_is_rendered_again(tamper: Callable[[Path], object], cache: RenderCache) -> None:
    tamper(entry(cache))
    renderer = Counting()
    assert list(render_cached(cache, [ASKED], renderer)) == [ANSWER]
    assert renderer.asked == [ASKED]


def test_a_sound_entry_under_another_key_is_not_used(cache: RenderCache) -> None:
    path = entry(cache)
    other = cache.key(request({}, {"n": 1}))
    path.rename(path.with_name(other))
    assert cache.get(other) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_an_entry_of_another_user_is_not_used(cache: RenderCache) -> None:
    path = entry(cache)
    os.chown(path, 12345, -1)
    assert cache.get(path.name) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
def test_a_folder_of_another_user_is_not_used(tmp_path: Path, cache: RenderCache) -> None:
    path = entry(cache)
    os.chown(cache.folder, 12345, -1)
    assert RenderCache(str(tmp_path), "4.2.3").get(path.name) is None


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_folder_that_others_may_enter_is_not_used(mode: int, tmp_path: Path, cache: RenderCache) -> None:
    path = entry(cache)
    os.chmod(cache.folder, mode)
    shared = RenderCache(str(tmp_path), "4.2.3")
    shared.put("other", ANSWER)
    assert shared.get(path.name) is None
    assert [found.name for found in Path(cache.folder).iterdir()] == [path.name]


def test_a_folder_that_is_a_link_is_not_used(tmp_path: Path, cache: RenderCache) -> None:
    entry(cache)
    (tmp_path / "second").mkdir()
    (tmp_path / "second/render").symlink_to(cache.folder)
    assert RenderCache(str(tmp_path / "second"), "4.2.3").get(cache.key(ASKED)) is None


def test_a_place_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = RenderCache(str(tmp_path / "file"), "4.2.3")
    assert list(render_cached(cache, [ASKED], Counting())) == [ANSWER]


@pytest.mark.parametrize(
    "change",
    [
        {"values": {"a": 1.0}}, {"values": {"a": True}}, {"values": {"a": "1"}}, {"values": {}}, {"release_name": "x"},
        {"namespace": "x"}, {"revision": 2}, {"is_upgrade": True}, {"kubernetes_version": "1.33.0"},
        {"api_versions": ("a/v1",)}, {"chart": "apiVersion: v2\nname: web\nversion: 1.0.0\n"},
    ],
    ids=str,
)  # fmt: skip
def test_whatever_settles_a_rendering_is_part_of_its_key(change: dict, cache: RenderCache) -> None:
    values = change.pop("values", {"a": 1})
    assert cache.key(request({}, values, **change)) != cache.key(request({}, {"a": 1}))


def test_another_helm_has_other_keys_and_another_environment_the_same(tmp_path: Path, cache: RenderCache) -> None:
    assert RenderCache(str(tmp_path), "4.3.0").key(ASKED) != cache.key(ASKED)
    assert cache.key(request({}, environment="dev")) == cache.key(ASKED)


def test_results_come_in_order_and_failures_are_not_kept(cache: RenderCache) -> None:
    entry(cache)
    new, bad = request({}, {"n": 1}), request({}, {"n": 2})
    failure = ChartError("no")
    other = Rendered(templates=(), crds=(), notes=None)
    renderer = Counting([other, failure])
    assert list(render_cached(cache, [new, ASKED, bad], renderer)) == [other, ANSWER, failure]
    assert renderer.asked == [new, bad]
    assert (cache.get(cache.key(new)), cache.get(cache.key(bad))) == (other, None)


def test_the_cache_stays_small(cache: RenderCache) -> None:
    for number in range(MAX_ENTRIES):
        path = Path(cache.folder, f"old{number:04}")
        path.touch()
        os.utime(path, (number, number))
    path = entry(cache)
    left = sorted(found.name for found in Path(cache.folder).iterdir())
    assert len(left) == MAX_ENTRIES // 2
    assert path.name in left
    assert f"old{MAX_ENTRIES - 1:04}" in left


def project(folder: Path) -> str:
    files = {
        "environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\nspec: {chart: {path: c}}\n",
        "c/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "c/templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: {{ randAlpha 20 }}}\n",
    }
    for name, text in files.items():
        path = folder / "environments/prod" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(folder)


def test_it_is_off_when_asked(tmp_path: Path) -> None:
    found = [
        build("prod", project=project(tmp_path), options=Options(cache=cache)).objects[0].body["data"]["x"]
        for cache in (False, False, True, True, False)
    ]
    first, second, third, fourth, fifth = found
    assert third == fourth
    assert len({first, second, third, fifth}) == 4


def test_it_stands_in_the_users_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == f"{tmp_path}/overlay"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == f"{os.environ['HOME']}/.cache/overlay"


def test_nothing_is_written_when_it_is_off(tmp_path: Path) -> None:
    build("prod", project=project(tmp_path), options=Options(cache=False))
    assert not Path(cache_folder(), "render").exists()
