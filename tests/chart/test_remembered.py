"""What Helm answered in earlier checks is answered again, as often and in the same order, and verified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from overlay.chart.child import HelmLibrary
from overlay.chart.remembered import Remembering
from overlay.chart.render import Rendered, RenderRequest
from overlay.errors import ChartError, OverlayError
from overlay.model.value import replace
from tests.chart.charts import HERE, request

FINE = {"templates/a.yaml": "a: {{ .Values.n | default 0 }}\n"}
RANDOM = {"templates/a.yaml": "a: {{ randAlphaNum 20 }}\n"}


class Counted:
    """A renderer that counts what it is asked; a failure for the environment `broken`."""

    version = "4.0.0"

    def __init__(self) -> None:
        self.asked = 0

    def render(self, requests: Sequence[RenderRequest]) -> Iterator[Rendered | OverlayError]:
        for one in requests:
            self.asked += 1
            text = f"{one.values}: {self.asked}\n"
            if one.environment == "broken":
                yield ChartError("no", location=HERE)
            else:
                yield Rendered(templates=(("templates/a.yaml", text),), crds=(), notes=None)

    def close(self) -> None:
        pass


def answers(folder: Path, renderer: object, *requests: RenderRequest) -> list[Rendered | OverlayError]:
    """Ask one by one, as a check does."""
    remembering = Remembering(str(folder), renderer)
    found = [next(iter(remembering.render([one]))) for one in requests]
    remembering.close()
    return found


def test_what_helm_was_asked_before_it_is_not_asked_again(tmp_path: Path, helm: HelmLibrary) -> None:
    wanted = [request(FINE, {"n": n}) for n in (1, 2, 1)]
    first = answers(tmp_path, helm, *wanted)
    assert [one.templates[0][1] for one in first] == ["a: 1\n", "a: 2\n", "a: 1\n"]
    counted = Counted()
    counted.version = helm.version
    assert answers(tmp_path, counted, *wanted) == first
    assert counted.asked == 0
    answers(tmp_path, counted, request(FINE, {"n": 3}), *wanted)
    assert counted.asked == 1


def test_what_is_not_deterministic_stays_so(tmp_path: Path, helm: HelmLibrary) -> None:
    twice = [request(RANDOM), request(RANDOM)]
    first = answers(tmp_path, helm, *twice)
    assert first[0] != first[1]
    counted = Counted()
    counted.version = helm.version
    assert answers(tmp_path, counted, *twice) == first
    # A third question is a new one, which is known from then on.
    third = answers(tmp_path, counted, *twice, twice[0])[2]
    assert counted.asked == 1
    assert answers(tmp_path, Counted(), *twice)[0].templates[0][1].startswith("{}"), "another Helm, other answers"
    assert answers(tmp_path, counted, *twice, twice[0]) == [*first, third]


def test_environments_with_one_request_ask_once_each_time(tmp_path: Path) -> None:
    counted = Counted()
    ours, theirs = request(FINE), request(FINE, environment="dev")
    found = answers(tmp_path, counted, ours, ours, theirs, theirs)
    assert counted.asked == 2
    assert found[:2] == found[2:]


def test_failures_and_marked_charts_are_not_remembered(tmp_path: Path) -> None:
    counted = Counted()
    broken = request(FINE, environment="broken")
    marked = replace(request(FINE), chart=replace(request(FINE).chart, digest="sha256:0+mark+1"))
    for _ in range(2):
        assert isinstance(answers(tmp_path, counted, broken, marked)[0], ChartError)
    assert counted.asked == 4
    assert list((tmp_path / "check-render").iterdir()) == []


def test_C06_an_entry_that_is_not_ours_counts_as_absent(tmp_path: Path) -> None:
    counted = Counted()
    answers(tmp_path, counted, request(FINE))
    [entry] = (tmp_path / "check-render").iterdir()
    whole = entry.read_bytes()
    for other in (whole.replace(b"{}: 1", b"{}: 9"), whole[:-4], b""):
        entry.write_bytes(other)
        before = counted.asked
        answers(tmp_path, counted, request(FINE))
        assert counted.asked == before + 1
    (tmp_path / "check-render").chmod(0o755)
    before = counted.asked
    answers(tmp_path, counted, request(FINE))
    assert counted.asked == before + 1


def test_the_version_beside_gets_the_same_answers(tmp_path: Path) -> None:
    counted = Counted()
    after = Remembering(str(tmp_path), counted)
    before = after.beside()
    found = [list(one.render([request(FINE)])) for one in (after, after, before, before)]
    assert (found[0], found[1]) == (found[2], found[3])
    assert counted.asked == 2
