"""The chart that `overlay init` starts a project with: small, and worth keeping."""

from __future__ import annotations

REPLICAS = (1, 2, 3)

CHART = {
    "Chart.yaml": """\
apiVersion: v2
name: web
description: A web server and its service
type: application
version: 0.1.0
appVersion: "1.29"
""",
    "values.yaml": """\
image:
  repository: nginx
  # the chart's appVersion when empty
  tag: ""
port: 80
resources:
  requests: {cpu: 50m, memory: 64Mi}
  limits: {memory: 128Mi}
""",
    "templates/deployment.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app.kubernetes.io/name: web
spec:
  replicas: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: web
  template:
    metadata:
      labels:
        app.kubernetes.io/name: web
    spec:
      containers:
        - name: web
          image: {{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
          ports:
            - name: http
              containerPort: {{ .Values.port }}
          readinessProbe:
            httpGet:
              path: /
              port: http
          resources:
            {{- toYaml .Values.resources | nindent 12 }}
""",
    "templates/service.yaml": """\
apiVersion: v1
kind: Service
metadata:
  name: web
  labels:
    app.kubernetes.io/name: web
spec:
  selector:
    app.kubernetes.io/name: web
  ports:
    - name: http
      port: 80
      targetPort: http
""",
    "templates/NOTES.txt": """\
{{ .Release.Name }} runs in namespace {{ .Release.Namespace }}. Reach it with:
  kubectl --namespace {{ .Release.Namespace }} port-forward service/web 8080:80
""",
}
