"""The result of a fit as plain data, under the names of the results contract."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from cevns.inference.fit import Events, Fit


def as_dict(fit: Fit, name: str = "") -> dict[str, Any]:
    """Plain data for ``--json``; what could not be computed is absent, an infinite one is None.

    Values of parameters are in their own ``unit``.
    """
    minimum, likelihood = fit.minimum, fit.likelihood
    content: dict[str, Any] = {
        "name": name,
        "minimum": minimum.value,
        "ndof": fit.ndof,
        "converged": minimum.converged,
        "n_data": sum(channel.cells.size for channel in likelihood.channels),
        "observed": float(sum(np.sum(channel.observed) for channel in likelihood.channels)),
        "parameters": {a: _parameter(fit, a) for a in likelihood.floating},
        "fitted": list(fit.interest),
        "correlation": _correlation(fit),
        "expected": _sum(fit.events),
        "goodness": {
            "deviance": fit.goodness.deviance,
            "penalty": fit.goodness.penalty,
            "mean": fit.goodness.mean,
            "spread": fit.goodness.spread,
            "p_value": fit.goodness.p_value,
        },
        "pulls": {a: {"pull": pull, "error": e} for a, (pull, e) in fit.pulls.items()},
    }
    content.update(_significances(fit))
    if fit.others:
        content["other_minima"] = [
            {
                "above": max(other.value - minimum.value, 0.0),
                "parameters": {
                    a: other.at(a) / likelihood.parameters[a].scale for a in fit.interest
                },
            }
            for other in fit.others
        ]
    if fit.variations:
        content["systematics"] = _systematics(fit)
    if len(likelihood.channels) > 1:
        content["experiments"] = {
            channel.name: {
                "observed": float(np.sum(channel.observed)),
                "expected": {
                    part: events for part, (events, _) in fit.events[channel.name].items()
                },
                "expected_errors": {part: e for part, (_, e) in fit.events[channel.name].items()},
            }
            for channel in likelihood.channels
        }
    else:
        content.update(_expected(*fit.events.values()))
    finite: dict[str, Any] = _finite(content)
    return finite


def _parameter(fit: Fit, address: str) -> dict[str, Any]:
    """Value, error and interval in the unit of the parameter."""
    parameter = fit.likelihood.parameters[address]
    value, error = fit.minimum.at(address), fit.minimum.error(address)
    low, high = parameter.bounds or (-math.inf, math.inf)
    symmetric = max(value - error, low), min(value + error, high)
    lower, upper = fit.intervals.get(address, symmetric)
    return {
        "value": value / parameter.scale,
        "error": error / parameter.scale,
        "lower": lower / parameter.scale,
        "upper": upper / parameter.scale,
        **({"unit": parameter.unit} if parameter.unit else {}),
        **({"prior": parameter.prior / parameter.scale} if parameter.prior else {}),
    }


def _correlation(fit: Fit) -> dict[str, dict[str, float]]:
    """Correlation matrix by addresses."""
    floating, matrix = fit.likelihood.floating, fit.minimum.correlation
    return {
        one: dict(zip(floating, row, strict=True))
        for one, row in zip(floating, matrix.tolist(), strict=True)
    }


def _expected(events: Events) -> dict[str, dict[str, float]]:
    """Fitted events and their errors by component."""
    return {
        "expected": {part: number for part, (number, _) in events.items()},
        "expected_errors": {part: error for part, (_, error) in events.items()},
    }


def _sum(events: Mapping[str, Events]) -> dict[str, float]:
    """Fitted events by component, of all data sets together."""
    total: dict[str, float] = {}
    for parts in events.values():
        for part, (number, _) in parts.items():
            total[part] = total.get(part, 0.0) + number
    return total


def _significances(fit: Fit) -> dict[str, Any]:
    """``significance`` of the only signal; with several, one for each."""
    found = dict(fit.significances)
    if len(found) == 1:
        return {"significance": next(iter(found.values()))}
    return {"significances": found} if found else {}


def _systematics(fit: Fit) -> dict[str, Any]:
    """Shifts of the parameters of interest by what is varied by hand, in their units."""
    content: dict[str, Any] = {}
    for address in fit.interest:
        scale = fit.likelihood.parameters[address].scale
        shifts = {
            nuisance: {
                side: shift / scale
                for side, shift in (("down", moved[address].down), ("up", moved[address].up))
                if shift is not None
            }
            for nuisance, moved in fit.variations.items()
        }
        content[address] = {"shifts": shifts, "total": fit.systematic(address) / scale}
        if address in fit.significances:
            content[address]["significance"] = fit.significance_with_systematics(address)
    return content


def _finite(content: Any) -> Any:
    """Plain data without what is not a number, and with None for what has no bound."""
    if isinstance(content, Mapping):
        known = {key: value for key, value in content.items() if not _unknown(value)}
        return {key: _finite(value) for key, value in known.items()}
    if isinstance(content, list):
        return [_finite(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content


def _unknown(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
