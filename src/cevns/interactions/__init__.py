"""Interactions: one file each. This one only says which there are; each is imported when used."""

from __future__ import annotations

from cevns.interactions.base import Interaction, Model
from cevns.interactions.standard_model import StandardModel
from cevns.registry import Registry

_BUILTIN = {
    "standard-model": "cevns.interactions.standard_model:StandardModel",
    "nsi": "cevns.interactions.nsi:Nsi",
    "magnetic-moment": "cevns.interactions.magnetic_moment:MagneticMoment",
    "charge-radius": "cevns.interactions.electromagnetic:ChargeRadius",
    "anapole": "cevns.interactions.electromagnetic:Anapole",
    "millicharge": "cevns.interactions.electromagnetic:Millicharge",
    "light-vector": "cevns.interactions.vector_mediator:LightVector",
    "heavy-zprime": "cevns.interactions.vector_mediator:HeavyZprime",
    "light-scalar": "cevns.interactions.scalar:LightScalar",
    "light-pseudoscalar": "cevns.interactions.pseudoscalar:LightPseudoscalar",
    "light-axial": "cevns.interactions.axial:LightAxial",
    "light-tensor": "cevns.interactions.tensor:LightTensor",
    "dipole-portal": "cevns.interactions.dipole_portal:DipolePortal",
    "sterile": "cevns.interactions.sterile:Sterile",
}

INTERACTIONS: Registry[type[Interaction]] = Registry(
    "interaction",
    "cevns.interactions",
    _BUILTIN,
    lambda one: getattr(one, "name", None) if issubclass(one, Interaction) else None,
)

__all__ = ["INTERACTIONS", "Interaction", "Model", "StandardModel"]
