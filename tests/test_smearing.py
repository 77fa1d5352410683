"""The smearing table: against brute force, and what it conserves."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import reference_rows
from test_response import CONUS, CSI, JAGGED, LIGHT, Chain, chain, density, panels

from cevns.response.efficiency import NO_EFFICIENCY, EfficiencyProduct, StepEfficiency
from cevns.response.resolution import GammaResolution, GaussianResolution, PoissonResolution
from cevns.response.smearing import response_table, smearing_breaks
from cevns.units import PE, eV, keV

EXAMPLE = "coherent-lar-2020"


def brute_force(model: Chain, edges: Any, energy: float, mean: float, threshold: float) -> Any:
    """∫ ε p over each bin by a composite Gauss rule: no moments, no parabolas."""
    assert model.resolution is not None
    sigma = float(model.resolution.width(energy, np.float64(mean), {}, ""))
    bumps = [mean + step * sigma for step in (-6, -3, -1, 0, 1, 3, 6)]
    knots = model.efficiency.knots(edges[0], edges[-1], {}, "detector.efficiency")
    result = []
    for low, high in itertools.pairwise(edges):
        if high <= threshold:
            result.append(0.0)
            continue
        x, w = panels(max(low, threshold), high, [*knots, *bumps], pieces=60)
        kept = model.efficiency.evaluate(x, {}, "detector.efficiency")
        result.append(float((kept * density(model.resolution, x, energy, mean)) @ w))
    return np.array(result)


def check_table(model: Chain, edges: Any, energies: Any, light: float, threshold: float) -> None:
    table = response_table(
        edges, energies, light * energies, model.resolution, model.efficiency, threshold, {}
    )
    for column, energy in zip(table.T, energies, strict=True):
        expected = brute_force(model, edges, energy, light * energy, threshold)
        # Parabolas between knots: 1e-7 in integrals is what the knots promise.
        assert column == pytest.approx(expected, abs=1e-8)


# Kind: reference. The three worked examples against brute force.
def test_table_of_csi() -> None:
    edges = np.array([0, 8, 12, 16, 20, 24, 32, 40, 50, 60]) * PE
    check_table(chain(**CSI), edges, np.array([0.05, 0.6, 1.5, 4.0]) * keV, LIGHT, 6.5 * PE)


# Kind: reference.
def test_table_of_conus() -> None:
    edges = np.linspace(100, 1000, 31) * eV
    check_table(chain(**CONUS), edges, np.array([1, 110, 160, 640.0]) * eV, 1.0, 160 * eV)


# Kind: reference. A table with clipped parts, times a step, under wide and narrow resolution.
@pytest.mark.parametrize("stochastic", ["0.58 keVee^0.5", "0.01 keVee^0.5"])
def test_table_of_jagged_efficiency(tmp_path: Path, stochastic: str) -> None:
    (tmp_path / "e.csv").write_text(JAGGED)
    blocks = [{"type": "table", "file": "e.csv"}, {"type": "step", "at": "3 keVee", "top": 0.5}]
    resolution = {"type": "gaussian", "stochastic": stochastic}
    model = chain(tmp_path, efficiency=blocks, resolution=resolution)
    check_table(
        model, np.linspace(0, 12, 7) * keV, np.array([1.2, 2.9, 5, 9.0]) * keV, 1, 0.5 * keV
    )


# Kind: reference. CENNS-10: the acceptance that the example ships.
def test_table_of_cenns10() -> None:
    model = chain(
        Path(__file__).resolve().parents[1] / "examples",
        resolution={"type": "gaussian", "stochastic": "0.58 keVee^0.5"},
        efficiency={
            "type": "table",
            "file": "coherent-lar-2020-acceptance.csv",
            "of": "observable",
        },
    )
    edges = np.linspace(0, 120, 13) * keV
    check_table(model, edges, np.array([0.01, 1.0, 7.0, 31.0]) * keV, 1.0, -np.inf)


# Kind: reference. An exponential spectrum, smeared: closed form, so 1e-6 (header of the table).
def test_smeared_exponential_reference() -> None:
    rows = reference_rows("smear.expo.")
    assert rows
    for row in rows:
        scale, sigma, at = (row.inputs[name] * keV for name in ("T0_keV", "sigma_keV", "x_keV"))
        E, w = panels(0.0, 30 * scale)
        half = 1e-4 * keV  # a bin so narrow that its curvature is 1e-8
        table = response_table(
            [at - half, at + half], E, E, GaussianResolution(noise=sigma), NO_EFFICIENCY, None, {}
        )
        found = table[0] @ (w * np.exp(-E / scale) / scale) / (2 * half)
        assert found * keV == pytest.approx(row.value, rel=1e-6)


RESOLUTIONS = st.sampled_from(
    [
        None,
        GaussianResolution(noise=0.5 * PE, stochastic=1.1 * PE**0.5, relative=0.05),
        GaussianResolution(stochastic=1e-9 * PE**0.5),
        GammaResolution(shape=(1, 9.56 / keV)),
        PoissonResolution(),
    ]
)


# Kind: property. With infinite outer edges nothing is lost, whatever the bins.
@given(
    RESOLUTIONS,
    st.lists(st.integers(0, 90), min_size=1, max_size=8, unique=True),
    st.lists(st.one_of(st.just(0.0), st.floats(1e-12, 80)), min_size=1, max_size=6),
)
@settings(deadline=None)
def test_table_conserves_counts(resolution: Any, inner: list[int], means: list[float]) -> None:
    edges = np.array([-np.inf, *sorted(inner), np.inf]) * PE
    mean = np.array(means) * PE
    whole = response_table(edges, mean / LIGHT, mean, resolution, NO_EFFICIENCY, None, {})
    assert whole.sum(axis=0) == pytest.approx(np.ones(mean.size), rel=1e-12)
    assert np.all(whole >= 0)
    # With an efficiency: bins and off-axis parts make up one bin over everything.
    sigmoid = chain(**CSI).efficiency
    parts = response_table(edges, mean / LIGHT, mean, resolution, sigmoid, 7 * PE, {})
    total = response_table(edges[[0, -1]], mean / LIGHT, mean, resolution, sigmoid, 7 * PE, {})
    assert np.all((parts >= 0) & (parts <= 1))
    # More edges mean other pieces for the parabolas: the 1e-7 that they promise, or the 2e-6 of
    # one of them at its ends where the resolution is so sharp that it sees a single point.
    sharp = isinstance(resolution, GaussianResolution) and resolution.noise is None
    assert parts.sum(axis=0) == pytest.approx(total[0], abs=2e-6 if sharp else 1e-7)


# Kind: property. A threshold inside a bin cuts it: the part above equals a bin from there on.
@given(RESOLUTIONS, st.integers(1, 39))
@settings(deadline=None)
def test_threshold_is_a_cut(resolution: Any, threshold: int) -> None:
    mean = np.linspace(0, 60, 13) * PE
    cut = threshold * PE
    inside = response_table([0, 40 * PE], mean / LIGHT, mean, resolution, NO_EFFICIENCY, cut, {})
    above = response_table([cut, 40 * PE], mean / LIGHT, mean, resolution, NO_EFFICIENCY, None, {})
    assert inside == pytest.approx(above, abs=1e-14)
    nothing = response_table([0, 40 * PE], mean, mean, resolution, NO_EFFICIENCY, 41 * PE, {})
    assert np.all(nothing == 0)


# Kind: unit. Without resolution bins are half-open and the efficiency is that of the event.
def test_sharp_table() -> None:
    mean = np.array([0.0, 0.999, 1.0, 2.0, 3.0]) * keV
    step = EfficiencyProduct(factors=(StepEfficiency(at=1 * keV, top=0.5),))
    table = response_table(np.array([0, 1, 2, 3]) * keV, mean, mean, None, step, None, {})
    assert table.tolist() == [[0, 0, 0, 0, 0], [0, 0, 0.5, 0, 0], [0, 0, 0, 0.5, 0]]


# Kind: reference. scipy.stats; bin [a, b) holds a ≤ n < b, and an edge of 0.1 * 3 * 10 PE is 3.
def test_poisson_table() -> None:
    from scipy import stats

    mean = np.array([0.0, 0.5, 6.0, 30.0]) * PE
    edges = np.array([0.0, 0.1 * 3 * 10, 6, 6.5, 30]) * PE
    step = EfficiencyProduct(factors=(StepEfficiency(at=4 * PE, top=0.5),))
    table = response_table(edges, mean, mean, PoissonResolution(), step, 2 * PE, {})
    n = np.arange(30)
    weight = np.where(n >= 4, 0.5, 0.0)
    for column, count in zip(table.T, mean / PE, strict=True):
        p = stats.poisson.pmf(n, count) * weight
        expected = [p[:3].sum(), p[3:6].sum(), p[6], p[7:30].sum()]
        assert column == pytest.approx(expected, abs=1e-14)


# Kind: reference. Panels between the breaks, 6 nodes each, against a fine even grid.
@pytest.mark.parametrize("blocks", [CSI, CONUS, {"efficiency": CONUS["efficiency"]}])
def test_breaks_place_the_panels(blocks: dict[str, Any]) -> None:
    model = chain(**blocks)
    csi = blocks is CSI
    light = LIGHT if csi else 1.0
    edges = np.array([4, 8, 12, 16, 30]) * PE if csi else np.array([50, 160, 165, 400]) * eV
    top = 60 * PE if csi else 900 * eV

    def integral(x: Any, w: Any) -> Any:
        table = response_table(edges, x / light, x, model.resolution, model.efficiency, None, {})
        return table @ (w * np.exp(-5 * x / top)) / top

    breaks = smearing_breaks(
        edges, LIGHT if csi else None, model.resolution, model.efficiency, None, {}
    )
    ends = np.unique([0.0, *breaks[breaks < top], top])
    nodes, weights = np.polynomial.legendre.leggauss(6)
    half = 0.5 * np.diff(ends)[:, None]
    coarse = integral((ends[:-1, None] + half * (1 + nodes)).ravel(), (half * weights).ravel())
    fine = integral(*panels(0.0, top, edges, pieces=1500))
    # 6 nodes on a panel of one or two σ; 1e-5 of a bin is the aim of the fold for this step.
    assert coarse == pytest.approx(fine, rel=1e-5, abs=1e-9)
    assert ends.size < 80
