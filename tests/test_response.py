"""The response: resolution, efficiency, and what is said about wrong blocks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cevns.response.efficiency import (
    NO_EFFICIENCY,
    EfficiencyField,
    SigmoidEfficiency,
)
from cevns.response.quenching import Quenching
from cevns.response.resolution import (
    GammaResolution,
    GaussianResolution,
    PoissonResolution,
    Resolution,
    ResolutionBlock,
)
from cevns.spec import Spec, mistakes_of
from cevns.units import PE, keV

Q = "detector.quenching"
LIGHT = 13.35 * PE / keV


class Chain(Spec):
    """The part of a detector block under test."""

    quenching: Quenching | None = None
    resolution: ResolutionBlock | None = None
    efficiency: EfficiencyField = NO_EFFICIENCY


def chain(folder: Path | None = None, **blocks: Any) -> Chain:
    """Blocks as they are in a file."""
    return Chain.model_validate(blocks, context={"file": True, "directory": folder})


def messages(folder: Path | None = None, **blocks: Any) -> str:
    """What a user is told about wrong blocks."""
    with pytest.raises(ValidationError) as caught:
        chain(folder, **blocks)
    return "\n".join(str(line) for line in mistakes_of(caught.value, "detector", blocks))


CSI: dict[str, Any] = {
    "quenching": {
        "type": "polynomial",
        "unit": "MeV",
        "coefficients": [0.0554628, 4.30681, -111.707, 840.384],
    },
    "resolution": {"type": "gamma", "shape": [1, "9.56 / keVee"]},
    "efficiency": {
        "type": "sigmoid",
        "top": 1.32045,
        "steepness": "0.285979 / PE",
        "midpoint": "10.8646 PE",
        "offset": -0.333322,
    },
}
CONUS: dict[str, Any] = {
    "quenching": {"type": "lindhard", "k": 0.162},
    "resolution": {"type": "gaussian", "noise": "20 eVee", "fano": 0.11, "pair_energy": "2.96 eV"},
    "efficiency": {"type": "erf", "midpoint": "120 eVee", "width": "30 eVee"},
}
JAGGED = "# test\nenergy [keVee],efficiency\n" + "\n".join(
    f"{x},{y}" for x, y in [(1, -0.2), (2, 0.3), (2.5, 0.25), (4, 0.9), (6, 1.1), (9, 0.95)]
)


# --- resolution --------------------------------------------------------------------------------


def panels(a: float, b: float, cuts: Any = (), pieces: int = 400) -> tuple[Any, Any]:
    """Nodes and weights of a composite Gauss rule from a to b that stops at ``cuts``."""
    inside = [cut for cut in cuts if a < cut < b]
    ends = np.unique([*np.linspace(a, b, pieces + 1), *inside])
    x, w = np.polynomial.legendre.leggauss(12)
    half = 0.5 * np.diff(ends)[:, None]
    return (ends[:-1, None] + half * (1 + x)).ravel(), (half * w).ravel()


def density(resolution: Resolution, x: Any, energy: float, mean: float) -> Any:
    """p(x | E), from scipy.stats: an independent way to the same distribution."""
    from scipy import stats

    if isinstance(resolution, GammaResolution):
        shape = float(resolution.shape[0] + resolution.shape[1] * energy)
        return stats.gamma.pdf(x, shape, scale=mean / shape)
    sigma = float(resolution.width(energy, np.float64(mean), {}, ""))
    return stats.norm.pdf(x, mean, sigma)


# Kind: reference. scipy.stats and brute-force integrals; both sides good to 1e-12 of the scale.
@pytest.mark.parametrize("E", [0.02, 0.3, 4.0])
def test_partial_moments_by_quadrature(E: float) -> None:
    energy = E * keV
    gaussian = GaussianResolution(noise=0.1 * keV, fano=0.2, pair_energy=0.05 * keV, relative=0.1)
    gamma = GammaResolution(shape=(1.5, 3 / keV))
    for resolution, mean, low in ((gaussian, energy, -9 * keV), (gamma, LIGHT * energy, 0.0)):
        for quantile in (0.3, 0.9, 1.0, 2.5):
            x, w = panels(low, quantile * mean, pieces=4000)
            p = density(resolution, x, energy, mean) * w
            moments = resolution.partial_moments(np.array(quantile * mean), energy, mean, {}, "r")
            for k, moment in enumerate(moments):
                # The integrand of the gamma starts like x^0.5, which limits the panels to 1e-9.
                assert moment == pytest.approx(float(p @ x**k), abs=1e-9 * mean**k, rel=1e-9)


# Kind: unit. σ² term by term, each with its own units.
def test_gaussian_width() -> None:
    mean = np.array([4.0]) * keV
    terms: list[tuple[dict[str, Any], float]] = [
        ({"noise": "68 eVee"}, 0.068),
        ({"stochastic": "0.58 keVee^0.5"}, 1.16),
        ({"relative": "2 %"}, 0.08),
        ({"fano": 0.11, "pair_energy": "2.96 eV"}, (0.11 * 2.96e-3 * 4) ** 0.5),
    ]
    for block, expected in terms:
        model = chain(resolution={"type": "gaussian", **block}).resolution
        assert model is not None
        assert model.width(mean, mean, {}, "r") / keV == pytest.approx([expected], rel=1e-13)
    light = chain(resolution={"type": "gaussian", "stochastic": "1 PE^0.5", "noise": "2 PE"})
    assert light.resolution is not None
    assert light.resolution.width(mean, np.array([21 * PE]), {}, "r") / PE == pytest.approx([5.0])
    overridden = light.resolution.width(mean, np.array([21 * PE]), {"r.noise": 10 * PE}, "r")
    assert overridden / PE == pytest.approx([11.0])


# Kind: unit. Limits: no energy, no width, infinite x; warnings are errors.
@pytest.mark.filterwarnings("error")
def test_partial_moments_limits() -> None:
    x = np.array([-np.inf, -keV, 0.0, keV, np.inf])[:, None]
    for resolution in (
        GaussianResolution(stochastic=0.1 * keV**0.5),
        GaussianResolution(noise=1e-30 * keV),
        GaussianResolution(),
        GammaResolution(shape=(1, 9 / keV)),
        GammaResolution(shape=(0, 9 / keV)),
    ):
        energy = np.array([0.0, 1e-305, 1e-12, 0.5, 1e9])[None, :] * keV
        moments = resolution.partial_moments(x, energy, energy, {}, "r")
        assert all(np.all(np.isfinite(moment)) for moment in moments)
        assert np.all(moments[0][0] == 0) and moments[0][-1] == pytest.approx(np.ones(5))
        assert moments[1][-1] == pytest.approx(energy[0], rel=1e-12)
        # At E = 0 a spike at zero, which belongs to [0, b); with noise half of it is below.
        noisy = isinstance(resolution, GaussianResolution) and resolution.noise is not None
        assert moments[0][:, 0].tolist() == [0, 0, 0.5 if noisy else 0, 1, 1]
    _, _, second = GammaResolution(shape=(3, 0)).partial_moments(np.inf, keV, keV, {}, "r")
    assert second == pytest.approx(4 / 3 * keV**2)


# --- efficiency --------------------------------------------------------------------------------


# Kind: unit. The sigmoid of CsI is below zero under 7.07 PE and must count as nothing there.
def test_sigmoid_of_csi() -> None:
    efficiency = chain(**CSI).efficiency
    x = np.array([-1e9, 0.0, 7.06, 7.08, 10.8646, 60.0, 1e9]) * PE
    value = efficiency.evaluate(x, {}, "detector.efficiency")
    assert np.all(value[:3] == 0) and 0 < value[3] < 0.002
    assert value[4] == pytest.approx(1.32045 / 2 - 0.333322, rel=1e-13)
    assert value[6] == pytest.approx(1.32045 - 0.333322, rel=1e-13)
    zero = 10.8646 - np.log(1.32045 / 0.333322 - 1) / 0.285979
    knots = efficiency.knots(-np.inf, np.inf, {}, "detector.efficiency") / PE
    assert knots[0] == pytest.approx(zero, rel=1e-12)


# Kind: property.
@given(st.floats(-2, 3), st.floats(-9, 9), st.floats(-30, 30), st.floats(-2, 2))
@settings(deadline=None)
def test_sigmoid_clipped_and_followed_by_its_knots(
    top: float, steepness: float, midpoint: float, offset: float
) -> None:
    model = SigmoidEfficiency(
        top=top, steepness=steepness / PE, midpoint=midpoint * PE, offset=offset
    )
    x = np.linspace(-60, 60, 301) * PE
    value = model.evaluate(x, {}, "e")
    assert np.all((value >= 0) & (value <= 1))
    knots = model.knots(-60 * PE, 60 * PE, {}, "e")
    # Below the first and above the last knot the curve is constant to 1e-9 of its height.
    first, last = (knots[0], knots[-1]) if knots.size else (60 * PE, 60 * PE)
    for outer in (value[x < first], value[x > last]):
        if outer.size and abs(steepness) > 1:  # else the curve ends beyond the tested range
            assert np.ptp(outer) < 1e-8


# Kind: unit.
def test_steps_and_products(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text(JAGGED)
    blocks = [
        {"type": "table", "file": "e.csv"},
        {"type": "step", "at": "3 keVee", "top": 0.5},
        {"type": "constant", "value": 0.8, "of": "recoil"},
    ]
    product = chain(tmp_path, efficiency=blocks).efficiency
    x = np.array([0.5, 2.0, 2.999, 3.0, 5.5, 99.0]) * keV
    value = product.evaluate(x, {}, "detector.efficiency")
    table = np.clip(
        np.interp(x / keV, [1, 2, 2.5, 4, 6, 9], [-0.2, 0.3, 0.25, 0.9, 1.1, 0.95]), 0, 1
    )
    assert value == pytest.approx(np.where(x / keV < 3, 0, 0.5) * table)
    assert product.evaluate(x, {}, "", of="recoil") == pytest.approx(np.full(6, 0.8))
    moved = product.evaluate(x, {"detector.efficiency.1.at": 5 * keV}, "detector.efficiency")
    assert moved[3] == 0 and moved[4] == value[4]
    # Points of the table, where it is clipped (1.4, 5, 8), and the step.
    knots = product.knots(0.0, np.inf, {}, "detector.efficiency") / keV
    assert knots == pytest.approx([1, 1.4, 2, 2.5, 3, 4, 5, 6, 8, 9])
    written: Any = product.model_dump()
    assert written == [factor.model_dump() for factor in product.factors]
    addresses = [parameter.address for parameter in product.parameters("e")]
    assert addresses == ["e.1.at", "e.1.top", "e.2.value"]
    single = chain(efficiency={"type": "constant", "value": 0.8}).efficiency
    assert [parameter.address for parameter in single.parameters("e")] == ["e.value"]


# --- messages ----------------------------------------------------------------------------------


# Kind: unit.
@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        (
            {"quenching": {"Na": {"type": "lindhard", "kk": 1}}},
            "detector.quenching.Na.kk: found the unknown key 'kk', expected one of the keys type, "
            "k, cutoff (did you mean 'k'?)",
        ),
        (
            {"quenching": {"typ": {"type": "lindhard"}}},
            "found the key 'typ', expected 'type' or an element (did you mean 'type'?)",
        ),
        ({"quenching": {"type": "linhard"}}, "(did you mean 'lindhard'?)"),
        (
            {"quenching": {"type": "polynomial", "unit": "MV", "coefficients": [1]}},
            "detector.quenching.unit: found 'MV', expected a unit of energy such as 'keV' "
            "(did you mean 'MeV'?)",
        ),
        (
            {"quenching": {"type": "polynomial", "unit": "keV", "coefficients": []}},
            "found an empty list, expected at least one coefficient",
        ),
        (
            {"resolution": {"type": "gaussian", "fano": 0.1, "stochastic": "1 keVee^0.5"}},
            "detector.resolution: found both 'stochastic' and 'fano', expected one of them",
        ),
        (
            {"resolution": {"type": "gaussian", "fano": 0.1}},
            "found 'fano' alone, expected 'fano' and 'pair_energy' together",
        ),
        ({"resolution": {"type": "gaussian", "noise": 3}}, "detector.resolution.noise: found 3,"),
        (
            {"efficiency": [{"type": "constant", "value": 1}, {"type": "step", "at": 5}]},
            "detector.efficiency[1].at: found 5, expected a number with a unit such as '1 keV'",
        ),
        ({"efficiency": 0.8}, "found 0.8, expected an efficiency block or a list of them"),
        (
            {"efficiency": {"type": "table", "file": "none.csv"}},
            "detector.efficiency.file: found table 'none.csv': no such file, expected a table",
        ),
    ],
)
def test_messages(blocks: dict[str, Any], said: str, tmp_path: Path) -> None:
    assert said in messages(tmp_path, **blocks)


# Kind: unit. Numbers must speak of the observable's own energy; plain keV is any energy's.
def test_numbers_of_another_axis(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text(JAGGED)
    find: Callable[..., list[str]] = lambda spec, axis: [  # noqa: E731
        str(line) for line in spec.mistakes(axis, "detector.x")
    ]
    gaussian = chain(resolution={"type": "gaussian", "stochastic": "1 keVee^0.5"}).resolution
    assert find(gaussian, "keVee") == []
    assert find(gaussian, "PE") == [
        "detector.x.stochastic: found a number in keVee, expected one in PE, as the observable"
    ]
    light = chain(resolution={"type": "gaussian", "noise": "1 PE"}).resolution
    assert find(light, "PE") == [] and len(find(light, "keV")) == 1
    plain = chain(resolution={"type": "gaussian", "noise": "20 eV"}).resolution
    assert find(plain, "keV") == find(plain, "keVee") == [] and len(find(plain, "PE")) == 1
    table = chain(tmp_path, efficiency=[{"type": "table", "file": "e.csv"}]).efficiency
    assert find(table, "keVee") == []
    assert find(table, "PE")[0].startswith("detector.x[0].file: found a number in keVee")
    recoil = {"type": "step", "at": "1 keVnr", "of": "recoil"}
    assert find(chain(efficiency=recoil).efficiency, "PE") == []
    sigmoid = chain(**CSI).efficiency
    assert [line.split(":")[0] for line in find(sigmoid, "keVee")] == [
        "detector.x.steepness",
        "detector.x.midpoint",
    ]
    assert find(PoissonResolution(), "PE") == []
    assert "light_yield" in find(PoissonResolution(), "keVee")[0]
