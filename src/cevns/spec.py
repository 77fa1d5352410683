"""Declarations: the frozen, validated objects that files and Python both build.

A `Spec` is what one block of an experiment file says: a source, a quenching, an interaction. Its
numbers are declared once, by annotation (``mass: Annotated[float, Quantity("kg")]``): that one
line gives the accepted units, the check of the sign and the address under which the number is a
parameter. In Python the same field takes a float in internal units (``mass=10 * kg``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeGuard, TypeVar, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Tag,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from cevns.errors import InputError, Mistake, join, nearest, show, split
from cevns.parameters import Parameter, Theta
from cevns.quantities import Labelled, parse_quantity, unit_scale

S = TypeVar("S", bound="Spec")


def mistake(found: str, expected: str, close: str | None = None) -> PydanticCustomError:
    """The error a validator raises: the path is added by whoever knows it."""
    context = {"found": found, "expected": expected, "nearest": close or ""}
    return PydanticCustomError("mistake", "found {found}, expected {expected}", context)


@dataclass(frozen=True)
class Quantity:
    """Annotation of a number: the units it is accepted in and the range it must lie in.

    ``unit`` is also the unit in which the number is shown ("1" for a pure number, which may be
    written in %); ``also`` lists further accepted units; ``range`` is one of "any", "positive",
    "non-negative" and "fraction" (0 to 1).
    """

    unit: str
    also: tuple[str, ...] = ()
    range: str = "non-negative"

    def parse(self, value: object, from_file: bool) -> float:
        """``value`` in internal units; text everywhere, a bare float only from Python."""
        bare = isinstance(value, (int, float)) and not isinstance(value, (bool, Labelled))
        if isinstance(value, Labelled):
            number: float = value
        elif bare and (self.unit == "1" or not from_file):
            number = _as_float(value)
        else:
            number = parse_quantity(value, self.unit, *self.also)
            if self.unit == "1" and number.unit == "" and from_file:
                raise InputError(Mistake("", show(value), "a number without quotes"))
        self.check_range(value, number)
        return number

    def check_range(self, value: object, number: float) -> None:
        """Raise an `InputError` for a ``number``, written as ``value``, that is out of range."""
        accepted = {
            "any": math.isfinite(number),
            "positive": 0 < number < math.inf,
            "non-negative": 0 <= number < math.inf,
            "fraction": 0 <= number <= 1,
        }[self.range]
        if not accepted:
            wanted = {"any": "a finite number", "fraction": "a number from 0 to 1"}
            expected = wanted.get(self.range, f"a {self.range} number")
            raise InputError(Mistake("", show(value), expected))

    def _validate(self, value: Any, info: ValidationInfo) -> float:
        try:
            return self.parse(value, in_file(info))
        except InputError as error:
            first = error.mistakes[0]
            raise mistake(first.found, first.expected, first.nearest) from None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self._validate)


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def in_file(info: ValidationInfo) -> bool:
    """Whether the value being validated comes from a file (stricter) or from Python."""
    return bool(info.context and info.context.get("file"))


Number = Annotated[float, Quantity("1", range="any")]
Fraction = Annotated[float, Quantity("1", range="fraction")]
Relative = Annotated[float, Quantity("1")]
Energy = Annotated[float, Quantity("keV")]
Observable = Annotated[float, Quantity("keV", ("keVee", "keVnr", "PE"), range="any")]
Length = Annotated[float, Quantity("m", range="positive")]
Radius = Annotated[float, Quantity("fm", range="positive")]
Duration = Annotated[float, Quantity("us", range="any")]
Mass = Annotated[float, Quantity("kg", range="positive")]
Power = Annotated[float, Quantity("MW", range="positive")]
Flux = Annotated[float, Quantity("/cm^2/s", range="positive")]


class _ExistingFile:
    """Annotation of the name of a file that is read later: it must be there already."""

    def _validate(self, value: Any, info: ValidationInfo) -> str:
        if not isinstance(value, str) or not value.strip():
            raise mistake(show(value), "the name of a file")
        folder = Path((info.context or {}).get("directory") or ".")
        try:
            there = (folder / value).is_file()
        except (OSError, ValueError):
            there = False
        if not there:
            raise mistake(f"{show(value)}, which is not there", "the name of a file")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self._validate)


ExistingFile = Annotated[str, _ExistingFile()]


class Spec(BaseModel):
    """Base of all declarations: frozen, no unknown keys, every number with an address."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        populate_by_name=True,
        defer_build=True,  # most declarations are never used in one run
    )

    def __init__(self, **data: Any) -> None:
        """From Python: what is wrong is an `InputError`, as from a file."""
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise InputError(mistakes_of(error, "", data)) from None

    # Reading a file validates nested blocks by itself and wants no call of ours in between.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @model_validator(mode="wrap")
    @classmethod
    def _name_unknown_keys(
        cls, data: Any, handler: Callable[[Any], Any], info: ValidationInfo
    ) -> Any:
        """Give an unknown key its nearest known name, beside whatever else is wrong."""
        data = cls.normalised(data)
        known = [field.alias or name for name, field in cls.model_fields.items()]
        accepted = known if in_file(info) else [*known, *cls.model_fields]
        unknown = [key for key in data if key not in accepted] if _is_block(data) else []
        lines = [_unknown_key(key, known) for key in unknown]
        try:
            made = handler({k: data[k] for k in data if k in accepted} if unknown else data)
        except ValidationError as error:
            lines += [_relabel(line) for line in _told(error)]
        if lines:
            raise ValidationError.from_exception_data(cls.__name__, lines) from None
        return made

    @classmethod
    def normalised(cls, data: Any) -> Any:
        """``data`` with its short forms written out; a subclass that has any says how."""
        return data

    @classmethod
    def check(cls: type[S], data: object, path: str = "", from_file: bool = True) -> S:
        """Validate ``data``, the content of a file at ``path``.

        Raises
        ------
        InputError
            With every mistake at once.
        """
        try:
            return cls.model_validate(data, context={"file": from_file})
        except ValidationError as error:
            raise InputError(mistakes_of(error, path, data)) from None

    def parameters(self, address: str) -> Iterator[Parameter]:
        """Every number of this block and of those inside, with its address and unit."""
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            inner = f"{address}.{field.alias or name}"
            quantity = quantity_of(field)
            if isinstance(value, Spec):
                yield from value.parameters(inner)
            elif quantity is not None and value is not None:
                yield quantity_parameter(inner, value, quantity)

    def get(self, name: str, theta: Theta, address: str) -> Any:
        """The number ``name`` of this block at θ: the override at its address, or its own."""
        return theta.get(f"{address}.{name}", getattr(self, name))


def quantity_of(field: FieldInfo) -> Quantity | None:
    """The `Quantity` that a field is annotated with, also where it may be absent (``| None``)."""
    tags = [*field.metadata]
    if get_origin(field.annotation) in (Union, UnionType):
        for choice in get_args(field.annotation):
            tags.extend(get_args(choice)[1:])
    return next((tag for tag in tags if isinstance(tag, Quantity)), None)


def quantity_parameter(address: str, value: float, quantity: Quantity) -> Parameter:
    """The parameter that a declared number is, shown in the unit it was written in."""
    written = value.unit if isinstance(value, Labelled) and value.unit else quantity.unit
    return _parameter(address, float(value), written, quantity)


def undetermined_parameter(address: str, quantity: Quantity) -> Parameter:
    """The parameter of a number that has no default and was not given."""
    return _parameter(address, None, quantity.unit, quantity)


def _parameter(address: str, value: float | None, unit: str, quantity: Quantity) -> Parameter:
    shown = "" if unit == "1" else unit
    demanded = quantity.range
    bounds = _BOUNDS.get(demanded)
    return Parameter(address, value, shown, unit_scale(shown), bounds=bounds, range=demanded)


_BOUNDS = {
    "positive": (0.0, math.inf),
    "non-negative": (0.0, math.inf),
    "fraction": (0.0, 1.0),
}


class Tagged:
    """Annotation of a block whose ``type`` says which declaration it is.

    ``family`` maps each type to its class; it is called when a block is read, so that plug-ins
    registered later are seen.
    """

    def __init__(self, family: Callable[[], Mapping[str, type[Spec]]], kind: str):
        self.family = family
        self.kind = kind

    def _validate(self, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, Spec):
            return value
        family = self.family()
        if not isinstance(value, Mapping):
            raise mistake(show(value), f"a block with a 'type' ({', '.join(family)})")
        name = value.get("type")
        if not isinstance(name, str) or name not in family:
            found = "no 'type'" if name is None else f"type {show(name)}"
            close = nearest(name, family) if name is not None else None
            raise mistake(found, f"a type of {self.kind}: {', '.join(family)}", close)
        return family[name].model_validate(value, context=info.context)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self._validate)


def family(*members: type[Spec]) -> Callable[[], Mapping[str, type[Spec]]]:
    """The registry {type: class} of declarations that carry a literal ``type`` field."""
    table = {member.model_fields["type"].default: member for member in members}
    return lambda: table


def _is_block(data: object) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(data, Mapping)


def _unknown_key(key: object, known: list[str]) -> InitErrorDetails:
    expected = f"one of the keys {', '.join(known)}" if known else "no keys"
    problem = mistake(f"the unknown key {show(key)}", expected, nearest(key, known))
    return InitErrorDetails(type=problem, loc=(str(key),), input=None)


def _told(error: ValidationError) -> list[Any]:
    """pydantic's errors, without lists that are too short for want of an entry with a mistake."""
    lines = error.errors(include_url=False)
    inside = {line["loc"][:depth] for line in lines for depth in range(len(line["loc"]))}
    return [line for line in lines if line["type"] != "too_short" or line["loc"] not in inside]


def _relabel(line: Any) -> InitErrorDetails:
    """A pydantic error as one that can be raised again."""
    return InitErrorDetails(type=problem_of(line), loc=line["loc"], input=None)


def problem_of(line: Any) -> PydanticCustomError:
    """One of pydantic's own errors in the words of this package."""
    kind, value, context = line["type"], line["input"], line.get("ctx", {})
    if kind == "mistake":
        return mistake(context["found"], context["expected"], context["nearest"])
    if kind == "missing" and isinstance(line["loc"][-1], str):
        return mistake(f"no {line['loc'][-1]!r}", "this key, which is required")
    if kind in ("missing", "too_short"):
        return mistake("a list that is too short", "one entry more")
    if kind == "literal_error":
        names = [name.strip("' ") for name in context["expected"].replace(" or ", ",").split(",")]
        return mistake(show(value), f"one of {', '.join(names)}", nearest(value, names))
    words = {
        "model_type": "a block of keys",
        "dict_type": "a block of keys",
        "list_type": "a list",
        "tuple_type": "a list",
        "too_long": "fewer entries",
        "string_type": "text",
        "bool_type": "true or false",
        "bool_parsing": "true or false",
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "greater_than_equal": "a number of at least {ge}",
        "less_than_equal": "a number of at most {le}",
    }
    wanted = words.get(kind)
    return mistake(show(value), wanted.format(**context) if wanted else line["msg"].lower())


def mistakes_of(error: ValidationError, path: str, data: object) -> list[Mistake]:
    """One `Mistake` per error, each at a path that is present in ``data``."""
    found = []
    for line in error.errors(include_url=False):
        problem = problem_of(line).context
        assert problem is not None
        where = join(path, present_path(line["loc"], data))
        close = problem["nearest"] or None
        found.append(Mistake(where, problem["found"], problem["expected"], close))
    return list(dict.fromkeys(found))


def present_path(location: tuple[str | int, ...], data: Any) -> tuple[str | int, ...]:
    """The steps of ``location`` that exist in ``data``; steps a validator put in are left out.

    A step may be a whole path (``efficiency[1].midpoint``), as `relay` leaves it.
    """
    present: list[str | int] = []
    for step in location:
        inside, _ = split(step if isinstance(step, str) else f"[{step}]", data)
        for one in inside:
            data = data[one]
        present.extend(inside)
    return tuple(present)


def relay(error: InputError, title: str) -> ValidationError:
    """An `InputError` as what a validator raises; its paths stay whole, as single steps."""
    lines = [
        InitErrorDetails(
            type=mistake(one.found, one.expected, one.nearest),
            loc=(one.path.lstrip("."),) if one.path else (),
            input=None,
        )
        for one in error.mistakes
    ]
    return ValidationError.from_exception_data(title, lines)


def _word_or_block(value: object) -> str:
    return "block" if isinstance(value, (Mapping, Spec, list, tuple)) else "word"


WORD, BLOCK, WORD_OR_BLOCK = Tag("word"), Tag("block"), Discriminator(_word_or_block)
"""``Annotated[Annotated[int, WORD] | Annotated[Block, BLOCK], WORD_OR_BLOCK]``: a choice whose
mistakes are those of the branch that was meant, not of both."""
