"""Nasty plug-ins for tests only: what future interactions, sources and targets will ask for.

The engine must carry each of them without knowing it. None is physics anyone proposes. Below them
is the set-up the tests share: argon with different radii of protons and neutrons, and brute force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from oracle import recoil

from cevns.amplitudes import Scatterer, Term
from cevns.beam import Component, pure_state
from cevns.constants import m_e
from cevns.detector import Detector
from cevns.experiment import Experiment
from cevns.exposure import Exposure
from cevns.interactions import Interaction, Model
from cevns.parameters import NOMINAL, Theta
from cevns.sources import Source
from cevns.spec import Number, Quantity
from cevns.spectra import Spectrum, TabulatedSpectrum
from cevns.targets import Target
from cevns.units import MeV, cm, day, fm, kg

MIXED = np.array(
    [[0.5, 0.2 + 0.1j, 0.05j], [0.2 - 0.1j, 0.3, -0.1 + 0.05j], [-0.05j, -0.1 - 0.05j, 0.2]]
)
"""A density matrix of trace one, neither pure nor diagonal nor real."""

ON_PROTONS = np.array(
    [[0.3, 0.4 - 0.2j, 0.1j], [0.4 + 0.2j, -0.2, 0.15 + 0.3j], [-0.1j, 0.15 - 0.3j, 0.25]]
)
ON_NEUTRONS = np.array(
    [[-0.1, 0.1 + 0.5j, 0.2], [0.1 - 0.5j, 0.4, -0.3j], [0.2, 0.3j, 0.1]], dtype=complex
)


class Given(Source):
    """The components it is given, each with the same fluence a day."""

    type: Literal["given"] = "given"
    summary: ClassVar[str] = "test only"
    parts: tuple[Any, ...]
    fluence: Annotated[float, Quantity("/cm^2", range="positive")]

    def components(self, address: str, theta: Theta = NOMINAL) -> Sequence[Component]:
        """As they are."""
        return self.parts

    def fluences(self, exposure: Exposure, theta: Theta, address: str) -> Sequence[Any]:
        """In proportion to the exposure."""
        return [self.get("fluence", theta, address) * exposure.amount / day] * len(self.parts)


def flavour(name: str, spectrum: Spectrum) -> Component:
    """A component of a pure flavour."""
    density, antineutrino = pure_state(name)
    return Component(name, density, antineutrino, spectrum)


def mixture(spectrum: Spectrum, antineutrino: bool, density: Any = MIXED) -> Component:
    """A component in a mixed state."""
    return Component("mixture", density, antineutrino, spectrum)


class _Probe(Interaction):
    """Numbers of a probe are read by field name."""

    def number(self, field: str, theta: Theta) -> Any:
        return self.at(field, theta)

    def scaled(self, field: str, matrix: Any) -> Callable[[Theta], Any]:
        """θ → the number times a flavour matrix, with the leading axes of the number."""
        return lambda theta: np.asarray(self.number(field, theta))[..., None, None] * matrix


class FlavourProbe(_Probe):
    """Complex flavour-changing vector couplings, different on protons and neutrons."""

    name: ClassVar[str] = "probe-flavour"
    size: Number = 0.0
    neutrons: Number = 0.0

    def terms(self) -> Sequence[Term]:
        """One on protons and one, with a profile in Q², on neutrons."""
        return (
            Term("V", "p", self.scaled("size", ON_PROTONS)),
            Term("V", "n", self.scaled("neutrons", ON_NEUTRONS)),
        )


class ElectronProbe(_Probe):
    """Vector and axial couplings on electrons; with ``mixing`` not diagonal in flavour."""

    name: ClassVar[str] = "probe-electron"
    vector: Number = 0.0
    axial: Number = 0.0
    mixing: Number = 0.0

    def terms(self) -> Sequence[Term]:
        """Two vector terms and two axial ones, all with the same outgoing neutrino."""
        return (
            Term("V", "e", self.scaled("vector", np.eye(3))),
            Term("V", "e", self.scaled("mixing", ON_PROTONS)),
            Term("A", "e", self.scaled("axial", np.eye(3))),
            Term("A", "e", self.scaled("mixing", ON_NEUTRONS)),
        )


class HeavyProbe(_Probe):
    """Up-scattering of ν_μ (and a little ν_e) to a lepton of some mass, by a vector current."""

    name: ClassVar[str] = "probe-heavy"
    ROW: ClassVar[Any] = np.array([[0.3j, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    size: Number = 0.0
    axial: Number = 0.0
    mass: Annotated[float, Quantity("MeV")] = 0.0

    def terms(self) -> Sequence[Term]:
        """A vector and an axial term on protons, which interfere with nothing else."""

        def mass(theta: Theta) -> Any:
            return self.number("mass", theta)

        return (
            Term("V", "p", self.scaled("size", self.ROW), outgoing="N", mass=mass),
            Term("A", "p", self.scaled("axial", self.ROW), outgoing="N", mass=mass),
        )


class AxialProbe(_Probe):
    """An axial current on neutrons and nothing else: zero on a nucleus of spin 0."""

    name: ClassVar[str] = "probe-axial"
    size: Number = 0.0

    def terms(self) -> Sequence[Term]:
        """One term."""
        return (Term("A", "n", self.scaled("size", np.eye(3))),)


def _one(q: Any, theta: Theta) -> Any:
    return 1.0 + 0.0 * q


def electrons(
    density: float, shells: Sequence[tuple[float, float]] = (), mass: float = m_e
) -> Scatterer:
    """Electrons of a target; ``shells`` are (number, binding energy), empty for free ones."""

    def bound(T: Any, theta: Theta) -> Any:
        return sum(np.where(binding <= T, number, 0.0) for number, binding in shells)

    multiplicity = bound if shells else None
    steps = tuple(sorted(binding for _, binding in shells))
    sites = {"e": _one}
    return Scatterer(
        "e", "", "electron", mass, "1/2", density, sites, multiplicity=multiplicity, breaks=steps
    )


@dataclass(frozen=True, eq=False)
class WithScatterers(Experiment):
    """An experiment whose target is ``replaced`` by scatterers of the test's making."""

    replaced: tuple[Scatterer, ...] = ()

    @cached_property
    def scatterers(self) -> tuple[Scatterer, ...]:
        """Those given."""
        return self.replaced


# --- a common set-up, and brute force -------------------------------------------------------------

S2W = 0.23857
FLUENCE = 1e14 / cm**2
PROTON_RADIUS, NEUTRON_RADIUS = 3.3, 3.6  # fm


def three_knots() -> TabulatedSpectrum:
    """The oracle's `three_knot` as the package has it."""
    density = np.array([1 / 32, 1 / 16, 1 / 64]) / MeV
    return TabulatedSpectrum.linear(np.array([4.0, 20.0, 52.0]) * MeV, density)


def argon(model: Interaction | Model, *components: Component) -> Experiment:
    """A kilogram of 40Ar with protons and neutrons of different radii."""
    radii = {"proton": PROTON_RADIUS, "neutron": NEUTRON_RADIUS}
    factors = {site: {"type": "helm", "rms_radius": r * fm} for site, r in radii.items()}
    source = Given(parts=components, fluence=FLUENCE)
    detector = Detector(target=Target("Ar40"), mass=1 * kg)
    return Experiment(source, detector, 1 * day, model, form_factor=factors)


def brute_factors(T: float, M: float) -> tuple[float, float]:
    """Z F_p and N F_n of that argon at a recoil [MeV]."""
    q = np.sqrt(2 * M * T)
    protons, neutrons = (recoil.helm_rms(radius)(q) for radius in (PROTON_RADIUS, NEUTRON_RADIUS))
    return 18 * float(protons), 22 * float(neutrons)


def per_kilogram(nuclide: str = "Ar40") -> float:
    """Nuclei of a kilogram times the fluence [1/cm²], with CODATA 2018's dalton."""
    atomic = Target(nuclide).nuclides[0].atomic_mass / (931.49410242 * MeV)
    return FLUENCE * cm**2 / (atomic * 1.66053906660e-27)


def folded(
    sigma: Callable[[float], Any], spectrum: recoil.Spectrum, start: float, order: int = 16
) -> float:
    """∫ φ σ dE from ``start`` and lines above it: panels at the knots, ratio 2 at most."""
    x, w = recoil.gauss_legendre(order)
    total = sum(weight * sigma(e) for e, weight in spectrum.lines if e > start)
    for low, high, phi in spectrum.segments:
        edges = [max(low, start)]
        while edges[-1] * 2 < high:
            edges.append(edges[-1] * 2)
        for a, b in pairwise([*edges, high]):
            nodes = [float(a + (b - a) * xi) for xi in x] if b > a else []
            total += sum(float(wi) * (b - a) * phi(e) * sigma(e) for wi, e in zip(w, nodes))  # noqa: B905
    return float(total)


def panels(points: Iterable[float], order: int = 12) -> tuple[Any, Any]:
    """Gauss–Legendre in √T between ``points``: recoils and weights."""
    root = np.sqrt(np.unique(list(points)))
    x, w = np.polynomial.legendre.leggauss(order)
    middle, half = (root[1:] + root[:-1])[:, None] / 2, np.diff(root)[:, None] / 2
    nodes = middle + half * x
    return (nodes**2).ravel(), (2 * nodes * half * w).ravel()
