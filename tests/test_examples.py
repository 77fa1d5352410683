"""The bundled examples against independent calculations, and the README's table against them."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from reference import reference_rows

import cevns
from cevns.experiment import Experiment
from cevns.prediction import Prediction
from cevns.units import MW, GeV, cm, keV, kg, m, s, tonne, year

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


def example(name: str) -> Experiment:
    return cevns.load(ROOT / "examples" / f"{name}.yaml").experiments[""]


def relative(value: float, tolerance: float) -> object:
    return pytest.approx(value, rel=tolerance, abs=0)


def test_all_are_there() -> None:  # unit
    assert len(EXAMPLES) == 6


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_readme_table(path: Path) -> None:  # snapshot: five digits as printed, not truth
    row = re.search(rf"^\| `{path.stem}` \|(.*)$", (ROOT / "README.md").read_text(), re.M)
    assert row is not None
    signal, prompt, delayed = (float(cell) for cell in row[1].split("|")[:3])
    prediction = example(path.stem).predict()
    assert prediction.total == relative(signal, 5e-5)
    assert prediction.by_group["prompt"] == relative(prompt, 5e-5)
    assert prediction.by_group["delayed"] == relative(delayed, 5e-5)


SOURCES = sorted((ROOT / "examples" / "sources").glob("*.yaml"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_readme_sources(path: Path) -> None:  # snapshot: five digits as printed, not truth
    row = re.search(rf"^\| `{path.stem}` \| ([0-9.]+) \|", (ROOT / "README.md").read_text(), re.M)
    assert row is not None
    study = cevns.load(path)
    assert study.predict(next(iter(study.experiments))).total == relative(float(row[1]), 5e-5)


def inside(prediction: Prediction) -> float:
    """Events on the observable axis."""
    return float(np.sum(prediction.counts))


# Reference: an independent calculation with the numbers of each file; it is stated to four digits
# and differs in constants and in how the pulse is integrated. Required: 0.5 %.
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 121.3),
        ({"form_factor": "klein-nystrand"}, 118.0),
        ({"form_factor": "helm"}, 120.9),
        ({"time": None}, 135.4),
    ],
)
def test_argon_detector(changes: dict[str, object], expected: float) -> None:
    experiment = example("coherent-lar-2020")
    if "time" in changes:
        detector = experiment.detector.model_copy(update={"time": None})
        experiment = replace(experiment, detector=detector, binning=None)
    else:
        experiment = replace(experiment, **changes)  # type: ignore[arg-type]
    assert experiment.predict().total == relative(expected, 5e-3)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 347.5),
        ({"form_factor": "helm"}, 345.5),
        ({"form_factor": "klein-nystrand"}, 322.9),
        ({"time": "no efficiency"}, 372.1),
        ({"time": None}, 400.2),
    ],
)
def test_caesium_iodide_detector(changes: dict[str, object], expected: float) -> None:
    """Reference, as above; the independent numbers are for 0 to 60 PE."""
    experiment = example("coherent-csi-2021")
    binning = experiment.binning
    assert binning is not None
    if "time" in changes:
        time = experiment.detector.time
        assert time is not None
        kept = time.model_copy(update={"efficiency": None}) if changes["time"] else None
        detector = experiment.detector.model_copy(update={"time": kept})
        energy = cevns.Binning(energy=binning.energy)
        experiment = replace(experiment, detector=detector, binning=energy)
    else:
        experiment = replace(experiment, **changes)  # type: ignore[arg-type]
    assert inside(experiment.predict()) == relative(expected, 5e-3)


def test_caesium_iodide_efficiency_is_never_negative() -> None:  # unit
    experiment = example("coherent-csi-2021")
    x = np.linspace(0, 12, 500)
    assert np.all(experiment.detector.efficiency.evaluate(x, {}, "detector.efficiency") >= 0)
    plane = experiment.predict().counts_2d
    assert np.all(plane >= 0)


def argon_tonne_year() -> Experiment:
    return Experiment(
        source=cevns.StoppedPion(flux=1e7 / cm**2 / s),
        detector=cevns.Detector(target="Ar40", mass=1 * tonne),
        exposure=1 * year,
        model=cevns.StandardModel(sin2_theta_w=0.23863),
        form_factor="helm-lewin-smith",
    )


def test_check_totals() -> None:
    """Reference: independently computed totals, quoted to six digits (so 1e-5)."""
    experiment = argon_tonne_year()
    assert experiment.predict().total == relative(26043.6, 1e-5)
    assert experiment.counts_above([10 * keV])[0] == relative(17517.6, 1e-5)
    T = np.array([1, 5, 10, 20, 50]) * keV
    spectrum = experiment.recoil_spectrum(T) * keV
    expected = [969.75, 848.45, 718.67, 507.67, 122.04]
    assert list(spectrum) == [relative(value, 1e-5) for value in expected[:3]] + [
        relative(value, 4e-5)
        for value in expected[3:]  # quoted to five digits
    ]


def test_sns_flux() -> None:
    """Reference: 1.4 MW / 1 GeV × 0.08 / 4π(20 m)² by hand: 1.3907e7 /cm²/s, five digits."""
    source = cevns.StoppedPion(
        power=1.4 * MW, proton_energy=1 * GeV, pions_per_proton=0.08, distance=20 * m
    )
    fluence = source.fluences(cevns.Exposure(1 * s), {}, "source")[0]
    assert fluence / (1 / cm**2) == relative(1.3907e7, 5e-5)


@pytest.mark.parametrize("element", ["neon", "argon", "germanium", "xenon"])
def test_scholberg_yields(element: str) -> None:
    """Reference: rows sns.* at T = 10 keV. Same inputs but G_F's source, masses with electron
    binding and ħc: up to 1e-5; the table allows 1e-4."""
    nuclide = {"neon": "20Ne", "argon": "40Ar", "germanium": "76Ge", "xenon": "132Xe"}[element]
    experiment = example(f"scholberg-2006-{element}")
    spectra = experiment.recoil_spectra(np.array([10 * keV]))[:, 0, 0] * keV
    groups = [component.group for component in experiment.components]
    for row in reference_rows(f"sns.dNdT.{nuclide}."):
        group = row.id.split(".")[3]
        ours = sum(v for v, name in zip(spectra, groups, strict=True) if name == group)
        assert ours == relative(row.value, 1e-4)


@pytest.mark.parametrize("row", ["mix.Ar.pidar.Tth5", "mix.CsI.pidar.Tth5"])
def test_natural_mixtures(row: str) -> None:
    """Reference: rows mix.*; the table allows 1e-4 with the same inputs."""
    (found,) = reference_rows(row)
    experiment = Experiment(
        source=cevns.StoppedPion(flux=1e7 / cm**2 / s),
        detector=cevns.Detector(target=row.split(".")[1], mass=1 * kg, threshold=5 * keV),
        exposure=1 * year,
        form_factor="helm-lewin-smith",
    )
    assert experiment.predict().total == relative(found.value, 1e-4)


def data_folder() -> Path:
    """Where the public data are; skips where they are not, unless they are required."""
    folder = Path(os.environ.get("CEVNS_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        message = "public data not found: set CEVNS_DATA to the folder that holds them"
        if os.environ.get("CEVNS_REQUIRE_DATA") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return folder


def test_released_argon_template() -> None:
    """Reference: the CEvNS template of arXiv:2006.12659, summed over F90; its total is ± 17.

    The ratio of the totals (0.948) is a snapshot, not truth: docs/validation.md discusses it.
    Arrival times agree within 7 % in every bin, and within 1.5 % of each other's ratio after the
    first two: both use the same pulse, so only the energy cuts can differ there. Energies agree
    within 14 % where the template has more than two events.
    """
    rows = np.loadtxt(data_folder() / "coherent-lar-2020" / "cevnspdf.txt")
    released = rows[:, 3].reshape(12, 8, 10).sum(axis=1)
    ours = example("coherent-lar-2020").predict()
    assert ours.total / released.sum() == relative(0.948, 2e-3)
    times = ours.counts_2d.sum(axis=0) / released.sum(axis=0)
    assert np.all(np.abs(times - 1) < 0.07)
    assert np.ptp(times[2:]) < 0.015
    energies = ours.counts[:4] / released.sum(axis=1)[:4]
    assert np.all(np.abs(energies - 1) < 0.14)
