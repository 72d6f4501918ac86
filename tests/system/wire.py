"""A relay in front of a registrar that keeps what goes through it: who wants to
know whether a secret is shown must know it, and some are made anew for each
message."""

import re
import select
import socket
import ssl
import threading

# What of a message nobody else may see, and where it stands.
PLACES = {
    'a digest response': rb'(?i)\bresponse="([0-9a-f]+)"',
    'a cnonce': rb'(?i)\bcnonce="([^"]+)"',
    'our Contact\'s token, of the account': rb'[;<]sipregd=([0-9a-f]+)\.',
    'our Contact\'s token, of the flow': rb'[;<]sipregd=[0-9a-f]+\.'
                                         rb'([0-9a-f]+)',
    'the mark of a probe': rb'(?im)^Sipregd-Probe: *(\S+)',
}


class Wire:
    """UDP and TCP on `port`, TLS with the registrar's own certificate on
    `tls_port`."""

    def __init__(self, it, registrar):
        self.host, self.port, self.tls_port = it.host, it.port(), it.port()
        self.seen = bytearray()     # all that the client has sent
        self.target = registrar.host, registrar.port
        self.tls_target = registrar.host, registrar.tls_port
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(it.path('registrar.pem'),
                                    it.path('registrar.key'))
        # so that the client signs with its key
        self.server.load_verify_locations(it.path('ca.pem'))
        self.server.verify_mode = ssl.CERT_OPTIONAL
        self.signed = 0             # handshakes with a certificate
        self.client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.client.check_hostname = False
        self.client.verify_mode = ssl.CERT_NONE
        self.udp = socket.socket(type=socket.SOCK_DGRAM)
        self.udp.bind((self.host, self.port))
        self._start(self._datagrams)
        for port, tls in (self.port, False), (self.tls_port, True):
            self._start(self._accept,
                        socket.create_server((self.host, port)), tls)

    @staticmethod
    def _start(function, *args):
        threading.Thread(target=function, args=args, daemon=True).start()

    def secrets(self):
        """{value: what it is} of all that went through until now."""
        return {m.decode(): what for what, place in PLACES.items()
                for m in re.findall(place, bytes(self.seen))}

    # --- datagrams: each client has a socket of its own on the far side ---

    def _datagrams(self):
        far = {}
        while True:
            data, client = self.udp.recvfrom(65536)
            self.seen += data + b'\n'
            if client not in far:
                far[client] = socket.socket(type=socket.SOCK_DGRAM)
                far[client].bind((self.host, 0))
                far[client].connect(self.target)
                self._start(self._back, far[client], client)
            try:
                far[client].send(data)
            except OSError:
                pass                # the registrar is not there now

    def _back(self, far, client):
        while True:
            try:
                self.udp.sendto(far.recv(65536), client)
            except ConnectionRefusedError:
                pass

    # --- streams ---

    def _accept(self, listener, tls):
        while True:
            self._start(self._stream, listener.accept()[0], tls)

    def _stream(self, near, tls):
        try:
            with near, socket.create_connection(
                    self.tls_target if tls else self.target) as far:
                if not tls:
                    self._pass_on(near, far)
                    return
                with self.server.wrap_socket(near, server_side=True) as a, \
                     self.client.wrap_socket(far) as b:
                    self.signed += bool(a.getpeercert())
                    self._pass_on(a, b)
        except OSError:
            pass

    def _pass_on(self, near, far):
        """Both ways in one thread, as a TLS connection wants it."""
        other = {near: far, far: near}
        while True:
            held = [s for s in other
                    if isinstance(s, ssl.SSLSocket) and s.pending()]
            for s in held or select.select([*other], [], [])[0]:
                data = s.recv(65536)
                if not data:
                    return
                if s is near:
                    self.seen += data
                other[s].sendall(data)
