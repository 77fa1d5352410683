r"""From nucleons to nuclei: amplitude terms, their sum, and the only place that squares.

An interaction hands on `Term` s: a Lorentz structure acting on protons, neutrons or electrons, a
3×3 flavour matrix :math:`C(\theta)` and a profile :math:`f(Q^2; \theta)`. On a `Scatterer` the
amplitude of structure X is :math:`\sum_k C_k f_k` with :math:`f_k` = (Z F_p or N F_n or 1) times
the profile, and a beam component with density matrix ρ sees

.. math:: \sum_{kl} \mathrm{Re}\,\mathrm{Tr}[C_k\, \rho\, C_l^\dagger]\; f_k f_l\; a_n^{(kl)}.

Interference, the sign for antineutrinos, off-diagonal flavours, mixtures, electrons and nuclei all
come out of this one contraction. Different outgoing leptons never interfere.

A flavour matrix is a sum :math:`C_k = M_{k0} + \sum_i x_i M_{ki}` of constant matrices times real
numbers :math:`x_i(\theta)`, which may be grids of any shape (`FlavourMatrix`). The traces are then
constants, one for each product :math:`x_i x_j`: no grid ever meets a 3×3 matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from cevns.errors import InputError, Mistake, unknown_name
from cevns.flavours import Couplings, Traces, compact
from cevns.kinematics import ODD_UNDER_CONJUGATION, STRUCTURES, pair_name
from cevns.parameters import NOMINAL, Theta
from cevns.special import namespace

SITES = ("p", "n", "Z", "e", "sp", "sn", "lp", "ln", "su", "sd", "ss")
SiteFunction = Callable[[Any, Theta], Any]


def massless(theta: Theta) -> float:
    """The mass of an outgoing light neutrino."""
    return 0.0


@dataclass(frozen=True)
class Term:
    """One term of an amplitude, at the level of nucleons and electrons.

    Attributes
    ----------
    structure : {"V", "A", "S", "P", "T", "M"}
        Lorentz structure, normalised to G_F as `cevns.kinematics` writes it: C stands for
        −√2 G_F C (ν̄ Γ P_L ν)(N̄ Γ N), so a mediator with L = −(Q/D)(…) has C = Q/(√2 G_F D) and
        the Standard Model's vector term on protons g_V^p. An axial term multiplies −γ₅. M is a
        magnetic moment in Bohr magnetons on a unit charge. V and A keep the neutrino's helicity,
        the others flip it: massless, they do not interfere.
    site : {"p", "n", "Z", "e", "sp", "sn", "lp", "ln", "su", "sd", "ss"}
        What it acts on: protons, neutrons, the charge of a nucleus without form factor, electrons;
        the spin of the protons or neutrons across the momentum transfer ("sp", "sn") or along it
        ("lp", "ln"); that which u, d or s quarks have of it ("su", "sd", "ss"), the part of the
        axial current. A scatterer that has no such site does not see the term.
    coupling : callable
        θ → flavour matrix C, a `FlavourMatrix` or an array of shape (..., 3, 3): the amplitude for
        ν_β → ν_α is C[α, β]. Antineutrinos take its complex conjugate.
    profile : callable, optional
        (Q², θ) → real dimensionless factor, 1 where absent. Q² is the last axis; grids in θ come
        with a last axis of length 1 and are the leading ones of the result.
    outgoing : str
        The outgoing lepton; terms with different ones do not interfere.
    mass : callable
        θ → its mass [energy].
    """

    structure: str
    site: str
    coupling: Callable[[Theta], Any]
    profile: Callable[[Any, Theta], Any] | None = None
    outgoing: str = "nu"
    mass: Callable[[Theta], Any] = massless

    def __post_init__(self) -> None:
        if self.structure not in STRUCTURES:
            raise unknown_name("structure", self.structure, STRUCTURES, "Lorentz structure")
        if self.site not in SITES:
            raise unknown_name("site", self.site, SITES, "site")


@dataclass(frozen=True, eq=False)
class Scatterer:
    """One kind of target particle: a nuclide, or the electrons of the target.

    Attributes
    ----------
    name, element, channel : str
        "Ar40", "Ar", "cevns"; for electrons "electrons", "", "electron".
    mass : float
        Rest energy [energy].
    spin : {"0", "1/2", "J"}
        Which rows of the table of recoil coefficients apply.
    density : float
        How many there are per unit of target mass.
    sites : mapping
        Site → (q, θ) → coherent strength there: Z F_p(q), N F_n(q), Z, or 1 for an electron; 1 for
        the spin of one nucleon. Several multipoles have the shape (L, T), L = 0 first: they add up
        in the square, and a strength of shape (T,) is the one of L = 0.
    charge, mass_number : int
        Z and A of a nuclide, for the detector response.
    multiplicity : callable, optional
        (T, θ) → how many of them take part at this recoil (bound electrons), times ``density``.
    breaks : tuple of float
        Recoil energies at which the multiplicity or a site jumps (binding energies).
    """

    name: str
    element: str
    channel: str
    mass: float
    spin: str
    density: float
    sites: Mapping[str, SiteFunction]
    charge: int = 0
    mass_number: int = 0
    multiplicity: Callable[[Any, Theta], Any] | None = None
    breaks: tuple[float, ...] = ()


# --- profiles -------------------------------------------------------------------------------------


class _AlongQ(Mapping[str, Any]):
    """θ whose grids have one more axis of length 1, for Q²; ``shape`` is what they broadcast to."""

    def __init__(self, theta: Theta):
        self._theta = theta
        self.shape: tuple[int, ...] = ()

    def __getitem__(self, address: str) -> Any:
        value = self._theta[address]
        if not np.ndim(value):
            return value
        self.shape = np.broadcast_shapes(self.shape, np.shape(value))
        return compact(value)[..., None]

    def __iter__(self) -> Iterator[str]:
        return iter(self._theta)

    def __len__(self) -> int:
        return len(self._theta)


class Profiles:
    """The profiles of some terms at θ: each different one once, shape (..., T).

    ``grid`` is the shape of the grids that they read, ``wide`` whether there are any.
    """

    def __init__(self, terms: Sequence[Term] = (), q_squared: Any = None, theta: Theta = NOMINAL):
        known: list[Any] = [None]
        self._values: list[Any] = [1.0]
        self._places: dict[int, int] = {}
        along = _AlongQ(theta)
        for term in terms:
            profile = term.profile
            if profile is not None and profile not in known:
                known.append(profile)
                self._values.append(profile(q_squared, along))
            self._places[id(term)] = known.index(profile)
        self.grid = along.shape
        self.wide = any(np.ndim(value) > 1 for value in self._values)

    def place(self, term: Term) -> int:
        """Which of the different profiles ``term`` has; 0 for none."""
        return self._places[id(term)]

    def value(self, term: Term) -> Any:
        """The profile of ``term``, shape (..., T), or 1."""
        return self._values[self._places[id(term)]]

    def product(self, first: int, second: int) -> Any:
        """The product of two of the different profiles."""
        return self._values[first] * self._values[second]


# --- squares --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Block:
    """Terms of two structures with one outgoing lepton: f_k f_l and the couplings apart.

    ``pair`` names the row of coefficients, ``outgoing`` and ``mass`` the lepton that leaves,
    ``first`` and ``second`` are the terms, ``strengths`` those of the sites, shape (T,) or (L, T),
    and ``profiles`` those of the terms.
    """

    pair: str
    outgoing: str
    mass: Any
    first: tuple[Term, ...]
    second: tuple[Term, ...]
    strengths: Mapping[str, Any]
    profiles: Profiles = field(default_factory=Profiles)

    def at(self, profiles: Profiles) -> Block:
        """The same with other profiles."""
        return replace(self, profiles=profiles)

    def weights(self, couplings: Couplings, states: Any, signs: Any) -> Traces:
        """Re Tr[C_k ρ_c C_l†] by product of numbers, with the sign of the antineutrinos.

        Parameters
        ----------
        couplings : Couplings
        states : array, shape (C, 3, 3)
            Density matrices, for antineutrinos their conjugates: their couplings are conjugated,
            and the real part of a trace does not see which of the two is.
        signs : array, shape (C,)
            +1 for neutrinos, −1 for antineutrinos.

        Returns
        -------
        mapping
            (i, j) → array of shape (C, K·L), the factor of x_i x_j; those that vanish are left out.
        """
        traces = couplings.traces(self.first, self.second, states)
        if self.pair not in ODD_UNDER_CONJUGATION:
            return traces
        return {key: trace * signs[:, None] for key, trace in traces.items()}

    @cached_property
    def products(self) -> Any:
        """f_k f_l, but for profiles that are grids, shape (K·L, T)."""
        xp = namespace(*self.strengths.values())
        first, second = ([self._factor(t) for t in ts] for ts in (self.first, self.second))
        if max(np.ndim(f) for f in (*first, *second)) > 1:
            products = xp.stack([_overlap(f, g) for f in first for g in second])
        else:
            products = (xp.stack(first)[:, None] * xp.stack(second)).reshape(
                len(first) * len(second), -1
            )
        return products if self.second is self.first else 2 * products

    @cached_property
    def groups(self) -> tuple[tuple[Any, Any, Any], ...]:
        """`products` in groups: (their profiles, places of the pairs, products of those).

        The profiles have the shape (..., T), or are 1 where they are no grids.
        """
        if not self.profiles.wide:
            return ((1.0, slice(None), self.products),)
        places: dict[tuple[int, int], list[int]] = {}
        first, second = ([self.profiles.place(t) for t in ts] for ts in (self.first, self.second))
        for place, pair in enumerate((k, m) for k in first for m in second):
            places.setdefault((min(pair), max(pair)), []).append(place)
        return tuple(
            (self.profiles.product(*pair), np.array(some), self.products[np.array(some)])
            for pair, some in places.items()
        )

    @property
    def flat_products(self) -> Any:
        """f_k f_l with the pair and the grids of the profiles as one axis, shape (n, T)."""
        every = []
        for profile, _, products in self.groups:
            size = products.shape[-1]
            each = products.reshape(-1, *(1,) * (np.ndim(profile) - 1), size)
            every.append((profile * each).reshape(-1, size))
        return namespace(*every).concatenate(every)

    def _factor(self, term: Term) -> Any:
        """f_k, but for a profile that is a grid, shape (T,) or (L, T)."""
        strength = self.strengths[term.site]
        return strength if self.profiles.wide else strength * self.profiles.value(term)


def _overlap(one: Any, other: Any) -> Any:
    """Σ_L one_L other_L, shape (T,); a strength without multipoles is that of L = 0."""
    if np.ndim(one) == 1 or np.ndim(other) == 1:
        return (one if np.ndim(one) == 1 else one[0]) * (other if np.ndim(other) == 1 else other[0])
    shared = min(len(one), len(other))
    return (one[:shared] * other[:shared]).sum(axis=0)


def blocks(terms: Sequence[Term], scatterer: Scatterer, T: Any, theta: Theta) -> Iterator[Block]:
    """The squared amplitude of ``terms`` on ``scatterer`` at recoils ``T``, block by block.

    Yields one `Block` for each unordered pair of structures with the same outgoing lepton; the
    mixed pair counts both orders, so its products carry the factor two of an interference. They
    have no profiles yet (`Block.at`).
    """
    q = namespace(T).sqrt(2 * scatterer.mass * T)
    sites = dict.fromkeys(term.site for term in terms if term.site in scatterer.sites)
    strengths = {site: scatterer.sites[site](q, theta) + 0.0 * q for site in sites}
    for outgoing, group in _by_outgoing(terms, scatterer).items():
        mass = _common_mass(outgoing, group, theta)
        for one, other in combinations_with_replacement(group, 2):
            pair = pair_name(one, other)
            yield Block(pair, outgoing, mass, group[one], group[other], strengths)


def _by_outgoing(
    terms: Sequence[Term], scatterer: Scatterer
) -> dict[str, dict[str, tuple[Term, ...]]]:
    """Terms that act on this scatterer: outgoing lepton → structure → terms."""
    groups: dict[str, dict[str, tuple[Term, ...]]] = {}
    for term in terms:
        if term.site in scatterer.sites:
            group = groups.setdefault(term.outgoing, {})
            group[term.structure] = (*group.get(term.structure, ()), term)
    return groups


def _common_mass(outgoing: str, group: Mapping[str, Sequence[Term]], theta: Theta) -> Any:
    """The mass of one outgoing lepton; an `InputError` where its terms disagree."""
    masses = [term.mass(theta) for terms in group.values() for term in terms]
    if any(mass is not masses[0] and mass != masses[0] for mass in masses[1:]):
        found = f"two masses for the outgoing lepton {outgoing!r}"
        raise InputError(Mistake("model", found, "different names for different leptons"))
    return masses[0]


def by_lepton(
    terms: Sequence[Term], scatterer: Scatterer, theta: Theta = NOMINAL
) -> list[tuple[Any, tuple[Term, ...]]]:
    """(mass, terms) of each lepton that can leave this scatterer."""
    return [
        (_common_mass(outgoing, group, theta), tuple(t for ts in group.values() for t in ts))
        for outgoing, group in _by_outgoing(terms, scatterer).items()
    ]
