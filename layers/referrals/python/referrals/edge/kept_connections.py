"""Connections to receivers that are kept for the next event: a handshake costs more than an event.

Each leads to an address that was looked at when it was made. None is kept for long, so that a
name that leads elsewhere by now is looked at again.
"""

import socket
import ssl
import time
from dataclasses import dataclass

# By the clock: the monotonic one may stand still while Lambda has the process frozen.
_LONGEST_LIFE = 60.0
# Node's own server closes after five seconds without a request, and others later.
_LONGEST_REST = 4.0


@dataclass(eq=False)
class Connection:
    """A connection, when it was made and when it was last used, in seconds since the epoch."""

    socket: socket.socket
    made_at: float
    used_at: float = 0

    def close(self) -> None:
        """End it without a word."""
        self.socket.close()

    def is_good(self) -> bool:
        """Whether it is young, and still open as far as can be seen without asking."""
        now = time.time()
        young = 0 <= now - self.made_at <= _LONGEST_LIFE and now - self.used_at <= _LONGEST_REST
        return young and self._is_silent()

    def _is_silent(self) -> bool:
        """Nothing is owed to us: what there is to read is the other end's goodbye."""
        self.socket.settimeout(0)
        try:
            self.socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            pass
        return False


class KeptConnections:
    """Those that nobody uses for now, by the URL that they serve."""

    def __init__(self) -> None:
        # A list's append and pop are safe between threads.
        self._idle: dict[str, list[Connection]] = {}

    def take(self, url: str) -> Connection | None:
        """One that is still good, for the caller alone; None where there is none."""
        idle = self._idle.setdefault(url, [])
        while True:
            try:
                connection = idle.pop()
            except IndexError:
                return None
            if connection.is_good():
                return connection
            connection.close()

    def keep(self, url: str, connection: Connection) -> None:
        """Leave one for whoever comes next."""
        connection.used_at = time.time()
        self._idle.setdefault(url, []).append(connection)

    def close(self) -> None:
        """End them all."""
        for idle in self._idle.values():
            while idle:
                idle.pop().close()
