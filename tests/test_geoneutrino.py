"""Geoneutrinos: the compact spectra against what they were made of, fluxes and flavours."""

from __future__ import annotations

import numpy as np
import pytest
from data_files import need_data
from test_atmospheric import ROOT, build_script

from cevns.errors import InputError
from cevns.exposure import Exposure
from cevns.parameters import NOMINAL
from cevns.sources import Geoneutrino
from cevns.sources.geoneutrino import ELEMENTS, per_decay
from cevns.units import MeV, cm, keV, s

CHAINS = {"U": "238U", "Th": "232Th", "K": "40K"}
YEAR = Exposure.parse("1 year")


# --- kind: reference ------------------------------------------------------------------------------


def test_table_is_what_the_script_builds() -> None:
    """Reference: byte for byte, from the public tables."""
    text = build_script("build_geoneutrino").build(need_data("spectra-geoneutrino"))
    path = ROOT / "src" / "cevns" / "data" / "geoneutrino" / "spectra.csv"
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize(("element", "number"), [("U", 6), ("Th", 4), ("K", 0.8928)])
def test_antineutrinos_per_decay(element: str, number: float) -> None:
    """Reference: beta decays of the chains, and 89.28 % of ⁴⁰K; 1 %: rare branches of the table."""
    counted = per_decay(element).moments(np.zeros(1))[0, 0]
    assert counted == pytest.approx(number, rel=0.01, abs=0)


@pytest.mark.parametrize("element", ELEMENTS)
def test_against_the_dense_table(element: str) -> None:
    """Reference: sums over 4501 rows of 1 keV; 1e-4 (five digits) at the edges of the bins.

    Means to 1e-3: the place of a neutrino within 25 keV.
    """
    path = need_data("spectra-geoneutrino") / f"AntineutrinoSpectrum_{CHAINS[element]}.txt"
    energy, density = np.loadtxt(path).T
    spectrum = per_decay(element)
    for edge in (0, 100, 500, 1000, 1300, 1800, 2200):
        above = density[energy > edge].sum()
        ours = spectrum.moments(np.array([edge * keV]))[0, 0]
        assert ours == pytest.approx(above, rel=1e-4, abs=1e-6 * density.sum())
    centres = (spectrum.edges[1:] + spectrum.edges[:-1]) / 2
    widths = np.diff(spectrum.edges)
    mean = (centres * widths * spectrum.lower).sum() / (widths * spectrum.lower).sum()
    assert mean / keV == pytest.approx((energy * density).sum() / density.sum(), rel=1e-3, abs=0)


def test_against_the_spectra_of_another_code() -> None:
    """Reference: means of spectra at two sites as another code has them.

    Thorium at Boulby to 0.5 %; potassium at Gran Sasso, digitised from 0.103 MeV on, to 2 %.
    Uranium is in neither as in Enomoto's table: coarse at Gran Sasso, too soft at Boulby.
    """
    folder = need_data("spectra-geoneutrino")
    parts = {part.name: part.spectrum for part in Geoneutrino().components("source")}
    for element, name, delimiter in (("Th", "Boulby", None), ("K", "GranSasso", ",")):
        energy, density = np.loadtxt(folder / f"Geo{element}-{name}.txt", delimiter=delimiter).T
        mean = np.trapezoid(energy * density, energy) / np.trapezoid(density, energy)
        x, w = np.polynomial.legendre.leggauss(400)
        start = energy[0] if energy[0] > 0.1 else 0.0  # within the first bin: all of it
        E = start + (4.5 - start) * (x + 1) / 2
        G = parts[element].moments(np.append(start, E) * MeV)[0]
        ours = start + (4.5 - start) / 2 * w @ G[1:] / G[0]  # ∫ G_0 dE above the start
        assert ours == pytest.approx(mean, rel=5e-3 if element == "Th" else 0.02, abs=0)


# --- kind: unit -----------------------------------------------------------------------------------


def test_fluxes() -> None:
    """unit: those of Gran Sasso (Huang et al. 2013), or one's own; each has an address."""
    expected = {"U": 4.34e6, "Th": 4.23e6, "K": 20.54e6}
    for one, shift in ((Geoneutrino(), 1.0), (Geoneutrino(fluxes={"U": 1e6 / cm**2 / s}), None)):
        found = one.fluences(YEAR, NOMINAL, "source")
        for element, fluence in zip(ELEMENTS, found, strict=True):
            wanted = 1e6 if shift is None and element == "U" else expected[element]
            assert fluence * cm**2 * s / YEAR.amount == pytest.approx(wanted, rel=1e-12, abs=0)
    theta = {"source.fluxes.K": 0.0}
    assert Geoneutrino().fluences(YEAR, theta, "source")[2] == 0


def test_flavours() -> None:
    """unit: traces and integrals are one; without oscillations what arrives is ν̄_e."""
    for one, kept in ((Geoneutrino(), 0.549), (Geoneutrino(oscillation="none"), 1.0)):
        for part in one.components("source"):
            assert part.antineutrino
            assert np.trace(part.density).real == pytest.approx(1, rel=1e-14, abs=0)
            # three digits of c⁴(1 − ½ sin²2θ12) + s⁴
            assert part.density[0, 0].real == pytest.approx(kept, rel=0, abs=5e-4)
            total = part.spectrum.moments(np.zeros(1))[0, 0]
            assert total == pytest.approx(1, rel=1e-12, abs=0)
    addresses = {one.address for one in Geoneutrino(oscillation="none").parameters("source")}
    assert addresses == {f"source.fluxes.{element}" for element in ELEMENTS}


def test_an_unknown_site() -> None:
    with pytest.raises(InputError, match="gran-sasso"):
        Geoneutrino(site="boulby")
