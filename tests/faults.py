"""What an error says of a text that is no architecture."""

import pytest

from graf.exceptions import ArchitectureError

SHOWN = 30  # characters before and behind the fault


def check_fault(space, text, kind, expected, at):
    """A text is refused with what it is not, what was expected, and the place where it goes wrong."""
    with pytest.raises(ArchitectureError, match=f"^not a {kind}: expected ") as error:
        space.parse(text)
    shown = f"{text[max(0, at - SHOWN) : at]} >>> {text[at : at + SHOWN]}"
    what, _, where = str(error.value).partition(" at character ")
    assert expected in what
    assert where == f"{at}, got {shown!r:.100}"
