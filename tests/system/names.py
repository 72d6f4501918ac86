"""An authoritative name server with faults, in threads of the test's own
process: NAPTR, SRV, A and AAAA over UDP and TCP."""

import collections
import ipaddress
import socket
import struct
import threading
import time

A, SOA, CNAME, AAAA, SRV, NAPTR = 1, 6, 5, 28, 33, 35
TYPES = {'A': A, 'AAAA': AAAA, 'SRV': SRV, 'NAPTR': NAPTR, 'CNAME': CNAME}
OK, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5


def encode(name):
    return b''.join(bytes([len(label)]) + label.encode()
                    for label in name.split('.') if label) + b'\0'


def text(value):
    return bytes([len(value)]) + value.encode()


def rdata(kind, v):
    if kind in (A, AAAA):
        return ipaddress.ip_address(v).packed
    if kind == CNAME:
        return encode(v)
    if kind == SRV:
        priority, weight, port, target = v
        return struct.pack('!HHH', priority, weight, port) + encode(target)
    order, preference, flags, service, replacement = v
    return (struct.pack('!HH', order, preference) + text(flags) +
            text(service) + text('') + encode(replacement))


class Names:
    """records: {(name, 'SRV'): [value, ...]}. `fault` of a name, of (name,
    type) or of '' for all: 'drop', 'servfail', 'refused', 'truncate' (over
    UDP), or seconds to wait before the answer."""

    def __init__(self, lab, ttl=60):
        self.ttl = ttl
        self.records = {}
        self.faults = {}
        self.asked = collections.Counter()      # (name, type): how often
        self.over_tcp = 0
        self.port = lab.port()
        self.address = f'{lab.host}:{self.port}'
        self.udp = socket.socket(type=socket.SOCK_DGRAM)
        self.udp.bind((lab.host, self.port))
        self.tcp = socket.create_server((lab.host, self.port))
        threading.Thread(target=self._serve_udp, daemon=True).start()
        threading.Thread(target=self._serve_tcp, daemon=True).start()

    def set(self, name, kind, *values):
        self.records[name, kind] = list(values)

    def _fault(self, name, kind):
        for key in (name, kind), name, '':
            if key in self.faults:
                return self.faults[key]
        return None

    def _answer(self, query, tcp):
        ident, = struct.unpack('!H', query[:2])
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        name = '.'.join(labels).lower()
        number, = struct.unpack('!H', query[at + 1:at + 3])
        kind = {v: k for k, v in TYPES.items()}.get(number, str(number))
        question = query[12:at + 5]
        self.asked[name, kind] += 1
        self.over_tcp += tcp

        fault = self._fault(name, kind)
        if fault == 'drop':
            return None
        if isinstance(fault, (int, float)):
            time.sleep(fault)
        values = self.records.get((name, kind), [])
        code = {'servfail': SERVFAIL, 'refused': REFUSED}.get(fault, OK)
        known = any(n == name for n, _ in self.records)
        if code == OK and not known:
            code = NXDOMAIN
        truncated = fault == 'truncate' and not tcp
        if code != OK or truncated:
            values = []
        body = b''.join(
            b'\xc0\x0c' + struct.pack('!HHIH', TYPES[kind], 1, self.ttl,
                                      len(data)) + data
            for data in (rdata(TYPES[kind], v) for v in values))
        flags = 0x8580 | (0x0200 if truncated else 0) | code
        return struct.pack('!HHHHHH', ident, flags, 1, len(values), 0,
                           0) + question + body

    def _serve_udp(self):
        while True:
            query, peer = self.udp.recvfrom(4096)
            threading.Thread(target=self._reply, args=(query, peer),
                             daemon=True).start()

    def _reply(self, query, peer):
        answer = self._answer(query, False)
        if answer:
            self.udp.sendto(answer, peer)

    def _serve_tcp(self):
        while True:
            s, _ = self.tcp.accept()
            threading.Thread(target=self._converse, args=(s,),
                             daemon=True).start()

    def _converse(self, s):
        with s, s.makefile('rb') as f:
            while len(size := f.read(2)) == 2:
                answer = self._answer(f.read(struct.unpack('!H', size)[0]),
                                      True)
                if not answer:
                    return
                s.sendall(struct.pack('!H', len(answer)) + answer)
