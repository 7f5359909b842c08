"""One mistake at a time in the sample project: each is found at its line and column, and said so that it can be mended.

Beside it stands what kustomize and helm say about the same mistake: docs/explanation/mistakes.md, which
`pytest tests/mistakes --update` writes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from overlay.errors import OverlayError
from overlay.inspect.lint import lint_all
from overlay.inspect.session import Workshop
from overlay.load.project import list_environments
from overlay.model.finding import Finding
from tests.mistakes import twins

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "explanation" / "mistakes.md"
GROUPS = {
    "patches": "In patches",
    "documents": "In environments, bases and components",
    "values": "In values",
    "rules": "Between layers",
    "chart": "In the chart and its templates",
}
CASES: dict[str, list[dict[str, Any]]] = {
    name: yaml.safe_load((HERE / "cases" / f"{name}.yaml").read_text(encoding="utf-8")) for name in GROUPS
}
EVERY = [case for cases in CASES.values() for case in cases]
SHORT = 150
HEAD = """\
<!-- made by `pytest tests/mistakes --update`, which also proves it -->

# Mistakes, and who finds them

{count} single mistakes in the sample project (`environments/`), each in one file. `overlay lint --all` finds them all, at the line and column
shown. Beside it stands what kustomize {kustomize} and helm {helm} say to the same mistake in the same project written for them: the chart with its
values files for helm (`helm template`, then `helm lint`), a kustomization.yaml for each document, above what helm rendered, for kustomize.

| | could see it | found it | found nothing |
| --- | ---: | ---: | ---: |
{totals}

"{nothing}" means that the program ends well and says nothing; "{unseen}" that the mistake is in what the program does not have, or that
helm has refused the chart before. Both are good at what they are for: neither promises to know types.
"""


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return copy(tmp_path / "sample")


def copy(folder: Path) -> Path:
    shutil.copytree(ROOT / "environments", folder / "environments")
    shutil.copy(ROOT / "overlay.yaml", folder)
    return folder


def file_of(case: dict[str, Any]) -> str:
    return case["file"] if case["file"] == "overlay.yaml" else f"environments/{case['file']}"


def make(case: dict[str, Any], project: Path) -> None:
    path = project / file_of(case)
    text = path.read_text(encoding="utf-8")
    assert case["old"] in text, "the sample has changed"
    path.write_text(text.replace(case["old"], case["new"], 1), encoding="utf-8")


def found(project: Path) -> list[Finding | OverlayError]:
    try:
        with Workshop(project=str(project), exact=True) as workshop:
            return list(lint_all(workshop, list_environments(workshop.project, workshop.files)))
    except OverlayError as error:
        return list(error.each())


def place(case: dict[str, Any], told: dict[str, str]) -> str:
    """Return a told place in full; one in the case's own file is written without it."""
    at = told["at"]
    return f"{file_of(case)}:{at}" if at[0].isdigit() else f"environments/{at}"


def test_the_sample_has_none(sample: Path) -> None:
    assert found(sample) == []


def test_there_are_many_and_each_is_another_one() -> None:
    assert len(EVERY) >= 60
    assert len({case["mistake"] for case in EVERY}) == len(EVERY)
    assert len({(case["file"], case["old"], case["new"]) for case in EVERY}) == len(EVERY)


@pytest.mark.parametrize("case", EVERY, ids=[case["mistake"] for case in EVERY])
def test_a_mistake_is_found_at_its_place_and_nothing_else_is(case: dict[str, Any], sample: Path) -> None:
    make(case, sample)
    expected = [(place(case, told), told["message"], told.get("hint")) for told in case["told"]]
    assert [(str(one.location), one.message, one.hint) for one in found(sample)] == expected


def test_the_page_shows_what_kustomize_and_helm_say(
    tool: Callable[[str], str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    helm, kustomize = tool("helm"), tool("kustomize")
    totals = {"kustomize": [0, 0], "helm": [0, 0]}
    tables = []
    for name, title in GROUPS.items():
        rows = []
        for number, case in enumerate(CASES[name]):
            project = copy(tmp_path / f"{name}-{number}")
            make(case, project)
            said = answers(case, project, helm, kustomize)
            for program, text in said.items():
                if text != twins.UNSEEN:
                    totals[program][text == twins.SILENT] += 1
            rows.append(row(case, said))
            shutil.rmtree(project)
        tables.append(
            f"\n## {title}\n\n| mistake | overlay | kustomize | helm |\n| --- | --- | --- | --- |\n" + "".join(rows)
        )
    head = HEAD.format(
        count=len(EVERY),
        kustomize=twins.version(kustomize),
        helm=twins.version(helm),
        totals="\n".join(
            [
                f"| overlay | {len(EVERY)} | {len(EVERY)} | 0 |",
                *[f"| {name} | {some + none} | {some} | {none} |" for name, (some, none) in totals.items()],
            ]
        ),
        nothing=twins.SILENT,
        unseen=twins.UNSEEN,
    )
    text = head + "".join(tables)
    if request.config.getoption("--update"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text


def answers(case: dict[str, Any], project: Path, helm: str, kustomize: str) -> dict[str, str]:
    """Ask both programs about what they can see of a mistake."""
    file, unseen = case["file"], case.get("unseen", ())
    environment = next((name for name in ("dev", "prod-eu") if file.startswith(f"{name}/")), "prod")
    is_helms = file.startswith("base/chart/") or file.endswith("/values.yaml") or "values" in case
    said, rendered = twins.ask_helm(helm, project, environment, case.get("values", "values.yaml"))
    found = {"kustomize": twins.UNSEEN, "helm": said if is_helms else twins.UNSEEN}
    if "kustomize" not in unseen and file != "overlay.yaml" and rendered is not None:
        found["kustomize"] = twins.ask_kustomize(kustomize, project, environment, rendered)
    return found


def row(case: dict[str, Any], said: dict[str, str]) -> str:
    told = case["told"][0]
    at = place(case, told).removeprefix("environments/")
    message = told["message"] + (f" ({told['hint']})" if "hint" in told else "")
    cells = [case["mistake"], f"`{at}` {short(message)}", short(said["kustomize"]), short(said["helm"])]
    return "| " + " | ".join(cells) + " |\n"


def short(text: str) -> str:
    text = text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"
    for mark in ("|", "<", "*", "["):
        text = text.replace(mark, f"\\{mark}")
    return text
