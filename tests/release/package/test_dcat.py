"""What machines read about a release holds against shapes, by tools that are not ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyshacl import validate
from rdflib import Graph

from pipeline.release.package import manifest
from tests.support.fixtures.releases import Published
from tests.support.shop import PenaltyShop, penalties

HERE = Path(__file__).parent
BASE = "https://example.org/"
# What rdflib says of itself.
pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated"),
    # It reads a release, which is the same to the byte on Dask: test_same_bytes_on_every_engine.
    pytest.mark.once,
]


@pytest.fixture(scope="module", params=["", "https://example.org"])
def release(
    every_engine: int, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A release of a site whose address is known, and of one whose address is not."""
    if not request.param:
        sample: Published = request.getfixturevalue("published")
        return sample.current.resolve()
    shop = PenaltyShop(tmp_path_factory.mktemp("described"))
    shop.words["address"] = request.param
    shop.send(penalties(20))
    return shop.publish(downloads=True)


def told(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text("utf-8"))
    assert isinstance(content, dict)
    return content


def faults(content: dict[str, Any], shapes: str) -> str:
    """What pyshacl finds wrong with JSON-LD, read as if it stood at BASE."""
    graph = Graph().parse(data=json.dumps(content), format="json-ld", publicID=BASE)
    rules = Graph().parse(HERE / shapes)
    valid, _, said = validate(graph, shacl_graph=rules, advanced=True)
    return "" if valid else str(said)


def test_the_catalogue_is_as_dcat_ap_asks(release: Path) -> None:
    assert faults(told(release / "catalog.jsonld"), "dcat-ap.ttl") == ""


def test_the_catalogue_names_each_download_with_its_size_and_hash(release: Path) -> None:
    files = manifest.read(release)["files"]
    found = [d for each in told(release / "catalog.jsonld")["dcat:dataset"] for d in each["dcat:distribution"]]  # fmt: skip
    assert {d["dct:title"] for d in found} == {n.rpartition("/")[2] for n in files if n.startswith("downloads/") and not n.endswith(".zip")}  # fmt: skip
    for distribution in found:
        facts = files[f"downloads/{distribution['dct:title']}"]
        assert distribution["dcat:byteSize"]["@value"] == str(facts["bytes"])
        assert distribution["spdx:checksum"]["spdx:checksumValue"]["@value"] == facts["sha256"]


@pytest.mark.parametrize(
    ("spoil", "which"),
    [
        (lambda c: c.pop("dct:title"), "title"),
        (lambda c: c.pop("dct:publisher"), "publisher"),
        (lambda c: c["dct:publisher"].pop("foaf:name"), "name"),
        (lambda c: c["dcat:dataset"][0].pop("dct:description"), "description"),
        (lambda c: c["dcat:dataset"][0].pop("dcat:keyword"), "keyword"),
        (lambda c: c["dcat:dataset"][0].update({"dct:issued": "soon"}), "issued"),
        (lambda c: c["dcat:dataset"][0]["dcat:distribution"][0].pop("dcat:accessURL"), "accessURL"),
        (lambda c: c["dcat:dataset"][0]["dcat:distribution"][0].update({"dcat:byteSize": "-1"}), "byteSize"),
        (lambda c: c["dcat:dataset"][0]["dcat:distribution"][0]["spdx:checksum"].pop("spdx:algorithm"), "algorithm"),
        (lambda c: c["dcat:service"].pop("dcat:endpointURL"), "endpointURL"),
    ],
)  # fmt: skip
def test_the_shapes_find_what_is_missing_or_wrong(
    release: Path, spoil: Callable[[dict[str, Any]], Any], which: str
) -> None:
    content = told(release / "catalog.jsonld")
    spoil(content)
    assert which in faults(content, "dcat-ap.ttl")
