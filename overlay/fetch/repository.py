"""Read a Helm repository: its index, and a packaged chart that the index offers."""

from __future__ import annotations

import hashlib

from overlay.errors import FetchError, OverlayError
from overlay.fetch.address import parse, redirected
from overlay.fetch.connection import basic
from overlay.fetch.http import Client
from overlay.fetch.index import MAX_INDEX, Offer, read_index
from overlay.fetch.repositories import Known, Repositories
from overlay.files.paths import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from overlay.fetch.address import Address
    from overlay.fetch.http import Answer


class ChartRepositories:
    """Reads Helm repositories through one client; each index is fetched once."""

    def __init__(self, client: Client, known: Repositories, *, plain_http: bool | None = None) -> None:
        self.client = client
        self.known = known
        self.plain_http = plain_http
        self._indexes: dict[str, Mapping[str, tuple[Offer, ...]]] = {}

    def url(self, repository: str) -> str:
        """Return the URL of a repository that may be given as `@name` or `alias:name`, as in Chart.yaml.

        Raises FetchError.
        """
        name = repository[1:] if repository.startswith("@") else repository.partition("alias:")[2]
        if not name:
            return repository
        known = self.known.by_name(name)
        if known is None:
            raise FetchError(
                f"no repository is called {printable(name)!r}", hint=f"add it: `overlay repo add {printable(name)} URL`"
            )
        return known.url

    def offers(self, url: str) -> Mapping[str, tuple[Offer, ...]]:
        """Return what a repository offers.

        Raises FetchError, LimitError, Temporary.
        """
        found = self._indexes.get(url)
        if found is None:
            found = self._indexes[url] = read_index(self.index(url), url)
        return found

    def index(self, url: str, known: Known | None = None) -> bytes:
        """Return the bytes of a repository's index; `known` is used in the place of what is known of its URL."""
        base = self._base(url)
        address = redirected(base, "index.yaml")
        answer = self._get(address, url, known or self.known.by_url(url), limit=MAX_INDEX)
        if answer.status != 200:
            raise _refused(answer, f"{printable(url)} has no index.yaml")
        return answer.body

    def read(self, known: Known) -> tuple[bytes, list[str]]:
        """Return the index of a repository as it is, and the names of the charts in it.

        Raises FetchError, LimitError, Temporary.
        """
        data = self.index(known.url, known)
        return data, sorted(read_index(data, known.url))

    def chart(self, url: str, offer: Offer, *, limit: int) -> tuple[bytes, str]:
        """Return a packaged chart's bytes, checked against the index, and where they came from.

        Raises FetchError, LimitError, Temporary.
        """
        failures: list[OverlayError] = []
        for place in offer.urls[:5]:
            try:
                address = redirected(self._base(url), place)
                if address.scheme == "http":
                    parse(place if "://" in place else url, plain_http=self.plain_http)
                answer = self._get(address, url, self.known.by_url(url), limit=limit)
                if answer.status != 200:
                    raise _refused(answer, f"{address} is not there")
                digest = "sha256:" + hashlib.sha256(answer.body).hexdigest()
                if offer.digest and digest != offer.digest:
                    raise FetchError(
                        f"{address} differs from its digest in the index: want {offer.digest}, got {digest} "
                        f"({len(answer.body)} bytes)"
                    )
            except OverlayError as error:
                failures.append(error)
                continue
            return answer.body, str(address)
        if failures:
            raise failures[0]
        raise FetchError(f"{url} offers {offer.name} {offer.version} without a URL")

    def _base(self, url: str) -> Address:
        base = parse(url, plain_http=self.plain_http)
        path, mark, query = base.path.partition("?")
        return parse(f"{base.scheme}://{base.authority}{path.rstrip('/')}/{mark}{query}", plain_http=True)

    def _get(self, address: Address, url: str, known: Known | None, *, limit: int) -> Answer:
        """Ask with what belongs to the repository, as long as the address is its own."""
        home = parse(url, plain_http=True)
        authorization = trust = None
        if known is not None:
            _check_secure(known)
            if address.origin == home.origin:
                trust = known.trust
                if known.credential is not None:
                    authorization = basic(known.credential.user, known.credential.password)
        return self.client.get(address, limit=limit, authorization=authorization, trust=trust, named=home)


def _check_secure(known: Known) -> None:
    if known.insecure:
        raise FetchError(
            f"repository {known.name} asks not to verify TLS, which is never done",
            hint=f"give its CA instead: `overlay repo add {known.name} {known.url} --ca-file FILE`",
        )


def _refused(answer: Answer, missing: str) -> FetchError:
    if answer.status in (401, 403):
        return FetchError(
            f"{answer.address.authority} wants a login ({answer.status})",
            hint="give it with `overlay repo add NAME URL --username USER --password-stdin`",
        )
    if answer.status == 404:
        return FetchError(missing)
    return FetchError(f"{answer.address} answers {answer.status}")
