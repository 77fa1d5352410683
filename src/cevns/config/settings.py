"""What a file says about parameters: values, priors, bounds, ties and correlations."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from cevns.config.schema import ParameterSetting, StudyBlocks
from cevns.errors import InputError, Mistake, nearest, show
from cevns.parameters import Parameter, Parameters
from cevns.quantities import parse_quantity

_ADDRESS = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_PERCENT = re.compile(r"\s*([0-9.eE+-]+)\s*%\s*")


def matches(parameters: Parameters, name: str) -> list[str]:
    """Addresses meant by ``name`` in a file.

    The address itself; without the experiment's name in front, those of all experiments; the
    short last part where it is unique.
    """
    if name in parameters:
        return [name]
    of_all = [address for address in parameters if address.partition(".")[2] == name]
    if of_all:
        return of_all
    short = [address for address in parameters if address.endswith("." + name)]
    return short if len(short) == 1 else []


def apply_settings(found: Parameters, together: StudyBlocks, complete: bool) -> Parameters:
    """The parameters with what the file says about them.

    ``complete`` tells whether all addresses are known; with a data set in the file they are not
    yet, and an unknown address is taken on trust if it is well formed.

    Raises
    ------
    InputError
        With all mistakes: unknown addresses, values that do not fit, shapes without a value.
    """
    mistakes: list[Mistake] = []
    table = dict(found.items())

    def checked(path: str, names: Any) -> dict[str, list[str]]:
        known = {}
        for name in names:
            known[name] = matches(found, name)
            if not known[name] and (complete or not _ADDRESS.fullmatch(name)):
                mistakes.append(_unknown(found, name, path))
        return known

    for name, addresses in checked("parameters", together.given).items():
        for address in addresses:
            setting = together.given[name]
            try:
                table[address] = set_parameter(table[address], setting, f"parameters.{name}")
            except InputError as error:
                mistakes.extend(error.mistakes)
            if setting.same_as is not None:
                checked(f"parameters.{name}.same_as", [setting.same_as])
    for index, correlation in enumerate(together.correlations):
        checked(f"correlations[{index}].between", correlation.between)
    if together.fit is not None:
        checked("fit.parameters", together.fit.addresses)
    mistakes.extend(_scan_mistakes(found, together, checked, table))
    mistakes.extend(_undetermined(table, together, found))
    if mistakes:
        raise InputError(mistakes)
    return Parameters(_tied(table, together, found).values())


def _unknown(found: Parameters, name: str, path: str) -> Mistake:
    several = [address for address in found if address.endswith("." + name)]
    if len(several) > 1:
        text = f"{name!r}, which fits {', '.join(several[:4])}"
        return Mistake(path, text, "a full address")
    return Mistake(path, repr(name), "the address of a parameter", nearest(name, found))


def set_parameter(parameter: Parameter, setting: ParameterSetting, path: str) -> Parameter:
    """``parameter`` with the value, prior and bounds that a file gives it."""
    changes: dict[str, Any] = {}
    if setting.value is not None:
        changes["value"] = read_number(setting.value, parameter, f"{path}.value")
    nominal = changes.get("value", parameter.value)
    if setting.prior is not None:
        changes["prior"] = _read_prior(setting.prior, nominal, parameter, f"{path}.prior")
    if setting.bounds is not None:
        changes["bounds"] = _read_bounds(setting.bounds, parameter, f"{path}.bounds")
    changes["fixed"] = bool(setting.fixed)
    changes["same_as"] = setting.same_as
    changed = parameter.with_(**changes)
    _check_inside(changed, path)
    return changed


def read_number(value: object, parameter: Parameter, path: str) -> float:
    """A value in the unit of ``parameter``: text with a unit, or a number where it has none."""
    try:
        if not parameter.unit:
            return _pure(value)
        return float(parse_quantity(value, parameter.unit))
    except InputError as error:
        first = error.mistakes[0]
        raise InputError(Mistake(path, first.found, first.expected, first.nearest)) from None


def _pure(value: object) -> Any:
    from cevns.spec import Quantity

    if isinstance(value, str) and "j" in value and len(value) < 60:
        try:
            return complex(value.replace(" ", ""))
        except ValueError:
            raise InputError(Mistake("", show(value), "a number")) from None
    return float(Quantity("1", range="any").parse(value, True))


def _read_prior(value: object, nominal: Any, parameter: Parameter, path: str) -> float:
    """The width of a Gaussian: relative with %, else absolute."""
    relative = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if relative is not None and nominal is not None:
        width = abs(nominal) * read_number(value, Parameter("", 0.0), path)
    else:
        width = read_number(value, parameter, path)
    if not width > 0:
        raise InputError(Mistake(path, show(value), "a positive width"))
    return float(width)


def _read_bounds(value: object, parameter: Parameter, path: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise InputError(Mistake(path, show(value), "[lowest, highest]"))
    low, high = (read_number(v, parameter, f"{path}[{i}]") for i, v in enumerate(value))
    if not low < high:
        raise InputError(Mistake(path, show(value), "[lowest, highest], ascending"))
    return low, high


def _check_inside(parameter: Parameter, path: str) -> None:
    value, bounds = parameter.value, parameter.bounds
    if value is None or bounds is None or isinstance(value, complex):
        return
    if not bounds[0] <= value <= bounds[1]:
        low, high = (f"{bound / parameter.scale:g}" for bound in bounds)
        found = f"the value {value / parameter.scale:g}"
        raise InputError(Mistake(path, found, f"a value within its bounds [{low}, {high}]"))


def _scan_mistakes(
    found: Parameters,
    together: StudyBlocks,
    checked: Callable[[str, Any], dict[str, list[str]]],
    table: Mapping[str, Parameter],
) -> list[Mistake]:
    """Mistakes in the axes of a scan."""
    if together.scan is None:
        return []
    mistakes: list[Mistake] = []
    if not isinstance(together.scan.profile, str):
        checked("scan.profile", together.scan.profile)
    for block, axes in (("parameters", together.scan.axes), ("settings", together.scan.settings)):
        for name, addresses in checked(f"scan.{block}", axes).items():
            parameter = table[addresses[0]] if addresses else None
            try:
                read_axis(axes[name], parameter, f"scan.{block}.{name}")
            except InputError as error:
                mistakes.extend(error.mistakes)
    return mistakes


def read_axis(value: object, parameter: Parameter | None, path: str) -> dict[str, Any]:
    """An axis [from, to, points] or {from, to, points, spacing}, its ends in internal units.

    Without ``parameter`` (a data set's, not known yet) only the form is checked.
    """
    keys = ("from", "to", "points", "spacing")
    if isinstance(value, list) and len(value) == 3:
        value = dict(zip(keys, value, strict=False))
    if not isinstance(value, Mapping) or not {"from", "to", "points"} <= set(value) <= set(keys):
        expected = "[from, to, points] or {from, to, points, spacing}"
        raise InputError(Mistake(path, show(value), expected))
    points, spacing = value["points"], value.get("spacing", "linear")
    if isinstance(points, bool) or not isinstance(points, int) or not 1 <= points <= 1_000_000:
        raise InputError(Mistake(path, f"points {show(points)}", "a whole number of points"))
    if spacing not in ("linear", "log"):
        expected = "spacing linear or log"
        raise InputError(Mistake(path, show(spacing), expected, nearest(spacing, ("linear", "log"))))
    axis = {"points": points, "spacing": spacing}
    if parameter is not None:
        for end in ("from", "to"):
            axis[end] = read_number(value[end], parameter, path)
        if spacing == "log" and not min(axis["from"], axis["to"]) > 0:
            raise InputError(Mistake(path, "a logarithmic axis to 0", "positive ends"))
    return axis


def _undetermined(
    table: Mapping[str, Parameter], together: StudyBlocks, found: Parameters
) -> list[Mistake]:
    """Shapes without a default (a mass, Δm²) that nothing gives a value."""
    axes = together.scan.axes if together.scan is not None else {}
    given = {address for name in axes for address in matches(found, name)}
    return [
        Mistake("model", f"no value for {address}", "one in the model, 'parameters' or 'scan'")
        for address, parameter in table.items()
        if parameter.value is None and address not in given
    ]


def _tied(
    table: dict[str, Parameter], together: StudyBlocks, found: Parameters
) -> dict[str, Parameter]:
    """Parameters that are the same as another take its value."""
    for address, parameter in list(table.items()):
        if parameter.same_as:
            others = matches(found, parameter.same_as)
            if others:
                table[address] = parameter.with_(value=table[others[0]].value)
    return table
