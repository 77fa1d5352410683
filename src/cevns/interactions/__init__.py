"""Interactions: one file each. This one only says which there are."""

from __future__ import annotations

from cevns.interactions.announced import ANNOUNCED
from cevns.interactions.base import Interaction, Model
from cevns.interactions.standard_model import StandardModel
from cevns.registry import Registry

INTERACTIONS: Registry[type[Interaction]] = Registry(
    "interaction", "cevns.interactions", {StandardModel.name: StandardModel, **ANNOUNCED}
)

__all__ = ["INTERACTIONS", "Interaction", "Model", "StandardModel"]
