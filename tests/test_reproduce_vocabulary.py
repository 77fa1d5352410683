"""What reproductions can say about neutrinos, precision and series. kind: unit (closed forms)."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest

from cevns.display.plot_reproduction import drawn, points, reproduction_figure
from cevns.errors import InputError
from cevns.reproductions.computations import COMPUTATIONS, Computation
from cevns.reproductions.figures import Curve, FigureSpec
from cevns.reproductions.paper import read_paper
from cevns.reproductions.workbench import Workbench
from cevns.units import MeV, cm, keV, us


@cache
def bench() -> Workbench:
    """The review's experiments."""
    return read_paper("scholberg-2020")[1]


def computation(**content: Any) -> Computation:
    return COMPUTATIONS[content["type"]].check(content)


def value(**content: Any) -> Any:
    return computation(**content).value(bench())


# --- what arrives ---------------------------------------------------------------------------------


def test_arriving_is_a_flux_times_a_time() -> None:
    """4.3e7 /cm²/s in a second, a third prompt; the density is that of the rest."""
    every = value(type="arriving", experiment="sns.yaml") * cm**2
    assert every == pytest.approx(4.3e7, rel=1e-12, abs=0)
    prompt = value(type="arriving", experiment="sns.yaml", of=["prompt"]) * cm**2
    assert prompt == pytest.approx(4.3e7 / 3, rel=1e-12, abs=0)
    x, w = np.polynomial.legendre.leggauss(8)  # Michel spectra are cubic
    end = value(type="largest-energy", experiment="sns.yaml", of=["delayed"]) / MeV
    energies = end * (x + 1) / 2
    density = [value(type="arriving", experiment="sns.yaml", energy=f"{E} MeV") for E in energies]
    found = end / 2 * float(w @ np.array(density)) * cm**2 * MeV
    assert found == pytest.approx(4.3e7 * 2 / 3, rel=1e-9, abs=0)


def test_duty_factor() -> None:
    """60 Hz times the window, times 400 ns where none is given."""
    content = {"type": "duty-factor", "facility": "sns-2015"}
    assert value(**content) == pytest.approx(60 * 400e-9, rel=1e-12, abs=0)
    assert value(**content, window="2 us") == pytest.approx(60 * 2e-6, rel=1e-12, abs=0)


def test_flavour_shares() -> None:
    """Half of the density of what is delayed for each Michel spectrum that is equal there.

    192 x² (1/2 − x) and 64 x² (3/4 − x) are equal at x = 3/8; nothing arrives beyond the end.
    """
    m_mu = 2 * value(type="largest-energy", experiment="sns.yaml", of=["delayed"]) / MeV
    content = {"type": "flavour-share", "experiment": "sns.yaml", "of": ["delayed"]}
    energy = f"{0.375 * m_mu!r} MeV"
    for flavour in ("nu_e", "nu_mu_bar"):
        found = value(**content, energy=energy, flavour=flavour)
        assert found == pytest.approx(0.5, rel=1e-9, abs=0)
    assert value(**content, energy=energy, flavour="nu_e_bar") == 0
    assert math.isnan(value(**content, energy="60 MeV"))


def test_mean_recoil_needs_one_nuclide() -> None:
    with pytest.raises(InputError, match="a target of one nuclide"):
        value(type="mean-recoil", experiment="supernova-xenon.yaml")


def test_one_collision() -> None:
    """2E²/(M + 2E) and its inverse, the lightest nucleus of a compound deciding."""
    content = {"target": "electron", "energy": "1 MeV"}
    found = value(type="recoil-limit", **content) / MeV
    assert found == pytest.approx(2 / (0.51099895 + 2), rel=1e-9, abs=0)
    hydrogen, water = (value(type="recoil-limit", target=t, energy="1 MeV") for t in ("H1", "H2O"))
    assert water == pytest.approx(hydrogen, rel=1e-12, abs=0)
    for kinematics in ("exact", "no-T-over-E"):
        same = {"target": "Ge74", "kinematics": kinematics}
        recoil = value(type="recoil-limit", energy="7 MeV", **same) / keV
        back = value(type="least-energy", recoil=f"{recoil!r} keV", **same) / MeV
        assert back == pytest.approx(7, rel=1e-12, abs=0)


# --- precision ------------------------------------------------------------------------------------


def test_errors_in_quadrature_and_together() -> None:
    """√(1/400 + 0.03² + 0.04²) = √0.005; 3 and 4 % together are 2.4 %."""
    content = {"type": "relative-error", "of": {"type": "amount", "number": 400}}
    found = value(**content, systematic=["3 %", "4 %"])
    assert found == pytest.approx(math.sqrt(0.005), rel=1e-12, abs=0)
    assert value(**content) == pytest.approx(0.05, rel=1e-12, abs=0)
    each = [{"type": "amount", "number": number} for number in (0.03, 0.04)]
    found = value(type="combined-error", of=each)
    assert found == pytest.approx(0.024, rel=1e-12, abs=0)


# --- layers ---------------------------------------------------------------------------------------


def one_layer(**layer: Any) -> tuple[FigureSpec, Curve]:
    """A figure with one layer, and what it computes."""
    x = {"label": "x", "from": 1, "to": 100, "scale": "log", "unit": "MeV"}
    y = {"label": "y", "from": 1, "to": 1.0e4, "scale": "log", "unit": "keV"}
    panel = {"x": x, "y": y, "legend": "upper left", "layers": [layer]}
    spec = FigureSpec.check({"id": "one", "title": "One", "panels": [panel]})
    data = drawn(spec, bench())[0][0][1]
    assert isinstance(data, Curve)
    return spec, data


LIMIT = {"type": "recoil-limit", "target": "Ar40", "energy": "1 MeV"}


def test_a_curve_against_its_own_number() -> None:
    """T_max grows as E² up to 2E/M, 5e-3 here; both axes are in their units."""
    _, data = one_layer(type="against", of=LIMIT, key="energy")
    M = 37215.526
    np.testing.assert_allclose(data.y, 2e3 * data.x**2 / (M + 2 * data.x), rtol=1e-6)


def test_a_series_and_what_lies_between() -> None:
    """Points at their places; a band goes there and back."""
    masses = {"C12": 11174.86, "Ar40": 37215.5, "Xe132": 122840.3}
    names, at = list(masses), [10, 20, 30]
    limit = {**LIMIT, "energy": "30 MeV"}
    look = {"line": "none", "marker": "circle"}
    spec, data = one_layer(type="series", of=limit, values=names, at=at, look=look, label="dots")
    exact = [2 * 30.0**2 / (M + 60) * 1e3 for M in masses.values()]
    np.testing.assert_allclose(data.y, exact, rtol=1e-5)
    np.testing.assert_array_equal(data.x, at)
    figure = reproduction_figure(spec, drawn(spec, bench()), "One")
    assert figure.axes[0].lines[0].get_marker() == "o"
    assert len(points(spec, drawn(spec, bench())).splitlines()) == 2 + len(at)
    high = {**limit, "kinematics": "no-T-over-E"}
    _, band = one_layer(type="series-band", low=limit, high=high, values=names, at=at)
    np.testing.assert_array_equal(band.x, [*at, *reversed(at)])
    assert all(band.y[:3] < band.y[:2:-1])


def test_lines_are_spikes_of_the_whole_panel() -> None:
    """Also where the panel is logarithmic, on which zero has no place."""
    _, data = one_layer(type="flux", experiment="sns.yaml", of=["prompt"])
    np.testing.assert_allclose(data.x[:2], 29.792, rtol=1e-4)
    np.testing.assert_allclose(data.y[:2], [1, 1e4], rtol=1e-12)


# --- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"type": "duty-factor", "facility": "snss"}, "a facility \\(did you mean 'csns'"),
        ({"type": "duty-factor", "facility": "daedalus"}, "a facility with pulses"),
        ({"type": "duty-factor", "facility": "sns-2005-design"}, "no 'window'"),
        ({"type": "recoil-limit", "target": "Zz", "energy": "1 MeV"}, "target"),
        ({"type": "least-energy", "target": "Ge", "recoil": "0 keV"}, "positive"),
        ({"type": "combined-error", "of": []}, "of"),
    ],
)
def test_a_computation_that_cannot_be(content: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        computation(**content)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"type": "against", "of": LIMIT, "key": "energi"}, "did you mean 'energy'"),
        ({"type": "against", "of": LIMIT, "key": "target"}, "a number of 'recoil-limit'"),
        ({"type": "series", "of": LIMIT, "values": ["C12"], "at": [1, 2]}, "as many places"),
        (
            {"type": "series", "of": LIMIT, "key": "energy", "values": ["a", "b"], "at": [1, 2]},
            "a text of 'recoil-limit'",
        ),
    ],
)
def test_a_layer_that_cannot_be(layer: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        one_layer(**layer)


def test_a_window_is_what_is_counted() -> None:
    """Half of a flat pulse has passed in half of its time, but for pions that are still there.

    A pulse of 400 ns, a lifetime of 26.033 ns: ½ − (τ/w)(1 − e^(−w/2τ)).
    """
    study = computation(type="arriving", experiment="sns-short-pulse.yaml", of=["prompt"])
    experiment = bench().experiment("sns-short-pulse.yaml")
    passed = float(experiment.time_fractions([0.0, 0.2 * us])[0, 0])
    tau = 26.033 / 400
    assert passed == pytest.approx(0.5 - tau * (1 - math.exp(-0.5 / tau)), rel=1e-6, abs=0)
    whole = value(type="arriving", experiment="sns.yaml", of=["prompt"])
    assert study.value(bench()) == pytest.approx(whole, rel=1e-9, abs=0)
