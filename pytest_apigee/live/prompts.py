"""Asks whoever runs a command: on standard error, answered on standard input within a time.

Standard input is read byte by byte, so that what follows an answer is left to the program that is run next.
"""

import os
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_NEWLINES = (b"\n", b"\r", b"")


def ask(text: str, *, within_s: float, is_hidden: bool = False) -> str | None:
    """Return what was typed, without its end; None where nothing was in time, or nobody is there.

    Args:
        text: What to ask.
        within_s: How long to wait.
        is_hidden: Whether the terminal does not show what is typed.
    """
    if sys.stdin is None or sys.stderr is None:
        return None
    _show(f"{text} ")
    try:
        file = sys.stdin.fileno()
    except (OSError, ValueError):  # closed, or no file at all
        return None
    with _quiet(file) if is_hidden else _as_it_is():
        answer = _line(file, until=time.monotonic() + within_s)
    if is_hidden or answer is None:
        _show("\n")
    return None if answer is None else answer.decode(errors="replace").strip()


def _show(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _line(file: int, *, until: float) -> bytes | None:
    line = bytearray()
    while _is_ready(file, until=until):
        byte = os.read(file, 1)
        if byte in _NEWLINES:
            return bytes(line) if line or byte else None
        line += byte
    return None


def _is_ready(file: int, *, until: float) -> bool:
    try:
        return bool(select.select([file], [], [], max(0.0, until - time.monotonic()))[0])
    except OSError:  # Windows asks so of sockets alone
        return True


@contextmanager
def _quiet(file: int) -> Iterator[None]:
    """Let a terminal not show what is typed."""
    if not os.isatty(file):
        yield
        return
    try:
        import termios  # noqa: PLC0415 - Windows has none
    except ImportError:
        yield
        return
    before = termios.tcgetattr(file)
    silent = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(file, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        termios.tcsetattr(file, termios.TCSAFLUSH, before)


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield
