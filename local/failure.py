"""What ends a run with one line instead of a traceback."""


class Failure(Exception):
    """A step that did not work; the message is a sentence for whoever typed the command."""
