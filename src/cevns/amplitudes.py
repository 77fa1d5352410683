r"""From nucleons to nuclei: amplitude terms, their sum, and the only place that squares.

An interaction hands on `Term` s: a Lorentz structure acting on protons, neutrons or electrons, a
3×3 flavour matrix :math:`C(\theta)` and a profile :math:`f(Q^2; \theta)`. On a `Scatterer` the
amplitude of structure X is :math:`\sum_k C_k f_k` with :math:`f_k` = (Z F_p or N F_n or 1) times
the profile, and a beam component with density matrix ρ sees

.. math:: \sum_{kl} \mathrm{Re}\,\mathrm{Tr}[C_k\, \rho\, C_l^\dagger]\; f_k f_l\; a_n^{(kl)}.

Interference, the sign for antineutrinos, off-diagonal flavours, mixtures, electrons and nuclei all
come out of this one contraction. Different outgoing leptons never interfere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cevns.errors import InputError, Mistake, unknown_name
from cevns.kinematics import ODD_UNDER_CONJUGATION, STRUCTURES, pair_name
from cevns.parameters import NOMINAL, Theta
from cevns.special import namespace

SITES = ("p", "n", "Z", "e")
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
    site : {"p", "n", "Z", "e"}
        What it acts on: protons, neutrons, the charge of a nucleus without form factor, electrons.
    coupling : callable
        θ → flavour matrix C, shape (..., 3, 3): the amplitude for ν_β → ν_α is C[α, β].
        Antineutrinos take its complex conjugate.
    profile : callable, optional
        (Q², θ) → real dimensionless factor, same shape as Q²; 1 where absent.
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
        "Ar40", "Ar", "cevns"; for electrons "e", "", "electron".
    mass : float
        Rest energy [energy].
    spin : {"0", "1/2"}
        Which rows of the table of recoil coefficients apply.
    density : float
        How many there are per unit of target mass.
    sites : mapping
        Site → (q, θ) → coherent strength there: Z F_p(q), N F_n(q), Z, or 1 for an electron.
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


@dataclass(frozen=True, eq=False)
class Block:
    """Terms of two structures with one outgoing lepton: f_k f_l and the couplings apart.

    ``pair`` names the row of coefficients, ``outgoing`` and ``mass`` the lepton that leaves,
    ``products`` is f_k f_l with shape (K, L, \\*T.shape), ``first`` and ``second`` the terms.
    """

    pair: str
    outgoing: str
    mass: Any
    products: Any
    first: tuple[Term, ...]
    second: tuple[Term, ...]

    def weights(self, densities: Any, signs: Any, theta: Theta) -> Any:
        """Re Tr[C_k ρ_c C_l†] for each component c, with the sign of the antineutrinos.

        Parameters
        ----------
        densities : array, shape (C, 3, 3)
        signs : array, shape (C,)
            +1 for neutrinos, −1 for antineutrinos.

        Returns
        -------
        array, shape (..., C, K, L)
            With the leading axes of the couplings.
        """
        left = _stack(self.first, theta)
        right = left if self.second is self.first else _stack(self.second, theta)
        xp = namespace(left, right)
        anti = xp.asarray(signs < 0)[:, None, None, None]
        left, right = (
            xp.where(anti, xp.conj(c)[..., None, :, :, :], c[..., None, :, :, :])
            for c in (left, right)
        )
        moved = left @ xp.asarray(densities)[:, None, :, :]  # C_k rho, (..., C, K, 3, 3)
        flat = (*moved.shape[:-2], 9)
        trace = xp.reshape(moved, flat) @ xp.swapaxes(
            xp.conj(xp.reshape(right, (*right.shape[:-2], 9))), -1, -2
        )
        trace = xp.real(trace)
        return trace * xp.asarray(signs)[:, None, None] if self._odd else trace

    @property
    def flat_products(self) -> Any:
        """f_k f_l with the pair as one axis, shape (K·L, T)."""
        first, second, *rest = self.products.shape
        return self.products.reshape(first * second, *rest)

    @property
    def _odd(self) -> bool:
        return self.pair in ODD_UNDER_CONJUGATION


def _stack(terms: Sequence[Term], theta: Theta) -> Any:
    """Couplings of several terms at θ, shape (..., K, 3, 3)."""
    matrices = [term.coupling(theta) for term in terms]
    xp = namespace(*matrices)
    leading = np.broadcast_shapes(*(np.shape(matrix)[:-2] for matrix in matrices))
    return xp.stack([xp.broadcast_to(c, (*leading, 3, 3)) for c in matrices], axis=-3)


def blocks(terms: Sequence[Term], scatterer: Scatterer, T: Any, theta: Theta) -> Iterator[Block]:
    """The squared amplitude of ``terms`` on ``scatterer`` at recoils ``T``, block by block.

    Yields one `Block` for each unordered pair of structures with the same outgoing lepton; the
    mixed pair counts both orders, so its weights carry the factor two of an interference.
    """
    xp = namespace(T)
    q_squared = 2 * scatterer.mass * T
    q = xp.sqrt(q_squared)
    strengths: dict[str, Any] = {}
    for outgoing, group in _by_outgoing(terms, scatterer).items():
        factors = {
            structure: xp.stack([_factor(t, scatterer, q, q_squared, theta, strengths) for t in ts])
            for structure, ts in group.items()
        }
        mass = _common_mass(outgoing, group, theta)
        names = list(group)
        for i, one in enumerate(names):
            for other in names[i:]:
                products = factors[one][:, None] * factors[other][None, :]
                if one != other:
                    products = 2 * products
                pair = pair_name(one, other)
                yield Block(pair, outgoing, mass, products, group[one], group[other])


def _factor(
    term: Term, scatterer: Scatterer, q: Any, q2: Any, theta: Theta, known: dict[str, Any]
) -> Any:
    """f_k: the coherent strength of the site times the profile, same shape as q."""
    if term.site not in known:
        known[term.site] = scatterer.sites[term.site](q, theta) + 0.0 * q
    strength = known[term.site]
    return strength if term.profile is None else strength * term.profile(q2, theta)


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
