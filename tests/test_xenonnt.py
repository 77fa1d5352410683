"""XENONnT boron-8, 2026: three runs, four observables, a response of mono-energetic templates.

`oracle.xenonnt` reads the same files with NumPy and h5py alone and shares no code with the package.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_files import DATA, need_data
from oracle import xenonnt as twin

from cevns.analysis import analysis_of
from cevns.config.study import Study, study_from
from cevns.datasets.histograms import contents_in, histogram_cells, read_template
from cevns.datasets.store import require
from cevns.display.plot_fit import data_figure
from cevns.errors import InputError
from cevns.inference.fit import Fit, fit
from cevns.inference.result import as_dict
from cevns.likelihood.joint import Likelihood
from cevns.units import cm, keV, s

Array = np.ndarray[Any, np.dtype[Any]]
ROOT = Path(__file__).resolve().parents[1]
NAME, SIGNAL = "xenonnt-b8-2026", "signal.norm"
TWO, ALL = ("sr0", "sr1"), ("sr0", "sr1", "sr2")
CHOICES = (TWO, ("sr2",), ALL)
FLUX = "source.B8.norm"


@pytest.fixture(autouse=True)
def _data(monkeypatch: pytest.MonkeyPatch) -> None:
    need_data(NAME, monkeypatch)


def study(*runs: str, **more: Any) -> Study:
    return study_from({"data": {"name": NAME, "runs": list(runs)}, **more})


@cache
def likelihood(*runs: str) -> Likelihood:
    analysis = analysis_of(study(*runs))
    return analysis.likelihood.freed(analysis.interest)


@cache
def fitted(*runs: str) -> Fit:
    return fit(likelihood(*runs), (SIGNAL,))


def spectrum(T: Array) -> Array:
    """Ours, per tonne-year and keV."""
    experiment = study("sr0").experiments[""]
    return experiment.recoil_spectrum(T * keV) * keV / twin.EXPOSURES["sr0"]


@cache
def run(name: str, sums: bool = False) -> twin.Run:
    return twin.Run.read(DATA / NAME, name, spectrum, sums)


@cache
def model(*runs: str) -> twin.Model:
    return twin.Model([run(name) for name in runs])


def addresses(model: twin.Model) -> list[str]:
    """Where we have the parameters of the twin."""
    rest = {
        "signal": SIGNAL,
        "electronic": "background.electronic-recoils.norm",
        "neutrons": "background.neutrons.norm",
        "tly": "shape.tly",
        "tqy": "shape.tqy",
    }
    own = "background.accidental-coincidences.{}.norm"
    return [rest.get(name) or own.format(name.split()[1]) for name in model.names]


def points(model: twin.Model) -> list[Array]:
    """Nominal, and somewhere within the bounds."""
    generator = np.random.default_rng(5)
    away = generator.uniform(-0.9, 0.9, (3, len(model.names)))
    return [model.start(), *(model.start() + one for one in away)]


# --- kind: reference ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_cells_and_events(name: str) -> None:
    """Edges of the binning files to their digits; every event in its cell; 9, 28 and 25 events."""
    (channel,) = likelihood(name).channels
    for axis, wanted in zip(channel.cells.axes, twin.edges(DATA / NAME, name), strict=True):
        assert axis.shown == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    assert np.array_equal(channel.observed, run(name).events)
    assert np.sum(channel.observed) == {"sr0": 9, "sr1": 28, "sr2": 25}[name]


@pytest.mark.parametrize("name", ALL)
def test_templates(name: str) -> None:
    """At points between the templates too: the same numbers in another order of sums."""
    (channel,) = likelihood(name).channels
    one = twin.Model([run(name)])
    for values in points(one):
        theta = dict(zip(addresses(one), values.tolist(), strict=True))
        wanted = run(name).expected(dict(zip(one.names, values.tolist(), strict=True)))
        assert channel.expected(theta) == pytest.approx(wanted, rel=1e-8, abs=1e-12)
        assert channel.components(theta)["cevns"] == pytest.approx(
            values[0] * np.einsum("a,b,abc->c", *map(twin.weights, values[-2:]), run(name).signal),
            rel=1e-6,  # the twin's panels do not end where the spectrum of each nuclide does
            abs=1e-12,
        )


def test_a_sum_over_the_templates_is_not_the_integral() -> None:
    """Σ dR/dT · 0.1 keV over the 46 energies, as the release's example has it: 0.4 % fewer."""
    for name in ALL:
        crude, fine = (np.sum(run(name, sums).signal[1, 1]) for sums in (True, False))
        assert 0.994 < crude / fine < 0.998


@pytest.mark.parametrize("runs", CHOICES)
def test_objective(runs: tuple[str, ...]) -> None:
    """Signals differ by 1e-7 or so; −2 ln L is of order 100."""
    made, other = likelihood(*runs), model(*runs)
    for values in points(other):
        theta = dict(zip(addresses(other), values.tolist(), strict=True))
        found = made([theta[address] for address in made.floating])
        assert found == pytest.approx(other.nll(values), rel=1e-6, abs=0)


@pytest.mark.parametrize("runs", CHOICES)
def test_minimum_and_significance(runs: tuple[str, ...]) -> None:
    """L-BFGS-B against MINUIT: both stop within 1e-3 of an error."""
    best, value = model(*runs).fit()
    found = fitted(*runs)
    assert found.minimum.value == pytest.approx(value, rel=1e-6, abs=0)
    for address, wanted in zip(addresses(model(*runs)), best.tolist(), strict=True):
        near = 2e-3 * found.minimum.error(address)
        assert found.minimum.at(address) == pytest.approx(wanted, rel=0, abs=near), address
    without = model(*runs).fit(0.0)[1]
    assert found.significances[SIGNAL] == pytest.approx(np.sqrt(without - value), rel=1e-3, abs=0)


def test_significance_of_the_first_two_runs() -> None:
    """2.73 σ are published, from toys and with widths that are not released."""
    assert fitted(*TWO).significances[SIGNAL] == pytest.approx(2.75, rel=0, abs=0.05)


def test_prediction_is_what_a_fit_expects() -> None:
    """The mean efficiency of the runs, tabulated to 7 digits, against all templates."""
    for runs in CHOICES:
        events = sum(np.sum(one.components({})["cevns"]) for one in likelihood(*runs).channels)
        assert study(*runs).predict().total == pytest.approx(events, rel=1e-6, abs=0)


def test_table_is_built_from_the_release() -> None:
    for name in (NAME, "dresden-ii-2022"):
        need_data(name)
    path = ROOT / "tools" / "build_dataset_tables.py"
    spec = importlib.util.spec_from_file_location("build_dataset_tables", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for table, text in module.tables().items():
        assert table.read_text("utf-8") == text


# --- kind: property -------------------------------------------------------------------------------


def test_gradient() -> None:
    """Yields are differenced over 1 % of a step, 1e-4 of the slope; norms are exact."""
    made = likelihood(*ALL)
    point = made.start + 0.3 * np.cos(np.arange(len(made.floating)))
    for index, step in enumerate(made.steps):
        ends = [point.copy(), point.copy()]
        ends[0][index] -= 1e-3 * step
        ends[1][index] += 1e-3 * step
        slope = (made(ends[1]) - made(ends[0])) / 2e-3
        found = made.gradient(point)[index] * step
        assert found == pytest.approx(slope, rel=1e-3, abs=1e-4), made.floating[index]


# --- kind: unit -----------------------------------------------------------------------------------


def test_yields_stay_where_templates_are() -> None:
    for address in ("shape.tly", "shape.tqy"):
        assert likelihood(*ALL).parameters[address].bounds == (-1.0, 1.0)


def test_flux_is_the_strength_of_the_signal() -> None:
    """Of one species they are one number; it is the fitted flux over that of the solar model."""
    analysis = analysis_of(study(*TWO, fit={"parameters": [FLUX]}))
    found = fit(analysis.likelihood, analysis.interest)
    assert found.minimum.at(FLUX) == pytest.approx(fitted(*TWO).minimum.at(SIGNAL), rel=1e-4, abs=0)
    source = study("sr0").experiments[""].sources[0][1]
    flux = source._flux("B8", {}, "source") * cm**2 * s  # type: ignore[attr-defined]
    assert flux == pytest.approx(5.46e6, rel=1e-3, abs=0)  # B16-GS98, arXiv:1611.09867


def test_runs_are_channels_of_one_experiment() -> None:
    """They have results of their own; a norm with one prior is shared, one with several is not."""
    made = likelihood(*TWO)
    assert [one.name for one in made.channels] == list(TWO)
    assert [one.title for one in made.channels] == [
        f"XENONnT boron-8 2026 {r}" for r in ("SR0", "SR1")
    ]
    assert {a for a in made.floating if "coincidences" in a} == {
        f"background.accidental-coincidences.{name}.norm" for name in TWO
    }
    result = as_dict(fitted(*TWO))
    assert [result["experiments"][name]["observed"] for name in TWO] == [9, 28]
    assert result["observed"] == 37


def test_figure_has_the_edges_of_the_bins() -> None:
    """Four axes: bins equally wide, their edges written at them, one scale for all."""
    channel = fitted("sr2").likelihood.channels[0]
    axes = data_figure(channel, fitted("sr2")).axes
    assert [one.get_ylabel() for one in axes[:4]] == ["Events / bin", "", "", ""]
    for one, axis in zip(axes[4:], channel.cells.axes, strict=True):
        labels = [float(label.get_text()) for label in one.get_xticklabels()]
        assert labels == pytest.approx(axis.shown, rel=5e-3, abs=0)
    assert axes[4].get_xlabel() == "cS2\n[PE]"


def test_the_page_shows_these_numbers() -> None:
    """docs/fits.md: strength and significance, to a unit of the last digit."""
    page = (ROOT / "docs" / "fits.md").read_text("utf-8")
    for title, runs in (("SR0 + SR1", TWO), ("SR2", ("sr2",)), ("all", ALL)):
        (row,) = (line for line in page.splitlines() if line.startswith(f"| {title} |"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        found = fitted(*runs)
        assert float(cells[5]) == pytest.approx(found.minimum.at(SIGNAL), rel=0, abs=0.011)
        assert float(cells[7]) == pytest.approx(found.significances[SIGNAL], rel=0, abs=0.011)


def test_two_names_in_one_file() -> None:
    """In a file with several experiments runs have the name of theirs in front."""
    runs = {"data": {"name": NAME, "runs": list(TWO)}}
    analysis = analysis_of(study_from({"experiments": {"xe": runs}}))
    assert [one.name for one in analysis.likelihood.channels] == ["xe.sr0", "xe.sr1"]
    assert "xe.background.accidental-coincidences.sr0.norm" in analysis.likelihood.floating
    assert "xe.shape.tly" in analysis.likelihood.floating


def test_exposure_is_that_of_the_runs() -> None:
    shown = [repr(study(*runs).experiments[""].exposure) for runs in CHOICES]
    assert shown == ["'3.516991 tonne*year'", "'3.249665 tonne*year'", "'6.766656 tonne*year'"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"data": {"name": NAME, "runs": ["sr3"]}}, r"data\.runs: found 'sr3', .*: sr0, sr1, sr2"),
    ({"data": {"name": NAME, "runs": []}}, r"data\.runs: .*each run once, and one at least"),
    ({"data": {"name": NAME, "runs": ["sr0", "sr0"]}}, r"data\.runs: .*each run once"),
    ({"data": {"name": NAME, "quenching": "fef"}}, r"data\.quenching: .*has no variants"),
    ({"data": NAME, "detector": {"threshold": "1 keV"}}, r"detector\.threshold: .*its templates"),
    ({"data": NAME, "electron_scattering": True}, r"electron_scattering: .*nuclei alone"),
]


@pytest.mark.parametrize(("content", "message"), REFUSED)
def test_what_is_refused(content: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        analysis_of(study_from(content))


class Folder:
    """Files whose content is at hand."""

    def __init__(self, **files: bytes):
        self.files = files

    def read_bytes(self, file: str) -> bytes:
        return self.files[file]


def test_what_is_no_template() -> None:
    """Text, and a template in other cells."""
    folder: Any = Folder(text=b"no HDF5")
    with pytest.raises(InputError, match="data: found text, which is something else"):
        read_template(folder, "text")
    file = "templates/{0}/ac/template_XENONnT_{0}_ac_cevns.h5"
    one, other = (read_template(require(NAME), file.format(name)) for name in TWO)
    cells = histogram_cells(one, dict.fromkeys("abcd", "1"))
    assert np.sum(contents_in(one, cells, "one")) > 0
    with pytest.raises(InputError, match="data: found other with other edges"):
        contents_in(other, cells, "other")
    with pytest.raises(InputError, match="3 names for 4 axes"):
        histogram_cells(one, dict.fromkeys("abc", "1"))
