"""A detector: what it is made of, and the chain from a recoil to what is counted.

recoil T → quenching → E_ee → light yield → resolution → observable → efficiency → threshold →
time. A stage that is not given does nothing; nothing is renormalised.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import ValidationInfo, model_validator
from pydantic_core import core_schema

from cevns.amplitudes import Scatterer
from cevns.backgrounds import BackgroundField
from cevns.errors import InputError, Mistake
from cevns.parameters import NOMINAL, Parameter, Theta
from cevns.response import axis_mistakes
from cevns.response.efficiency import NO_EFFICIENCY, EfficiencyField
from cevns.response.quenching import Quenching, invert
from cevns.response.resolution import ResolutionBlock
from cevns.response.smearing import response_table, smearing_breaks
from cevns.spec import Mass, Quantity, Spec, in_file, relay
from cevns.targets import Target
from cevns.time_window import DetectorTime

ADDRESS = "detector"
Threshold = Annotated[float, Quantity("keV", ("keVee", "keVnr", "PE"))]
LightYield = Annotated[float, Quantity("PE/keVee", ("PE/keV",), range="positive")]
Axis = Literal["keV", "keVee", "PE"]


class _TargetField:
    """Annotation of a target: a name, a formula, an enriched mix."""

    def _validate(self, value: Any, info: ValidationInfo) -> Target:
        if isinstance(value, Target):
            return value
        try:
            return Target(_fractions(value, in_file(info)), "")
        except InputError as error:
            raise relay(error, "target") from None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self._validate)


def _fractions(value: Any, from_file: bool) -> Any:
    """An enriched mix with its mole fractions as numbers ("86 %" is one)."""
    if not isinstance(value, Mapping):
        return value
    quantity = Quantity("1", range="fraction")

    def number(fraction: Any) -> Any:
        return quantity.parse(fraction, from_file) if isinstance(fraction, str) else fraction

    return {
        element: {name: number(part) for name, part in mix.items()}
        if isinstance(mix, Mapping)
        else mix
        for element, mix in value.items()
    }


class Detector(Spec):
    """A detector, as the ``detector`` block of an experiment file.

    Recoils of electrons are not quenched. Efficiencies over the true recoil (``of: recoil``) are
    those of nuclei where there is quenching, and electrons pass them; without it energy is energy.
    """

    target: Annotated[Target, _TargetField()]
    mass: Mass | None = None
    quenching: Quenching | None = None
    light_yield: LightYield | None = None
    resolution: ResolutionBlock | None = None
    efficiency: EfficiencyField = NO_EFFICIENCY
    threshold: Threshold | None = None
    time: DetectorTime | None = None
    backgrounds: tuple[BackgroundField, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        """Every number on the observable's axis is given in the observable's own energy."""
        mistakes = list(self._mistakes())
        if mistakes:
            raise relay(InputError(mistakes), "detector")
        return self

    def _mistakes(self) -> Iterator[Mistake]:
        yield from axis_mistakes(self, self.axis, "", fields=["threshold"])
        yield from self.efficiency.mistakes(self.axis, "efficiency")
        if self.resolution is not None:
            yield from self.resolution.mistakes(self.axis, "resolution")
        if self.quenching is not None:
            yield from self.quenching.missing(self.target.elements, "quenching")
        for index, background in enumerate(self.backgrounds):
            yield from axis_mistakes(background, self.axis, f"backgrounds.{index}")

    @property
    def axis(self) -> Axis:
        """The unit of the observable: keV (recoil), keVee (with quenching), PE (with light)."""
        if self.light_yield is not None:
            return "PE"
        return "keVee" if self.quenching is not None else "keV"

    def parameters(self, address: str) -> Iterator[Parameter]:
        """Numbers of the detector and of its stages, backgrounds by their names."""
        yield from super().parameters(address)
        for background in self.backgrounds:
            yield from background.parameters(f"{address}.backgrounds.{background.name}")

    def electron_equivalent(self, T: Any, scatterer: Scatterer, theta: Theta) -> Any:
        """E_ee of recoils ``T`` of a nuclide; T itself without quenching, and for electrons."""
        if self.quenching is None or scatterer.channel == "electron":
            return T
        Z, A = scatterer.charge, scatterer.mass_number
        return self.quenching.electron_equivalent(T, Z, A, theta, f"{ADDRESS}.quenching")

    def expected_observable(self, T: Any, scatterer: Scatterer, theta: Theta) -> Any:
        """Mean of the observable for recoils ``T``, same shape."""
        energy = self.electron_equivalent(T, scatterer, theta)
        if self.light_yield is None:
            return energy
        return self.get("light_yield", theta, ADDRESS) * energy

    def cut(self, theta: Theta) -> Any:
        """The threshold at θ, None where there is none."""
        return None if self.threshold is None else self.get("threshold", theta, ADDRESS)

    def acceptance(self, T: Any, edges: Any, scatterer: Scatterer, theta: Theta = NOMINAL) -> Any:
        """Probability that a recoil ``T`` is counted in each bin, shape (bins, T).

        ``edges`` on the observable axis, shape (bins + 1,), may start and end at ∓inf.
        """
        energy = self.electron_equivalent(T, scatterer, theta)
        mean = self.expected_observable(T, scatterer, theta)
        table = response_table(
            edges, energy, mean, self.resolution, self.efficiency, self.cut(theta), theta, ADDRESS
        )
        if self._measures_nuclei(scatterer):
            table = table * self.efficiency.evaluate(T, theta, f"{ADDRESS}.efficiency", of="recoil")
        return table

    def breaks(self, edges: Any, T_max: float, scatterer: Scatterer, theta: Theta = NOMINAL) -> Any:
        """Recoil energies up to ``T_max`` where the acceptance is not smooth, shape (n,)."""
        light_yield = None
        if self.light_yield is not None:
            light_yield = self.get("light_yield", theta, ADDRESS)
        observables = smearing_breaks(
            edges, light_yield, self.resolution, self.efficiency, self.cut(theta), theta, ADDRESS
        )
        own = np.empty(0)
        if self.quenching is not None and scatterer.channel != "electron":
            own = self.quenching.breaks(scatterer.charge, theta, f"{ADDRESS}.quenching")

        def curve(T: Any) -> Any:
            return self.expected_observable(T, scatterer, theta)

        crossings = invert(curve, observables, T_max, own)
        recoil = np.empty(0)
        if self._measures_nuclei(scatterer):
            recoil = self.efficiency.knots(
                0.0, T_max, theta, f"{ADDRESS}.efficiency", spacing=1.0, of="recoil"
            )
        return np.concatenate([crossings, own, recoil])

    def _measures_nuclei(self, scatterer: Scatterer) -> bool:
        """Whether curves over the true recoil hold: under quenching they are those of nuclei."""
        return self.quenching is None or scatterer.channel != "electron"


def windows(edges: Any) -> Any:
    """Bin edges with everything below and above them as two more bins."""
    return np.concatenate([[-np.inf], edges, [np.inf]])
