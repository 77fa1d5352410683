"""Quenching: the electron-equivalent energy E_ee of a recoil of energy T, per element.

Every model is a function of T, Z and A (Lindhard's k and ε are those of the element) and of θ.
E_ee is never negative: a polynomial that dips below zero counts as zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import (
    AfterValidator,
    BeforeValidator,
    TypeAdapter,
    ValidationInfo,
    model_serializer,
    model_validator,
)

from cevns import units
from cevns.errors import InputError, Mistake, nearest, show
from cevns.nuclides import all_nuclides
from cevns.parameters import Parameter, Theta
from cevns.quantities import parse_unit
from cevns.spec import (
    Fraction,
    Number,
    Quantity,
    Relative,
    Spec,
    Tagged,
    family,
    mistake,
    quantity_parameter,
)
from cevns.special import namespace
from cevns.tables import FloatArray, TableColumns, TableFile


@cache
def _symbols() -> dict[int, str]:
    """Chemical symbol of each charge number."""
    return {row.Z: row.symbol for row in all_nuclides()}


class QuenchingModel(Spec):
    """Base of the quenching models."""

    reference: ClassVar[str] = ""

    def electron_equivalent(self, T: Any, Z: int, A: float, theta: Theta, address: str) -> Any:
        """E_ee of recoils of element ``Z`` and mass number ``A``.

        Parameters
        ----------
        T : array [energy], any shape
        address : where this block is, "detector.quenching"

        Returns
        -------
        array [energy], the shape of ``T``; never negative.
        """
        energy = self._curve(T, Z, A, theta, address)
        return namespace(energy).maximum(energy, 0.0)

    def breaks(self, Z: int, theta: Theta, address: str) -> FloatArray:
        """Recoil energies at which E_ee(T) is not smooth [energy]."""
        return np.empty(0)

    def missing(self, elements: Iterable[str], path: str) -> list[Mistake]:
        """Mistakes for elements of the target that this block says nothing about."""
        return []

    def _curve(self, T: Any, Z: int, A: float, theta: Theta, address: str) -> Any:
        raise NotImplementedError


class ConstantQuenching(QuenchingModel):
    """E_ee = value · T; no more than the recoil has."""

    type: Literal["constant"] = "constant"
    value: Fraction

    def _curve(self, T: Any, Z: int, A: float, theta: Theta, address: str) -> Any:
        return self.get("value", theta, address) * T


class LinearQuenching(QuenchingModel):
    """E_ee = (a + b T) T; for liquid argon a = 0.246, b = 0.00078 /keV (arXiv:2006.12659)."""

    type: Literal["linear"] = "linear"
    a: Number
    b: Annotated[float, Quantity("/keVnr", range="any")]

    def _curve(self, T: Any, Z: int, A: float, theta: Theta, address: str) -> Any:
        return (self.get("a", theta, address) + self.get("b", theta, address) * T) * T


def _energy_unit(text: str) -> str:
    try:
        dimension = parse_unit(text).dimension
    except ValueError:
        dimension = ()
    if dimension != (("electron_volt", 1.0),):
        names = ["eV", "keV", "MeV", "keVnr", "keVee"]
        raise mistake(show(text), "a unit of energy such as 'keV'", nearest(text, names))
    return text


def _not_empty(values: tuple[float, ...]) -> tuple[float, ...]:
    if not values:
        raise mistake("an empty list", "at least one coefficient")
    return values


class PolynomialQuenching(QuenchingModel):
    """E_ee = Σ_{i ≥ 1} c_i T^i, both energies in ``unit``.

    The coefficient of T^i is the parameter ``<address>.coefficients.i``.
    """

    type: Literal["polynomial"] = "polynomial"
    unit: Annotated[str, AfterValidator(_energy_unit)]
    coefficients: Annotated[tuple[Number, ...], AfterValidator(_not_empty)]

    def _curve(self, T: Any, Z: int, A: float, theta: Theta, address: str) -> Any:
        scale = parse_unit(self.unit).scale
        t = T / scale
        total = 0.0 * t
        for power in range(len(self.coefficients), 0, -1):  # Horner
            own = self.coefficients[power - 1]
            total = (total + theta.get(f"{address}.coefficients.{power}", own)) * t
        return total * scale

    def parameters(self, address: str) -> Iterator[Parameter]:
        """The coefficients, by power."""
        for power, value in enumerate(self.coefficients, start=1):
            inner = f"{address}.coefficients.{power}"
            yield quantity_parameter(inner, value, Quantity("1", range="any"))


class LindhardQuenching(QuenchingModel):
    """Lindhard's model: E_ee = T k g(ε)/(1 + k g(ε)), zero below the cut-off.

    ε = 11.5 Z^{-7/3} T/keV, g = 3 ε^0.15 + 0.7 ε^0.6 + ε; k is 0.133 Z^{2/3} A^{-1/2} of each
    element where it is not given (Lindhard et al. 1963; Lewin and Smith 1996, eq. 3.3).
    """

    type: Literal["lindhard"] = "lindhard"
    reference: ClassVar[str] = "Lewin and Smith, Astropart. Phys. 6 (1996) 87"
    k: Relative | None = None
    cutoff: Annotated[float, Quantity("keVnr")] | None = None

    def _curve(self, T: Any, Z: int, A: float, theta: Theta, address: str) -> Any:
        xp = namespace(T)
        given = self.get("k", theta, address)
        k = 0.133 * Z ** (2 / 3) / A**0.5 if given is None else given
        epsilon = 11.5 * Z ** (-7 / 3) * (T / units.keV)
        g = 3 * epsilon**0.15 + 0.7 * epsilon**0.6 + epsilon
        energy = T * (k * g / (1 + k * g))
        cutoff = self.get("cutoff", theta, address)
        return energy if cutoff is None else xp.where(cutoff > T, 0.0, energy)

    def breaks(self, Z: int, theta: Theta, address: str) -> FloatArray:
        """The cut-off, where there is one."""
        cutoff = self.get("cutoff", theta, address)
        return np.empty(0) if cutoff is None else np.array([float(cutoff)])


class TableQuenching(QuenchingModel):
    """E_ee = q(T) T with the fraction q from a table ``energy [keVnr],quenching``."""

    type: Literal["table"] = "table"
    file: Annotated[TableFile, TableColumns(("energy", ("keVnr", "keV")), ("quenching", ("1",)))]

    @model_validator(mode="after")
    def _fractions(self) -> Self:
        """Refuse a table that gives less than nothing, or more than the recoil has."""
        for value in self.file.table.y:
            if not 0 <= value <= 1:
                raise mistake(
                    f"a quenching of {value:g} in {self.file.text!r}", "fractions, 0 to 1"
                )
        return self

    def _curve(self, T: Any, Z: int, A: float, theta: Theta, address: str) -> Any:
        return self.file.table(T) * T

    def breaks(self, Z: int, theta: Theta, address: str) -> FloatArray:
        """The points of the table."""
        return self.file.table.x


MODELS = family(
    ConstantQuenching, LinearQuenching, PolynomialQuenching, LindhardQuenching, TableQuenching
)
_TAG = Tagged(MODELS, "quenching")


def _symbol(value: object) -> object:
    known = _symbols().values()
    if value not in known:
        close = nearest(value, ["type", *known])
        raise mistake(f"the key {show(value)}", "'type' or an element", close)
    return value


_ELEMENTS: TypeAdapter[Any] = TypeAdapter(
    dict[Annotated[str, BeforeValidator(_symbol)], Annotated[Any, _TAG]]
)


class PerElementQuenching(QuenchingModel):
    """One model per element: ``{Na: {...}, I: {...}}``; addresses ``detector.quenching.Na.k``."""

    elements: dict[str, Annotated[QuenchingModel, _TAG]]

    def _of(self, Z: int, address: str) -> tuple[QuenchingModel, str]:
        """The model of element ``Z`` and its address."""
        symbol = _symbols()[Z]
        if symbol not in self.elements:
            raise InputError(self.missing([symbol], address))
        return self.elements[symbol], f"{address}.{symbol}"

    def _curve(self, T: Any, Z: int, A: float, theta: Theta, address: str) -> Any:
        model, inner = self._of(Z, address)
        return model._curve(T, Z, A, theta, inner)

    def breaks(self, Z: int, theta: Theta, address: str) -> FloatArray:
        """Those of the element's model."""
        model, inner = self._of(Z, address)
        return model.breaks(Z, theta, inner)

    def missing(self, elements: Iterable[str], path: str) -> list[Mistake]:
        """One mistake for each element of the target without a model."""
        given = ", ".join(self.elements)
        return [
            Mistake(path, f"quenching of {given} only", f"the element {symbol!r} of the target too")
            for symbol in dict.fromkeys(elements)
            if symbol not in self.elements
        ]

    def parameters(self, address: str) -> Iterator[Parameter]:
        """Those of every element's model."""
        for symbol, model in self.elements.items():
            yield from model.parameters(f"{address}.{symbol}")

    @model_serializer
    def _dump(self) -> dict[str, Any]:
        """As it is written in a file."""
        return {symbol: model.model_dump() for symbol, model in self.elements.items()}


class _QuenchingBlock(Tagged):
    """A block with a ``type``, or a mapping from elements to such blocks."""

    def _validate(self, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, Mapping) and value and "type" not in value:
            return PerElementQuenching(
                elements=_ELEMENTS.validate_python(dict(value), context=info.context)
            )
        return super()._validate(value, info)


Quenching = Annotated[QuenchingModel, _QuenchingBlock(MODELS, "quenching")]
"""Annotation of a ``quenching`` field."""

_PER_DECADE = 256
_DECADES = 9


def invert(
    curve: Callable[[FloatArray], Any],
    targets: Any,
    T_max: float,
    breaks: Any = (),
) -> FloatArray:
    """All recoil energies in (0, T_max] at which ``curve`` crosses one of ``targets``.

    Parameters
    ----------
    curve : E_ee as a function of an array of T
    targets : (m,) values of E_ee [energy]; infinite ones are never crossed
    T_max : largest recoil energy [energy]
    breaks : T at which the curve may jump or bend sharply; a jump across a target counts

    Returns
    -------
    (n,) array, ascending [energy]; relative accuracy 1e-13. Crossings closer together than the
    sampling (0.9 % of T, T_max / 2000) may be missed in pairs.
    """
    if T_max <= 0:
        return np.empty(0)
    sampled = np.concatenate(
        [
            np.linspace(0.0, T_max, 2001),
            np.geomspace(T_max * 10.0**-_DECADES, T_max, _DECADES * _PER_DECADE),
            np.asarray(breaks, dtype=float),
            np.nextafter(np.asarray(breaks, dtype=float), 0.0),
        ]
    )
    T = np.unique(np.clip(sampled, 0.0, T_max))
    wanted = np.atleast_1d(np.asarray(targets, dtype=float))
    above = np.asarray(curve(T))[None, :] >= wanted[:, None]
    which, place = np.nonzero(above[:, 1:] != above[:, :-1])
    low, high, rising = T[place], T[place + 1], above[which, place + 1]
    # 60 halvings take the widest bracket, 0.9 % of T, far below one unit in the last place.
    for _ in range(60):
        middle = 0.5 * (low + high)
        beyond = (np.asarray(curve(middle)) >= wanted[which]) == rising
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    return np.unique(high)
