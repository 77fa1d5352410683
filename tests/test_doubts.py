"""Sums of interactions that would count something twice."""

from __future__ import annotations

import pytest

import cevns
from cevns.interactions import Interaction, Model
from cevns.interactions.electromagnetic import ChargeRadius
from cevns.interactions.nsi import Nsi
from cevns.interactions.vector_mediator import HeavyZprime
from cevns.units import GeV, cm, kg, s, year


def build(model: Interaction | Model) -> cevns.Experiment:
    source = cevns.StoppedPion(flux=1e7 / cm**2 / s)
    return cevns.Experiment(source, cevns.Detector(target="Ar40", mass=1 * kg), 1 * year, model)


@pytest.mark.parametrize("scheme", ["radiative", "radiative-q"])
def test_charge_radius_with_radiative_couplings(scheme: str) -> None:  # unit
    with pytest.warns(UserWarning, match="charge-radius beside radiative"):
        build(cevns.StandardModel(scheme=scheme) + ChargeRadius(nu_mu=1e-32 * cm**2))


def test_sequential_at_the_z() -> None:  # unit
    with pytest.warns(UserWarning, match="at the mass of the Z"):
        build(cevns.StandardModel() + HeavyZprime(mass=91.19 * GeV))


def test_nothing_to_doubt() -> None:  # unit: warnings are errors in these tests
    build(cevns.StandardModel() + ChargeRadius(nu_mu=1e-32 * cm**2) + Nsi())
    build(cevns.StandardModel(scheme="radiative") + HeavyZprime(mass=1000 * GeV))
