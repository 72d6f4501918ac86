"""A registrar over UDP that does as it is told, for what Kamailio never does:
answers that lie about where a request came from, lists of bindings as somebody
once got them. It believes every credentials."""

import random
import re
import socket
import struct
import threading
import time

COOKIE = 0x2112a442         # RFC 8489 §5


def header(text, name):
    """The values of all headers of that name."""
    return re.findall(rf'^{name}\s*:\s*(.*?)\s*$', text, re.I | re.M)


def uri_of(contact):
    m = re.search(r'<([^>]*)>', contact)
    return m[1] if m else contact.split(';')[0]


class Mock:
    """Attributes that a case may replace:

    challenge   a REGISTER without credentials is answered 401
    seen        source -> (host, port): what the Via of every answer says
    rewrite     text of an answer -> what a router in between makes of it
    listed      (all bindings, headers of this REGISTER) -> what the 200 says
    stun        source -> (host, port) of a Binding response, or None
    """

    def __init__(self, net, host, port=5060):
        self.host, self.port = host, port
        self.challenge = True
        self.seen = lambda source: source
        self.rewrite = lambda text: text
        self.listed = lambda bindings, sent: bindings
        self.stun = lambda source: source
        self.log = []           # (time, request, source), oldest first
        self.answers = []       # to requests of our own
        self.questions = 0      # for STUN
        self.bindings = {}      # URI: Contact with its parameters
        self.socket = net.wan.socket(socket.SOCK_DGRAM, (host, port))
        threading.Thread(target=self._run, daemon=True).start()

    def account(self, user, **keys):
        return {'name': user, 'aor': f'sip:{user}@{self.host}',
                'password': 'secret', 'transport': 'udp', 'expires': 600,
                'registrar': f'sip:{self.host}:{self.port}', **keys}

    def registers(self, since=0):
        """REGISTERs that it got, as text."""
        return [text for at, text, _ in list(self.log)
                if at > since and text.startswith('REGISTER ')]

    def options(self, uri):
        """Asks that address from where it would send a call."""
        host, port = re.search(r'([\d.]+):(\d+)', uri).groups()
        call = f'm{time.monotonic_ns()}'
        text = (
            f'OPTIONS {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {self.host}:'
            f'{self.port};branch=z9hG4bK{call}\r\nMax-Forwards: 70\r\n'
            f'From: <sip:mock@{self.host}>;tag={call}\r\nTo: <{uri}>\r\n'
            f'Call-ID: {call}\r\nCSeq: 1 OPTIONS\r\n'
            'Content-Length: 0\r\n\r\n')
        try:
            self.socket.sendto(text.encode(), (host, int(port)))
        except OSError:
            pass                # a private one: there is no way to it
        return call

    # --- what arrives ---

    def _run(self):
        while True:
            try:
                data, source = self.socket.recvfrom(65536)
            except OSError:
                continue
            if len(data) >= 20 and data[4:8] == struct.pack('!I', COOKIE):
                self._stun(data, source)
            elif data.startswith(b'SIP/2.0'):
                self.answers.append(data.decode(errors='replace'))
            elif data.strip():
                self._request(data.decode(errors='replace'), source)

    def _stun(self, data, source):
        self.questions += 1
        mapped = self.stun(source)
        if not mapped:
            return
        ip = struct.unpack('!I', socket.inet_aton(mapped[0]))[0] ^ COOKIE
        value = struct.pack('!BBHI', 0, 1, mapped[1] ^ COOKIE >> 16, ip)
        self.socket.sendto(
            struct.pack('!HHI', 0x0101, 4 + len(value), COOKIE) + data[8:20]
            + struct.pack('!HH', 0x0020, len(value)) + value, source)

    def _request(self, text, source):
        self.log.append((time.monotonic(), text, source))
        if text.startswith('ACK '):
            return
        status, extra = '200 OK', []
        if text.startswith('REGISTER '):
            status, extra = self._register(text)
        host, port = self.seen(source)
        via = header(text, 'Via')
        via[0] = re.sub(r';rport(?=;|$)',
                        f';received={host};rport={port}', via[0], count=1)
        lines = [f'SIP/2.0 {status}', *(f'Via: {v}' for v in via),
                 'From: ' + header(text, 'From')[0],
                 'To: ' + header(text, 'To')[0] + ';tag=mock',
                 'Call-ID: ' + header(text, 'Call-ID')[0],
                 'CSeq: ' + header(text, 'CSeq')[0], *extra,
                 'Content-Length: 0', '', '']
        self.socket.sendto(self.rewrite('\r\n'.join(lines)).encode(), source)

    def _register(self, text):
        if self.challenge and not header(text, 'Authorization'):
            return '401 Unauthorized', [
                'WWW-Authenticate: Digest realm="mock", qop="auth", '
                f'nonce="{random.getrandbits(64):x}"']
        sent = [c.strip() for line in header(text, 'Contact')
                for c in line.split(',')]
        for contact in sent:
            self.bindings.pop(uri_of(contact), None)
            if not re.search(r';expires=0\b', contact):
                self.bindings = {uri_of(contact): contact, **self.bindings}
        said = self.listed(list(self.bindings.values()), sent)
        return '200 OK', ['Contact: ' + ', '.join(said)] if said else []
