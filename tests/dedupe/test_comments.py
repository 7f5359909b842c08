"""`overlay adopt`: comments beside what transforms say for an environment stand above the transform."""

from __future__ import annotations

from pathlib import Path

from tests.dedupe.test_adopt import DEPLOYMENT, overlay, texts


def test_a_comment_beside_an_image_stands_above_the_entry_of_images(tmp_path: Path) -> None:
    for name in ("dev", "prod", "qa"):
        (tmp_path / name).mkdir()
        text = DEPLOYMENT.format(count=1, why="", above="", memory="256Mi")
        job = text.replace("kind: Deployment", "kind: StatefulSet").replace("shop/web:1", "shop/side:1")
        if name == "prod":
            text = text.replace("image: shop/web:1", "# held back until the audit\n          image: shop/web:0.9")
            text = text.replace("replicas: 1", "replicas: 4  # Black Friday")
            job = job.replace("image: shop/side:1", "image: shop/side:2  # as measured")
        (tmp_path / name / "web.yaml").write_text(text)
        (tmp_path / name / "side.yaml").write_text(job.replace("name: web", "name: side"))
    done = overlay("adopt", "dev", "prod", "qa", "--write", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    files = texts(tmp_path / "environments")
    assert files["prod/environment.yaml"] == (
        "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\nspec:\n  extends: [../base]\n"
        "  replicas:\n    # Black Friday\n    - {name: web, count: 4}\n"
        '  images:\n    # as measured\n    - {name: shop/side, newTag: "2"}\n'
        '    # held back until the audit\n    - {name: shop/web, newTag: "0.9"}\n'
    )
    assert "#" not in files["qa/environment.yaml"]


def test_an_image_that_two_objects_have_keeps_the_comments_of_both(tmp_path: Path) -> None:
    for name in ("dev", "prod", "qa"):
        (tmp_path / name).mkdir()
        for kind in ("Deployment", "StatefulSet"):
            text = DEPLOYMENT.format(count=1, why="", above="", memory="256Mi").replace("Deployment", kind)
            if name == "prod":
                text = text.replace("image: shop/web:1", f"image: shop/web:2  # {kind} first\n")
            (tmp_path / name / f"{kind.lower()}.yaml").write_text(text)
    done = overlay("adopt", "dev", "prod", "qa", "--write", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert texts(tmp_path / "environments")["prod/environment.yaml"].endswith(
        '  images:\n    # Deployment first\n    # StatefulSet first\n    - {name: shop/web, newTag: "2"}\n'
    )
