"""The edges of a registrar, and what comes and goes there: connections,
datagrams and the messages in them. An edge can be closed like a process that
ends, frozen like one that hangs, and shaken like a bad network."""

import asyncio
import random
import re
import socket
import struct

COOKIE = 0x2112a442     # RFC 8489 §5
RCVBUF = 1 << 20        # bytes
LINGER_RESET = struct.pack('ii', 1, 0)


class Message:
    """One SIP message, headers in order."""

    def __init__(self, data):
        head, _, self.body = data.partition(b'\r\n\r\n')
        self.start, *lines = head.decode(errors='replace').split('\r\n')
        self.lines = [(n.strip().lower(), v.strip()) for n, _, v in
                      (line.partition(':') for line in lines)]
        self.method = self.start.split(' ', 1)[0]
        self.request = self.method != 'SIP/2.0'

    def all(self, name):
        return [v for n, v in self.lines if n == name]

    def get(self, name, default=''):
        return next((v for n, v in self.lines if n == name), default)

    def branch(self):
        m = re.search(r';branch=([^;,\s]+)', self.get('via'))
        return m[1] if m else ''

    def print(self):
        return ('\r\n'.join([self.start, *(f'{n}: {v}' for n, v in self.lines),
                             '', '']).encode() + self.body)


class Flow:
    """Where something came from and can be sent back to: a connection, or the
    far end of datagrams."""

    def __init__(self, edge, kind, peer, transport):
        self.edge, self.kind, self.peer = edge, kind, peer
        self.transport = transport

    def alive(self):
        return self.edge.up and not self.transport.is_closing()

    def send(self, data):
        if not self.alive():
            return
        if self.kind == 'udp':
            self.edge.shaken(self.transport.sendto, data, self.peer)
        else:
            self.transport.write(data)

    def cut(self, reset):
        """Ends a connection, politely or with a reset."""
        if self.transport.is_closing():
            return
        if reset:
            sock = self.transport.get_extra_info('socket')
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        self.transport.abort()


class Stream(asyncio.Protocol):
    def __init__(self, edge, kind):
        self.edge, self.kind, self.data = edge, kind, b''

    def connection_made(self, transport):
        self.flow = Flow(self.edge, self.kind,
                         transport.get_extra_info('peername'), transport)
        self.edge.flows.add(self.flow)

    def connection_lost(self, _why):
        self.edge.flows.discard(self.flow)

    def data_received(self, data):
        self.data += data
        while (whole := self._next()) is not None:
            self.edge.arrived(whole, self.flow)

    def _next(self):
        """A message or a ping; None: not whole yet."""
        if self.data.startswith(b'\r\n'):
            n = 4 if self.data.startswith(b'\r\n\r\n') else 2
            if n == 2 and len(self.data) < 4:
                return None
            ping, self.data = self.data[:n], self.data[n:]
            return ping
        end = self.data.find(b'\r\n\r\n')
        if end < 0:
            return None
        m = re.search(rb'(?i)\r\n(?:content-length|l)\s*:\s*(\d+)',
                      self.data[:end])
        end += 4 + (int(m[1]) if m else 0)
        if len(self.data) < end:
            return None
        message, self.data = self.data[:end], self.data[end:]
        return message


class Datagrams:
    """A UDP socket. All that has come is taken at once: asyncio's own takes one
    at a time, and then answers would be late that are not."""

    def __init__(self, edge, port):
        self.edge, self.loop = edge, asyncio.get_running_loop()
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RCVBUF)
        self.socket.bind((edge.host, port))
        self.loop.add_reader(self.socket, self._read)

    def _read(self):
        while True:
            try:
                data, source = self.socket.recvfrom(65536)
            except BlockingIOError:
                return
            except OSError:
                continue
            self.edge.shaken(self.edge.arrived, data,
                             Flow(self.edge, 'udp', source, self))
            if self.is_closing():
                return

    def sendto(self, data, peer):
        try:
            self.socket.sendto(data, peer)
        except OSError:
            pass                # as if it was lost on the way

    def is_closing(self):
        return self.socket.fileno() < 0

    def abort(self):
        self.loop.remove_reader(self.socket)
        self.socket.close()


class Edge:
    """One address of the registrar: port 5060 for UDP and TCP, 5061 for TLS.
    `outbound` confirms RFC 5626 and answers STUN; `mute` answers no CRLF."""

    def __init__(self, registrar, number, host, outbound=False, mute=False):
        self.registrar, self.number, self.host = registrar, number, host
        self.outbound, self.mute = outbound, mute
        self.up = False
        self.frozen = None          # what arrived meanwhile; None: it is well
        self.refuses = None         # how REGISTERs are answered; None: rightly
        self.shaky = None           # (longest delay [s], share twice)
        self.flows = set()

    async def open(self):
        loop = asyncio.get_running_loop()
        self.servers = [
            await loop.create_server(lambda k=kind: Stream(self, k), self.host,
                                     port, ssl=context, backlog=500)
            for kind, port, context in (('tcp', 5060, None),
                                        ('tls', 5061, self.registrar.tls))]
        self.udp = Datagrams(self, 5060)
        self.up = True

    def close(self, reset):
        """As a process that ends: its connections end too."""
        self.up = False
        for server in self.servers:
            server.close()
        self.udp.abort()
        for flow in list(self.flows):
            flow.cut(reset)
        self.flows.clear()

    def freeze(self):
        self.frozen = []

    def thaw(self):
        late, self.frozen = self.frozen or [], None
        for data, flow in late:
            if flow.alive():
                self.arrived(data, flow)

    def shaken(self, call, *args):
        """Now, or later and perhaps twice."""
        if not self.shaky:
            return call(*args)
        longest, twice = self.shaky
        loop = asyncio.get_running_loop()
        for _ in range(2 if random.random() < twice else 1):
            loop.call_later(random.uniform(0, longest), call, *args)

    def arrived(self, data, flow):
        if not self.up:
            return
        if self.frozen is not None:
            self.frozen.append((data, flow))
        elif not data.strip():
            if flow.kind != 'udp' and len(data) == 4 and not self.mute:
                flow.send(b'\r\n')
        elif len(data) >= 20 and data[4:8] == struct.pack('!I', COOKIE):
            if self.outbound:
                flow.send(stun_answer(data, flow.peer))
        else:
            self.registrar.on_message(Message(data), flow)


def stun_answer(data, source):
    """Binding success with XOR-MAPPED-ADDRESS."""
    ip = struct.unpack('!I', socket.inet_aton(source[0]))[0] ^ COOKIE
    value = struct.pack('!BBHI', 0, 1, source[1] ^ COOKIE >> 16, ip)
    return (struct.pack('!HHI', 0x0101, 4 + len(value), COOKIE) + data[8:20]
            + struct.pack('!HH', 0x0020, len(value)) + value)
