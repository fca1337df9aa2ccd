"""DynamoDB behind real connections, which die while a process sleeps and show it only in use."""

import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.tables import asked

_RESET = struct.pack("ii", 1, 0)


class DynamoDB(ThreadingHTTPServer):
    """MiniStack's answers over TCP; a connection of before `sleep` is reset at the next request.

    The request is lost with it, or was carried out and only its answer is lost.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.open: set[socket.socket] = set()
        self.dead: set[socket.socket] = set()
        self.carried_out = self.gone = False
        self.requests = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def sleep(self, *, carried_out: bool = False) -> None:
        """Time enough for every connection to end."""
        self.dead, self.carried_out = set(self.open), carried_out


class _Answering(BaseHTTPRequestHandler):
    server: DynamoDB
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def do_POST(self) -> None:
        self.server.requests += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        lost = self.connection in self.server.dead or self.server.gone
        if not lost or self.server.carried_out:
            status, headers, answer = asked(self.headers["X-Amz-Target"], body)
        if lost:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "x-amz-crc32"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        pass
