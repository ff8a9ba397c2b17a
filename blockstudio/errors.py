"""The one exception a user of Block Studio can meet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from blockstudio.text import Text, join, render, say

LONGEST_NAME = 120
"""Letters of a file's name that an error repeats."""
_LONG = 10_000
"""Bits of a whole number that is described, not written: Python refuses to write those of more than 4,300 digits."""


class StudioError(Exception):
    """Something the user can put right.

    Args:
        code: A stable identifier such as ``"shape.mismatch"``.
        message: One plain sentence with what was expected and what was found.
        where: The block, file or field it stands on (``"layer2.0.add"``, ``"net.blocks.json:
            blocks.conv1.parameters"``).
        hint: The next step.

    Example:
        >>> try:
        ...     d.remove("conv7")
        ... except StudioError as error:
        ...     print(error.code, error.where)
        diagram.block conv7
    """

    def __init__(self, code: str, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(code, message, where, hint)
        self.code = code
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        return render(self.text)

    @property
    def text(self) -> Text:
        """What ``str`` says, still to be rendered in a reader's language."""
        return join([f"{self.where}:" if self.where else "", self.message, self.hint])

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions are rebuilt from positional arguments alone, which these are not.
        return _rebuilt, (type(self), self.code, self.message, self.where, self.hint), self.__dict__

    def at(self, where: str) -> StudioError:
        """The same error, standing somewhere else.

        Args:
            where: The block, file or field.

        Returns:
            Another error with the same code, message and hint.

        Example:
            >>> str(StudioError("shape.rank", "it needs a map.").at("conv1"))
            'conv1: it needs a map.'
        """
        return type(self)(self.code, self.message, where=where, hint=self.hint)


def shown(value: object, longest: int = 60) -> str:
    """A value for an error's text: short and printable, whatever it is."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, int) and value.bit_length() > _LONG:
        return say("a number of some {digits:,} digits", digits=int(value.bit_length() * 0.30103))
    else:
        try:
            text = repr(value)
        except (ValueError, RuntimeError, TypeError, AttributeError):  # too large a number or too deep a list within
            text = type(value).__name__
        if " at 0x" in text:  # Where it lies in memory says nothing.
            text = type(value).__name__
    text = text if text.isprintable() else ascii(text)[1:-1]
    return text if len(text) <= longest else text[: longest - 3] + "..."


def quoted(value: object, longest: int = 60) -> str:
    """`shown`, where a text stands between marks."""
    as_data = repr(value) if isinstance(value, str) else list(value) if isinstance(value, tuple) else value
    return shown(as_data, longest)


@contextmanager
def file_errors() -> Iterator[None]:
    """What the system refuses (a name too long for it, a folder that nobody may look into, a full disk) as a
    `StudioError` ``file.system`` that names the file."""
    try:
        yield
    except BrokenPipeError:  # the reader of a pipe went away, which is no error
        raise
    except OSError as error:
        name = str(error.filename or "")
        raise StudioError(
            "file.system",
            say("the system refuses it: {reason}.", reason=error.strerror or error),
            where=name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…",
        ) from error


def _rebuilt(kind: type[StudioError], code: str, message: str, where: str, hint: str) -> StudioError:
    return kind(code, message, where=where, hint=hint)
