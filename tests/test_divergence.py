"""A spectrum like 1/T without a threshold is refused by the interaction's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pytest

import cevns
from cevns.amplitudes import Term
from cevns.errors import InputError
from cevns.interactions import Interaction
from cevns.parameters import Theta
from cevns.spec import Number
from cevns.units import MeV, cm, keV, kg, s, year


class Steep(Interaction):
    """An amplitude like Q^-power: the rate goes like T^-power."""

    name: ClassVar[str] = "steep"
    size: Number = 0.0
    power: Number = 1.0

    def terms(self) -> Sequence[Term]:
        def profile(q_squared: Any, theta: Theta) -> Any:
            return (q_squared / MeV**2) ** (-self.power / 2)

        return (Term("V", "p", lambda theta: self.at("size", theta) * np.eye(3), profile),)


def experiment(interaction: Interaction, **detector: Any) -> cevns.Experiment:
    return cevns.Experiment(
        cevns.StoppedPion(flux=1e7 / cm**2 / s),
        cevns.Detector(target="Ar40", mass=1 * kg, **detector),
        1 * year,
        cevns.StandardModel() + interaction,
    )


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_refused_by_name(power: float) -> None:  # unit
    with pytest.raises(InputError, match=r"steep .*expected a 'threshold' above 0"):
        experiment(Steep(size=1e-3, power=power)).predict()


def test_a_threshold_makes_it_finite() -> None:  # unit
    for steep in (0.0, 1e-3):
        made = experiment(Steep(size=steep), threshold=1 * keV)
        assert np.isfinite(made.predict().total)
    with pytest.raises(InputError, match="steep"):
        made.predict({"detector.threshold": 0.0})


def test_only_what_diverges_and_acts() -> None:  # unit
    nominal = experiment(Steep(size=0.0)).predict().total
    assert nominal == experiment(Steep(size=0.0, power=0.0)).predict().total
    assert experiment(Steep(size=1e-3, power=0.5)).predict().total != nominal  # integrable
    # The spectrum itself is finite everywhere and stays available.
    T = np.array([1.0]) * keV
    assert experiment(Steep(size=1e-3)).recoil_spectrum(T)[0] > 0
