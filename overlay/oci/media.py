"""Media types, annotations and limits: the vocabulary of artifacts."""

from __future__ import annotations

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
EMPTY = "application/vnd.oci.empty.v1+json"

BUNDLE = "application/vnd.overlay.bundle.v1+json"
BUNDLE_CONFIG = "application/vnd.overlay.bundle.config.v1+json"
# What Argo CD's default list and Flux both read. Argo CD wants exactly one layer whose type ends with `tar`, `tar+gzip`
# or `tar.gzip`, so that the types of all other layers end differently.
RENDERED = "application/vnd.oci.image.layer.v1.tar+gzip"
SOURCE = "application/vnd.overlay.source.v1+gzip"
LOCK = "application/vnd.overlay.lock.v1+yaml"
REPORT = "application/vnd.overlay.report.v1+json"

CHART_CONFIG = "application/vnd.cncf.helm.config.v1+json"
CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
CHART_PROVENANCE = "application/vnd.cncf.helm.chart.provenance.v1.prov"

# What the config of a bundle is, and the folder of its rendered files.
FORMAT = "overlay.dev/v1"
KIND = "Bundle"
TOP = "environments"
MAX_BUNDLE = 1024 * 1024 * 1024
MAX_BUNDLE_FILES = 100_000

REF_NAME = "org.opencontainers.image.ref.name"
TITLE = "org.opencontainers.image.title"
DESCRIPTION = "org.opencontainers.image.description"
VERSION = "org.opencontainers.image.version"
CREATED = "org.opencontainers.image.created"
REVISION = "org.opencontainers.image.revision"
SOURCE_URL = "org.opencontainers.image.source"
URL = "org.opencontainers.image.url"
DOCUMENTATION = "org.opencontainers.image.documentation"
AUTHORS = "org.opencontainers.image.authors"
VENDOR = "org.opencontainers.image.vendor"
LICENSES = "org.opencontainers.image.licenses"
