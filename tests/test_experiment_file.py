"""docs/experiment-file.md: its keys are those that the package reads.

Everything in this file is of kind *unit*.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cevns import backgrounds, timing
from cevns.binning import Binning, EnergyAxis, TimeAxis
from cevns.config import schema
from cevns.config.study import KEYS
from cevns.detector import Detector
from cevns.form_factor_spec import FormFactorBlock
from cevns.interactions import INTERACTIONS
from cevns.interactions.nsi import Nsi
from cevns.response import efficiency, quenching, resolution
from cevns.sources import SOURCES
from cevns.spec import Spec
from cevns.time_window import DetectorTime

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "experiment-file.md").read_text("utf-8")
BLOCKS: tuple[type[Spec], ...] = (
    *(schema.ExperimentBlocks, schema.StudyBlocks, schema.Couplings, schema.ElectronScattering),
    *(schema.DataChoice, schema.ParameterSetting, schema.Correlation, schema.FitBlock),
    *(schema.ScanBlock, schema.StudyBlock, schema.About, FormFactorBlock, Binning, EnergyAxis),
    *(TimeAxis, Detector, DetectorTime),
)


def subclasses(base: type[Spec], tag: str = "type") -> dict[str, type[Spec]]:
    """Those of a family that a file names, by their tag."""
    return {
        str(one.model_fields[tag].default): one
        for one in base.__subclasses__()
        if tag in one.model_fields and one.__module__ == base.__module__
    }


FAMILIES: dict[str, Mapping[str, type[Spec]]] = {
    "quenching": subclasses(quenching.QuenchingModel),
    "resolution": subclasses(resolution.Resolution),
    "efficiency": subclasses(efficiency.Efficiency),
    "backgrounds": subclasses(backgrounds.Background),
    "pulse": subclasses(timing.PulseShape, "shape"),
    "source": {name: SOURCES[name] for name in SOURCES},
    "model": {name: INTERACTIONS[name] for name in INTERACTIONS},
}
IMPLIED = {"pulse": {"shape"}, "source": {"type", "name"}, "model": set[str]()}


def keys_of(block: type[Spec]) -> set[str]:
    """The keys of a block as a file writes them."""
    return {field.alias or name for name, field in block.model_fields.items()}


def in_backticks(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def tables(mark: str) -> dict[str, list[list[str]]]:
    """What a comment announces → the rows of the table below it, without its header."""
    found = re.findall(rf"<!-- {mark}: (.+?) -->\n\n((?:\|.*\n)+)", PAGE)
    return {
        name: [
            [cell.strip() for cell in row.strip("|").split(" |")] for row in table.splitlines()[2:]
        ]
        for name, table in found
    }


KEY_TABLES = tables("keys")


def test_every_block_has_a_table() -> None:
    """None is left out, neither of those named here nor of what the schema declares."""
    named = {word for name in KEY_TABLES for word in name.partition(" +")[0].split()}
    assert {one.__name__ for one in BLOCKS} == named
    classes = (one for one in vars(schema).values() if isinstance(one, type))
    own = (one for one in classes if one.__module__ == schema.__name__ and issubclass(one, Spec))
    assert {one.__name__ for one in own} <= named


@pytest.mark.parametrize("name", KEY_TABLES)
def test_keys(name: str) -> None:
    """The first column has exactly the keys, each once; what is required says so."""
    blocks, _, more = name.partition(" + ")
    rows = KEY_TABLES[name]
    documented = [key for row in rows for key in in_backticks(row[0])]
    assert len(set(documented)) == len(documented)
    for block in (one for one in BLOCKS if one.__name__ in blocks.split()):
        assert set(documented) == keys_of(block) | set(more.split())
        required = {f.alias or n for n, f in block.model_fields.items() if f.is_required()}
        said = {key for row in rows if "**required**" in row[1] for key in in_backticks(row[0])}
        assert said == required


def test_top_level() -> None:
    """Every key of the top level is in one of the two tables."""
    rows = KEY_TABLES["ExperimentBlocks"] + KEY_TABLES["StudyBlocks + experiments extends"]
    assert {key for row in rows for key in in_backticks(row[0])} == set(KEYS)


@pytest.mark.parametrize("family", FAMILIES)
def test_types(family: str) -> None:
    """Every type of a family is a row, and the row has all its keys."""
    rows: dict[str, Any] = {row[0].strip("| `"): row[1] for row in tables("types")[family]}
    assert rows.keys() == FAMILIES[family].keys()
    implied = IMPLIED.get(family, {"type"})
    for name, block in FAMILIES[family].items():
        if block is not Nsi:
            assert set(in_backticks(rows[name])) == keys_of(block) - implied, name


def test_nsi() -> None:
    """Six pairs of flavours for u and d quarks and for electrons of both hands."""
    (row,) = (row[1] for row in tables("types")["model"] if "`nsi`" in row[0])
    listed = in_backticks(row)
    pairs = [one.removesuffix("_u") for one in listed if one.endswith("_u")]
    ends = ["_u", *(one.removeprefix("...") for one in listed if one.startswith("..."))]
    assert {pair + end for pair in pairs for end in ends} == keys_of(Nsi)
