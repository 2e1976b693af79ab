"""What stands between the browser and the service: passes everything on, and can hold answers back or break off."""

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LIMIT = 120


class Held:
    """One answer that is held back until it is let go."""

    def __init__(self):
        self.arrived = threading.Event()
        self.released = threading.Event()

    def release(self):
        self.released.set()


class Gate:
    def __init__(self, upstream):
        self.upstream = upstream.removeprefix("http://")
        self.is_gone = False
        self.asked = []
        # What stands in the place of the service's answers by path, as JSON.
        self.answers = {}
        self._holds = []
        gate = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                gate._pass(self)

            do_POST = do_GET

            def log_message(self, *arguments):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, address):
                pass  # The page gives up connections on purpose.

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def hold(self):
        """Holds back the answer to the next check."""
        held = Held()
        self._holds.append(held)
        return held

    def close(self):
        for held in self._holds:
            held.release()
        self._server.shutdown()

    def _pass(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        is_check = handler.path == "/v1/verify"
        if is_check:
            self.asked.append(handler.headers.get("Content-Type"))
        if self.is_gone:
            handler.close_connection = True
            return
        if handler.path in self.answers:
            content = json.dumps(self.answers[handler.path]).encode()
            handler.send_response(200)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)
            return
        held = self._holds.pop(0) if is_check and self._holds else None
        connection = http.client.HTTPConnection(self.upstream, timeout=LIMIT)
        fields = {k: v for k, v in handler.headers.items() if k.lower() in ("content-type", "accept")}
        connection.request(handler.command, handler.path, body, fields)
        response = connection.getresponse()
        content = response.read()
        if held:
            held.arrived.set()
            held.released.wait(LIMIT)
        handler.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)
        connection.close()
