"""The probe set at the level of experiments: detectors, several sources, shared norms, caches.

Kinds: reference (the brute force of tests/oracle) and property. The amplitudes' side of the probe
set is in test_probes.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from oracle import recoil, response
from scipy import special

from cevns.binning import Binning
from cevns.config.study import study_from
from cevns.detector import Detector
from cevns.experiment import Experiment
from cevns.exposure import Exposure
from cevns.interactions import StandardModel
from cevns.sources import StoppedPion
from cevns.targets import Target
from cevns.units import MeV, cm, day, keV, keVee, kg, m, ns, us

S2W = 0.23857
SM = StandardModel(sin2_theta_w=S2W)
PARTS = {"nu_mu": recoil.LINE, "nu_mu_bar": recoil.MICHEL_NUMUBAR, "nu_e": recoil.MICHEL_NUE}
TAU_PI, TAU_MU = 26.033, 2196.9811  # ns, PDG 2024
PROTONS = 1e22
DALTON = 1.66053906660e-27  # kg, CODATA 2018


def brute_inputs(experiment: Experiment, number: int = 0) -> tuple[Any, ...]:
    """M [MeV], Z, N, sin²θ_W and form factor of a nuclide, for the oracle."""
    nucleus = experiment.scatterers[number]
    A = nucleus.mass_number
    helm = recoil.helm_lewin_smith(A)
    return nucleus.mass / MeV, nucleus.charge, A - nucleus.charge, S2W, helm


# --- (d) two elements, each with its own quenching ------------------------------------------------


def stopped_pion_rate(T: Any, inputs: tuple[Any, ...]) -> Any:
    """Σ over the three components of dσ/dT folded [cm²/MeV]; T [MeV] as an array of float64."""
    M, Z, N, s2w, form_factor = inputs
    T = np.asarray(T, dtype=float)
    x, w = (np.asarray(a, dtype=float) for a in recoil.gauss_legendre(12))
    start = recoil.e_min(T, M)[:, None]
    end = recoil.M_MU / 2
    E = start + np.maximum(end - start, 0.0) * x
    shape = 1 - T[:, None] / E - M * T[:, None] / (2 * E**2)
    density = recoil.michel_nue(E) + recoil.michel_numubar(E)
    # φ is quadratic or higher at E = 0, so that φ/E² is a polynomial: 12 nodes are exact
    delayed = np.maximum(end - start[:, 0], 0.0) * ((density * shape) @ w)
    line = recoil.LINE_ENERGY
    prompt = np.where(start[:, 0] <= line, 1 - T / line - M * T / (2 * line**2), 0.0)
    charge = (Z * (0.5 - 2 * s2w) - N / 2) * np.asarray(
        form_factor(np.sqrt(2 * M * T)), dtype=float
    )
    strength = (recoil.G_F * recoil.HBARC_MEV_FM * 1e-13 * charge) ** 2 * M / math.pi
    return strength * (delayed + prompt)


def sodium_iodide(**changes: Any) -> Experiment:
    """NaI with a linear quenching for Na and Lindhard's for I."""
    blocks: dict[str, Any] = {
        "target": "NaI",
        "mass": "5 kg",
        "quenching": {
            "Na": {"type": "linear", "a": 0.12, "b": "0.0006 /keVnr"},
            "I": {"type": "lindhard", "k": 0.09},
        },
        "resolution": {"type": "gaussian", "noise": "0.15 keVee", "stochastic": "0.2 keVee^0.5"},
        "efficiency": {"type": "erf", "midpoint": "1.2 keVee", "width": "0.3 keVee"},
        "threshold": "0.5 keVee",
    }
    detector = Detector.check({**blocks, **changes})
    source = StoppedPion(pions_per_proton=0.08, distance=20 * m)
    return Experiment(
        source, detector, Exposure(PROTONS, "protons"), SM, form_factor="helm-lewin-smith"
    )


def test_two_quenchings() -> None:
    """reference: smeared counts of each element of NaI by dense quadrature."""
    edges = np.array([0.0, 1.0, 1.5, 2.5, 4.0, 7.0, 12.0, 30.0])  # keVee
    experiment = sodium_iodide()
    ours = experiment.counts(edges * keVee).sum(axis=0)

    def lindhard(T: Any) -> Any:
        eps = 11.5 * 53 ** (-7 / 3) * T
        g = 0.09 * (3 * eps**0.15 + 0.7 * eps**0.6 + eps)
        return T * g / (1 + g)

    curves = [lambda T: (0.12 + 0.0006 * T) * T, lindhard]
    kernel = response.GaussianKernel(lambda e: np.sqrt(0.15**2 + 0.2**2 * e))
    atomic = [n.atomic_mass / (931.49410242 * MeV) for n in experiment.detector.target.nuclides]
    molecules = 5 / (sum(atomic) * DALTON)
    fluence = 0.08 * PROTONS / (4 * math.pi * 2000.0**2)
    for number, curve in enumerate(curves):
        inputs = brute_inputs(experiment, number)
        oracle = response.Detector(
            kernel,
            curve,
            tuple(edges),
            efficiency=lambda x: (1 + special.erf((x - 1.2) / 0.3 / math.sqrt(2))) / 2,
            x_breaks=tuple(1.2 + 0.3 * np.arange(-6.0, 7.0)),
            threshold=0.5,
        )
        ends = [
            float(recoil.t_max(e, inputs[0])) * 1e3 for e in (recoil.LINE_ENERGY, recoil.M_MU / 2)
        ]

        def rate(T: Any, inputs: tuple[Any, ...] = inputs) -> Any:
            return stopped_pion_rate(T / 1e3, inputs) / 1e3

        truth = response.smeared_counts(rate, oracle, (0.0, ends[1]), [1e-3, 0.1, 1.0, ends[0]])
        expected = truth * molecules * fluence
        # 1e-7 is what a chain of parabolas for the efficiency promises (5e-12 seen); the oracle
        # stops at 10 σ, which is all that iodine has in the last bin
        assert ours[number] == pytest.approx(expected, rel=1e-7, abs=1e-15 * expected.max())


# --- (e) two sources: baselines and time profiles -------------------------------------------------

PULSES = {"near": (14.0, 440.0, 150.0), "far": (31.0, 2100.0, 60.0)}  # m, ns, ns


def two_sources() -> Experiment:
    """Argon seen by two sources at different distances that fire at different times."""
    sources = tuple(
        StoppedPion(
            name=name,
            pions_per_proton=0.09,
            distance=distance * m,
            pulse={"shape": "gaussian", "mean": mean * ns, "width": width * ns},
        )
        for name, (distance, mean, width) in PULSES.items()
    )
    time = {"window": ("0.1 us", "6 us")}
    detector = Detector(target=Target("Ar40"), mass=1 * kg, time=time)
    binning = Binning(
        energy={"edges": [e * keV for e in (0, 5, 20, 90)]},
        time={"edges": [t * us for t in (0.0, 0.5, 1.5, 2.2, 4.0, 7.0)]},
    )
    run = Exposure(PROTONS, "protons")
    return Experiment(sources, detector, run, SM, form_factor="helm-lewin-smith", binning=binning)


def brute_plane(experiment: Experiment, pulses: dict[str, tuple[float, float, float]]) -> Any:
    """Events by (energy, time), summed over sources and components one by one."""
    M, Z, N, s2w, helm = brute_inputs(experiment)
    atomic = experiment.detector.target.nuclides[0].atomic_mass / (931.49410242 * MeV)
    # the axis ends at 7 µs and starts at 0, the window is 0.1 to 6
    times = np.array([100.0, 500.0, 1500.0, 2200.0, 4000.0, 6000.0])
    plane = np.zeros((3, 5))
    for distance, mean, width in pulses.values():
        fluence = 0.09 * PROTONS / (4 * math.pi * (100 * distance) ** 2)
        for name, spectrum in PARTS.items():
            energies = recoil.events_in_bins(
                [0.0, 0.005, 0.02, 0.09], spectrum, M, Z, N, s2w, helm, order=24
            )
            taus = (TAU_PI,) if name == "nu_mu" else (TAU_PI, TAU_MU)
            shares = np.diff(response.pulse_cdf(times, mean, width, taus))
            plane += fluence / (atomic * DALTON) * np.outer(energies, shares)
    return plane


def test_two_baselines_with_two_pulses() -> None:
    """reference: counts_2d of two sources; and each source's numbers move its part alone."""
    experiment = two_sources()
    plane = experiment.predict().counts_2d
    # 1e-8: the oracle's convolution of the pulse
    assert plane == pytest.approx(brute_plane(experiment, PULSES), rel=1e-8, abs=0)

    theta = {
        "source.near.norm": 1.3,
        "source.far.pulse.mean": 900 * ns,
        "source.far.distance": 25 * m,
    }
    distance, mean, width = PULSES["near"]
    near = brute_plane(experiment, {"near": (distance, mean, width)})
    far = brute_plane(experiment, {"far": (25.0, 900.0, 60.0)})
    moved = experiment.predict(theta).counts_2d
    assert moved == pytest.approx(1.3 * near + far, rel=1e-8, abs=0)
    assert set(theta) <= set(experiment.parameters)


# --- (f) norms ------------------------------------------------------------------------------------


def at_sns(facility: str, target: str) -> Experiment:
    source = StoppedPion(facility=facility, distance=20 * m)
    return Experiment(source, Detector(target=Target(target), mass=1 * kg), 1 * day, SM)


def test_a_norm_shared_by_two_experiments() -> None:
    """property: one address, declared alike in both, scales both; the others one each."""
    csi, argon = at_sns("sns-2017", "CsI"), at_sns("sns-2020", "Ar40")
    assert csi.parameters["sns.flux"] == argon.parameters["sns.flux"]
    assert csi.parameters["sns.flux"].value == 1.0
    for experiment in (csi, argon):
        total = experiment.predict().total
        for address in ("sns.flux", "source.norm", "signal.norm"):
            scaled = experiment.predict({address: 1.2}).total
            assert scaled == pytest.approx(1.2 * total, rel=1e-14, abs=0)  # rounding
        both = experiment.predict({"sns.flux": 1.2, "source.norm": 0.5}).total
        assert both == pytest.approx(0.6 * total, rel=1e-14, abs=0)


@pytest.mark.parametrize("names", [("csi", "lar"), ("sns", "source")])
def test_norms_in_a_joint_file(names: tuple[str, str]) -> None:
    """property: shared and own norms of a file reach the right experiment, whatever its name."""
    first, second = names
    block = {"source": {"type": "stopped-pion", "facility": "sns-2020", "distance": "20 m"}}
    blocks = {**block, "detector": {"target": "Ar40", "mass": "1 kg"}, "exposure": "1 day"}
    settings = {"sns.flux": {"value": 1.1}, f"{second}.source.norm": {"value": 0.7}}
    data = {**blocks, "experiments": {first: {}, second: {}}, "parameters": settings}
    study = study_from(data)
    assert {"sns.flux", "sin2_theta_w", f"{first}.source.norm"} <= set(study.parameters)
    nominal = {name: e.predict().total for name, e in study.experiments.items()}
    moved = {name: e.predict(study.theta(name)).total for name, e in study.experiments.items()}
    assert moved[first] == pytest.approx(1.1 * nominal[first], rel=1e-14, abs=0)
    assert moved[second] == pytest.approx(0.77 * nominal[second], rel=1e-14, abs=0)


@pytest.mark.parametrize("address", ["sns.flux", "source.norm", "signal.norm"])
def test_a_grid_of_norms(address: str) -> None:
    """property: a grid over a norm is the loop over its points (as many as components: 3)."""
    experiment = at_sns("sns-2020", "CsI")
    edges = np.array([0.0, 5.0, 20.0, 50.0]) * keV
    values = np.array([0.5, 1.0, 2.0])
    grid = experiment.counts(edges, {address: values})
    loop = [experiment.counts(edges, {address: value}) for value in values]
    assert grid == pytest.approx(np.array(loop), rel=1e-14, abs=0)


# --- caches ---------------------------------------------------------------------------------------


def argon_like(
    threshold: float = 6.0, a: float = 0.246, mean: float = 440.0, **more: Any
) -> Experiment:
    """A small CENNS-10 whose shape numbers can be set one by one."""
    detector = {
        "target": "Ar",
        "mass": "24.4 kg",
        "threshold": f"{threshold!r} keVee",
        "quenching": {"type": "linear", "a": a, "b": "0.00078 /keVnr"},
        "resolution": {"type": "gaussian", "stochastic": "0.58 keVee^0.5"},
        "time": {"window": ["0 us", "5 us"]},
    }
    pulse = {"shape": "gaussian", "mean": mean * ns, "width": 150 * ns}
    source = StoppedPion(facility="sns-2020", distance=27.5 * m, pulse=pulse)
    binning = Binning.check({"from": "0 keVee", "to": "60 keVee", "bins": 8})
    run = Exposure(PROTONS, "protons")
    return Experiment(source, Detector.check(detector), run, SM, binning=binning, **more)


HELM = {"type": "helm", "rms_radius": 3.5 / 1e13 * cm}
SHAPES: dict[str, tuple[float, Callable[[], Experiment]]] = {
    "detector.threshold": (7.5 * keVee, lambda: argon_like(threshold=7.5)),
    "detector.quenching.a": (0.2, lambda: argon_like(a=0.2)),
    "Ar.rms_radius": (3.5 / 1e13 * cm, lambda: argon_like(form_factor=HELM)),
    "source.pulse.mean": (900.0 * ns, lambda: argon_like(mean=900.0)),
}


@pytest.mark.parametrize("address", SHAPES)
def test_shape_parameters_and_the_cache(address: str) -> None:
    """property: θ moves a shape number as a fresh experiment would, and back, cache or not."""
    value, fresh = SHAPES[address]
    experiment = argon_like()
    nominal = experiment.predict()
    assert address in experiment.parameters
    moved = experiment.predict({address: value})
    again = experiment.predict({address: experiment.parameters[address].value})
    expected = fresh().predict()
    assert moved.counts == pytest.approx(expected.counts, rel=1e-13, abs=0)
    assert abs(moved.total / nominal.total - 1) > 1e-4
    assert experiment.predict().as_dict() == nominal.as_dict()
    if address != "Ar.rms_radius":  # an address of the element; at nominal each isotope has its own
        assert again.counts == pytest.approx(nominal.counts, rel=1e-13, abs=0)
    assert np.array_equal(experiment.predict({address: value}).counts, moved.counts)


def test_many_shape_values_overflow_the_cache_harmlessly() -> None:
    """property: more values than the cache remembers, visited twice."""
    experiment = argon_like()
    values = np.linspace(0.2, 0.3, 20)
    first = [experiment.predict({"detector.quenching.a": a}).total for a in values]
    second = [experiment.predict({"detector.quenching.a": a}).total for a in values]
    assert first == second
    assert all(a < b for a, b in pairwise(first))  # more light, more above threshold


def test_smearing_conserves_events() -> None:
    """property: with no threshold or efficiency every recoil is counted somewhere (1e-9)."""
    blocks = {"threshold": None, "efficiency": {"type": "constant", "value": 1.0}}
    smeared = sodium_iodide(**blocks).counts(np.array([-np.inf, 1.0, np.inf]) * keVee).sum()
    bare = sodium_iodide(**blocks, resolution=None).counts(np.array([0.0, np.inf])).sum()
    assert smeared == pytest.approx(bare, rel=1e-9, abs=0)
