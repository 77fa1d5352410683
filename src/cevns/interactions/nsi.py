r"""Non-standard interactions of neutrinos with quarks, their vector part, and with electrons.

.. math::
    \mathcal L = -2\sqrt2\, G_F \sum_{q,X,\alpha,\beta} \varepsilon^{qX}_{\alpha\beta}\,
        (\bar\nu_\alpha\gamma^\mu P_L\nu_\beta)(\bar q\gamma_\mu P_X q),
    \qquad \varepsilon^{qV} = \varepsilon^{qL} + \varepsilon^{qR}

adds :math:`2\varepsilon^{uV} + \varepsilon^{dV}` to :math:`g_V^p` and
:math:`\varepsilon^{uV} + 2\varepsilon^{dV}` to :math:`g_V^n` (Barranco, Miranda & Rashba 2005,
hep-ph/0508299; Scholberg 2006, hep-ex/0511042, Eqs. 3 and 4). The matrices are hermitian,
:math:`\varepsilon_{\beta\alpha} = \varepsilon_{\alpha\beta}^*`; antineutrinos take their complex
conjugate. The axial part of quarks vanishes on nuclei of spin zero and is not here.

On electrons the chiral couplings :math:`\varepsilon^{eL}` and :math:`\varepsilon^{eR}` are given,
as is usual (Barranco et al. 2008, arXiv:0711.0698): their sum adds to :math:`g_V`, their difference
to :math:`g_A`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import ValidationInfo
from pydantic_core import core_schema

from cevns.amplitudes import Term
from cevns.errors import InputError, Mistake, show
from cevns.flavours import FLAVOURS, FlavourMatrix
from cevns.interactions.base import Interaction
from cevns.parameters import Parameter, Theta
from cevns.spec import Quantity, in_file, mistake
from cevns.special import namespace

PAIRS = {
    "ee": (0, 0),
    "emu": (0, 1),
    "etau": (0, 2),
    "mumu": (1, 1),
    "mutau": (1, 2),
    "tautau": (2, 2),
}
"""Name of a pair of flavours → row and column of the matrix."""

QUARKS = {"p": {"u": 2, "d": 1}, "n": {"u": 1, "d": 2}}
"""Valence quarks of the nucleons: what a vector current counts."""

ELECTRONS = {"V": {"eL": 1, "eR": 1}, "A": {"eL": 1, "eR": -1}}
"""Chiral couplings in the vector and the axial one."""


class _Coupling:
    """Annotation of a coupling: a number, or text such as "0.2+0.05j" off the diagonal."""

    def __init__(self, real: bool):
        self.real = real

    def _validate(self, value: Any, info: ValidationInfo) -> Any:
        wanted = "a real number" if self.real else "a number or text such as '0.2+0.05j'"
        if isinstance(value, complex) and not in_file(info):
            number = value
        elif isinstance(value, str) and len(value) <= 60:
            try:
                number = complex(value.replace(" ", ""))
            except ValueError:
                raise mistake(show(value), wanted) from None
        else:
            try:
                number = complex(Quantity("1", range="any").parse(value, from_file=True))
            except InputError as error:
                raise mistake(error.mistakes[0].found, wanted) from None
        text = isinstance(value, (str, complex))
        if not abs(number) < math.inf or (self.real and text):
            raise mistake(show(value), wanted)
        return number.real if self.real else number

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self._validate)


Real = Annotated[float, _Coupling(real=True)]
Complex = Annotated[complex, _Coupling(real=False)]


class Nsi(Interaction):
    """Couplings ε to u and d quarks (vector) and to electrons (left- and right-handed).

    Those between two flavours may be complex.
    """

    name: ClassVar[str] = "nsi"
    summary: ClassVar[str] = (
        "non-standard couplings to u and d quarks (vector) and electrons (L, R)"
    )
    reference: ClassVar[str] = "Barranco et al. 2005 (hep-ph/0508299); Scholberg 2006 Eq. 4"

    eps_ee_u: Real = 0.0
    eps_ee_d: Real = 0.0
    eps_emu_u: Complex = 0j
    eps_emu_d: Complex = 0j
    eps_etau_u: Complex = 0j
    eps_etau_d: Complex = 0j
    eps_mumu_u: Real = 0.0
    eps_mumu_d: Real = 0.0
    eps_mutau_u: Complex = 0j
    eps_mutau_d: Complex = 0j
    eps_tautau_u: Real = 0.0
    eps_tautau_d: Real = 0.0
    eps_ee_eL: Real = 0.0
    eps_ee_eR: Real = 0.0
    eps_emu_eL: Complex = 0j
    eps_emu_eR: Complex = 0j
    eps_etau_eL: Complex = 0j
    eps_etau_eR: Complex = 0j
    eps_mumu_eL: Real = 0.0
    eps_mumu_eR: Real = 0.0
    eps_mutau_eL: Complex = 0j
    eps_mutau_eR: Complex = 0j
    eps_tautau_eL: Real = 0.0
    eps_tautau_eR: Real = 0.0

    def parameters(self, address: str) -> Iterator[Parameter]:
        """All couplings, complex ones too."""
        for field in type(self).model_fields:
            _, pair, fermion = field.split("_")
            flavours = "".join(_LATEX[FLAVOURS[i]] for i in PAIRS[pair])
            current = "V" if fermion in ("u", "d") else ""
            latex = rf"\varepsilon_{{{flavours}}}^{{{fermion}{current}}}"
            yield Parameter(f"{address}.{field}", getattr(self, field), latex=latex)

    def terms(self) -> Sequence[Term]:
        """One on protons, one on neutrons, two on electrons."""
        return [
            *(Term("V", site, self._matrix(quarks)) for site, quarks in QUARKS.items()),
            *(Term(kind, "e", self._matrix(chiral)) for kind, chiral in ELECTRONS.items()),
        ]

    def _matrix(self, fermions: dict[str, int]) -> Callable[[Theta], Any]:
        """θ → Σ_f n_f ε^f; real where all couplings are."""

        def matrix(theta: Theta) -> Any:
            total: Any = FlavourMatrix(np.zeros((3, 3)))
            for fermion, count in fermions.items():
                for pair in PAIRS:
                    eps = self._epsilon(f"eps_{pair}_{fermion}", theta)
                    if not (isinstance(eps, float) and eps == 0):
                        total = total + _hermitian(eps, pair) * count
            return total

        return matrix

    def _epsilon(self, field: str, theta: Theta) -> Any:
        """One coupling at θ; a complex number without imaginary part as a float."""
        eps = self.at(field, theta)
        if isinstance(eps, (int, float, complex, np.number)):
            eps = complex(eps) if eps.imag else float(eps.real)
        if isinstance(eps, float):
            return eps
        if np.iscomplexobj(eps) and type(self).model_fields[field].annotation is float:
            found, expected = "a complex number", "a real one: the matrix is hermitian"
            raise InputError(Mistake(f"{self.name}.{field}", found, expected))
        return eps


_LATEX = {"e": "e", "mu": r"\mu", "tau": r"\tau"}


def _unit(i: int, j: int) -> Any:
    matrix = np.zeros((3, 3))
    matrix[i, j] = 1.0
    return matrix


_REAL = {
    pair: FlavourMatrix(np.maximum(_unit(i, j), _unit(j, i))) for pair, (i, j) in PAIRS.items()
}
_IMAGINARY = {
    pair: FlavourMatrix(1j * (_unit(i, j) - _unit(j, i))) for pair, (i, j) in PAIRS.items()
}
"""What Re ε and Im ε of a pair multiply in a hermitian matrix."""


def _hermitian(eps: Any, pair: str) -> Any:
    """The matrix with ε in the place of the pair and its complex conjugate in the other one."""
    if not np.iscomplexobj(eps):
        return _REAL[pair] * eps
    xp = namespace(eps)
    return _REAL[pair] * xp.real(eps) + _IMAGINARY[pair] * xp.imag(eps)
