"""Expressions of users: what they mean, and that none of them can take our run down or keep it waiting."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overlay.expressions import MAX_LENGTH, Evaluator, Failure

DEPLOYED = {
    "metadata": {"name": "web", "generation": 3},
    "spec": {"replicas": 3, "image": "shop/web:1.2"},
    "status": {"ready": 3, "conditions": [{"type": "Ready", "status": "True"}]},
}

VALUES = [
    ("status.ready == spec.replicas", True),
    ("status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')", True),
    ("status.conditions.filter(c, c.type == 'Ready').all(c, c.status == 'True')", True),
    ("has(status.phase)", False),
    ("has(status.phase) && status.phase == 'Done'", False),
    ("status.missing == 1 || true", True),
    ("spec.image.split(':')[1]", "1.2"),
    ("'ready: ' + string(status.ready)", "ready: 3"),
    ("spec.image.matches('^shop/')", True),
    ("status.conditions[0]", {"type": "Ready", "status": "True"}),
    ("[1, 2.5, 'a', null]", [1, 2.5, "a", None]),
]

FAILURES = [
    ("status.", Failure("syntax", "no viable alternative at input '.'", 1, 8)),
    ("status.?ready", Failure("syntax", "unsupported syntax '.?': ask has(a.b) first", 1, 7)),
    ("true &&\n  status.?ready", Failure("syntax", "unsupported syntax '.?': ask has(a.b) first", 2, 9)),
    ("status.phase == 'Done'", Failure("absent", "there is no phase")),
    ("stats.ready == 1", Failure("absent", "there is no stats")),
    ("statuses(1)", Failure("absent", "there is no statuses")),
    ("status.conditions[1]", Failure("absent", "there is no element 1")),
    ("status.ready / 0", Failure("value", "division by zero in CEL expression")),
    ("'a' + 1", Failure("type", "Unsupported operation: string + int")),
    ("b'bytes'", Failure("type", "its value is a bytes, which is no JSON value")),
    ("1.0 / 0.0", Failure("value", "its value is infinite or no number, which JSON has no word for")),
    ("a" * (MAX_LENGTH + 1), Failure("limit", "it is longer than 8192 characters")),
]

ENDLESS = "[1].map(a, l.map(b, l.map(c, l.map(d, a + b + c + d)))).size()"
DEEP = "1+" * 4000 + "1"
LARGE = "+".join(["s"] * 60)


@pytest.fixture(scope="module")
def evaluator():
    with Evaluator() as one:
        yield one


@pytest.mark.parametrize(("text", "expected"), VALUES, ids=[text for text, _ in VALUES])
def test_an_expression_gives_a_json_value(evaluator, text, expected):
    assert evaluator.evaluate([text], DEPLOYED) == [expected]


@pytest.mark.parametrize(("text", "expected"), FAILURES, ids=[text[:30] for text, _ in FAILURES])
def test_an_expression_without_a_value_says_why(evaluator, text, expected):
    assert evaluator.evaluate([text], DEPLOYED) == [expected]


def test_checking_finds_what_is_no_expression_without_evaluating_any(evaluator):
    assert evaluator.check(["status.phase == 'Done'", "status."]) == [
        None,
        Failure("syntax", "no viable alternative at input '.'", 1, 8),
    ]


def test_an_expression_that_would_run_for_ever_is_stopped_and_those_beside_it_are_answered():
    with Evaluator(seconds=0.5) as evaluator:
        numbers = {"l": list(range(200))}
        assert evaluator.evaluate(["size(l)", ENDLESS, "l[1]", ENDLESS], numbers) == [
            200,
            Failure("limit", "it takes more than 0.5 s"),
            1,
            Failure("limit", "it takes more than 0.5 s"),
        ]
        assert evaluator.evaluate(["size(l)"], numbers) == [200]


def test_an_expression_that_allocates_without_end_is_stopped():
    with Evaluator(seconds=60, memory=150 << 20) as evaluator:
        assert evaluator.evaluate([LARGE, "size(s)"], {"s": "x" * (8 << 20)}) == [
            Failure("limit", "it needs more memory than it may have, or is nested too deeply"),
            8 << 20,
        ]


def test_an_expression_that_is_nested_deeply_has_a_value_or_a_failure(evaluator):
    (found,) = evaluator.evaluate([DEEP], {})
    assert found == 4001 or found.kind == "limit"
    assert evaluator.evaluate(["1 + 1"], {}) == [2]


def test_a_value_that_is_too_large_is_a_failure(evaluator):
    assert evaluator.evaluate(["[s, s]"], {"s": "x" * 600_000}) == [Failure("limit", "its value is larger than 1 MiB")]


def test_threads_share_one_evaluator(evaluator):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: evaluator.evaluate(["n * 2", "n"], {"n": n}), range(200)))
    assert found == [[n * 2, n] for n in range(200)]


def test_the_child_sees_none_of_our_environment(monkeypatch, evaluator):
    monkeypatch.setenv("OVERLAY_CANARY", "secret")
    with Evaluator() as one:
        one.evaluate(["1"], {})
        with open(f"/proc/{one._child._process.pid}/environ", "rb") as stream:
            assert b"OVERLAY_CANARY" not in stream.read()


def test_the_library_is_not_imported_in_our_own_process():
    program = "import sys; from overlay.expressions import Evaluator; e = Evaluator(); print(e.evaluate(['1 + 1'], {}), 'cel' in sys.modules); e.close()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[2] False\n"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(found=JSON)
@settings(max_examples=200, deadline=None)
def test_a_law_a_value_comes_back_as_it_is(evaluator, found):
    assert evaluator.evaluate(["x"], {"x": found}) == [found]


@given(text=st.text(alphabet="ab.?()[]{}:,+-*/!&|<>='\" 01\\\n", max_size=60))
@settings(max_examples=200, deadline=None)
def test_fuzz_any_text_gives_a_value_or_a_failure(evaluator, text):
    (checked,) = evaluator.check([text])
    (found,) = evaluator.evaluate([text], {"a": {"b": 1}, "b": [1]})
    assert checked is None or checked == found
    assert not isinstance(found, Failure) or found.message
