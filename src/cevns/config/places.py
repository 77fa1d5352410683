"""Where in an experiment file a mistake is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cevns.errors import TOP, Mistake, join, split


def place(one: Mistake, name: str, data: Mapping[str, Any]) -> Mistake:
    """A mistake of experiment ``name`` at the place in ``data`` where the value was written."""
    if not name:
        return one
    own = f"experiments.{name}"
    steps, rest = split(one.path, data["experiments"][name])
    if rest and len(split(one.path, data)[0]) > len(steps):
        return one  # it comes from the defaults at the top level
    return replace(one, path=join(own, steps))


def located(one: Mistake, data: Mapping[str, Any], written: Mapping[str, Any]) -> Mistake:
    """A mistake of the merged ``data`` at a place that is in the file as it was ``written``."""
    steps, rest = split(one.path, written)
    if steps and not rest:
        return one
    inherited, _ = split(one.path, data)
    if len(inherited) > len(steps) and "extends" in written:
        found = f"{written['extends']}: {join('', inherited)}: {one.found}"
        return replace(one, path="extends", found=found)
    return replace(one, path=join("", steps) or TOP)
