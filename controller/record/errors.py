"""The one error of this package."""


class RecordError(Exception):
    """A record that can not be made, read, trusted or written out. The text is one sentence for people that names the file."""
