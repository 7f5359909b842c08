"""A lock against what is asked for: pure, and independent of order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from overlay.fetch.lockfile import read_lock, write_lock
from overlay.model.location import Location
from overlay.model.remote import Pin, Request
from overlay.remote.lock import plan_lock, without

HERE = Location("environments/prod/environment.yaml", 6, 10)
names = st.sampled_from(["db", "cache", "web-1.x"])
words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
requests = st.builds(
    lambda name, fields: Request(name=name, fields=tuple(sorted(fields.items())), location=HERE),
    names,
    st.fixed_dictionaries({"repository": st.sampled_from(["https://a.example", "@b"]), "version": words}),
)
versions = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,9}", fullmatch=True)
pins = st.lists(
    st.builds(
        lambda request, version, digit, size: Pin(
            name=request.name, request=request, version=version, source="https://x", digest="sha256:" + digit * 64, size=size
        ),
        requests, versions, st.sampled_from("0123456789abcdef"), st.integers(0, 10**9),
    ),
    max_size=6, unique_by=lambda pin: pin.request.key,
).map(tuple)  # fmt: skip


def facts(found: tuple[Pin, ...]) -> list[tuple]:
    return sorted((pin.request.key, pin.version, pin.source, pin.digest, pin.size) for pin in found)


@given(pins)
def test_law_a_lock_reads_back_as_it_was_written_whatever_the_order(found: tuple[Pin, ...]) -> None:
    text = write_lock(found)
    assert facts(read_lock(text)) == facts(found)
    assert write_lock(reversed(found)) == text


@given(pins, st.lists(requests, max_size=5))
def test_law_a_plan_answers_every_request_and_keeps_nothing_else(found: tuple[Pin, ...], asked: list[Request]) -> None:
    plan = plan_lock(found, asked)
    kept = {pin.request.key for pin in plan.kept}
    assert kept | {request.key for request in plan.missing} == {request.key for request in asked}
    assert not kept & {request.key for request in plan.missing}
    assert facts(plan.kept + plan.stale) == facts(found)
    assert plan.is_current == (kept == {pin.request.key for pin in found} == {request.key for request in asked})


@given(pins)
def test_law_upgrading_looks_again_at_all_of_a_name_and_nothing_else(found: tuple[Pin, ...]) -> None:
    for name in {pin.name for pin in found}:
        left = without(found, [name])
        assert facts(left) == facts(tuple(pin for pin in found if pin.name != name))
