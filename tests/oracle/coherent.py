"""The binned likelihoods of COHERENT's CsI 2017, CsI 2021 and LAr 2020 data in plain NumPy.

Nothing here comes from the package: files are read with `numpy.loadtxt`, templates are arrays, and
-2 ln L is the Poisson deviance of Baker and Cousins plus squared pulls. Only the CEvNS counts per
energy bin are handed in by the caller, in two rows: prompt (ν_μ) and delayed (ν_e with ν̄_μ)
neutrinos, before any cut in time. Times are in us, light in PE, energies in keVee.

Every template has sum 1, so that its norm is a number of events in the region of the fit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from iminuit import Minuit
from scipy import optimize, special

Array = Any  # of NumPy, float64
Shape = Callable[[Array], Array]  # shape parameters -> a template of sum 1

PION, MUON = 0.026033, 2.1969811  # lifetimes [us]
SIGNAL = "cevns"


def deviance(expected: Any, observed: Any) -> float:
    """2 Σ [μ - n + n ln(n/μ)] (Baker & Cousins 1984); infinite where μ = 0 < n."""
    logs = special.xlogy(observed, observed) - special.xlogy(observed, expected)
    return float(2 * np.sum(expected - observed + logs))


@dataclass(frozen=True)
class Likelihood:
    """Counts in bins against a sum of templates.

    Parameters are the norms, one per template, then the numbers that change shapes. A pull of
    width inf constrains nothing. ``counted`` gives the norms that a control sample of as many
    events measures. ``idle`` are shapes that a fit without signal cannot see.
    """

    data: Array
    names: tuple[str, ...]
    templates: tuple[Shape, ...]
    centres: Array
    widths: Array
    limits: tuple[tuple[float, float], ...]
    counted: tuple[tuple[int, float], ...] = ()
    idle: tuple[str, ...] = ()

    def expected(self, values: Array) -> Array:
        """Expected counts, of the shape of the data."""
        norms, shapes = values[: len(self.templates)], values[len(self.templates) :]
        return sum(n * template(shapes) for n, template in zip(norms, self.templates, strict=True))

    def nll(self, values: Array) -> float:
        """-2 ln L: the deviance of the data and of the control samples, and the squared pulls."""
        pulls = float(np.sum(((values - self.centres) / self.widths) ** 2))
        control = sum(deviance(values[i], count) for i, count in self.counted)
        return deviance(self.expected(values), self.data) + control + pulls


@dataclass(frozen=True)
class Fit:
    """Best values and Hesse errors by name, and -2 ln L in all and without its pulls."""

    values: dict[str, float]
    errors: dict[str, float]
    nll: float
    deviance: float
    valid: bool


def minimise(like: Likelihood, fixed: dict[str, float] | None = None) -> Fit:
    """The best fit, parameters in ``fixed`` held at their values."""
    minuit = Minuit(like.nll, like.centres, name=like.names)
    minuit.errordef, minuit.strategy = 1.0, 2
    for name, width, limits in zip(like.names, like.widths, like.limits, strict=True):
        free = max(0.1 * abs(minuit.values[name]), 0.05)
        minuit.limits[name], minuit.errors[name] = limits, width if width < inf else free
    for name, value in (fixed or {}).items():
        minuit.limits[name] = (-inf, inf)  # at its limit it is a number like any other
        minuit.values[name], minuit.fixed[name] = value, True
    minuit.migrad()
    minuit.hesse()
    found = np.array(minuit.values)
    own = deviance(like.expected(found), like.data)
    values, errors = minuit.values.to_dict(), minuit.errors.to_dict()
    return Fit(values, errors, like.nll(found), own, bool(minuit.valid))


def significance(like: Likelihood) -> float:
    """√q_0: both fits profile everything but the norm of the signal."""
    centres = dict(zip(like.names, like.centres, strict=True))
    null = {SIGNAL: 0.0, **{name: float(centres[name]) for name in like.idle}}
    return float(np.sqrt(max(minimise(like, null).nll - minimise(like).nll, 0.0)))


def fixed_shape(plane: Any) -> Shape:
    """A template that nothing moves."""
    unit = _unit(plane)
    return lambda _: unit


def _unit(table: Array) -> Array:
    return table / table.sum()


def varied(sides: Sequence[Array], quadratic: bool = True) -> Callable[[float], Array]:
    """What a nuisance α adds to a template given at α = 0, 1, -1: a parabola, or a line."""
    nominal, up, down = sides
    slope, bend = 0.5 * (up - down), 0.5 * (up + down) - nominal
    bend = bend if quadratic else 0.0 * bend
    return lambda alpha: alpha * (slope + alpha * bend)


# --- CsI 2017


@dataclass(frozen=True)
class CsI2017:
    """The release: counts (PE, time) and the PDFs of arrival times and prompt neutrons."""

    coincidence: Array  # (25, 24), bins of 2 PE and 0.5 us
    anticoincidence: Array
    prompt: Array  # (24,) each: probability per bin
    delayed: Array
    neutron_times: Array
    neutron_light: Array  # (50,) bins of 1 PE, before the efficiency


CSI_2017_PE = np.arange(6.0, 31.0, 2.0)
_ARRIVALS = ("promptNeutrinos", "delayedNeutrinos", "promptNeutrons")
_ROI = slice(3, 15)  # 6 to 30 PE
_WINDOW = 12  # bins before 6 us


def read_csi_2017(folder: Path) -> CsI2017:
    """The files of arXiv:1804.09459."""

    def column(name: str) -> Array:
        return np.loadtxt(folder / f"{name}.txt", delimiter=",")[:, -1]

    coincidence = column("data_coincidence_beamOn").reshape(25, 24)
    anticoincidence = column("data_anticoincidence_beamOn").reshape(25, 24)
    prompt, delayed, neutrons = (column(f"arrivalTimePDF_{kind}") for kind in _ARRIVALS)
    return CsI2017(coincidence, anticoincidence, prompt, delayed, neutrons, column("promptPDF"))


def csi_2017_efficiency(x: Array) -> Array:
    """Acceptance at ``x`` photo-electrons: the sigmoid times the step H."""
    step = np.where(x < 5, 0.0, np.where(x < 6, 0.5, 1.0))
    return step * 0.6655 / (1 + np.exp(-0.4942 * (x - 10.8507)))


def decay_time(counts: Array) -> float:
    """Time constant [us] of an exponential fitted to counts in bins of 0.5 us from 0 on."""

    def minus_log_likelihood(tau: float) -> float:
        return -float(counts @ np.log(_decay(tau, counts.size)))

    found = optimize.minimize_scalar(minus_log_likelihood, bounds=(1.0, 1e3), method="bounded")
    return float(found.x)


def _decay(tau: float, bins: int) -> Array:
    return _unit(-np.diff(np.exp(-0.5 * np.arange(bins + 1) / tau)))


def csi_2017_steady(release: CsI2017, until: int = 24) -> Array:
    """Anticoincidence light in the region times its exponential over the first ``until`` bins."""
    light = release.anticoincidence[_ROI, :_WINDOW].sum(axis=1)
    times = release.anticoincidence[_ROI, :until].sum(axis=0)
    return light[:, None] * _decay(decay_time(times), _WINDOW)


def csi_2017_neutrons(release: CsI2017) -> Array:
    """Prompt neutrons after acceptance, (12, 12)."""
    centres = np.arange(50) + 0.5
    light = (release.neutron_light * csi_2017_efficiency(centres)).reshape(25, 2).sum(axis=1)
    return light[_ROI, None] * release.neutron_times[:_WINDOW]


def csi_2017_signal(release: CsI2017, energy: Array) -> Array:
    """CEvNS counts (12, 12); what arrives after 6 us is lost."""
    return energy.T @ np.stack([release.prompt, release.delayed])[:, :_WINDOW]


def csi_2017(
    release: CsI2017,
    signal: Array,
    steady: Array | None = None,
    neutrons: float = 6.0,
    control: str = "poisson",
) -> Likelihood:
    """Signal free, neutrons within 25 %, steady state with the 405 anticoincidence events.

    ``control`` takes that count as a Poisson measurement, or as a Gaussian one of width √405.
    """
    planes = (signal, csi_2017_steady(release) if steady is None else steady)
    count = float(release.anticoincidence[_ROI, :_WINDOW].sum())
    gaussian = control == "gaussian"
    return Likelihood(
        release.coincidence[_ROI, :_WINDOW],
        (SIGNAL, "steady", "neutrons"),
        tuple(fixed_shape(plane) for plane in (*planes, csi_2017_neutrons(release))),
        np.array([float(np.sum(signal)), count, neutrons]),
        np.array([inf, np.sqrt(count) if gaussian else inf, 0.25 * neutrons]),
        ((0.0, inf),) * 3,
        () if gaussian else ((1, count),),
    )


# --- CsI 2021
CSI_2021_PE = np.array([0.0, 8, 12, 16, 20, 24, 32, 40, 50, 60])
CSI_2021_US = np.array([0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1, 2, 4, 6])
PULSE_WIDTH = 0.15
_ONSET = 0.52


def time_efficiency(t: Array) -> Array:
    """1 up to 0.52 us, then an exponential of 0.0494 per us."""
    return np.where(t < _ONSET, 1.0, np.exp(-0.0494 * (t - _ONSET)))


def _over_bins(f: Callable[[Array], Array], edges: Array) -> Array:
    """∫ f dt in each bin; Gauss-Legendre on panels of 0.25 us at most, cut at 0.52 us."""
    x, w = np.polynomial.legendre.leggauss(20)
    cuts = np.unique([*edges, _ONSET, *np.arange(edges[0], edges[-1], 0.25)])
    nodes = cuts[:-1, None] + np.diff(cuts)[:, None] * 0.5 * (1 + x)
    panels = 0.5 * np.diff(cuts) * (f(nodes) @ w)
    return np.add.reduceat(panels, np.searchsorted(cuts, edges[:-1]))


def arrival_shares(mean: float, edges: Array) -> Array:
    """Shares of prompt and delayed neutrinos seen per time bin, (2, bins); a Gaussian pulse."""

    def after(tau: float) -> Array:
        def seen(t: Array) -> Array:  # efficiency times exponentially modified Gaussian
            u, r = (t - mean) / PULSE_WIDTH, PULSE_WIDTH / tau
            return time_efficiency(t) * np.exp(special.log_ndtr(u - r) + 0.5 * r * r - r * u) / tau

        return _over_bins(seen, edges)

    prompt, slow = after(PION), after(MUON)
    return np.stack([prompt, (MUON * slow - PION * prompt) / (MUON - PION)])


@dataclass(frozen=True)
class CsI2021:
    """The release in the bins of the fit, (9, 11); neutrons without the efficiency in time."""

    coincidence: Array
    anticoincidence: Array
    brn: Array  # neutrons of the beam
    induced: Array  # by neutrinos in the shield


def read_csi_2021(folder: Path, neutron_efficiency: bool = False) -> CsI2021:
    """The ancillary files of arXiv:2110.07730."""

    def events(name: str) -> Array:
        light, times = np.loadtxt(folder / f"{name}.txt").T
        return np.histogram2d(light, times, bins=(CSI_2021_PE, CSI_2021_US))[0]

    def neutrons(in_light: str, in_time: str) -> Array:
        x, light = np.loadtxt(folder / f"{in_light}.txt").T
        t, times = np.loadtxt(folder / f"{in_time}.txt").T
        times = times * (time_efficiency(t) if neutron_efficiency else 1.0)
        return np.outer(_rebinned(x, light, CSI_2021_PE), _rebinned(t, times, CSI_2021_US))

    samples = events("dataBeamOnC"), events("dataBeamOnAC")
    return CsI2021(*samples, neutrons("brnPE", "brnTrec"), neutrons("ninPE", "ninTrec"))


def _rebinned(centres: Array, values: Array, edges: Array) -> Array:
    """Contents of fine, even bins in coarse ones; a bin that an edge cuts is shared."""
    step = centres[1] - centres[0]
    fine = np.append(centres - 0.5 * step, centres[-1] + 0.5 * step)
    return np.diff(np.interp(edges, fine, np.append(0.0, np.cumsum(values))))


def csi_2021_steady(release: CsI2021) -> Array:
    """Anticoincidence light times the efficiency curve in time."""
    light = release.anticoincidence.sum(axis=1)
    return np.outer(light, _over_bins(time_efficiency, CSI_2021_US))


def csi_2021(
    release: CsI2021,
    energy: Array,
    mean: float = 0.44,
    variations: Sequence[tuple[Array, Array]] = (),
    free_onset: bool = False,
    steady: tuple[float, float] = (1286.0, 27.0),
) -> Likelihood:
    """Steady state, beam and induced neutrons within 2.1, 25 and 36 %, the signal free.

    ``energy`` (2, 9) without cut in time; ``variations`` are pairs of such arrays at +1 and -1 σ
    of one nuisance each (a parabola through all). ``free_onset``: the mean of the pulse floats.
    """
    moves = [varied((energy, *sides)) for sides in variations]
    at_mean = arrival_shares(mean, CSI_2021_US)

    def signal(shapes: Array) -> Array:
        light = energy + sum(move(alpha) for move, alpha in zip(moves, shapes, strict=False))
        times = arrival_shares(float(shapes[-1]), CSI_2021_US) if free_onset else at_mean
        plane = np.maximum(light, 0.0).T @ times
        return plane / plane.sum()

    fixed = fixed_shape(signal(np.array([*(0.0 for _ in moves), mean])))
    others = (csi_2021_steady(release), release.brn, release.induced)
    shapes = tuple(f"shape{i}" for i in range(len(moves))) + ("onset",) * free_onset
    return Likelihood(
        release.coincidence,
        (SIGNAL, "steady", "brn", "induced", *shapes),
        (signal if shapes else fixed, *(fixed_shape(plane) for plane in others)),
        np.array([300.0, steady[0], 18.4, 5.6, *(0.0 for _ in moves), *[mean] * free_onset]),
        np.array([inf, steady[1], 4.6, 2.0, *(1.0 for _ in moves), *[inf] * free_onset]),
        (*((0.0, inf),) * 4, *((-4.0, 4.0),) * len(moves), *[(0.1, 1.2)] * free_onset),
        idle=shapes,
    )


# --- LAr 2020
LAR_KEVEE = np.arange(0.0, 121.0, 10.0)
LAR_US = -0.1 + 0.5 * np.arange(11)
LAR_SHAPES = ("f90", "cevns-time", "brn-energy", "brn-time", "brn-width")


def read_lar_2020(folder: Path) -> dict[str, Array]:
    """The tables of arXiv:2006.12659 by file name, (12 energies, 8 F90, 10 times)."""
    paths = [*folder.glob("*pdf*.txt"), folder / "datanobkgsub.txt"]
    return {path.stem: np.loadtxt(path)[:, 3].reshape(12, 8, 10) for path in paths}


def lar_2020_signal(release: dict[str, Array], plane: Array) -> Array:
    """A (12, 10) plane of energies and times, given the F90 shape that the release has per energy.

    The release has none above 60 keVee, where nothing of a CEvNS signal is left: dropped.
    """
    shape = release["cevnspdf"].sum(axis=2)
    total = shape.sum(axis=1, keepdims=True)
    probability = np.divide(shape, total, out=np.zeros_like(shape), where=total > 0)
    return plane[:, None, :] * probability[:, :, None]


def lar_2020(
    release: dict[str, Array],
    signal: Array | None = None,
    shapes: Collection[str] = (),
    quadratic: bool = True,
    steady: tuple[float, float] = (3152.0, 25.0),
) -> Likelihood:
    """Three constrained backgrounds and a free signal (by default that of the release).

    ``shapes`` names nuisances, unit Gaussians: templates move through the varied files of the
    release (each brought to sum 1), linearly where it has one side only. Another signal moves by
    the ratio of the release's varied and nominal templates.
    """
    nominal = release["cevnspdf"]
    signal = nominal if signal is None else signal

    ones = np.ones_like(nominal)

    def alike(name: str) -> Array:
        return _unit(signal * np.divide(release[name], nominal, out=ones.copy(), where=nominal > 0))

    cevns, brn = _unit(signal), _unit(release["brnpdf"])
    late, wide = alike("cevnspdfCEvNSTimingMeanSyst"), _unit(release["brnpdfBRNTimingWidthSyst"])
    sides = {
        "f90": (cevns, alike("cevnspdf+1sigF90"), alike("cevnspdf-1sigF90")),
        "cevns-time": (cevns, late, 2 * cevns - late),
        "brn-energy": (brn, *(_unit(release[f"brnpdf{s}1sigEnergy"]) for s in "+-")),
        "brn-time": (brn, *(_unit(release[f"brnpdf{s}1sigBRNTimingMean"]) for s in "+-")),
        "brn-width": (brn, wide, 2 * brn - wide),
    }
    moves = {name: varied(sides[name], quadratic) for name in shapes}

    def moved(start: Array, own: Collection[str]) -> Shape:
        terms = [(i, moves[name]) for i, name in enumerate(shapes) if name in own]
        if not terms:
            return fixed_shape(start)
        # A quadratic far out may dip below zero in bins that hold next to nothing.
        return lambda at: np.maximum(start + sum(move(at[i]) for i, move in terms), 0.0)

    own, count = LAR_SHAPES[:2], len(shapes)
    still = fixed_shape(release["delbrnpdf"]), fixed_shape(release["bkgpdf"])
    return Likelihood(
        release["datanobkgsub"],
        (SIGNAL, "brn", "delayed", "steady", *shapes),
        (moved(cevns, own), moved(brn, LAR_SHAPES[2:]), *still),
        np.array([128.0, 497.0, 33.0, steady[0], *[0.0] * count]),
        np.array([inf, 160.0, 33.0, steady[1], *[1.0] * count]),
        (*((0.0, inf),) * 4, *((-5.0, 5.0),) * count),
        idle=tuple(name for name in shapes if name in own),
    )
