"""What stands in the way: a connection that can be cut, servers with the
wrong certificate. Threads of the test's own process."""

import socket
import ssl
import struct
import threading


class Proxy:
    """Passes TCP connections on to `target`, until told otherwise."""

    def __init__(self, lab, target):
        self.target = target
        self.pairs = []
        self.hole = set()           # sockets whose bytes vanish
        self.accepted = 0
        self.listener = socket.create_server((lab.host, lab.port()))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            near, _ = self.listener.accept()
            try:
                far = socket.create_connection(self.target)
            except OSError:
                near.close()
                continue
            self.accepted += 1
            self.pairs.append((near, far))
            for a, b in (near, far), (far, near):
                threading.Thread(target=self._pump, args=(a, b),
                                 daemon=True).start()

    def _pump(self, source, sink):
        try:
            while data := source.recv(65536):
                if source not in self.hole:
                    sink.sendall(data)
        except OSError:
            pass
        if source in self.hole:
            return                  # not even the end gets through
        for s in source, sink:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """Ends what there is now with a reset on the near side."""
        for near, far in self.pairs:
            # linger 0: close() resets
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack('ii', 1, 0))
            for s in near, far:
                try:
                    s.shutdown(socket.SHUT_RD)
                except OSError:
                    pass
                s.close()
        self.pairs = []

    def swallow(self):
        """What there is now stays open and silent in both directions; new
        connections are passed on."""
        for pair in self.pairs:
            self.hole.update(pair)
        self.pairs = []


class TlsServer:
    """Shakes hands with its certificate and remembers what it was told."""

    def __init__(self, lab, certificate, key):
        self.names = []             # SNI of each attempt, None without
        self.handshakes = 0         # that succeeded
        self.data = b''             # what came after them
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.context.sni_callback = self._sni
        self.listener = socket.create_server((lab.host, lab.port()))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _sni(self, _socket, name, _context):
        self.names.append(name)

    def _accept(self):
        while True:
            plain, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(plain,),
                             daemon=True).start()

    def _serve(self, plain):
        try:
            with self.context.wrap_socket(plain, server_side=True) as tls:
                self.handshakes += 1
                while data := tls.recv(65536):
                    self.data += data
        except OSError:
            pass
