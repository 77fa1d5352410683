"""How a form factor is written in a file: a name, a block, one for p and n, one per element."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ValidationInfo
from pydantic_core import core_schema

from cevns.errors import InputError, Mistake, nearest, show
from cevns.form_factors import KINDS, FormFactor, FormFactorModel, PerElement, SplitFormFactor
from cevns.nuclides import elements
from cevns.spec import Radius, Spec, in_file, relay


class FormFactorBlock(Spec):
    """{type, rms_radius}."""

    type: str
    rms_radius: Radius | None = None


EXPECTED = (
    f"one of {', '.join(KINDS)}, a block with a 'type', {{proton, neutron}} or one per element"
)


def parse_form_factor(value: object, from_file: bool = False, path: str = "") -> FormFactorModel:
    """The form factor model that ``value`` describes.

    Raises
    ------
    InputError
        With paths below ``path``.
    """
    if isinstance(value, (FormFactor, SplitFormFactor, PerElement)):
        return value
    if isinstance(value, str) or (isinstance(value, Mapping) and "type" in value):
        return _single(value, from_file, path)
    if isinstance(value, Mapping) and value:
        if set(value) <= {"proton", "neutron"}:
            return _split(value, from_file, path)
        return _per_element(value, from_file, path)
    raise InputError(Mistake(path, show(value), EXPECTED))


def _single(value: object, from_file: bool, path: str) -> FormFactor:
    if isinstance(value, FormFactor):
        return value
    if isinstance(value, str):
        if value not in KINDS:
            raise InputError(Mistake(path, show(value), EXPECTED, nearest(value, KINDS)))
        return FormFactor(value)
    if not isinstance(value, Mapping):
        raise InputError(Mistake(path, show(value), EXPECTED))
    block = FormFactorBlock.check(dict(value), path, from_file)
    kind = _single(block.type, from_file, f"{path}.type" if path else "type").kind
    try:
        return FormFactor(kind, block.rms_radius)
    except InputError as error:
        first = error.mistakes[0]
        written = show(value["rms_radius"]) if "rms_radius" in value else first.found
        raise InputError(Mistake(_below(path, "rms_radius"), written, first.expected)) from None


def _split(value: Mapping[Any, Any], from_file: bool, path: str) -> SplitFormFactor:
    parts: dict[str, FormFactor] = {}
    mistakes: list[Mistake] = []
    for key, part in value.items():
        try:
            parts[key] = _single(part, from_file, _below(path, key))
        except InputError as error:
            mistakes.extend(error.mistakes)
    if mistakes:
        raise InputError(mistakes)
    return SplitFormFactor(**parts)


def _per_element(value: Mapping[Any, Any], from_file: bool, path: str) -> PerElement:
    models: dict[str, FormFactor | SplitFormFactor] = {}
    mistakes: list[Mistake] = []
    for element, part in value.items():
        if element not in elements():
            close = nearest(element, ["type", "proton", "neutron", *elements()])
            found = f"the unknown key {show(element)}"
            mistakes.append(Mistake(_below(path, element), found, EXPECTED, close))
            continue
        try:
            model = parse_form_factor(part, from_file, _below(path, element))
            if isinstance(model, PerElement):
                expected = "one form factor for the element"
                raise InputError(Mistake(_below(path, element), show(part), expected))
            models[element] = model
        except InputError as error:
            mistakes.extend(error.mistakes)
    if mistakes:
        raise InputError(mistakes)
    return PerElement(models)


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


class _FormFactorField:
    def _validate(self, value: Any, info: ValidationInfo) -> FormFactorModel:
        try:
            return parse_form_factor(value, in_file(info))
        except InputError as error:
            raise relay(error, "form_factor") from None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self._validate)


FormFactorField = Annotated[Any, _FormFactorField()]
