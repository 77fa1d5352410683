"""Interactions: one file each. This one only says which there are."""

from __future__ import annotations

from cevns.interactions.axial import LightAxial
from cevns.interactions.base import Interaction, Model
from cevns.interactions.dipole_portal import DipolePortal
from cevns.interactions.electromagnetic import Anapole, ChargeRadius, Millicharge
from cevns.interactions.magnetic_moment import MagneticMoment
from cevns.interactions.nsi import Nsi
from cevns.interactions.pseudoscalar import LightPseudoscalar
from cevns.interactions.scalar import LightScalar
from cevns.interactions.standard_model import StandardModel
from cevns.interactions.sterile import Sterile
from cevns.interactions.tensor import LightTensor
from cevns.interactions.vector_mediator import HeavyZprime, LightVector
from cevns.registry import Registry

_LANDED: tuple[type[Interaction], ...] = (
    *(StandardModel, Nsi, MagneticMoment, ChargeRadius, Anapole, Millicharge),
    *(LightVector, HeavyZprime, LightScalar, LightPseudoscalar, LightAxial, LightTensor),
    *(DipolePortal, Sterile),
)

INTERACTIONS: Registry[type[Interaction]] = Registry(
    "interaction",
    "cevns.interactions",
    {interaction.name: interaction for interaction in _LANDED},
    lambda one: getattr(one, "name", None) if issubclass(one, Interaction) else None,
)

__all__ = ["INTERACTIONS", "Interaction", "Model", "StandardModel"]
