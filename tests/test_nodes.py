"""Quadrature nodes far below everything else, and the end of what is shown.

Kinds: reference (closed forms), property and unit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import cevns
from cevns.binning import EnergyAxis
from cevns.interactions.electromagnetic import Millicharge
from cevns.interactions.vector_mediator import LightVector
from cevns.kinematics import maximum_recoil
from cevns.nodes import panel_nodes
from cevns.units import MeV, cm, day, eV, keV, kg, s

CONVERGED = 1e-9  # eight nodes on a factor of two in √T: 5.8^-16 times the size of derivatives


@pytest.mark.parametrize("power", [-2.0, -1.0, -0.5])
@pytest.mark.parametrize("threshold", [1e-2, 1e-5, 1e-7, 1e-10, 1e-13])
def test_steep_spectra_from_a_low_threshold(power: float, threshold: float) -> None:
    """reference: ∫ T^n dT from a threshold up to 1, however low it is."""
    T, weights = panel_nodes(np.array([0.0, 1.0]), [threshold])
    above = threshold < T
    end = power + 1
    closed = (1 - threshold**end) / end if end else -math.log(threshold)
    assert weights[above] @ T[above] ** power == pytest.approx(closed, rel=CONVERGED, abs=0)


def test_a_low_threshold_costs_few_nodes() -> None:
    """unit: one panel for each factor of four below the 512th part of √T."""
    usual = len(panel_nodes(np.array([0.0, 1.0]), [1e-5])[0])
    lower = len(panel_nodes(np.array([0.0, 1.0]), [1e-5 / 4**10])[0])
    assert usual < lower <= usual + 8 * 10


@pytest.mark.parametrize(
    "model", [Millicharge(nu_mu=1e-10), LightVector(mass=1 * eV, coupling=1e-6)]
)
def test_electrons_from_a_low_threshold(model: Any) -> None:
    """property: one bin from 1 eV has what 80 narrow ones have, with a spectrum like 1/T²."""
    source = cevns.Monoenergetic(flavour="nu_mu", energy=100 * MeV, flux=1e10 / cm**2 / s)
    detector = cevns.Detector(target="Ar", mass=1 * kg, threshold=1 * eV)
    counts = []
    for bins in (1, 80):
        edges = (np.geomspace(1, 1e8, bins + 1) * eV).tolist()
        binning = cevns.Binning(energy=EnergyAxis.model_validate({"edges": edges}))
        experiment = cevns.Experiment(
            source, detector, 1 * day, cevns.StandardModel() + model, electrons="free",
            binning=binning,
        )  # fmt: skip
        counts.append(float(np.sum(experiment.predict().counts)))
    assert counts[0] == pytest.approx(counts[1], rel=CONVERGED, abs=0)


@pytest.mark.parametrize("target", ["F", "Na", "Al", "CaF2", "Ge73"])
@pytest.mark.parametrize("axial", ["simple", "shell-model"])
def test_a_line_scattered_by_spins(target: str, axial: str) -> None:
    """unit: the spectrum of a line on spins is largest at its end, where all the axis goes."""
    source = cevns.Monoenergetic(flavour="nu_e", energy=30 * MeV, flux=1e10 / cm**2 / s)
    detector = cevns.Detector(target=target, mass=1 * kg, threshold=1 * keV)
    experiment = cevns.Experiment(source, detector, 1 * day, axial=axial)
    prediction = experiment.predict()
    lightest = min(one.mass for one in experiment.scatterers)
    assert experiment.edges[-1] == pytest.approx(
        maximum_recoil(30 * MeV, lightest), rel=1e-12, abs=0
    )
    assert np.sum(prediction.counts) > 0
