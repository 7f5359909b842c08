"""Where one field came from, in a chart of 120 objects with hundreds of values: the bar is half a second."""

from __future__ import annotations

import os

from benchmarks.measure import compare

WORKLOADS = 60
FIELDS = ("spec.replicas", "spec.template.spec.containers.[name=main].image")
TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  replicas: {{ .Values.NAME.replicas }}
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      containers:
        - name: main
          image: {{ .Values.NAME.image }}:{{ .Values.NAME.tag }}
          env:
            {{- range $name, $value := .Values.NAME.env }}
            - {name: {{ $name }}, value: {{ $value | quote }}}
            {{- end }}
          resources:
            {{- toYaml .Values.NAME.resources | nindent 12 }}
---
apiVersion: v1
kind: Service
metadata: {name: NAME}
spec: {selector: {app: NAME}, ports: [{port: {{ .Values.NAME.port }}}]}
"""
VALUES = """\
NAME:
  image: shop/NAME
  tag: "1"
  replicas: 2
  port: 80
  env: {A: a-NAME, B: b-NAME}
  resources: {limits: {memory: 128Mi}}
"""
ENVIRONMENT = """\
apiVersion: overlay.dev/v1
kind: Environment
metadata: {name: prod}
spec:
  chart: {path: chart}
  values: [values.yaml]
  images: [{name: shop/w3, newTag: "2"}]
"""


def write(folder: str) -> None:
    """Write a project whose chart makes two objects for each workload."""
    place = os.path.join(folder, "environments", "prod")
    os.makedirs(os.path.join(place, "chart", "templates"))
    names = [f"w{number}" for number in range(WORKLOADS)]
    texts = {f"chart/templates/{name}.yaml": TEMPLATE.replace("NAME", name) for name in names}
    texts |= {
        "environment.yaml": ENVIRONMENT,
        "values.yaml": "w3: {replicas: 3}\n",
        "chart/Chart.yaml": "apiVersion: v2\nname: big\nversion: 1.0.0\n",
        "chart/values.yaml": "".join([VALUES.replace("NAME", name) for name in names]),
    }
    for path, text in texts.items():
        with open(os.path.join(place, path), "w", encoding="utf-8") as file:
            file.write(text)


def run(folder: str, overlay: str, env: dict[str, str]) -> None:
    """Print medians of nine runs, beside a render of the whole environment."""
    place = os.path.join(folder, "explain")
    write(place)
    commands = {f"explain {field}": [overlay, "explain", "prod", "deployment/w3", field] for field in FIELDS}
    figures = compare({"render": [overlay, "render", "prod"], **commands}, folder=place, runs=9, env=env)
    print(f"\n## explain, {2 * WORKLOADS} objects of one chart")
    print("| | s |\n| --- | ---: |")
    for name, figure in figures.items():
        print(f"| {name} | {figure.wall:.3f} |", flush=True)
