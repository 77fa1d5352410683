"""The outcome of a fit as text: the tables that ``cevns fit`` prints."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cevns.display.report import events, table
from cevns.likelihood.statistic import Gaussian

if TYPE_CHECKING:
    from cevns.inference.cross_section import MeasuredCrossSection
    from cevns.inference.fit import Fit, Variation
    from cevns.likelihood.channel import Channel

UNKNOWN = "–"
UNEXPLAINED = "counts where nothing is expected without signal"
AREA = 1e-40
"""cm², the unit in which cross-sections are shown."""

_ROUNDING = 1e-4  # of an error: a fit is found that well
_VARIED = (
    "Each nuisance that is held was put one standard deviation down and up and all that floats was"
    " fitted again; the mean shifts add in quadrature."
)


def fit_tables(
    fit: Fit, name: str, cross_sections: Mapping[str, MeasuredCrossSection]
) -> Iterator[Any]:
    """Parameters, fitted events of each data set, goodness, significance and what goes with it.

    ``cross_sections`` are by data set, for those that have one.
    """
    yield parameter_table(fit, name)
    yield from _limits(fit)
    for channel in fit.likelihood.channels:
        yield component_table(fit, channel)
    yield from _goodness(fit)
    yield from _significances(fit)
    varied = [address for address in fit.interest if felt(fit, address)]
    for address in varied:
        yield variation_table(fit, address)
    if varied:
        yield _VARIED
    if cross_sections:
        yield cross_section_table(cross_sections)


def parameter_table(fit: Fit, name: str = "") -> Any:
    """Value, error, interval, prior and pull of what floats; what the fit is for comes first."""
    first = [address for address in fit.interest if address in fit.likelihood.floating]
    rest = [address for address in fit.likelihood.floating if address not in first]
    rows = [_parameter_row(fit, address) for address in (*first, *rest)]
    columns = ["parameter", "unit", "value", "error", "68.27 % interval", "prior", "pull"]
    return table(f"{name}: fitted parameters".removeprefix(": "), columns, rows, numeric=2)


def _parameter_row(fit: Fit, address: str) -> tuple[str, ...]:
    parameter = fit.likelihood.parameters[address]
    value, error = (
        number / parameter.scale for number in (fit.minimum.at(address), fit.minimum.error(address))
    )
    ends = fit.intervals.get(address)
    prior, pull = "", ""
    if parameter.prior is not None:
        prior = f"{parameter.value / parameter.scale:.6g} ± {parameter.prior / parameter.scale:.4g}"
        pull = f"{fit.pulls[address][0]:+z.2f}"
    return (
        address,
        parameter.unit,
        rounded(value, error),
        f"± {rounded(error, error)}",
        "" if ends is None else _interval(ends, parameter.scale, error),
        prior,
        pull,
    )


def _interval(ends: tuple[float, float], scale: float, error: float) -> str:
    lower, upper = (rounded(end / scale, error) for end in ends)
    return f"[{lower}, {upper}]"


def rounded(value: float, error: float) -> str:
    """A value with the digits that its error deserves: three of the error's own.

    >>> rounded(0.875567, 0.1393), rounded(552.93, 37.15), rounded(2.34567e-10, 1e-12)
    ('0.876', '552.9', '2.3457e-10')
    """
    if not math.isfinite(value):
        return UNKNOWN
    if not math.isfinite(error) or error <= 0:
        return f"{value:.6g}"
    digits = 2 - math.floor(math.log10(error))
    if abs(value) < 0.5 * 10.0**-digits:
        value = 0.0  # and not −0
    if digits <= 6 and abs(value) < 1e7:
        return f"{value:.{max(digits, 0)}f}"
    if not value:
        return "0"
    size = math.floor(math.log10(abs(value)))
    return f"{value:.{min(max(digits + size, 2), 12)}e}"


def _limits(fit: Fit) -> Iterator[str]:
    """Why there are no errors, where −2 ln L is lowest at an end of what is allowed."""
    parameters, minimum = fit.likelihood.parameters, fit.minimum
    ends = [
        f"{a} ({minimum.at(a) / parameters[a].scale:.6g} {parameters[a].unit}".rstrip() + ")"
        for a in minimum.on_bounds
    ]
    if ends:
        yield f"Best on the bound, where there is no error: {', '.join(ends)}"
    if minimum.at_limit:
        yield (
            "Best where the expectation of a cell is zero, below which counts have no likelihood:"
            " there are no errors, the interval is that of the profile"
        )


def component_table(fit: Fit, channel: Channel) -> Any:
    """Fitted events of each component, their sum, and what was observed."""
    found = fit.events[channel.name]
    rows = [
        (part, rounded(number, error), f"± {rounded(error, error)}")
        for part, (number, error) in found.items()
    ]
    rows.append(("sum", events(sum(number for number, _ in found.values())), ""))
    observed = float(np.sum(channel.observed))
    counted = not isinstance(channel.statistic, Gaussian)
    rows.append(("observed", f"{observed:.10g}" if counted else events(observed), ""))
    title = f"{channel.title or channel.name}: fitted events".removeprefix(": ")
    return table(title, ["component", "events", "error"], rows)


def _goodness(fit: Fit) -> Iterator[str]:
    goodness = fit.goodness
    constrained = len(fit.likelihood.constraints.addresses)
    yield (
        f"−2 ln(L/L_saturated) = {fit.minimum.value:.3f} with {fit.ndof} degrees of freedom"
        f" ({goodness.cells} cells, {len(fit.likelihood.floating)} floating parameters,"
        f" {constrained} constraints)"
    )
    if not math.isfinite(goodness.p_value):
        yield "Goodness of fit: no degrees of freedom are left"
        return
    deviance = f"{goodness.deviance:.2f} of the counts"
    if constrained:
        deviance += f" and {goodness.penalty:.2f} of the constraints = {goodness.total:.2f}"
    yield (
        f"Goodness of fit: deviance {deviance}, expected"
        f" {goodness.mean:.2f} ± {goodness.spread:.2f}, p = {goodness.p_value:.3g}"
    )


def _significances(fit: Fit) -> Iterator[str]:
    for address, found in fit.significances.items():
        line = f"Significance of {address} > 0: {found:.2f} σ"
        if math.isinf(found):
            line = f"Significance of {address} > 0: infinite, {UNEXPLAINED}"
        if felt(fit, address):
            whole = fit.significance_with_systematics(address)
            line += f"; {whole:.2f} σ with the systematics below"
        yield line


def felt(fit: Fit, address: str) -> dict[str, Variation]:
    """Held nuisance → shift of one parameter, where it is more than rounding of the fits."""
    least = _ROUNDING * fit.minimum.error(address)
    moved = {nuisance: shifts[address] for nuisance, shifts in fit.variations.items()}
    return {nuisance: one for nuisance, one in moved.items() if one.size > least}


def variation_table(fit: Fit, address: str) -> Any:
    """Shifts of one parameter with what is held and varied by hand."""
    parameter = fit.likelihood.parameters[address]
    error = fit.minimum.error(address) / parameter.scale
    rows = [
        (nuisance, *_shifts(moved, parameter.scale, error))
        for nuisance, moved in felt(fit, address).items()
    ]
    total = rounded(fit.systematic(address) / parameter.scale, error)
    rows.append(("quadratic sum", "", "", f"± {total}"))
    unit = f" [{parameter.unit}]" if parameter.unit else ""
    return table(
        f"Systematics of {address}{unit}, varied by hand",
        ["nuisance held", "at −1 σ", "at +1 σ", "mean"],
        rows,
    )


def _shifts(variation: Variation, scale: float, error: float) -> tuple[str, str, str]:
    down = "" if variation.down is None else _signed(variation.down / scale, error)
    size = rounded(variation.size / scale, error)
    return down, _signed(variation.up / scale, error), f"± {size}"


def _signed(value: float, error: float) -> str:
    return f"{'+' if value >= 0 else ''}{rounded(value, error)}"


def cross_section_table(found: Mapping[str, MeasuredCrossSection]) -> Any:
    """Flux-averaged cross-sections per nucleus, measured and predicted, by data set."""
    rows = []
    for name, one in found.items():
        areas = {key: area / AREA for key, area in one.as_dict().items()}
        error = areas.get("error_cm2", math.nan)  # on its bound it has none
        ends = [rounded(areas.get(key, math.nan), error) for key in ("lower_cm2", "upper_cm2")]
        systematic = areas.get("systematic_cm2")
        rows.append(
            (
                name,
                rounded(areas["flux_averaged_cm2"], error),
                f"± {rounded(error, error)}",
                f"[{', '.join(ends)}]",
                "" if systematic is None else f"± {rounded(systematic, error)}",
                rounded(areas["predicted_cm2"], error),
            )
        )
    columns = ["data", "⟨σ⟩", "error", "68.27 % interval", "by hand", "Standard Model"]
    title = f"Flux-averaged cross-section per nucleus, all recoils [{AREA:g} cm²]"
    return table(title, columns, rows)
