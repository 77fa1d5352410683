"""The catalogue: every entry is complete or says what it lacks, and every number has a source.

Kinds: unit (its rules), reference (a table of the literature), snapshot (the document).
"""

from __future__ import annotations

import csv
import importlib.util
import json
import math
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from catalogue_entries import ROOT, entry, own, total

from cevns.catalogue import entries, entry_file, not_given
from cevns.cli.main import run
from cevns.config.study import load, study_from
from cevns.errors import InputError, split
from cevns.merge import extended
from cevns.yaml_reader import read_file

WITH_SOURCES = ("source", "detector", "exposure", "experiments")
SITES = (
    *("sns", "sns-second-target", "lujan", "mlf", "ess", "csns", "daedalus-cyclotron", "bnb"),
    *("angra", "brokdorf", "chooz", "dresden", "ill", "kalinin", "kuo-sheng", "leibstadt"),
    *("songs", "tamu-triga", "gigawatt-reactor", "chromium-source", "gran-sasso", "solar-b8"),
    "galactic-supernova",
)


@cache
def content(name: str) -> Mapping[str, Any]:
    """The entry with what it extends."""
    path = entry_file(name)
    merged: Mapping[str, Any] = extended(read_file(path), path.parent)
    return merged


COMPLETE = tuple(name for name in entries() if not not_given(content(name)))
INCOMPLETE = tuple(name for name in entries() if not_given(content(name)))


def leaves(data: Any, path: str = "") -> Iterator[str]:
    """The paths of all values; a list is one."""
    if not isinstance(data, Mapping):
        yield path
        return
    for key, value in data.items():
        yield from leaves(value, f"{path}.{key}" if path else str(key))


# --- kind: unit (every entry) ---------------------------------------------------------------------


@pytest.mark.parametrize("name", COMPLETE)
def test_a_complete_entry_predicts(name: str) -> None:
    study = entry(name)
    for one in study.experiments:
        assert 0 < total(study, one) < math.inf


@pytest.mark.parametrize("name", INCOMPLETE)
def test_an_incomplete_entry_names_what_is_missing(name: str) -> None:
    """One line for each, at the place where it would be given."""
    with pytest.raises(InputError) as error:
        load(entry_file(name))
    assert [one.path for one in error.value.mistakes] == list(not_given(content(name)))
    assert all("a value of your own" in one.expected for one in error.value.mistakes)


@pytest.mark.parametrize("name", entries())
def test_every_number_has_a_reference(name: str) -> None:
    """At its own path or that of a block around it, with its experiment's name in front or not."""
    references = content(name)["about"]["references"]
    stated = {key: value for key, value in content(name).items() if key in WITH_SOURCES}
    for path in leaves(stated):
        own_path = path.split(".", 2)[2] if path.startswith("experiments.") else path
        assert any(one in references for one in (*around(path), *around(own_path))), path


def around(path: str) -> Iterator[str]:
    """A path and those of the blocks that it is in."""
    steps = path.split(".")
    return (".".join(steps[:count]) for count in range(1, len(steps) + 1))


@pytest.mark.parametrize("name", entries())
def test_references_are_of_what_is_there(name: str) -> None:
    """None is of a key that the entry does not have, none is empty, and it has a title."""
    about = content(name)["about"]
    assert about["title"]
    for path, text in about["references"].items():
        assert not split(path, content(name))[1] or _of_experiments(path, name), path
        assert text.strip(), path


def _of_experiments(path: str, name: str) -> bool:
    """Whether ``path`` is one of each experiment of the entry."""
    blocks = content(name).get("experiments", {}).values()
    return bool(blocks) and all(not split(path, block)[1] for block in blocks)


@pytest.mark.parametrize("name", entries())
def test_an_entry_does_not_give_what_it_calls_missing(name: str) -> None:
    """Of its own; what a site misses is given by the experiments there."""
    raw = read_file(entry_file(name))
    for path in raw["about"].get("missing", {}):
        assert split(path, raw)[1], path


@pytest.mark.parametrize("name", SITES)
def test_a_site_is_a_source_only(name: str) -> None:
    assert "source" in content(name) and "detector" in not_given(content(name))


def test_the_systems_of_the_literature_are_there() -> None:
    """Each that the three reviews, the proposals and the first papers of the field are about."""
    wanted = (
        *("scholberg-2006", "clean", "coherent-suite", "coherent-suite-2015", "coherent-d2o"),
        *("ccm", "connie", "conus", "conus-plus", "dresden-ii", "miner", "miner-concept"),
        *("nucleus", "nugen", "red-100", "ricochet", "texono", "texono-barranco"),
        *("cogent-songs", "daedalus", "billard-germanium", "darwin", "lz", "xenon1t"),
        *("xenonnt", "pandax-4t", "supercdms", "kims", "drukier-stodolsky", "ckw-silicon"),
        *("ckw-silicon-reactor", "vogel-engel-argon", *SITES),
    )
    assert set(wanted) <= set(entries())


# --- kind: unit (files of a user) -----------------------------------------------------------------


def test_a_file_extends_an_entry_by_name() -> None:
    """Half the exposure is half the events; rounding only."""
    whole, half = entry("ricochet"), own("extends: ricochet\nexposure: 12 hour\n")
    assert total(half) == pytest.approx(total(whole) / 2, rel=1e-12, abs=0)


def test_a_file_changes_what_an_entry_says_of_each_experiment() -> None:
    """Unit: an exposure of one's own is that of all experiments; their distances stay."""
    plain, longer = (
        study_from({"extends": "daedalus", **more}) for more in ({}, {"exposure": "2 year"})
    )
    for name, years in (("argon-near", 1), ("argon-far", 4)):
        ratio = longer.predict(name).total / plain.predict(name).total
        assert ratio == pytest.approx(2 / years, rel=1e-12, abs=0)  # rounding of sums
    assert longer.blocks["argon-far"].source.distance == plain.blocks["argon-far"].source.distance


@pytest.mark.parametrize("name", ["dresden-ii", "xenonnt"])
def test_a_copy_predicts_the_same(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unit: what is shown runs from anywhere, with its tables."""
    assert run(["list", "catalogue", name]) == 0
    copy = tmp_path / "my.yaml"
    copy.write_text(capsys.readouterr().out, "utf-8")
    assert load(copy).predict().total == load(entry_file(name)).predict().total


def test_a_file_gives_what_is_missing() -> None:
    """A detector at a site, and the threshold that an entry lacks."""
    text = "extends: angra\nsource: {distance: 30 m}\nexposure: 44.1 day\n"
    detector = "detector: {target: Si, mass: 47.6 g, threshold: 1 keV}\n"
    assert total(own(text + detector)) == total(entry("connie"))
    assert total(own("extends: red-100\ndetector: {threshold: 1 keV}\nexposure: 1 day\n")) > 0


def test_a_default_of_all_experiments_gives_what_each_is_missing() -> None:
    given = "extends: supercdms\ndetector: {mass: 1 kg, threshold: 0.1 keV}\nexposure: 1 year\n"
    assert set(own(given).blocks) == {"germanium", "silicon"}
    with pytest.raises(InputError) as error:
        own("extends: supercdms\ndetector: {mass: 1 kg}\nexposure: 1 year\n")
    kinds = ("germanium", "silicon")
    expected = [f"experiments.{kind}.detector.threshold" for kind in kinds]
    assert [one.path for one in error.value.mistakes] == expected


def test_a_mistake_beside_a_missing_number_is_not_hidden_for_good() -> None:
    """What is missing comes first, then what is wrong."""
    with pytest.raises(InputError, match=r"^exposure: found nothing, expected a value of your own"):
        own("extends: red-100\ndetector: {threshold: 1 lbs}\n")
    with pytest.raises(InputError, match=r"^detector\.threshold: found '1 lbs'"):
        own("extends: red-100\ndetector: {threshold: 1 lbs}\nexposure: 1 day\n")


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (["predict", "own.yaml"], "extends"),
        (["predict", "--experiment", "ricochett"], "--experiment"),
        (["list", "catalogue", "ricochett"], "catalogue"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_an_unknown_name_is_told_the_nearest(
    arguments: list[str],
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "own.yaml").write_text("extends: ricochett\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    expected = "expected a known entry of the catalogue (did you mean 'ricochet'?)"
    assert (out, err) == ("", f"{place}: found 'ricochett', {expected}\n")


# --- kind: unit (the command line) ----------------------------------------------------------------


def test_the_list_has_every_entry_and_what_it_misses(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "catalogue", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["catalogue"]}
    assert list(rows) == entries()
    assert rows["chooz"]["not given"] == "detector, exposure"
    assert rows["nucleus"]["not given"] == ""
    assert rows["red-100"]["not given"] == "exposure, detector.threshold"


def test_an_entry_can_be_shown_and_predicted_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "catalogue", "ricochet"]) == 0
    assert capsys.readouterr().out == entry_file("ricochet").read_text("utf-8")
    assert run(["predict", "--experiment", "ricochet", "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)["counts"]["total"]
    assert counts == pytest.approx(total(entry("ricochet")), rel=1e-12, abs=0)


# --- kind: reference ------------------------------------------------------------------------------


# Scholberg, review (TAUP 2019), Table 1.
TABLE = """\
CONNIE;Si CCDs;Brazil
CONUS;HPGe;Germany
MINER;Ge/Si cryogenic;USA
NUCLEUS;Cryogenic CaWO4, Al2O3;Germany
νGEN;HPGe;Russia
RED-100;LXe dual phase;Russia
Ricochet;Ge, Zn bolometers;France
TEXONO;p-PCGe;Taiwan
"""


def test_doubtful_numbers_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Unit: a reference that could not be confirmed is said with the prediction."""
    assert run(["predict", "--experiment", "daedalus"]) == 0
    assert "Not confirmed, see about.references: experiments.ge" in capsys.readouterr().out


def test_table_of_reactor_experiments() -> None:
    """Each line of the review's table stands at the head of the title of one entry, as printed."""
    for experiment, technology, location in csv.reader(TABLE.splitlines(), delimiter=";"):
        head = f"{experiment}: {technology}, {location}."
        titles = [content(name)["about"]["title"] for name in entries()]
        assert sum(title.startswith(head) for title in titles) == 1, head


# --- kind: snapshot -------------------------------------------------------------------------------


def script() -> ModuleType:
    """tools/write_catalogue.py as a module."""
    path = ROOT / "tools" / "write_catalogue.py"
    spec = importlib.util.spec_from_file_location("write_catalogue", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_document_is_what_the_script_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """snapshot: not truth, but the table is that of the entries."""
    made = script()
    monkeypatch.setattr(made, "load", lambda path: entry(path.stem))
    written = (ROOT / "docs" / "catalogue.md").read_text("utf-8")
    assert written == made.document(), "run tools/write_catalogue.py"
