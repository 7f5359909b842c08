"""From a request to a pin and its content: the version chosen, then the bytes fetched and verified."""

from __future__ import annotations

from overlay.chart.constraint import BadConstraint, is_exact, newest
from overlay.chart.pack import tar
from overlay.errors import FetchError, LockError
from overlay.fetch.address import parse
from overlay.fetch.index import Offer
from overlay.fetch.lockfile import is_version
from overlay.fetch.pinned import MAX_CONTENT, check_pin
from overlay.fetch.reference import read_reference
from overlay.fetch.store import digest_of
from overlay.files.archive import unpack
from overlay.model.remote import Pin, Request
from overlay.nearest import did_you_mean
from overlay.remote.wanted import is_packed
from overlay.yaml import decode, read_mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.fetch.git import Git
    from overlay.fetch.http import Client
    from overlay.fetch.reference import Repository
    from overlay.fetch.registry import Registry
    from overlay.fetch.repository import ChartRepositories

CHART_CONFIG = "application/vnd.cncf.helm.config.v1+json"
# The second is what Helm before 3.8 pushed.
CHART_CONTENT = ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", "application/tar+gzip")


class Resolver:
    """Resolves requests over the network; each way of fetching is a collaborator."""

    def __init__(
        self, client: Client, repositories: ChartRepositories, registry: Registry, git: Git, *, plain_http: bool | None
    ) -> None:
        self.client = client
        self.repositories = repositories
        self.registry = registry
        self.git = git
        self.plain_http = plain_http

    def pin(self, request: Request) -> tuple[Pin, bytes]:
        """Return what a request means now, and its content.

        Raises FetchError, LimitError, Temporary.
        """
        try:
            if request.get("repository"):
                return self._from_repository(request)
            if request.get("oci"):
                return self._from_registry(request)
            if request.get("git"):
                return self._from_git(request, request.get("ref"))
            return self._from_archive(request)
        except BadConstraint:
            raise FetchError(
                f"version {request.get('version')!r} of {request.name} is no version constraint",
                hint="write 1.2.3 or ^1.2.0",
            ) from None

    def content(self, pin: Pin) -> bytes:
        """Return the content of a pin, as it was when it was pinned.

        Raises LockError where the source has other content now, FetchError, LimitError, Temporary.
        """
        request = pin.request
        if request.get("repository"):
            url = self.repositories.url(request.get("repository"))
            offered = [one for one in self.repositories.offers(url).get(request.name, ()) if one.version == pin.version]
            offer = offered[0] if offered else Offer(name=request.name, version=pin.version, urls=(pin.source,))
            data, _ = self.repositories.chart(url, offer, limit=MAX_CONTENT)
        elif request.get("oci"):
            repository = read_reference(request.get("oci"), plain_http=self.plain_http)
            data = self._chart(repository, pin.source.rpartition("@")[2])[0]
        elif request.get("git"):
            data = self._from_git(request, pin.version)[1]
        else:
            data = self._from_archive(request)[1]
        digest = digest_of(data)
        if digest != pin.digest:
            raise LockError(
                f"{pin.name} {pin.version} is not what it was: overlay.lock says {pin.digest}, "
                f"{pin.source} now has {digest}",
                hint=f"find out why before you accept it with `overlay lock --upgrade {pin.name}`",
            )
        return data

    def _from_repository(self, request: Request) -> tuple[Pin, bytes]:
        url = self.repositories.url(request.get("repository"))
        offers = self.repositories.offers(url)
        if request.name not in offers:
            raise FetchError(f"{url} has no chart {request.name}", hint=did_you_mean(request.name, list(offers)))
        by_version = {offer.version: offer for offer in reversed(offers[request.name])}
        offer = by_version[_choose(request, list(by_version))]
        data, source = self.repositories.chart(url, offer, limit=MAX_CONTENT)
        name, _ = _metadata(request, data)
        if name != request.name:
            raise FetchError(f"{source} holds the chart {name!r}, not {request.name}")
        return _pin(request, offer.version, source, data), data

    def _from_registry(self, request: Request) -> tuple[Pin, bytes]:
        repository = read_reference(request.get("oci"), plain_http=self.plain_http)
        version, reference = request.get("version"), request.get("digest")
        if not reference:
            if not is_exact(version):
                # A tag cannot hold `+`, so Helm writes `_` for it.
                tags = [tag.replace("_", "+") for tag in self.registry.tags(repository)]
                version = _choose(request, tags)
            reference = version.replace("+", "_")
        data, digest = self._chart(repository, reference)
        version = version if not request.get("digest") else _metadata(request, data)[1]
        pin = _pin(request, version, f"{repository.shown}@{digest}", data)
        check_pin(pin, request)
        return pin, data

    def _chart(self, repository: Repository, reference: str) -> tuple[bytes, str]:
        """Return the only chart layer of a manifest, and the manifest's digest."""
        manifest = self.registry.manifest(repository, reference)
        if manifest.config.media_type != CHART_CONFIG:
            kind = manifest.config.media_type[:100]
            raise FetchError(f"{repository.shown}@{manifest.digest} is no Helm chart: its config is {kind!r}")
        layers = [layer for layer in manifest.layers if layer.media_type in CHART_CONTENT]
        if len(layers) != 1:
            raise FetchError(f"{repository.shown}@{manifest.digest} has {len(layers)} chart layers, one is expected")
        return self.registry.blob(repository, layers[0], limit=MAX_CONTENT), manifest.digest

    def _from_git(self, request: Request, ref: str) -> tuple[Pin, bytes]:
        path = request.get("path").strip("/")
        if any(part in ("", ".", "..") for part in path.split("/")) and path:
            raise FetchError(f"{request.get('path')!r} is no path of a folder in a Git repository")
        checkout = self.git.checkout(request.get("git"), ref, path)
        data = tar(checkout.files, "content")
        source = f"{request.get('git')}@{checkout.commit}"
        return _pin(request, checkout.commit, source, data), data

    def _from_archive(self, request: Request) -> tuple[Pin, bytes]:
        address = parse(request.get("url"), plain_http=self.plain_http)
        answer = self.client.get(address, limit=MAX_CONTENT)
        if answer.status != 200:
            raise FetchError(f"{address} answers {answer.status}")
        digest = digest_of(answer.body)
        if digest != request.get("digest"):
            raise FetchError(
                f"{address} differs from its digest in the document: want {request.get('digest')}, got {digest} "
                f"({len(answer.body)} bytes)"
            )
        return _pin(request, _metadata(request, answer.body)[1], str(address), answer.body), answer.body


def _choose(request: Request, versions: Sequence[str]) -> str:
    wanted = request.get("version")
    found = newest([one for one in versions if one == request.preferred], wanted) or newest(versions, wanted)
    if found is None:
        some = ", ".join(sorted(versions)[-5:]) or "none"
        raise FetchError(
            f"{request.source} has no {request.name} that meets {request.get('version')!r}",
            hint=f"there are, among others: {some}",
        )
    return found


def _metadata(request: Request, data: bytes) -> tuple[str, str]:
    """Return name and version of a packaged chart; empty texts for what is no chart."""
    if not is_packed(request):
        return "", ""
    label = f"<{request.name}>"
    chart = dict(unpack(data, label, request.location, is_chart=False)).get("Chart.yaml")
    if chart is None:
        return "", ""
    found = read_mapping(decode(chart, f"{label}/Chart.yaml"), f"{label}/Chart.yaml").value
    name, version = str(found.get("name", "")), str(found.get("version", ""))
    if not is_version(version):
        raise FetchError(f"{request.source} holds a chart whose version {version[:100]!r} is none")
    return name, version


def _pin(request: Request, version: str, source: str, data: bytes) -> Pin:
    return Pin(
        name=request.name, request=request, version=version, source=source, digest=digest_of(data), size=len(data)
    )
