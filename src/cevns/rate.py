r"""THE fold: recoil spectra of a beam on one kind of scatterer.

.. math::
    \frac{dR_c}{dT} = G_F^2 (\hbar c)^2 \sum_{\text{blocks}}
        \Big[\sum_{kl} w^{c}_{kl}(\theta)\, f_k f_l\Big] \sum_n a_n(T)\, G_{c,n}(E_{\min}(T))

Couplings sit in :math:`w = \sum_{ij} x_i x_j\, w_{ij}` alone, so a grid of numbers :math:`x` is a
contraction of *columns*, one array for each product of two numbers, made once; the moments G know
no target, so a new nuclide costs one evaluation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from cevns.amplitudes import Block, Profiles, Scatterer, Term, blocks
from cevns.beam import Component
from cevns.constants import G_F, hbar_c
from cevns.errors import InputError, Mistake
from cevns.flavours import Couplings
from cevns.kinematics import coefficients, minimum_energy
from cevns.nodes import beam_breaks, panel_nodes
from cevns.parameters import NOMINAL, Theta
from cevns.special import namespace

_STRENGTH = (G_F * hbar_c) ** 2
_SMALL = 1e-12  # a vanishing recoil, as a fraction of the largest one
_NEGLIGIBLE = 1e-9  # acceptance of it that is taken for none
_TAIL, _FAR_BELOW = 1e-4, 0.2  # what is a tail, and from where on it is treated as one

Columns = dict[tuple[int, int], Any]
"""Places of two numbers of some `Couplings` → what their product multiplies."""


@dataclass(frozen=True, eq=False)
class Basis:
    """Everything of a recoil spectrum but the couplings.

    ``parts`` holds pairs of a `Block` and its kernel, shape (C, T): the flux-folded coefficients
    of each component. ``states`` and ``signs`` are those of `Block.weights`, ``terms`` the terms
    that act, ``q_squared`` their argument, shape (T,).
    """

    parts: tuple[tuple[Block, Any], ...]
    states: Any
    signs: Any
    terms: tuple[Term, ...]
    q_squared: Any
    profiles: Profiles

    def at(self, theta: Theta) -> Basis:
        """The same with the profiles at θ, whose numbers may be grids."""
        profiles = Profiles(self.terms, self.q_squared, theta)
        parts = tuple((block.at(profiles), kernel) for block, kernel in self.parts)
        return replace(self, parts=parts, profiles=profiles)

    def only(self, flavour: int) -> Basis:
        """What each component has of one flavour, without its coherence with others."""
        diagonal = np.zeros((3, 3))
        diagonal[flavour, flavour] = 1.0
        return replace(self, states=self.states * diagonal)

    def spectrum(self, theta: Theta = NOMINAL) -> Any:
        """dR/dT of each component per scatterer, shape (..., C, T)."""
        couplings = Couplings(self.terms, theta)
        return contract(couplings, self.columns(couplings), 2, self.profiles.grid)

    def columns(self, couplings: Couplings, amounts: Any = None) -> Columns:
        """What each product of two numbers multiplies, shape (..., C, T).

        ``amounts``, shape (C,), multiply the components and add them up: then (..., T).
        """
        found: Columns = {}
        for block, kernel in self.parts:
            for key, weights in block.weights(couplings, self.states, self.signs).items():
                for profile, pairs, products in block.groups:
                    column = (weights[:, pairs] @ products) * kernel
                    if amounts is not None:
                        column = amounts @ column
                    elif np.ndim(profile) > 1:
                        profile = profile[..., None, :]
                    if np.ndim(profile):
                        column = profile * column
                    found[key] = found[key] + column if key in found else column
        if (0, 0) not in found:
            shape = (len(self.signs), self.q_squared.shape[0])
            found[0, 0] = np.zeros(shape if amounts is None else shape[1:])
        return found

    def project(self, matrix: Any) -> Projection:
        """The basis integrated over T: ``matrix`` has the shape (bins, T)."""
        if self.profiles.wide:
            return Projection(self, matrix=matrix, bins=len(matrix))
        arrays = tuple(
            np.stack([(kernel * row) @ matrix.T for row in block.products], axis=1)
            for block, kernel in self.parts
        )
        return Projection(self, arrays, bins=len(matrix))


@dataclass(frozen=True, eq=False)
class Projection:
    """Binned basis counts: ``arrays`` of shape (C, K·L, bins), one per block.

    Where profiles are grids there are none: an array for each pair of terms at each point would be
    larger than what is counted in the end, so that ``matrix`` then acts on the columns.
    """

    basis: Basis
    arrays: tuple[Any, ...] = ()
    matrix: Any = None
    bins: int = 0

    def only(self, flavour: int) -> Projection:
        """As that of the basis."""
        return replace(self, basis=self.basis.only(flavour))

    def columns(self, couplings: Couplings, amounts: Any = None) -> Columns:
        """As those of the basis, with bins in the place of T."""
        if self.matrix is not None:
            columns = self.basis.columns(couplings, amounts)
            return {key: column @ self.matrix.T for key, column in columns.items()}
        states, signs = self.basis.states, self.basis.signs
        shape = (len(signs), self.bins) if amounts is None else (self.bins,)
        found: Columns = {(0, 0): np.zeros(shape)}
        for (block, _), array in zip(self.basis.parts, self.arrays, strict=True):
            for key, weights in block.weights(couplings, states, signs).items():
                if amounts is None:
                    column = (weights[:, None, :] @ array)[:, 0, :]
                else:
                    column = (weights * amounts[:, None]).ravel() @ array.reshape(-1, self.bins)
                found[key] = found[key] + column if key in found else column
        return found

    def counts(self, theta: Theta = NOMINAL) -> Any:
        """Counts of each component per scatterer, shape (..., C, bins), for any couplings."""
        couplings = Couplings(self.basis.terms, theta)
        return contract(couplings, self.columns(couplings), 2, self.basis.profiles.grid)


def joint_counts(
    projections: Sequence[tuple[float, Projection]],
    couplings: Couplings,
    amounts: Any,
    summed: bool = False,
) -> Any:
    """Counts of several scatterers, each with its number, shape (..., C, scatterers, bins).

    ``amounts``, shape (..., C), multiply the components. ``summed`` over components and scatterers
    the shape is (..., bins). What can be multiplied and summed before a grid is unfolded is.
    """
    if np.ndim(amounts) > 1:
        each = joint_counts(projections, couplings, np.ones(np.shape(amounts)[-1]))
        return np.einsum("...csb,...c->...b" if summed else "...csb,...c->...csb", each, amounts)
    columns = [
        {key: number * column for key, column in one.columns(couplings, once).items()}
        for once in [amounts if summed else None]
        for number, one in projections
    ]
    joint: Columns = {}
    for key in dict.fromkeys(key for some in columns for key in some):
        each = [some[key] if key in some else np.zeros_like(some[0, 0]) for some in columns]
        joint[key] = sum(each) if summed else _stacked(each) * amounts[:, None, None]
    grids = (one.basis.profiles.grid for _, one in projections)
    return contract(couplings, joint, 1 if summed else 3, np.broadcast_shapes(*grids))


def _stacked(columns: Sequence[Any]) -> Any:
    """Columns of several scatterers, shape (..., C, scatterers, bins)."""
    shapes = {np.shape(column) for column in columns}
    return np.stack(columns if len(shapes) == 1 else np.broadcast_arrays(*columns), axis=-2)


def contract(couplings: Couplings, columns: Columns, rank: int, grid: tuple[int, ...] = ()) -> Any:
    """Σ x_i x_j times its column, of which the last ``rank`` axes are no grid.

    The result has the grids of the couplings and ``grid``, that of the profiles, as leading axes.
    They are the last ones of the array in memory: sums run along them, however short the others.
    """
    full = np.broadcast_shapes(couplings.grid, grid)
    xp = namespace(*couplings.numbers, *columns.values())
    front, back = tuple(range(rank)), tuple(range(-rank, 0))
    pieces = []
    for key, column in columns.items():
        own = column.shape[: column.ndim - rank]
        shape = (*column.shape[column.ndim - rank :], *(1,) * (len(full) - len(own)), *own)
        turned = xp.moveaxis(column, back, front) if own else column
        piece = turned.reshape(shape)
        pieces.append(piece if key == (0, 0) else couplings.product(*key) * piece)
    pieces.sort(key=np.size)  # those on few axes are added up before they meet the others
    total = sum(pieces[1:], start=pieces[0])
    if total.shape[rank:] != full:
        total = total + xp.zeros(full)
    return xp.moveaxis(total, front, back) if full else total


def make_basis(
    T: Any,
    components: Sequence[Component],
    scatterer: Scatterer,
    terms: Sequence[Term],
    theta: Theta = NOMINAL,
    kinematics: str = "exact",
) -> Basis:
    """The basis of a recoil spectrum at ``T`` > 0, shape (T,) [energy].

    The flux of a component is in the units of its spectrum: with φ per area and energy the
    spectrum comes out per scatterer and energy.
    """
    return make_bare_basis(T, components, scatterer, terms, theta, kinematics).at(theta)


def make_bare_basis(
    T: Any,
    components: Sequence[Component],
    scatterer: Scatterer,
    terms: Sequence[Term],
    theta: Theta = NOMINAL,
    kinematics: str = "exact",
) -> Basis:
    """The same without the profiles, which may then be had at many θ (`Basis.at`)."""
    moments: dict[str, Any] = {}
    parts = []
    for block in blocks(terms, scatterer, T, theta):
        row = coefficients(block.pair, scatterer.spin, T, scatterer.mass, block.mass, kinematics)
        if row is None:
            continue
        if block.outgoing not in moments:
            energy = minimum_energy(T, scatterer.mass, block.mass, kinematics)
            moments[block.outgoing] = _moments(components, energy)
        folded = moments[block.outgoing]
        kernel = _STRENGTH * sum(a * folded[:, n] for n, a in enumerate(row))
        if scatterer.multiplicity is not None:
            kernel = kernel * scatterer.multiplicity(T, theta)
        parts.append((block, kernel))
    signs = np.array([-1.0 if component.antineutrino else 1.0 for component in components])
    densities = np.stack([component.density for component in components])
    states = np.where(signs[:, None, None] < 0, densities.conj(), densities)
    acting = tuple(term for term in terms if term.site in scatterer.sites)
    return Basis(tuple(parts), states, signs, acting, 2 * scatterer.mass * T, Profiles())


def _moments(components: Sequence[Component], energy: Any) -> Any:
    """G_n at ``energy``, shape (C, 3, T); components may share a spectrum."""
    spectra = {id(component.spectrum): component.spectrum for component in components}
    each = {key: spectrum.moments(energy) for key, spectrum in spectra.items()}
    return namespace(energy).stack([each[id(component.spectrum)] for component in components])


def recoil_spectrum(
    T: Any,
    components: Sequence[Component],
    scatterer: Scatterer,
    terms: Sequence[Term],
    theta: Theta = NOMINAL,
    kinematics: str = "exact",
) -> Any:
    """dR/dT of each component on one scatterer, shape (C, T).

    ``T`` [energy] is one-dimensional and positive. Never negative: where the terms cancel to
    rounding at the end point the result is zero.
    """
    basis = make_basis(T, components, scatterer, terms, theta, kinematics)
    spectrum = basis.spectrum(theta)
    return namespace(spectrum).maximum(spectrum, 0.0)


def end_of_bulk(
    breaks: Any,
    scatterers: Sequence[Scatterer],
    components: Sequence[Component],
    amounts: Sequence[float],
    terms: Sequence[Term],
    kinematics: str,
) -> float:
    """The recoil energy above which hardly anything is: 1e-4 of all recoil energy.

    The last of ``breaks`` where that is not far below it: a long tail is what matters.
    """
    T, weights = panel_nodes(breaks)
    if not len(T):
        return 0.0
    spectrum = sum(
        np.asarray(amounts)
        @ recoil_spectrum(T, components, one, terms, NOMINAL, kinematics)
        * one.density
        for one in scatterers
    )
    above = np.cumsum((weights * T * spectrum)[::-1])[::-1]
    end, top = int(np.searchsorted(-above, -_TAIL * above[0])), float(breaks[-1])
    if end == len(T):  # even the last node holds more, as for a line that spins scatter
        return top
    return float(T[end]) if T[end] < _FAR_BELOW * top else top


# --- with a detector ------------------------------------------------------------------------------


class Response(Protocol):
    """What the fold wants of a detector."""

    def acceptance(self, T: Any, edges: Any, scatterer: Scatterer, theta: Theta) -> Any:
        """Probability that a recoil is counted in each bin, shape (bins, T)."""
        ...

    def breaks(self, edges: Any, T_max: float, scatterer: Scatterer, theta: Theta) -> Any:
        """Recoil energies where that is not smooth."""
        ...


@dataclass(frozen=True, eq=False)
class Fold:
    """A basis without profiles on the nodes of a detector.

    Attributes
    ----------
    basis : Basis
    matrix : array, shape (bins, T)
        The acceptance of each bin times the weights of the nodes.
    open_below : float
        The largest recoil [energy] where vanishing recoils are counted, so that a spectrum like
        1/T has infinitely many of them; 0 where they are not.
    """

    basis: Basis
    matrix: Any
    open_below: float


def fold(
    scatterer: Scatterer,
    edges: Any,
    components: Sequence[Component],
    terms: Sequence[Term],
    detector: Response,
    kinematics: str,
    theta: Theta,
) -> Fold:
    """The fold of ``scatterer`` with the acceptance of bins with ``edges``, shape (bins + 1,).

    Raises
    ------
    InputError
        For a grid in θ among the numbers it reads: nodes and acceptance are those of one point.
    """
    theta = OnePoint(theta)
    breaks = beam_breaks(components, scatterer, terms, theta, kinematics)
    top = float(breaks[-1])
    T, weights = panel_nodes(breaks, detector.breaks(edges, top, scatterer, theta))
    basis = make_bare_basis(T, components, scatterer, terms, theta, kinematics)
    matrix = detector.acceptance(T, edges, scatterer, theta) * weights
    lowest = detector.acceptance(np.array([_SMALL * top]), edges, scatterer, theta)
    counted = top > 0 and np.sum(lowest) > _NEGLIGIBLE
    return Fold(basis, matrix, top if counted else 0.0)


class OnePoint(Mapping[str, Any]):
    """A view of θ that refuses grids."""

    def __init__(self, theta: Theta):
        self._theta = theta

    def __getitem__(self, address: str) -> Any:
        value = self._theta[address]
        if np.ndim(value):
            found = f"an array at {address}, which shapes the response or the nodes"
            expected = "single values there; couplings, norms and mediators may be arrays"
            raise InputError(Mistake("theta", found, expected))
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._theta)

    def __len__(self) -> int:
        return len(self._theta)
