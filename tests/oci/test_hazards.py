"""Each hazard of archives, bundles and registries that must not come true is in the name of a test that shows it."""

from __future__ import annotations

import re

import pytest

from tests.source.projects import ROOT

# What can go wrong, in a few words; a test of that name is what proves the rest.
HAZARDS = {
    "A01": "names that lead out of an archive", "A02": "a sibling whose name begins as the folder's does",
    "A03": "a symbolic link, then a file through it", "A04": "hard links to the outside",
    "A05": "the archives of CVE-2026-11940 and CVE-2026-82049", "A06": "folders made outside on the way",
    "A07": "devices, sparse files, names given twice by extensions", "A08": "names and versions that are paths",
    "A09": "names that stand twice, or differ in case alone", "A10": "an archive that swells",
    "A11": "a million entries", "A12": "archives cut off or prolonged", "A13": "sizes that cannot be",
    "A14": "an archive that two programs read in two ways", "A15": "modes, owners and times of entries",
    "A16": "the same bundle with another digest", "A17": "a bundle with a part missing, added or of a newer form",
    "A18": "killed while unpacking", "A19": "random changes of an archive", "A20": "archives packed in other ways",
    "R01": "logins of all kinds", "R02": "a token that is never accepted", "R03": "pulling is allowed and pushing not",
    "R04": "a token that expires in the middle", "R05": "a token service without TLS",
    "R06": "a token service inside this machine", "R07": "credentials for a stranger",
    "R08": "http where nobody asked for it", "R09": "the credentials of another registry", "R10": "429, Retry-After",
    "R11": "what is asked again and what is not", "R12": "a server that never ends", "R13": "names, proxies",
    "R14": "a redirect takes a credential along", "R15": "what is written is redirected",
    "R16": "uploads are sent elsewhere", "R17": "parts that are said to lie elsewhere",
    "R18": "blobs that are cut off, longer, other", "R19": "a manifest that is another",
    "R20": "digests that are none", "R21": "lists and manifests without end", "R22": "more bytes than were said",
    "R23": "a manifest that can be read in two ways", "R24": "a blob that is said to be there",
    "R25": "a version that is overwritten", "R26": "two pushes at once", "R27": "killed before the manifest",
    "R28": "uploads in pieces that fail", "R29": "blobs mounted from elsewhere", "R30": "registries that know less",
    "R31": "signatures that prove nothing", "R32": "a verifier that fails", "R33": "an older bundle under a tag",
    "R34": "titles that are paths", "R35": "registries that differ", "R36": "no network", "R37": "a large upload in memory",
    "V04": "wrong content is taken", "V05": "tokens and passwords for strangers", "V06": "no patience, or too much",
}  # fmt: skip


@pytest.mark.parametrize("hazard", HAZARDS)
def test_each_hazard_stands_in_the_name_of_a_test(hazard: str) -> None:
    name = re.compile(rf"^def test_(?:[A-Z]\d\d_)*{hazard}_", re.MULTILINE)
    assert any(name.search(path.read_text()) for path in ROOT.glob("tests/**/test_*.py")), HAZARDS[hazard]
