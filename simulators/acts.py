"""What can be done at the simulated bench: one typed message for each act.

The back door, the scenarios and the simulated person all speak in these acts. As a JSON object or a TOML table each is
`do = "<act>"` and its values, for instance {"do": "fault", "name": "pump.power_cycle", "off_s": 2.0}.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator


class ActError(Exception):
    """An act that can not be done; the text is one sentence for people."""


class _Act(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    def __str__(self) -> str:
        values = self.model_dump(exclude={"do"}, exclude_none=True)
        name = type(self).model_fields["do"].default
        return " ".join([name, *(str(values[key]) if key in _PLAIN else f"{key}={values[key]}" for key in values)])


_PLAIN = ("name", "where", "act", "say", "target", "text")


class Press(_Act):
    """The patient presses the pain-stop button and keeps it pressed."""

    do: Literal["press"] = "press"


class Release(_Act):
    """The patient lets go of the button."""

    do: Literal["release"] = "release"


class Pedal(_Act):
    """The operator puts a foot on the pedal, or takes it off."""

    do: Literal["pedal"] = "pedal"
    down: bool


class Fault(_Act):
    """A fault of a device, the line or a port begins. Its values stand beside the name."""

    model_config = ConfigDict(extra="allow")

    do: Literal["fault"] = "fault"
    name: str
    __pydantic_extra__: dict[str, bool | int | float | str] = Field(init=False)

    @property
    def values(self) -> dict[str, object]:
        """The values that belong to this fault."""
        return dict(self.__pydantic_extra__)


class Clear(_Act):
    """A fault ends."""

    do: Literal["clear"] = "clear"
    name: str


class Tip(_Act):
    """The tip of the cannula is put somewhere."""

    do: Literal["tip"] = "tip"
    where: Literal["air", "capped", "patient"]


class Keypad(_Act):
    """Somebody presses a key of the pump."""

    do: Literal["keypad"] = "keypad"
    act: Literal["start", "stop"]


class PersonAct(_Act):
    """Tells the simulated person which of the routine acts to do; what is not named stays as it is."""

    do: Literal["person"] = "person"
    self_test: bool | None = None
    inserts_cannula: bool | None = None
    closes_tip: bool | None = None


class HostAct(_Act):
    """Something happens to a process of the host: a signal, or it stands still for a while."""

    do: Literal["host"] = "host"
    signal: Literal["SIGINT", "SIGTERM", "SIGKILL", "SIGHUP"] | None = None
    freeze_s: Annotated[float, Field(gt=0, le=60)] | None = None
    target: Literal["control", "recorder"] = "control"

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.signal is None) == (self.freeze_s is None):
            raise ValueError("give either signal or freeze_s")
        return self


class Operator(_Act):
    """The operator says something to the host."""

    do: Literal["operator"] = "operator"
    say: Literal["pain", "reflux", "full", "stop", "go"]


class Note(_Act):
    """Nothing is done; a line is written into the bench's log. Marks a moment that no act causes."""

    do: Literal["note"] = "note"
    text: str


Act = Press | Release | Pedal | Fault | Clear | Tip | Keypad | PersonAct | HostAct | Operator | Note
AnyAct = Annotated[Act, Field(discriminator="do")]
DOES = "does"  # the name of a field that holds an act

_ADAPTER: TypeAdapter[Act] = TypeAdapter(AnyAct)


def parse_act(message: object) -> Act:
    """Reads one act. Raises ActError with one sentence that names every mistake."""
    try:
        return _ADAPTER.validate_python(message)
    except ValidationError as error:
        raise ActError("; ".join(mistakes(error, start="act"))) from None


def mistakes(error: ValidationError, start: str = "") -> list[str]:
    """One sentence for each mistake: key, value and what is allowed.

    start: the key that stands for an act where the message itself is one. After such a key the name of the kind of act
    follows, which is nothing that anybody wrote: both are left out.
    """
    sentences = []
    for item in error.errors(include_url=False):
        path = [start, *item["loc"]] if start else list(item["loc"])
        if DOES in path or start:
            at = path.index(start or DOES)
            path = path[:at] + path[at + 2 :]
        key = ".".join(str(part) for part in path) or "do"
        text = item["msg"].removeprefix("Value error, ")
        given = "" if item["type"] == "missing" or isinstance(item["input"], dict | list) else f" {item['input']!r}:"
        sentences.append(f"{key}:{given} {text}")
    return sentences
