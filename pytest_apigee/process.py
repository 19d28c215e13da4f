"""What a command is as a process: it ends when it is told to, and writes to whoever still reads."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

_TO_STOP = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last one is that of Windows

_mask = getattr(signal, "pthread_sigmask", lambda _how, _numbers: None)  # Windows has none


@contextmanager
def told_to_stop() -> Iterator[Callable[[], object]]:
    """Give what waits until the process is told to stop, also if it was before.

    Once is enough: what follows is its end, and whoever says it again must not change the exit status.
    """
    wake, waker = socket.socketpair()  # no event: a handler that takes its lock could wait for itself
    numbers = [getattr(signal, name) for name in _TO_STOP if hasattr(signal, name)]
    with wake, waker:
        waker.setblocking(False)  # noqa: FBT003 - its signature
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, lambda *_: None)
        try:
            yield lambda: wake.recv(1)
        finally:
            # Held back first: Python writes a traceback for a signal that comes while its handler is taken away.
            _mask(getattr(signal, "SIG_BLOCK", 0), numbers)
            for number in numbers:
                signal.signal(number, signal.SIG_IGN)  # a handler would be taken away before the interpreter ends
            signal.set_wakeup_fd(-1)


def write_line(stream: TextIO | None, line: str) -> bool:
    """Write a line at once; return whether anybody reads it.

    Args:
        stream: Standard output or error; None where the process was started without it.
        line: Without its end.
    """
    if stream is None:
        return False
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # or the interpreter tries again at its end
        return False
    return True
