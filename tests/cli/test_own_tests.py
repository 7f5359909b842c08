"""`overlay test`: golden files and assertions of the user's own, and what is said where they fail."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.gitops.projects import DEV, PROD, manifest, overlay, shop, write

HEAD = "apiVersion: overlay.dev/v1\nkind: Test\nmetadata: {name: web}\nspec:\n"
GOLDEN = f"{HEAD}  golden: {{}}\n"
ASSERTIONS = f"{HEAD}  assertions:\n"
LOGIN = "apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {password: hunter2hunter2}\n"
ALLOWED = "  publish: {secrets: [login]}\n  resources:"
HINT = "  hint: look at it, then `overlay test --update` writes what is rendered now\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shop(tmp_path)


def replaced(project: Path, path: str, old: str, new: str) -> None:
    text = (project / path).read_text()
    assert old in text
    (project / path).write_text(text.replace(old, new))


def asserting(project: Path, *entries: str, environments: str = "[prod]") -> Path:
    lines = "".join([f"    - {entry}\n" for entry in entries])
    return write(project, {"tests/web.yaml": f"{HEAD}  environments: {environments}\n  assertions:\n{lines}"})


def failures(project: Path, *entries: str, environments: str = "[prod]") -> list[str]:
    """Return what is said of assertions that fail, the places left out."""
    done = overlay(asserting(project, *entries, environments=environments), "test")
    assert (done.returncode, done.stderr) == (1, "")
    return [line.partition(": ")[2] for line in done.stdout.splitlines() if line.startswith("error in prod: ")]


def test_what_holds_is_counted(project: Path) -> None:
    asserting(
        project,
        "exists: {kind: Deployment, name: web}",
        "{exists: {kind: .*}, expect: 3}",
        "absent: {kind: Ingress}",
        "{target: {kind: Deployment}, field: 'spec.template.spec.containers.[name=web].image', equals: 'shop/web:1.0.0'}",
        "{target: {kind: Service}, schema: {required: [spec], properties: {spec: {type: object}}}}",
        "{target: {kind: Service}, expression: 'object.spec.ports.all(p, p.port < 1024)'}",
        "{expression: 'objects.exists(o, o.metadata.namespace == environment.namespace)'}",
        environments="[dev, 'p*']",
    )
    done = overlay(project, "test")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "web  ok      14 checks in 2 environments\n0 of 1 test failed\n"


def test_a_failure_names_the_line_of_the_test_and_the_line_that_makes_the_field(project: Path) -> None:
    asserting(
        project, "{target: {kind: Deployment}, field: 'spec.template.spec.containers.*.image', equals: 'shop/web:2'}"
    )
    done = overlay(project, "test", "web")
    assert done.returncode == 1
    assert done.stdout == (
        "error in prod: Deployment/shop-prod/web: spec.template.spec.containers[web].image is "
        '"shop/web:1.0.0", "shop/web:2" expected\n'
        "  --> tests/web.yaml:7:92\n"
        "  6 |   assertions:\n"
        "  7 |     - {target: {kind: Deployment}, field: 'spec.template.spec.containers.*.image', equals: 'shop/web:2'}\n"
        f"    | {' ' * 91}^\n"
        "  = made here: environments/prod/environment.yaml:9:13\n"
        "web  failed  1 check in 1 environment; 1 failed, in prod\n"
        "1 of 1 test failed\n"
    )


def test_everything_that_fails_is_told_at_once(project: Path) -> None:
    told = failures(
        project,
        "{exists: {kind: Deployment}, expect: '2+'}",
        "exists: {kind: Ingress, name: web}",
        "absent: {kind: Service}",
        "{target: {kind: Deployment}, field: spec.replicas, equals: 3}",
        "{target: {kind: Ingress}, field: spec.x, equals: 3}",
        "{target: {kind: Service}, field: spec.ports, schema: {maxItems: 0}}",
        "{target: {kind: Service}, schema: {properties: {spec: {properties: {ports: {items: "
        "{properties: {port: {minimum: 100}}}}}}}}}",
        "{target: {kind: Service}, field: spec.ports.*.port, schema: {type: string}, message: ports have names}",
        "{target: {kind: Deployment}, expression: object.spec.replicas > 1}",
        "{target: {kind: Deployment}, expression: '!has(object.spec.template)', message: no template}",
        "{expression: 'objects.size()'}",
    )
    assert told == [
        "1 object of 2+ expected: Deployment/shop-prod/web",
        "no object is kind Ingress, name web",
        "Service/shop-prod/web is there",
        "Deployment/shop-prod/web: there is no spec.replicas, 3 expected",
        "no object is kind Ingress",
        "Service/shop-prod/web: spec.ports must have at most 0 elements",
        "Service/shop-prod/web: spec.ports[0].port must be at least 100, found the number 80",
        "Service/shop-prod/web: ports have names: spec.ports[0].port must be a string, found the number 80",
        "Deployment/shop-prod/web: object.spec.replicas > 1 is false: it cannot be evaluated: there is no replicas",
        "Deployment/shop-prod/web: no template",
        "the expression gives no true or false",
    ]  # fmt: skip


def test_what_is_wrong_with_a_test_is_told_with_its_line_and_nothing_is_run(project: Path) -> None:
    write(
        project,
        {
            "tests/web.yaml": f"{HEAD}  environments: [prd]\n  assertions:\n"
            "    - {exists: {kind: Deployment}, absent: {kind: Service}}\n"
            "    - {equals: 1, target: {kind: Deployment}}\n"
            "    - {absent: {kind: Deployment}, expect: 1}\n"
            "    - {target: {kind: '('}, field: a..b, equals: 1}\n"
            "    - {target: {kind: Pod}, schema: {typ: string, pattern: '(', $ref: 'http://a', items: 3}}\n"
            "    - {target: {kind: Pod}, schema: {anyOf: [{additionalProperties: false}]}}\n"
            "    - {target: {}, expresion: object.x}\n",
            "tests/other.yaml": HEAD.replace("spec:\n", "spec: {}\n"),
        },
    )
    done = overlay(project, "test", "--error-format", "json")
    assert (done.returncode, done.stdout) == (2, "")
    told = [(f"{one['file']}:{one['line']}", one["message"]) for one in json.loads(done.stderr)["problems"]]
    words = (
        "type, format, enum, const, required, properties, additionalProperties, items, nullable, pattern, minimum, "
        "maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, minItems, maxItems, "
        "minProperties, maxProperties, allOf, anyOf, oneOf, not"
    )
    ways = "exists, absent, equals, schema, expression"
    assert told == [
        ("tests/other.yaml:3", "metadata.name is 'web' but the file is 'other'"),
        ("tests/other.yaml:4", "spec needs golden, or assertions: a test of nothing always passes"),
        ("tests/web.yaml:5", "no environment is called 'prd'"),
        ("tests/web.yaml:7", f"spec.assertions[0] needs exactly one of {ways}; found exists and absent"),
        ("tests/web.yaml:8", "spec.assertions[1] needs field"),
        ("tests/web.yaml:9", "spec.assertions[2].expect means nothing beside absent"),
        ("tests/web.yaml:10", "target.kind '(' is no regular expression: missing ), unterminated subpattern at position 0"),
        ("tests/web.yaml:10", "spec.assertions[3].field 'a..b' has two dots in a row"),
        ("tests/web.yaml:11", f"spec.assertions[4].schema.typ is no word of a schema here; known are {words}"),
        ("tests/web.yaml:11", "spec.assertions[4].schema.pattern is a pattern that is not understood"),
        ("tests/web.yaml:11", f"spec.assertions[4].schema.$ref is no word of a schema here; known are {words}"),
        ("tests/web.yaml:11", "spec.assertions[4].schema.items has a value of another type than it must have"),
        (
            "tests/web.yaml:12",
            "spec.assertions[5].schema.anyOf[0].additionalProperties is not known below allOf, anyOf, oneOf and not",
        ),
        ("tests/web.yaml:13", "spec.assertions[6] needs exactly one of exists, absent, equals, schema, expression; found none"),
        ("tests/web.yaml:13", "spec.assertions[6].target is empty: it would match every object"),
        ("tests/web.yaml:13", "unknown field spec.assertions[6].expresion"),
    ]  # fmt: skip


def test_an_expression_that_cannot_be_read_is_a_mistake_of_the_test(project: Path) -> None:
    asserting(project, "{target: {kind: Deployment}, expression: 'object.spec. > 1'}")
    done = overlay(project, "test")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: the expression cannot be read: ")
    assert "  --> tests/web.yaml:7:48\n" in done.stderr


def test_an_expression_about_an_object_of_no_target_leads_to_the_target(project: Path) -> None:
    done = overlay(asserting(project, "expression: object.spec.replicas > 1"), "test")
    assert done.returncode == 1
    hint = "  hint: `target` says which objects are each `object`; without it there is `objects`, all of them\n"
    assert hint in done.stdout


def test_an_expression_that_never_ends_is_one_failure(project: Path) -> None:
    nested = "objects.all(o, " + "".join([f"range.all(x{at}, " for at in range(6)]) + "true" + ")" * 7
    text = nested.replace("range", str(list(range(40))))
    told = failures(project, f"{{expression: '{text}', message: bounded}}", "exists: {kind: Ingress}")
    assert told == ["bounded: it cannot be evaluated: it takes more than 1 s", "no object is kind Ingress"]


def test_no_test_is_an_error(project: Path) -> None:
    done = overlay(project, "test")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: there are no tests: tests/ holds no *.yaml\n")
    write(project, {"tests/web.yaml": GOLDEN})
    done = overlay(project, "test", "wep")
    assert (done.returncode, done.stderr) == (2, "error: no test is called 'wep'\n  hint: did you mean web?\n")


def test_an_environment_that_cannot_be_built_fails_its_tests(project: Path) -> None:
    asserting(project, "exists: {kind: Deployment}", environments="[dev, prod]")
    replaced(project, PROD, "newTag", "newTagg")
    done = overlay(project, "test")
    assert done.returncode == 1
    assert (
        "error in prod: unknown field spec.images[0].newTagg\n  --> environments/prod/environment.yaml:9:5\n"
        in done.stdout
    )
    assert "web  failed  2 checks in 2 environments; 1 failed, in prod\n" in done.stdout


def test_a_golden_file_that_is_missing_fails_until_it_is_written(project: Path) -> None:
    write(project, {"tests/web.yaml": GOLDEN})
    done = overlay(project, "test")
    assert done.returncode == 1
    assert "error in dev: there is no golden file tests/golden/web/dev.yaml\n  --> tests/web.yaml:3:18\n" in done.stdout
    assert "  hint: `overlay test --update` writes it\n" in done.stdout
    assert not (project / "tests/golden").exists()
    done = overlay(project, "test", "--update")
    assert (done.returncode, done.stderr) == (
        0, "created tests/golden/web/dev.yaml\ncreated tests/golden/web/prod.yaml\n",
    )  # fmt: skip
    rendered = overlay(project, "render", "prod").stdout
    assert (project / "tests/golden/web/prod.yaml").read_text() == rendered
    assert overlay(project, "test").returncode == 0
    assert overlay(project, "test", "--update").stderr == "", "what is right is not written again"


def test_a_difference_stands_at_its_line_of_the_golden_file_and_at_the_line_that_makes_it(project: Path) -> None:
    write(project, {"tests/web.yaml": GOLDEN})
    overlay(project, "test", "--update")
    replaced(project, PROD, "1.0.0", "1.1.0")
    more = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n"
    write(project, {"environments/base/manifests/more.yaml": more})
    (project / "environments/base/manifests/service.yaml").unlink()
    done = overlay(project, "test")
    assert done.returncode == 1
    golden = (project / "tests/golden/web/prod.yaml").read_text().splitlines()
    line = next(at for at, text in enumerate(golden, 1) if "image:" in text)
    service = next(at for at, text in enumerate(golden, 1) if text == "kind: Service") - 1
    assert (
        "error in prod: Deployment/shop-prod/web: spec.template.spec.containers.[name=web].image is shop/web:1.1.0, "
        f"the golden file has shop/web:1.0.0\n  --> tests/golden/web/prod.yaml:{line}:16\n"
    ) in done.stdout
    assert f"  = made here: environments/prod/environment.yaml:9:13\n{HINT}" in done.stdout
    assert (
        "error in prod: ConfigMap/shop-prod/more: is rendered, and is not in the golden file\n"
        f"  --> tests/golden/web/prod.yaml\n{HINT}"
    ) in done.stdout
    assert (
        "error in prod: Service/shop-prod/web: is in the golden file, and is not rendered any more\n"
        f"  --> tests/golden/web/prod.yaml:{service}:1\n"
    ) in done.stdout
    assert done.stdout.splitlines()[-2:] == [
        "web  failed  2 checks in 2 environments; 2 failed, in dev, prod", "1 of 1 test failed",
    ]  # fmt: skip
    done = overlay(project, "test", "--update")
    assert (done.returncode, done.stderr) == (
        0, "changed tests/golden/web/dev.yaml\nchanged tests/golden/web/prod.yaml\n",
    )  # fmt: skip


def test_a_golden_file_keeps_some_objects_without_some_fields(project: Path) -> None:
    golden = f"{HEAD}  golden:\n    target: {{kind: Deployment}}\n    ignore: [{{path: spec.template.spec.containers.*.image}}]\n"
    write(project, {"tests/web.yaml": golden})
    overlay(project, "test", "--update")
    text = (project / "tests/golden/web/prod.yaml").read_text()
    assert text.startswith("apiVersion: apps/v1\nkind: Deployment\n")
    assert "---" not in text
    assert "image" not in text
    replaced(project, PROD, "1.0.0", "1.1.0")
    assert overlay(project, "test").returncode == 0
    write(project, {"tests/web.yaml": golden.replace("kind: Deployment", "kind: Ingress")})
    done = overlay(project, "test")
    assert "error in dev, prod: there is no object to keep in a golden file\n  --> tests/web.yaml:6:5\n" in done.stdout


def test_a_golden_file_of_no_test_fails_and_is_removed(project: Path) -> None:
    write(project, {"tests/web.yaml": GOLDEN})
    overlay(project, "test", "--update")
    write(project, {"tests/golden/web/stage.yaml": "", "tests/golden/old/prod.yaml": ""})
    done = overlay(project, "test")
    assert done.returncode == 1
    assert (
        "error: no test of any environment looks at this golden file\n  --> tests/golden/old/prod.yaml\n" in done.stdout
    )
    assert done.stdout.splitlines()[-1] == "0 of 1 test failed; 2 golden files of no test"
    assert overlay(project, "test", "web").returncode == 0, "of one test it is not known"
    done = overlay(project, "test", "--update")
    assert (done.returncode, done.stderr) == (
        0, "removed tests/golden/old/prod.yaml\nremoved tests/golden/web/stage.yaml\n",
    )  # fmt: skip


def test_values_of_secrets_are_in_no_golden_file_and_in_no_message(project: Path) -> None:
    write(project, {"environments/base/manifests/login.yaml": LOGIN, "tests/web.yaml": GOLDEN})
    replaced(project, "environments/base/base.yaml", "  resources:", ALLOWED)
    overlay(project, "test", "--update")
    assert "password: '••••'" in (project / "tests/golden/web/prod.yaml").read_text()
    assert overlay(project, "test").returncode == 0
    asserting(
        project,
        "{target: {kind: Secret}, field: stringData.password, equals: hunter2hunter3}",
        "{target: {kind: Secret, name: other}, field: stringData.password, equals: hunter2hunter3}",
        "{target: {kind: Deployment}, field: spec.template.metadata.annotations.token, equals: hunter2hunter3}",
        "{target: {kind: Secret}, schema: {properties: {stringData: {additionalProperties: {type: integer}}}}}",
    )
    for form in ("text", "json", "yaml", "github"):
        done = overlay(project, "test", "-o", form)
        assert done.returncode == 1
        assert "hunter2" not in done.stdout + done.stderr
    told = failures(project, "{target: {kind: Secret}, field: stringData.password, equals: hunter2hunter3}")
    hidden = "a value that is not shown"
    assert told == [f"Secret/shop-prod/login: stringData.password is {hidden}, {hidden} expected"]


def test_what_the_project_hides_is_in_no_golden_file_and_in_no_message(project: Path) -> None:
    write(project, {"tests/web.yaml": GOLDEN})
    assert overlay(project, "test", "--update").returncode == 0
    image = "spec.template.spec.containers.*.image"
    head = "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: shop}\n"
    write(project, {"overlay.yaml": f"{head}spec: {{diff: {{mask: [{{kind: Deployment, path: {image}}}]}}}}\n"})
    done = overlay(project, "test")
    assert "containers.[name=web].image is hidden, and is in the open in the golden file\n" in done.stdout
    assert "1.0.0" not in done.stdout
    assert overlay(project, "test", "--update").returncode == 0
    assert "shop/web" not in (project / "tests/golden/web/prod.yaml").read_text()
    assert overlay(project, "test").returncode == 0


def test_an_object_with_another_name_is_told_once(project: Path) -> None:
    more = "  configMaps: [{name: more, literals: {level: info}}]\n"
    write(project, {"tests/web.yaml": GOLDEN, DEV: manifest("dev", "1.0.0", more)})
    assert overlay(project, "test", "--update").returncode == 0
    replaced(project, DEV, "info", "debug")
    done = overlay(project, "test")
    assert done.stdout.count("error in dev: ConfigMap/shop-dev/more-") == 2, done.stdout
    assert "metadata.name" not in done.stdout


def test_P11_nothing_is_written_through_a_link(project: Path, tmp_path: Path) -> None:
    write(project, {"tests/web.yaml": GOLDEN})
    outside = tmp_path / "outside"
    outside.mkdir()
    (project / "tests/golden").symlink_to(outside)
    done = overlay(project, "test", "--update")
    assert done.returncode == 2
    assert "symlink not allowed: tests/golden" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(outside.iterdir()) == []
    (project / "tests/golden").unlink()
    (project / "tests/golden/web").mkdir(parents=True)
    (outside / "prod.yaml").write_text("mine")
    (project / "tests/golden/web/prod.yaml").symlink_to(outside / "prod.yaml")
    assert "symlink not allowed: tests/golden/web/prod.yaml" in overlay(project, "test", "--update").stderr
    assert (outside / "prod.yaml").read_text() == "mine"


def test_C07_what_stands_in_a_test_is_no_command_of_the_runner(project: Path) -> None:
    asserting(project, '{expression: "false", message: "::error::x\\n::add-mask::y\\e[31m"}')
    done = overlay(project, "test", GITHUB_ACTIONS="true")
    assert done.returncode == 1
    assert not [line for line in done.stdout.splitlines() if line.lstrip().startswith("::")]
    assert "\x1b" not in done.stdout
    done = overlay(project, "test", "-o", "github")
    assert done.stdout.count("::error ") == len(done.stdout.splitlines()) == 1


def test_the_reports_say_the_same(project: Path, tmp_path: Path) -> None:
    asserting(project, "exists: {kind: Deployment}", "exists: {kind: <Ingress>}")
    write(project, {"tests/golden/old/prod.yaml": ""})
    reports = [f"--report={kind}={tmp_path / kind}" for kind in ("junit", "sarif", "json")]
    done = overlay(project, "test", "-o", "json", *reports)
    assert done.returncode == 1
    assert (tmp_path / "json").read_text() == done.stdout
    document = json.loads(done.stdout)
    assert (document["kind"], document["result"]) == ("TestResult", "failed")
    one = document["tests"][0]
    assert (one["test"], one["environment"], one["result"]) == ("web", "prod", "failed")
    assert [(each["check"], each["result"]) for each in one["checks"]] == [
        ("kind Deployment exists", "ok"), ("kind <Ingress> exists", "failed"),
    ]  # fmt: skip
    suites = ET.parse(tmp_path / "junit").getroot()  # our own
    assert suites.attrib == {"name": "overlay test", "tests": "3", "failures": "2"}
    assert [(case.attrib["classname"], case.attrib["name"]) for case in suites.iter("testcase")] == [
        ("prod", "kind Deployment exists"),
        ("prod", "kind <Ingress> exists"),
        ("golden files", "no test of any environment looks at this golden file"),
    ]
    sarif = json.loads((tmp_path / "sarif").read_text())
    assert [each["ruleId"] for each in sarif["runs"][0]["results"]] == ["assertion", "golden"]
    done = overlay(project, "test", "--report", "html=x")
    assert (done.returncode, done.stderr) == (
        2, "error: --report 'html=x' names no report\n  hint: write KIND=FILE with junit, sarif, json\n",
    )  # fmt: skip


def test_tests_stand_beside_environments_that_are_elsewhere(project: Path) -> None:
    (project / "deploy").mkdir()
    (project / "environments").rename(project / "deploy/environments")
    project_text = (
        "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: shop}\nspec: {environments: deploy/environments}\n"
    )
    write(project, {"overlay.yaml": project_text, "deploy/tests/web.yaml": GOLDEN})
    done = overlay(project, "test", "--update")
    assert done.stderr.splitlines() == [
        "created deploy/tests/golden/web/dev.yaml",
        "created deploy/tests/golden/web/prod.yaml",
    ]
