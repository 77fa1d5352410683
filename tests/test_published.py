"""Published numbers of the data sets against ours. kind: reference.

Each claim is one row of docs/published.csv; the page docs/published.md is made from that table.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import re
from pathlib import Path
from types import ModuleType

import pytest
from data_files import DATA, need_data

from cevns.datasets.analysis import analysed
from cevns.datasets.claims import Claim, all_claims
from cevns.errors import InputError
from cevns.published import COLUMNS, TEST, Row, compute, table

ROOT = Path(__file__).resolve().parents[1]
CSV = ROOT / "docs" / "published.csv"
CLAIMS = all_claims()


@pytest.fixture(autouse=True)
def _data(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package looks where the tests look."""
    monkeypatch.setenv("CEVNS_DATA", str(DATA))


def script() -> ModuleType:
    """tools/write_published.py as a module."""
    path = ROOT / "tools" / "write_published.py"
    spec = importlib.util.spec_from_file_location("write_published", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("dataset", "claim"), CLAIMS, ids=[f"{name}-{claim.title}" for name, claim in CLAIMS]
)
def test_ours_is_where_it_must_be(dataset: str, claim: Claim) -> None:
    """The tolerance and its reason stand beside each claim in claims.yaml."""
    need_data(dataset)
    row = compute(dataset, claim)
    assert row.reproduced, f"{row.ours:.6g} is not within {claim.within} ({claim.reason})"


def test_the_table_holds_every_claim_with_our_value_of_today() -> None:
    """Ours to 0.2 %: the digits shown, which another library version may round otherwise."""
    for dataset in analysed():
        need_data(dataset)
    written = list(csv.DictReader(io.StringIO(CSV.read_text("utf-8"))))
    assert len(written) == len(CLAIMS)
    for shown, (dataset, claim) in zip(written, CLAIMS, strict=True):
        now = compute(dataset, claim).cells()
        assert float(shown["ours"]) == pytest.approx(float(now["ours"]), rel=2e-3, abs=0)
        changing = ("ours", "difference_percent")
        assert {k: v for k, v in shown.items() if k not in changing} == {
            k: v for k, v in now.items() if k not in changing
        }


def test_the_page_is_made_from_the_table() -> None:
    page = (ROOT / "docs" / "published.md").read_text("utf-8")
    assert page == script().page(CSV.read_text("utf-8"))


def test_every_row_names_a_test_that_exists() -> None:
    file, _, name = TEST.partition("::")
    assert Path(__file__).resolve() == ROOT / file
    assert name in globals()


MEASURED = {
    "CEvNS events": ("expected/cevns", 1.0),
    "⟨σ⟩ [1e-40 cm²]": ("cross_section/flux_averaged_cm2", 1e-40),
}
"""What docs/fits.md measures → the quantity of the table, and its unit there."""


def rounds_to(value: str, shown: str, unit: float) -> bool:
    """Whether ``shown`` is ``value`` in this unit, to the digits that are shown (one off in the
    last, since the table has four itself)."""
    last: float = 10.0 ** -len(shown.partition(".")[2])
    return abs(float(value) / unit - float(shown)) <= last


def test_measurements_of_fits() -> None:
    """docs/fits.md, "Measurements": published number, its errors and ours are as in the table."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for row in csv.DictReader(io.StringIO(CSV.read_text("utf-8"))):
        rows.setdefault((row["dataset"], row["quantity"]), row)  # others are of other choices
    page = (ROOT / "docs" / "fits.md").read_text("utf-8")
    dataset, compared = "", []
    for line in page.partition("## Measurements")[2].partition("###")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 4:
            continue
        dataset = re.sub(r"`signal-(\w+)-(\d+)`", r"\1-\2", cells[0]) or dataset
        if dataset.startswith(("csi", "lar")) and cells[1] in MEASURED:
            quantity, unit = MEASURED[cells[1]]
            row = rows[f"coherent-{dataset}", quantity]
            found = re.match(r"([\d.]+) (?:± ([\d.]+)|\+([\d.]+) −([\d.]+))", cells[2])
            ours = re.match(r"[\d.]+", cells[3])
            assert found is not None and ours is not None, line
            value, both, up, down = found.groups()
            assert rounds_to(row["published"], value, unit), line
            assert rounds_to(row["error_up"], both or up, unit), line
            assert rounds_to(row["error_down"], f"-{both or down}", unit), line
            assert rounds_to(row["ours"], ours[0], unit), line
            compared.append((dataset, cells[1]))
    every = [(name, one) for name in ("csi-2021", "lar-2020") for one in MEASURED]
    assert compared == [("csi-2017", "CEvNS events"), *every]


# --- kind: unit ------------------------------------------------------------------------------


def claim(**changes: object) -> Claim:
    content = {
        "quantity": "observed",
        "title": "counts",
        "published": 10,
        "reference": "a paper",
        "within": [9, 11],
        "reason": "a count",
        **changes,
    }
    return Claim.model_validate(content, context={"file": True})


def test_a_difference_needs_a_cause() -> None:
    with pytest.raises(InputError, match="published value outside 'within', expected a 'cause'"):
        Claim.check({**claim().model_dump(exclude_unset=True), "published": 20})


def test_a_row_says_whether_it_is_reproduced_and_how_far_off() -> None:
    row = Row("some-data", claim(error=[-1, 2]), 10.5)
    assert row.reproduced and not Row("some-data", claim(), 12.0).reproduced
    assert row.difference == pytest.approx(5.0, rel=1e-12, abs=0)  # 10.5 / 10, by hand
    assert next(csv.reader(io.StringIO(table([row])))) == list(COLUMNS)
    assert row.cells()["error_down"] == "-1" and row.cells()["error_up"] == "2"


@pytest.mark.parametrize("error", [[1, 2], 0, "wide"])
def test_an_error_has_two_sides(error: object) -> None:
    with pytest.raises(InputError, match=r"expected an error, or \[down, up\]"):
        Claim.check({**claim().model_dump(exclude_unset=True), "error": error})
