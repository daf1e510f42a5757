"""Numbers in letters three rows high, to be read from where the operator stands."""

_ROWS = {
    "0": ("█▀█", "█ █", "█▄█"),
    "1": ("▀█ ", " █ ", "▄█▄"),
    "2": ("▀▀█", "█▀▀", "█▄▄"),
    "3": ("▀▀█", " ▀█", "▄▄█"),
    "4": ("█ █", "▀▀█", "  █"),
    "5": ("█▀▀", "▀▀█", "▄▄█"),
    "6": ("█▀▀", "█▀█", "█▄█"),
    "7": ("▀▀█", "  █", "  █"),
    "8": ("█▀█", "█▀█", "█▄█"),
    "9": ("█▀█", "▀▀█", "▄▄█"),
    ".": (" ", " ", "▄"),
    "-": ("   ", "▀▀▀", "   "),
}
HEIGHT = 3


def large(number: str) -> tuple[str, str, str]:
    """The three rows of a number written with 0-9, "." and "-". Raises KeyError for any other character."""
    glyphs = [_ROWS[character] for character in number]
    top, middle, bottom = (" ".join(glyph[row] for glyph in glyphs) for row in range(HEIGHT))
    return top, middle, bottom
