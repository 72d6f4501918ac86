"""Edges as nobody wants them, in threads of the test's own process. Each has a
`port` and counts the connections that it `accepted`."""

import re
import socket
import struct
import threading

OPTIONS_AT_ONCE = 100       # written in one piece
DRIP = 1                    # [s] between two bytes


class Edge:
    """Accepts; what then happens is serve()'s matter."""

    def __init__(self, lab, backlog=128):
        self.accepted = 0
        self.kept = []
        self.ended = threading.Event()
        self.listener = socket.create_server((lab.host, lab.port()),
                                             backlog=backlog)
        self.port = self.listener.getsockname()[1]
        self.listen()

    def listen(self):
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._serve, args=(s,),
                             daemon=True).start()

    def _serve(self, s):
        try:
            with s:
                self.serve(s)
        except OSError:
            pass

    def serve(self, s):
        """Says nothing, as long as the other end likes."""
        while s.recv(65536):
            pass

    def close(self):
        self.ended.set()
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        for s in self.listener, *self.kept:
            s.close()


class Hole(Edge):
    """Nothing comes back: its queue is full, so the kernel drops each SYN."""

    def __init__(self, lab):
        super().__init__(lab, backlog=0)

    def listen(self):
        for _ in range(4):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(self.listener.getsockname())
            self.kept.append(s)


class Refusing(Edge):
    """Nobody is there."""

    def listen(self):
        self.listener.close()


class Silent(Edge):
    """Accepts and says nothing; to TLS it stalls in the handshake."""


class Resetting(Edge):
    """Reads the beginning, and resets."""

    def serve(self, s):
        s.recv(1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                     struct.pack('ii', 1, 0))


class Dripping(Edge):
    """A byte of an answer, and after a while the next."""

    def serve(self, s):
        request = s.recv(65536).decode()
        for byte in answer(request).encode():
            if self.ended.wait(DRIP):
                return
            s.send(bytes([byte]))


class Deaf(Edge):
    """Accepts a REGISTER, then asks and never reads an answer. The first time
    until the other end gives up, later until its queue is nearly full."""

    def __init__(self, lab):
        self.full = 0               # connections that were given up
        self.quiet = 0              # that or asks no more: no load by itself
        self.enough = float('inf')  # questions
        super().__init__(lab)

    def listen(self):
        # what is accepted inherits it
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        super().listen()

    def serve(self, s):
        while not (request := s.recv(65536).decode()).startswith('REGISTER'):
            if not request:
                return
        s.send(answer(request).encode())
        contact = re.search(r'(?m)^Contact: <([^>]*)>', request)[1]
        aor = re.search(r'(?m)^To: <([^>]*)>', request)[1]
        number = 0
        try:
            while number < self.enough:
                many = ''
                for _ in range(OPTIONS_AT_ONCE):
                    number += 1
                    many += question(aor, contact, s.getsockname(), number)
                s.sendall(many.encode())
            self.quiet += 1
            self.ended.wait()
        except OSError:
            self.full += 1
            self.quiet += 1
            self.enough = min(self.enough, number - 2 * OPTIONS_AT_ONCE)


def answer(request):
    """200 to a REGISTER."""
    lines = ['SIP/2.0 200 OK']
    for line in request.splitlines():
        if line.startswith('To:'):
            line += ';tag=s'
        if re.match('(Via|From|To|Call-ID|CSeq|Contact):', line):
            lines.append(line)
    return '\r\n'.join([*lines, 'Expires: 600', 'Content-Length: 0', '', ''])


def question(aor, contact, ours, number):
    return '\r\n'.join([
        f'OPTIONS {contact} SIP/2.0',
        f'Via: SIP/2.0/TCP {ours[0]}:{ours[1]};branch=z9hG4bK{number}',
        f'From: <{aor}>;tag=q', f'To: <{aor}>', f'Call-ID: q{number}',
        f'CSeq: {number} OPTIONS', 'Max-Forwards: 70', 'Content-Length: 0',
        '', ''])
