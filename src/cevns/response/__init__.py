"""From a true recoil to what the detector reports, in two stages.

First the recoil energy T becomes an electron-equivalent energy per element (`quenching`); then a
table S[bin, E_ee] holds resolution, efficiency and threshold (`resolution`, `efficiency`,
`smearing`). Times multiply per beam component (`cevns.timing`). Nothing is renormalised.

This file holds the one rule the stages share: *which* energy a number speaks of. The observable
is T ("keV") without quenching, E_ee ("keVee") with it, and light ("PE") with a light yield. A
number in plain keV means the observable's own energy; ``keVnr``, ``keVee`` and ``PE`` must agree
with it. Numbers given in Python as bare floats carry no label and are not checked.
"""

from __future__ import annotations

from collections.abc import Iterable

from cevns.errors import Mistake
from cevns.quantities import Labelled, parse_unit
from cevns.spec import Spec
from cevns.tables import TableFile

ACCEPTED = {"keV": ("keV", "keVnr"), "keVee": ("keV", "keVee"), "PE": ("PE",)}
"""Kinds of energy that may be given for each observable."""


def kind_of(value: object) -> str | None:
    """Which energy a number or a table speaks of: "keV" (plain), "keVee", "keVnr" or "PE".

    None where it is no energy or carries no label. Powers count: "1/PE" and "PE^0.5" are "PE".
    """
    if isinstance(value, TableFile):
        return value.table.kind or "keV"
    if not isinstance(value, Labelled) or not value.unit:
        return None
    unit = parse_unit(value.unit)
    names = [name for name, _ in unit.dimension]
    if "photoelectron" in names:
        return "PE"
    return next(iter(unit.kinds), "keV") if "electron_volt" in names else None


def axis_mistakes(
    spec: Spec, observable: str, path: str, fields: Iterable[str] | None = None
) -> list[Mistake]:
    """Numbers of ``spec`` given for another axis than ``observable`` ("keV", "keVee" or "PE").

    All of its fields are looked at, or the named ones.
    """
    accepted = ACCEPTED[observable]
    found = [(name, kind_of(getattr(spec, name))) for name in fields or type(spec).model_fields]
    return [
        Mistake(
            f"{path}.{name}",
            f"a number in {kind}",
            f"one in {' or '.join(accepted)}, as the observable",
        )
        for name, kind in found
        if kind is not None and kind not in accepted
    ]
