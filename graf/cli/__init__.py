"""The command line: each command parses its arguments and calls the library."""

from graf.cli.app import main

__all__ = ["main"]
