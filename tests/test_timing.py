"""When neutrinos arrive: closed forms against quadrature and 50 digits."""

from __future__ import annotations

import itertools
import math
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cevns.constants import tau_mu, tau_pi
from cevns.errors import InputError
from cevns.spec import Spec
from cevns.time_window import DetectorTime, ExponentialTimeEfficiency, time_fractions
from cevns.timing import (
    BoxPulse,
    DeltaPulse,
    GaussianPulse,
    Pulse,
    PulseShape,
    TimeProfile,
    decay_weights,
)
from cevns.units import ns, us

SNS = GaussianPulse(mean=440 * ns, width=150 * ns)
PULSES: list[PulseShape] = [
    SNS,
    GaussianPulse(mean=0.0, width=1 * ns),
    BoxPulse(width=700 * ns),
    BoxPulse(start=-50 * ns, width=3 * ns),
    DeltaPulse(at=100 * ns),
]
CHAINS: list[tuple[float, ...]] = [(), (tau_pi,), (tau_pi, tau_mu)]


def exact_gaussian(t: float, lifetimes: tuple[float, ...], mean: float, width: float) -> float:
    """The distribution function of physics.md §9.4 with 50 digits, written with erfc."""
    with mpmath.workdps(50):
        u = (mpmath.mpf(t) - mpmath.mpf(mean)) / mpmath.mpf(width)
        if not lifetimes:
            return float(mpmath.ncdf(u))
        total = mpmath.mpf(0)
        for own in map(mpmath.mpf, lifetimes):
            weight = mpmath.mpf(1)
            for other in map(mpmath.mpf, lifetimes):
                weight *= 1 if other == own else own / (own - other)
            r = mpmath.mpf(width) / own
            total += weight * (mpmath.ncdf(u) - mpmath.exp(-r * u + r**2 / 2) * mpmath.ncdf(u - r))
        return float(total)


# Kind: reference. 50 digits, from 20 widths before the pulse to 60 µs after it.
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("lifetimes", CHAINS)
@pytest.mark.parametrize("width", [1.0, 30.0, 150.0, 5000.0])
def test_gaussian_cdf(lifetimes: tuple[float, ...], width: float) -> None:
    profile = TimeProfile(GaussianPulse(mean=440 * ns, width=width * ns), lifetimes)
    times = [440 * ns + u * width * ns for u in (-20, -6, -2, -0.1, 0, 0.3, 1, 5, 5.8, 6, 9)]
    times += [t * us for t in (1.0, 6.0, 60.0)]
    found = np.asarray(profile.cdf(np.array(times)))
    for t, value in zip(times, found, strict=True):
        expected = exact_gaussian(t, lifetimes, 440 * ns, width * ns)
        # Relative also in the lower tail, where partial fractions cancel: a factor τ_μ u/σ of
        # the rounding for each decay, so more digits go for a pulse shorter than the lifetimes.
        assert value == pytest.approx(expected, rel=1e-12 * max(1.0, (3e3 / width) ** 2), abs=0.0)


# Kind: unit. Arguments at which erfcx overflows or e^{…} does; nothing warns, nothing is nan.
@pytest.mark.filterwarnings("error")
def test_extreme_arguments() -> None:
    t = np.array([-np.inf, -1e9, -1e3, 0, 1e-9, 1e3, 1e9, np.inf]) * us
    for pulse in (*PULSES, GaussianPulse(mean=0.0, width=1e6 * us)):
        for lifetimes in CHAINS:
            cdf = np.asarray(TimeProfile(pulse, lifetimes).cdf(t))
            # The partial fractions sum to one within rounding.
            assert cdf[0] == 0 and cdf[-1] == pytest.approx(1, abs=1e-15)
            assert np.all(np.diff(cdf) >= -1e-15)
            if lifetimes or not isinstance(pulse, DeltaPulse):
                pdf = np.asarray(TimeProfile(pulse, lifetimes).pdf(t))
                assert np.all(np.isfinite(pdf)) and np.all(pdf >= 0)


# Kind: reference. The density integrates to the distribution function.
@pytest.mark.parametrize("lifetimes", CHAINS)
@pytest.mark.parametrize("pulse", PULSES)
def test_pdf_is_the_derivative(pulse: PulseShape, lifetimes: tuple[float, ...]) -> None:
    if isinstance(pulse, DeltaPulse) and not lifetimes:
        return  # it has no density
    profile = TimeProfile(pulse, lifetimes)
    limits = np.array([-0.1, 0.05, 0.3, 0.6, 2.0, 6.0]) * us
    expected = np.diff(np.asarray(profile.cdf(limits)))
    kinks = pulse.kinks({}, profile.address)
    for low, high, value in zip(limits[:-1], limits[1:], expected, strict=True):
        inside = [kink for kink in kinks if low < kink < high]
        ends = np.unique([*np.linspace(low, high, 200), *inside])
        x, w = np.polynomial.legendre.leggauss(16)
        half = 0.5 * np.diff(ends)[:, None]
        t = ends[:-1, None] + half * (1 + x)
        found = float((half * (np.asarray(profile.pdf(t)) @ w[:, None])).sum())
        assert found == pytest.approx(value, abs=1e-12)


# Kind: reference. Delayed from a convolution done by brute force.
def test_delayed_by_convolution() -> None:
    x, w = np.polynomial.legendre.leggauss(40)
    wait = np.concatenate([tau_pi * (k + 0.5 * (1 + x)) for k in range(40)])
    weight = np.tile(0.5 * tau_pi * w, 40) * np.exp(-wait / tau_pi) / tau_pi
    muon = TimeProfile(SNS, (tau_mu,))
    for t in (0.2 * us, 0.5 * us, 3 * us):
        expected = float(weight @ np.asarray(muon.cdf(t - wait)))
        assert TimeProfile(SNS, (tau_pi, tau_mu)).cdf(t) == pytest.approx(expected, rel=1e-11)


# Kind: unit. The formula of physics.md §9.4 for the box, and its first moments of rise.
def test_box_closed_form() -> None:
    w, tau = 700 * ns, tau_pi
    profile = TimeProfile(BoxPulse(width=w), (tau,))

    def g(z: float) -> float:
        return z - tau * (1 - math.exp(-z / tau)) if z > 0 else 0.0

    for t in (50 * ns, 400 * ns, 701 * ns, 1 * us):
        assert profile.cdf(t) == pytest.approx((g(t) - g(t - w)) / w, rel=1e-12)
    tiny = 1e-6 * tau
    assert profile.cdf(tiny) == pytest.approx(tiny**2 / (2 * tau * w) * (1 - 1e-6 / 3), rel=1e-11)


def brute_fractions(profile: TimeProfile, edges: Any, time: DetectorTime) -> list[float]:
    """∫ ε_t dP over bins by parts, on the distribution function: no density, no tilting."""
    assert time.efficiency is not None
    onset, rate = float(time.efficiency.onset), float(time.efficiency.rate)
    kinks = [*profile.pulse.kinks({}, ""), onset]
    result = []
    x, w = np.polynomial.legendre.leggauss(20)
    for low, high in itertools.pairwise(edges):
        a, b = np.clip([low, high], *time.window)
        ends = np.unique([*np.linspace(a, b, 300), *[kink for kink in kinks if a < kink < b]])
        half = 0.5 * np.diff(ends)[:, None]
        t = ends[:-1, None] + half * (1 + x)
        kept = np.asarray(time.efficiency.evaluate(t, {}, "e"))
        slope = np.where(t > onset, rate * kept, 0.0)
        inner = float((half * ((slope * np.asarray(profile.cdf(t))) @ w[:, None])).sum())
        at = np.asarray(time.efficiency.evaluate(np.array([a, b]), {}, "e"))
        result.append(float(np.diff(at * np.asarray(profile.cdf(np.array([a, b]))))[0]) + inner)
    return result


# Kind: reference. Integration by parts; the closed form is good to rounding, the panels to 1e-10.
@pytest.mark.parametrize("rate", [0.0, 0.0494, 0.9, 30.0])
@pytest.mark.parametrize("lifetimes", CHAINS)
@pytest.mark.parametrize("pulse", PULSES)
def test_fractions(pulse: PulseShape, lifetimes: tuple[float, ...], rate: float) -> None:
    efficiency = ExponentialTimeEfficiency(onset=520 * ns, rate=rate / us)
    time = DetectorTime(window=(0.0, 6 * us), efficiency=efficiency)
    edges = np.array([-0.5, 0.05, 0.125, 0.5, 0.6, 1, 2, 4, 7]) * us
    profile = TimeProfile(pulse, lifetimes)
    found = time_fractions(profile, edges, time)
    assert found == pytest.approx(brute_fractions(profile, edges, time), abs=2e-10)
    assert np.all(found >= 0)


# Kind: unit.
def test_fractions_without_efficiency() -> None:
    profile = TimeProfile(SNS, (tau_pi, tau_mu))
    edges = np.linspace(-0.1, 4.9, 11) * us
    fractions = time_fractions(profile, edges, DetectorTime(window=(0.0, 4 * us)))
    window = time_fractions(profile, None, DetectorTime(window=(0.0, 4 * us)))
    assert fractions.sum() == pytest.approx(window[0], rel=1e-13)
    assert fractions[-1] == 0  # from 4.4 µs on: after the window
    assert time_fractions(profile, None, None) == pytest.approx([1.0])
    spike = time_fractions(TimeProfile(DeltaPulse(at=1 * us)), [0, 1 * us, 2 * us], None)
    assert spike.tolist() == [0, 1]  # bins are half-open
    moved = time_fractions(profile, edges, None, {"source.pulse.mean": 1.44 * us})
    assert moved[3:] == pytest.approx(
        time_fractions(profile, edges[1:] - 0.5 * us, None)[2:], abs=1
    )


# Kind: reference. The data release of CsI 2017 gives 0.91479 of its delayed PDF below 6 µs; the
# pulse there is another one and the PDF ends at 12 µs, so 1e-2: the size, not the digits.
def test_delayed_share_in_six_microseconds() -> None:
    share = TimeProfile(SNS, (tau_pi, tau_mu)).cdf(6 * us)
    assert share == pytest.approx(0.91479, abs=1e-2)


# Kind: property.
@given(
    st.floats(0.1, 3000), st.floats(-2, 2), st.floats(0, 5), st.lists(st.floats(-3, 20), min_size=2)
)
@settings(deadline=None)
def test_fractions_add_up(width: float, mean: float, rate: float, times: list[float]) -> None:
    edges = np.sort(times) * us
    time = DetectorTime(
        window=(-1 * us, 15 * us),
        efficiency=ExponentialTimeEfficiency(onset=0.5 * us, rate=rate / us),
    )
    profile = TimeProfile(GaussianPulse(mean=mean * us, width=width * ns), (tau_pi, tau_mu))
    fractions = time_fractions(profile, edges, time)
    assert np.all(fractions >= 0) and np.all(fractions <= 1)
    whole = time_fractions(profile, edges[[0, -1]], time)[0]
    assert fractions.sum() == pytest.approx(whole, abs=1e-10)


# Kind: unit.
def test_decay_weights() -> None:
    assert decay_weights(()) == ()
    assert sum(decay_weights((1.0, 2.0, 5.0))) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="must differ"):
        decay_weights((1.0, 1.0))


class Source(Spec):
    """A block with a pulse and one with a time axis."""

    pulse: Pulse | None = None
    time: DetectorTime | None = None


# Kind: unit.
def test_pulse_blocks() -> None:
    block = {"shape": "gaussian", "mean": "440 ns", "width": "150 ns"}
    source = Source.check({"pulse": block})
    assert isinstance(source.pulse, GaussianPulse)
    assert (source.pulse.mean, source.pulse.width) == pytest.approx((440 * ns, 150 * ns))
    assert [p.address for p in source.pulse.parameters("p")] == ["p.mean", "p.width"]
    for bad, said in (
        ({"shape": "gausian"}, "pulse: found shape 'gausian', expected a pulse shape: gaussian, "),
        ({"mean": "1 us"}, "pulse: found no 'shape', expected a pulse shape"),
        ("box", "pulse: found 'box', expected a block with a 'shape'"),
        (
            {"shape": "box", "width": "0 ns"},
            "pulse.width: found '0 ns', expected a positive number",
        ),
        ({"shape": "delta", "when": 1}, "pulse.when: found the unknown key 'when'"),
    ):
        with pytest.raises(InputError) as caught:
            Source.check({"pulse": bad})
        assert str(caught.value).startswith(said)


# Kind: unit.
def test_time_blocks() -> None:
    block = {
        "window": ["0 us", "6 us"],
        "efficiency": {"type": "exponential", "onset": "0.52 us", "rate": "0.0494 / us"},
    }
    time = Source.check({"time": block}).time
    assert time is not None and time.efficiency is not None
    assert [p.address for p in time.parameters("detector.time")] == [
        "detector.time.efficiency.onset",
        "detector.time.efficiency.rate",
    ]
    kept = time.efficiency.evaluate(np.array([0.1, 0.52, 1.52]) * us, {}, "e")
    assert kept == pytest.approx([1, 1, math.exp(-0.0494)])
    with pytest.raises(InputError, match="time: found a window that ends before it starts"):
        Source.check({"time": {"window": ["6 us", "0 us"]}})
    with pytest.raises(InputError, match=r"time.window\[0\]: found 0, expected a number with a"):
        Source.check({"time": {"window": [0, "6 us"]}})
