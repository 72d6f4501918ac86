#!/usr/bin/python3
"""Isolation: 200 accounts have to do something while the edges of others are
black holes, refuse, reset, stall, drip, never read, answer 503, or have names
that nobody resolves. They must not notice. An undisturbed and a disturbed run
of the same program make a pair, and are compared. What the daemon does to its
accounts shows in every pair; what else the machine does, hardly: a figure
passes with its best pair, and there is a next pair only if one has not yet.

ISOLATION=full: more pairs, all of them."""

import json
import os
import socket
import statistics
import time

import hostile
import lab
import names
import registrar as own

HEALTHY = 200
OTHERS = 20             # accounts at each bad edge
DEAF = 4                # those send as fast as they can
NAMELESS = 60, 15       # dead names: more than may be asked at once, and few
FULL = os.environ.get('ISOLATION') == 'full'
PAIRS = 4 if FULL else 3    # of each, at most
ALLOWED = 1.2
NOISE = 0.005, 0.010    # [s] what a machine with two cores may be late: the
                        # median, the 95th percentile
TTL = 1                 # [s] of the healthy registrar's name
GRANT = 3600            # [s]
SETTLE = 20             # [s] until the bad edges have shown what they are
OFF = {'edge_registers': 0, 'registers': 0, 'edge_connects': 0,
       'connects': 0}
HOST = 'registrar.test'


class Varlink:
    """One connection to the daemon: no process has to start for a call."""

    def __init__(self, daemon):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(daemon.socket)
        self.socket.settimeout(30)

    def call(self, method, **parameters):
        self.socket.sendall(json.dumps({
            'method': 'io.sipregd.' + method,
            'parameters': parameters}).encode() + b'\0')
        reply = b''
        while not reply.endswith(b'\0'):
            reply += self.socket.recv(65536)
        return json.loads(reply[:-1])


class Bad:
    """All that is wrong with the others."""

    def __init__(self, it, server, nameless):
        self.nameless = nameless
        self.busy = own.Registrar(it, 'busy', users='busy%d', count=OTHERS,
                                  transports=['tcp'])
        self.busy.tell('answer 503 * Retry-After: 5')
        self.edges = {kind.__name__.lower(): kind(it) for kind in (
            hostile.Hole, hostile.Refusing, hostile.Resetting, hostile.Silent,
            hostile.Dripping, hostile.Deaf)}
        for i in range(1, nameless + 1):
            server.faults[f'nobody{i}.test'] = 'drop'
            server.faults[f'slow{i}.test'] = 3
        self.it = it

    def group(self, name, count=OTHERS, port=None, transport='tcp', host=None):
        where = f'sip:{host or self.it.host}'
        if port:
            where += f':{port}'
        a = {'name': name + '%d', 'count': count, 'first': 1,
             'aor': f'sip:{name}%d@{self.it.host}', 'password': 'x',
             'registrar': where, 'transport': transport}
        if transport == 'tls':
            a['tls'] = {'ca_file': self.it.path('ca.pem'), 'name': lab.NAME}
        return a

    def accounts(self):
        for name, edge in self.edges.items():
            tls = name in ('resetting', 'silent')
            yield self.group(name, DEAF if name == 'deaf' else OTHERS,
                             edge.port, 'tls' if tls else 'tcp')
        yield self.busy.accounts('tcp')
        yield self.group('nobody', self.nameless, 5060, host='nobody%d.test')
        yield self.group('slow', OTHERS, 5060, host='slow%d.test')

    def shown(self):
        """Have they all met what is wrong?"""
        return all(e.accepted for n, e in self.edges.items()
                   if n not in ('hole', 'refusing')) and \
            self.edges['deaf'].full and self.edges['deaf'].quiet >= DEAF and \
            self.busy.counters()['registers'] > 0

    def said(self):
        return {**{n: e.accepted for n, e in self.edges.items()},
                'full': self.edges['deaf'].full,
                'quiet': self.edges['deaf'].quiet, **self.busy.counters()}

    def close(self):
        for edge in self.edges.values():
            edge.close()
        self.busy.stop()


def quantiles(values):
    values = sorted(values)
    return statistics.median(values), values[int(len(values) * 0.95) - 1]


def asked(server):
    return server.asked[HOST, 'A']


def mass(registrar, server):
    """All flows are reset, and the name of their registrar has to be asked
    again: [s] from that to each account's REGISTER."""
    before, since = asked(server), own.now()
    registrar.tell('cut rst *')
    lab.await_that('all healthy ones are back',
                   lambda: registrar.bound() == HEALTHY, 30, 0.2)
    first = {}
    for at, user, code, _ in registrar.registers(since):
        if not code:
            first.setdefault(user, at - since)
    if asked(server) == before:
        raise lab.Failed('its name was not asked again')
    return list(first.values())


def single(registrar, daemon):
    """Each is told to register: [s] from that to the daemon's answer, which
    it gives when the registrar has answered."""
    control, took = Varlink(daemon), []
    for i in range(1, HEALTHY + 1):
        began = time.monotonic()
        reply = control.call('Register', name=f'u{i}')
        took.append(time.monotonic() - began)
        if not reply.get('parameters', {}).get('ok'):
            raise lab.Failed(f'register u{i}: {reply}')
    return took


def measure(it, nameless):
    """{what: (median, 95th percentile)}; nameless 0: nobody disturbs."""
    server = names.Names(it, TTL)
    server.set(HOST, 'A', it.host)
    registrar = own.Registrar(it, count=HEALTHY, transports=['tcp'],
                              options=['-g', str(GRANT)])
    healthy = registrar.accounts(
        'tcp', registrar=f'sip:{HOST}:{registrar.ports["tcp"]}')
    bad = Bad(it, server, nameless) if nameless else None
    daemon = lab.Sipregd(
        it, [*(bad.accounts() if bad else ()), healthy], log_level='info',
        pace=OFF, dns={'servers': [server.address]},
        defaults={'probe': {'mode': 'off'}})
    lab.await_that('the healthy ones are registered, their flows proven',
                   lambda: well(daemon), 40, 0.3)
    if bad:
        try:
            lab.await_that('all that is bad has shown itself', bad.shown,
                           SETTLE, 0.2)
        except lab.Failed:
            raise lab.Failed(f'not all that is bad has shown itself: '
                             f'{bad.said()}')
    time.sleep(TTL)     # since the last that could have asked
    figures = {'all flows reset': quantiles(mass(registrar, server)),
               'told to register': quantiles(single(registrar, daemon))}
    if bad:
        states = {}
        for a in daemon.list():
            kind = a['name'].rstrip('0123456789')
            states.setdefault(kind, set()).add(a['reason'])
        print('#', states, flush=True)
        bad.close()
    daemon.stop()
    registrar.stop()
    return figures


def well(daemon):
    mine = [a for a in daemon.list() if a['name'].startswith('u')]
    return len(mine) == HEALTHY and all(
        a['registered'] and a['flows'][0]['state'] == 'proven' for a in mine)


def in_a_lab(nameless):
    inner = lab.Lab()
    inner.ca()
    try:
        return measure(inner, nameless)
    finally:
        inner.close()


def compare(best, alone, among):
    """Into `best`: {(what, quantile): (how late, text)} of the best pair; 1.0
    is as late as is allowed."""
    for what in alone:
        for i, name in enumerate(('median', '95th percentile')):
            a, b = alone[what][i], among[what][i]
            late = min(b / a / ALLOWED, (b - a) / NOISE[i])
            text = (f'{1000 * a:.1f} ms undisturbed, {1000 * b:.1f} ms among '
                    f'bad edges: {b / a:.2f}')
            print(f'# {what}, {name}: {text}', flush=True)
            best[what, name] = min(best.get((what, name), (late, text)),
                                   (late, text))


def isolated(nameless):
    best = {}
    for i in range(PAIRS):
        compare(best, in_a_lab(0), in_a_lab(nameless))
        if not FULL and all(late <= 1 for late, _ in best.values()):
            break
    for (what, name), (late, text) in best.items():
        lab.check(f'{nameless} dead names: {what}: the {name} is within '
                  f'{ALLOWED:g} x of an undisturbed run', late <= 1, text)


def test(it):
    for nameless in NAMELESS:
        isolated(nameless)


lab.run(test)
