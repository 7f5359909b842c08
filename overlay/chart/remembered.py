"""What Helm answered in earlier checks: a request that was made several times then is answered as often, in order.

A check renders a chart again to see whether it is deterministic, and once more without each value. Of a request that
an earlier check has made, Helm need not be started; what differed from one rendering to the next still does.
"""

from __future__ import annotations

import json
import os

from overlay.chart.cache import as_json, from_json, request_key
from overlay.chart.render import Rendered
from overlay.files.entries import Entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overlay.chart.render import Renderer, RenderRequest
    from overlay.errors import OverlayError

MAX_ENTRIES = 3_000


class Remembering:
    """A Renderer that asks another one only what is not remembered."""

    def __init__(self, folder: str, renderer: Renderer) -> None:
        self._entries = Entries(os.path.join(folder, "check-render"))
        self._renderer = renderer
        self.version = renderer.version
        self._environment = ""
        self._answers: dict[str, list[Rendered]] = {}
        self._asked: dict[str, int] = {}
        self._grown: set[str] = set()

    def beside(self) -> Remembering:
        """Return a renderer that is asked about another version: it gets the same answers, from the first on."""
        other = Remembering(os.path.dirname(self._entries.folder), self._renderer)
        other._answers, other._grown = self._answers, self._grown
        return other

    def render(self, requests: Sequence[RenderRequest]) -> Iterator[Rendered | OverlayError]:
        """Yield one result per request, in their order."""
        if requests and requests[0].environment != self._environment:
            self._keep()
            self._environment = requests[0].environment
        keys = [self._key(request) for request in requests]
        known = [self._known(key) for key in keys]
        asked = [request for request, one in zip(requests, known, strict=True) if one is None]
        answers = iter(self._renderer.render(asked) if asked else ())
        for key, one in zip(keys, known, strict=True):
            if one is not None:
                yield one
                continue
            answer = next(answers)
            if key and isinstance(answer, Rendered):
                self._answers[key].append(answer)
                self._grown.add(key)
            yield answer

    def close(self) -> None:
        self._keep()
        self._entries.prune(MAX_ENTRIES, MAX_ENTRIES // 2)
        self._renderer.close()

    def _key(self, request: RenderRequest) -> str:
        # A chart that was marked to find a place is asked about once.
        return "" if "+" in request.chart.digest else request_key(request, self.version)

    def _known(self, key: str) -> Rendered | None:
        """Return the next answer to a request of this environment; None for one that is new."""
        if not key:
            return None
        if key not in self._answers:
            self._answers[key] = self._read(key)
        at = self._asked.get(key, 0)
        self._asked[key] = at + 1
        answers = self._answers[key]
        return answers[at] if at < len(answers) else None

    def _read(self, key: str) -> list[Rendered]:
        payload = self._entries.get(key)
        try:
            order, texts = json.loads(payload) if payload is not None else ((), ())
            known = [from_json(text) for text in texts]
            return [known[at] for at in order]
        except (ValueError, TypeError, IndexError):
            return []

    def _keep(self) -> None:
        """Keep what was learned of an environment; equal answers take the room of one."""
        for key in self._grown:
            different: list[Rendered] = []
            order = []
            for answer in self._answers[key]:
                if answer not in different:
                    different.append(answer)
                order.append(different.index(answer))
            self._entries.put(key, json.dumps([order, [as_json(one) for one in different]]).encode())
        self._grown.clear()
        self._answers.clear()
        self._asked.clear()
