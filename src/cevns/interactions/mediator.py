"""What all exchanged bosons share: a mass that has to be given, and a propagator."""

from __future__ import annotations

from math import sqrt
from typing import Annotated, Any

from cevns.constants import G_F
from cevns.interactions.base import Interaction
from cevns.parameters import Theta
from cevns.spec import Quantity


class Mediator(Interaction):
    """A boson of a given ``mass``, whose exchange is a profile in Q²."""

    mass: Annotated[float, Quantity("MeV", range="positive")] | None = None

    def propagator(self, q_squared: Any, theta: Theta) -> Any:
        """1/(√2 G_F (Q² + m²)): the exchange in units of the weak amplitude."""
        mass = self.required("mass", theta, "30 MeV")
        return 1 / (sqrt(2) * G_F * (q_squared + mass**2))
