"""What a file says about parameters: values, priors, bounds, ties and correlations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from cevns.config.schema import ParameterSetting, StudyBlocks
from cevns.errors import InputError, Mistake, nearest, show
from cevns.interactions import INTERACTIONS
from cevns.parameters import Parameter, Parameters, sums_to_one
from cevns.quantities import parse_unit
from cevns.spec import Quantity

_ADDRESS = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_PERCENT = re.compile(r"[^%]+%\s*")
MOST_POINTS = 1_000_000


class Addresses:
    """The addresses of all parameters, those of single experiments with their names in front.

    A name means the address itself; without the experiment's name in front, that of every
    experiment; or the short last part, where it is unique.
    """

    def __init__(self, addresses: Iterable[str], experiments: Iterable[str] = ()):
        self._all = tuple(addresses)
        self._experiments = frozenset(experiments)

    def matching(self, name: str) -> list[str]:
        """Addresses meant by ``name``, none where it is unknown or not unique."""
        if name in self._known:
            return [name]
        if name in self._by_bare:
            return self._by_bare[name]
        candidates = self._by_ending.get(name, ())
        return self._by_bare[next(iter(candidates))] if len(candidates) == 1 else []

    def mistake(self, name: str, path: str) -> Mistake:
        """What is wrong with a ``name`` at ``path`` that means nothing."""
        several = sorted(self._by_ending.get(name, ()))
        if several:
            found = f"{name!r}, which fits {', '.join(several[:4])}"
            return Mistake(path, found, "a full address")
        block = name.partition(".")[0]
        if block in INTERACTIONS and not any(one.startswith(f"{block}.") for one in self._by_bare):
            found = f"{name!r}, but {block} is not in the model"
            return Mistake(path, found, f"it in the model, [standard-model, {block}]")
        expected = "the address of a parameter (see: cevns list parameters FILE)"
        # Without the names of experiments first: with hundreds of them all would take minutes.
        close = nearest(name, self._by_bare) or nearest(name, self._by_ending)
        return Mistake(path, repr(name), expected, close)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self._all)

    @cached_property
    def _by_bare(self) -> dict[str, list[str]]:
        """Address without the experiment's name → the addresses it stands for."""
        found: dict[str, list[str]] = {}
        for address in self._all:
            first, _, rest = address.partition(".")
            found.setdefault(rest if first in self._experiments else address, []).append(address)
        return found

    @cached_property
    def _by_ending(self) -> dict[str, set[str]]:
        """Every ending of an address ("pulse.width", "width") → the bare addresses it ends."""
        found: dict[str, set[str]] = {}
        for bare in self._by_bare:
            parts = bare.split(".")
            for start in range(1, len(parts)):
                found.setdefault(".".join(parts[start:]), set()).add(bare)
        return found


def apply_settings(
    found: Parameters, together: StudyBlocks, addresses: Addresses, complete: bool
) -> Parameters:
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

    def meant(path: str, name: str) -> list[str]:
        matches = addresses.matching(name)
        if not matches and (complete or not _ADDRESS.fullmatch(name)):
            mistakes.append(addresses.mistake(name, path))
        return matches

    for name, setting in together.given.items():
        for address in meant(f"parameters.{name}", name):
            changed, wrong = set_parameter(table[address], setting, f"parameters.{name}")
            table[address] = changed
            mistakes.extend(wrong)
        if setting.same_as is not None:
            meant(f"parameters.{name}.same_as", setting.same_as)
            if setting.prior is not None:
                expected = f"one of {setting.same_as}, which it is the same as"
                mistakes.append(Mistake(f"parameters.{name}.prior", show(setting.prior), expected))
    for path, name in _mentioned(together):
        meant(path, name)
    for name in together.fit.addresses if together.fit is not None else ():
        given = together.given.get(name)
        if given is not None and given.fixed:
            both = f"{name!r} in 'fit' and fixed in 'parameters'"
            mistakes.append(Mistake(f"parameters.{name}.fixed", both, "one of the two"))
        for address in addresses.matching(name):
            table[address] = table[address].with_(fixed=False)
    mistakes.extend(_with_itself(together, addresses))
    mistakes.extend(_scan_mistakes(together, table, meant))
    mistakes.extend(_undetermined(table, together, addresses))
    tied = _tied(table, addresses, mistakes)
    mistakes.extend(_broken_sums(tied, together, addresses))
    if mistakes:
        raise InputError(list(dict.fromkeys(mistakes)))
    return Parameters(tied.values())


def _mentioned(together: StudyBlocks) -> Iterable[tuple[str, str]]:
    """Place and name of every address that stands in a list."""
    for index, correlation in enumerate(together.correlations):
        for place, name in enumerate(correlation.between):
            yield f"correlations[{index}].between[{place}]", name
    if together.fit is not None:
        for place, name in enumerate(together.fit.addresses):
            yield f"fit.parameters[{place}]", name
    if together.scan is not None and not isinstance(together.scan.profile, str):
        for place, name in enumerate(together.scan.profile):
            yield f"scan.profile[{place}]", name


def _with_itself(together: StudyBlocks, addresses: Addresses) -> Iterable[Mistake]:
    """Mistakes of correlations whose two names mean the same parameter."""
    for index, correlation in enumerate(together.correlations):
        first, second = correlation.between
        same = set(addresses.matching(first)) & set(addresses.matching(second))
        if same or first == second:
            found = f"{min(same, default=first)} twice"
            yield Mistake(f"correlations[{index}].between", found, "two different parameters")


def set_parameter(
    parameter: Parameter, setting: ParameterSetting, path: str
) -> tuple[Parameter, list[Mistake]]:
    """``parameter`` with what a file says about it, and the mistakes in that."""
    floats = setting.prior is not None or not parameter.fixed
    changes: dict[str, Any] = {
        "fixed": not floats if setting.fixed is None else setting.fixed,
        "same_as": setting.same_as,
    }
    mistakes: list[Mistake] = []
    readers = {"value": read_number, "prior": _read_prior, "bounds": _read_bounds}
    for key, reader in readers.items():
        given = getattr(setting, key)
        if given is None:
            continue
        try:
            now = parameter.with_(value=changes.get("value", parameter.value))
            changes[key] = reader(given, now, f"{path}.{key}")
        except InputError as error:
            mistakes.extend(error.mistakes)
    changed = parameter.with_(**changes)
    if not mistakes:
        mistakes.extend(_outside(changed, path))
    return changed, mistakes


def read_number(value: object, parameter: Parameter, path: str) -> Any:
    """A value in the unit of ``parameter``: text with a unit, or a number where it has none.

    It is in the range that the declaration of the parameter demands, whatever its bounds are.
    A parameter whose nominal value is complex may take text such as "0.2+0.05j".
    """
    if isinstance(parameter.value, complex) and isinstance(value, str):
        return read_complex(value, path)
    return _read_real(value, parameter, path, parameter.range)


def _read_real(value: object, parameter: Parameter, path: str, demanded: str = "any") -> float:
    """A real number in the range that is ``demanded``; those of widths and ends are wider."""
    try:
        return float(Quantity(parameter.unit or "1", range=demanded).parse(value, True))
    except InputError as error:
        first = error.mistakes[0]
        raise InputError(Mistake(path, first.found, first.expected, first.nearest)) from None


def read_complex(text: str, path: str) -> complex:
    """A complex number from text such as "0.2+0.05j"."""
    try:
        number = complex(text.replace(" ", "")) if len(text) <= 60 else complex("nan")
    except ValueError:
        number = complex("nan")
    if not abs(number) < float("inf"):
        raise InputError(Mistake(path, show(text), "a number or text such as '0.2+0.05j'"))
    return number


def _read_prior(value: object, parameter: Parameter, path: str) -> float:
    """The width of a Gaussian: relative with %, else absolute."""
    nominal = parameter.value
    if isinstance(value, str) and _PERCENT.fullmatch(value) and nominal is not None:
        if nominal == 0:
            expected = "a width without %, since the nominal value is 0"
            raise InputError(Mistake(path, show(value), expected))
        width = abs(nominal) * _read_real(value, Parameter("", 0.0), path)
    else:
        width = _read_real(value, parameter, path)
    if not 0 < width < float("inf"):
        raise InputError(Mistake(path, show(value), "a positive width"))
    return float(width)


def _read_bounds(value: object, parameter: Parameter, path: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise InputError(Mistake(path, show(value), "[lowest, highest]"))
    low, high = (_read_real(v, parameter, f"{path}[{i}]") for i, v in enumerate(value))
    if not low < high:
        raise InputError(Mistake(path, show(value), "[lowest, highest], ascending"))
    return low, high


def _outside(parameter: Parameter, path: str) -> list[Mistake]:
    """A mistake where the value is not within the bounds."""
    value, bounds = parameter.value, parameter.bounds
    if value is None or bounds is None or isinstance(value, complex):
        return []
    if bounds[0] <= value <= bounds[1]:
        return []
    low, high = (f"{bound / parameter.scale:g}" for bound in bounds)
    found = f"the value {value / parameter.scale:g} {parameter.unit}".rstrip()
    expected = f"a value within its bounds [{low}, {high}] {parameter.unit}".rstrip()
    return [Mistake(path, found, expected)]


def _broken_sums(
    table: Mapping[str, Parameter], together: StudyBlocks, addresses: Addresses
) -> Iterable[Mistake]:
    """Shares of a whole that are none any more with what the file sets."""
    told: set[str] = set()
    for name, setting in together.given.items():
        given = setting.value is not None or setting.same_as is not None
        for address in addresses.matching(name) if given else ():
            block, _, _ = address.rpartition(".")
            if block in told or not table[address].share:
                continue
            told.add(block)
            shares = {
                other.removeprefix(f"{block}."): one.value
                for other, one in table.items()
                if one.share and other.rpartition(".")[0] == block
            }
            inside = all(0 <= value <= 1 for value in shares.values())  # else that is said
            if inside and not sums_to_one(shares.values()):
                each = ", ".join(f"{own} {value:g}" for own, value in shares.items())
                found = f"fractions that sum to {sum(shares.values()):g} ({each})"
                yield Mistake(f"parameters.{name}", found, f"a sum of 1 of all in {block}")


def _scan_mistakes(
    together: StudyBlocks,
    table: Mapping[str, Parameter],
    meant: Callable[[str, str], list[str]],
) -> list[Mistake]:
    """Mistakes in the axes of a scan."""
    if together.scan is None:
        return []
    mistakes: list[Mistake] = []
    total = 1
    for block, axes in (("parameters", together.scan.axes), ("settings", together.scan.settings)):
        for name, axis in axes.items():
            path = f"scan.{block}.{name}"
            # A setting may be any key of the file: `cevns.sensitivity.variants` looks for it.
            matches = meant(path, name) if block == "parameters" else []
            try:
                read = read_axis(axis, table[matches[0]] if matches else None, path)
                total *= read["points"]
            except InputError as error:
                mistakes.extend(error.mistakes)
    if total > MOST_POINTS:
        found = f"{total} points of all axes together"
        mistakes.append(Mistake("scan", found, f"at most {MOST_POINTS}"))
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
    if isinstance(points, bool) or not isinstance(points, int) or not 1 <= points <= MOST_POINTS:
        expected = f"a whole number of points, 1 to {MOST_POINTS}"
        raise InputError(Mistake(path, f"points {show(points)}", expected))
    if spacing not in ("linear", "log"):
        close = nearest(spacing, ("linear", "log"))
        raise InputError(Mistake(path, f"spacing {show(spacing)}", "linear or log", close))
    if parameter is None:
        return {"points": points, "spacing": spacing}
    low, high = (_read_real(value[end], parameter, path) for end in ("from", "to"))
    if not low < high:
        found = f"from {show(value['from'])} to {show(value['to'])}"
        raise InputError(Mistake(path, found, "'from' below 'to'"))
    if spacing == "log" and not low > 0:
        found = f"a logarithmic axis from {show(value['from'])}"
        raise InputError(Mistake(path, found, "a positive 'from'"))
    return {"points": points, "spacing": spacing, "from": low, "to": high}


def _undetermined(
    table: Mapping[str, Parameter], together: StudyBlocks, addresses: Addresses
) -> list[Mistake]:
    """Shapes without a default (a mass, Δm²) that nothing gives a value."""
    axes = together.scan.axes if together.scan is not None else {}
    given = {address for name in axes for address in addresses.matching(name)}
    return [
        Mistake("model", f"no value for {address}", "one in the model, 'parameters' or 'scan'")
        for address, parameter in table.items()
        if parameter.value is None and parameter.same_as is None and address not in given
    ]


def _tied(
    table: Mapping[str, Parameter], addresses: Addresses, mistakes: list[Mistake]
) -> dict[str, Parameter]:
    """The table with parameters that are the same as another at its value."""
    tied = dict(table)
    for address, parameter in table.items():
        if parameter.same_as is None:
            continue
        end, seen = parameter, {address}
        while end.same_as is not None:
            others = addresses.matching(end.same_as)
            if not others:
                break
            if others[0] in seen:
                found = f"{address} the same as itself"
                mistakes.append(Mistake("parameters", found, "one that has a value of its own"))
                break
            seen.add(others[0])
            end = table[others[0]]
        if parse_unit(end.unit).dimension != parse_unit(parameter.unit).dimension:
            found = f"{address} the same as {end.address}, which is of another kind"
            mistakes.append(Mistake("parameters", found, "two parameters of one kind"))
        tied[address] = parameter.with_(value=end.value)
    return tied
