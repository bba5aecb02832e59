"""What stands for an API server behind a tunnel."""

import socketserver


class Answering(socketserver.BaseRequestHandler):
    """Answers what it is sent, in capitals; the first ones of its connections it closes at once."""

    def handle(self) -> None:
        server = self.server
        assert isinstance(server, Upstream)
        if server.rude:
            server.rude -= 1
            self.request.recv(1)
            return
        while received := self.request.recv(1 << 16):
            self.request.sendall(received.upper())


class Upstream(socketserver.ThreadingTCPServer):
    """Stands for an API server."""

    daemon_threads = True
    rude = 0
