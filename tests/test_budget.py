"""Which choice matters: one change at a time."""

from __future__ import annotations

import pytest

import cevns
from cevns.budget import budget
from cevns.units import cm, keV, kg, s, year


def experiment(target: str) -> cevns.Experiment:
    return cevns.Experiment(
        cevns.StoppedPion(flux=1e7 / cm**2 / s),
        cevns.Detector(target=target, mass=1 * kg, threshold=5 * keV),
        1 * year,
    )


def test_changes_are_what_a_changed_experiment_gives() -> None:  # unit
    made = experiment("Ar40")
    found = {(one.choice, one.becomes): one for one in budget(made)}
    point = cevns.Experiment(
        made.source, made.detector, made.exposure, form_factor="point"
    ).predict()
    nominal = made.predict()
    change = found["form factor", "point"]
    assert change.total == pytest.approx(point.total, rel=1e-12, abs=0)
    assert change.change == pytest.approx(point.total / nominal.total - 1, rel=1e-12, abs=0)
    assert {choice for choice, _ in found} == {
        "form factor",
        "couplings",
        "kinematics",
        "charge radius",
        "neutron skin",
    }


def test_a_skin_lowers_the_rate_by_the_expansion() -> None:
    """Unit: sign and size. At small q, F_n = 1 − q²R_n²/6: the effect is about
    −2 (q²/6) δ(R_n²) N g_n/Q_V, which is 1.2 to 2.2 % per 0.1 fm for q of 40 to 55 MeV."""
    made = experiment("Ar40")
    (change,) = [one.change for one in budget(made) if one.choice == "neutron skin"]
    assert -0.022 < change < -0.012


def test_natural_elements_move_together() -> None:  # unit: θ speaks of the element
    made = experiment("Xe")
    changes = {one.becomes: one.change for one in budget(made) if one.choice == "neutron skin"}
    single = experiment("Xe132")
    (alone,) = [one.change for one in budget(single) if one.choice == "neutron skin"]
    # The isotopes differ in radius by 1 % and in A by 5 %: the relative change agrees to that.
    assert changes["Xe +0.1 fm"] == pytest.approx(alone, rel=0.05, abs=0)
