#!/usr/bin/python3
"""Several outbound proxies: one after the other, each by its own name (RFC 3263
§4.3)."""

import re
import socket
import threading
import time

import lab
import names
import sserver

WAIT = 1                    # [s] RESOLVE_LIST_WAIT
SOON = 5                    # [s] from one edge to the next
DOMAIN = 'example.org'      # of the AORs; nobody asks DNS for it


class Edge:
    """A registrar on UDP that takes every REGISTER, and remembers it."""

    def __init__(self, it, port=None):
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind((it.host, port or it.port()))
        self.port = self.socket.getsockname()[1]
        self.requests = []
        self.silent = False
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            data, peer = self.socket.recvfrom(65536)
            text = data.decode(errors='replace')
            if text.startswith('REGISTER') and not self.silent:
                self.requests.append(text)
                self.socket.sendto(answer(text).encode(), peer)

    def routes(self):
        return [route(r) for r in self.requests]


def answer(request):
    lines = ['SIP/2.0 200 OK']
    for line in request.splitlines():
        if line.startswith('To:'):
            line += ';tag=e'
        if re.match('(Via|From|To|Call-ID|CSeq|Contact):', line):
            lines.append(line)
    return '\r\n'.join(lines + ['Expires: 600', 'Content-Length: 0', '', ''])


def route(request):
    found = re.search(r'^Route: *(.*?)\r?$', request, re.M)
    return found and found[1]


def account(name, *proxies, **keys):
    return {'name': name, 'aor': f'sip:{name}@{DOMAIN}', 'password': 'x',
            'outbound_proxy': list(proxies), **keys}


def started(it, server, *accounts, name):
    return lab.Sipregd(it, list(accounts), name=name,
                       dns={'servers': [server.address]})


def dead_at_start(it, server):
    """The first proxy is not there: refuses, or answers nothing."""
    for transport in 'udp', 'tcp':
        registrar = lab.Kamailio(it, 'kamailio-' + transport)
        first = f'sip:{it.host}:{it.port()};transport={transport}'
        second = registrar.uri(transport) + f';transport={transport}'
        began = time.monotonic()
        a = registrar.account('dead', transport,
                              outbound_proxy=[first, second])
        daemon = lab.Sipregd(it, [a], name='dead-' + transport)
        lab.check_await(f'{transport}: the first proxy is dead: registered by '
                        'way of the second', daemon.registered)
        took = time.monotonic() - began
        lab.check('within seconds', took < SOON, took)
        edge = daemon.status('dead')['flows'][0]['edge']
        lab.check('at the address of the second',
                  edge == f'{it.host}:{registrar.port}', edge)
        lab.check('exit status 0', daemon.stop() == 0)


def own_route(it, server):
    """Each has its own Route, and the flow goes on to the other one."""
    first, second = Edge(it), Edge(it)
    server.set('first.test', 'A', it.host)
    server.set('second.test', 'A', it.host)
    uris = [f'sip:first.test:{first.port};transport=udp;lr',
            f'sip:second.test:{second.port};transport=udp;lr']
    daemon = started(it, server, account('one', *uris), name='route')
    lab.check_await('both are there: registered by way of the first',
                    daemon.registered)
    lab.check('with its Route', set(first.routes()) == {f'<{uris[0]}>'},
              first.routes())
    lab.check('and of nobody else', not second.requests, second.requests)

    first.silent = True
    daemon.ctl('reconnect', 'one', '--timeout', '1')
    lab.check_await('the first says nothing any more: by way of the second',
                    lambda: second.requests, 60)
    lab.check('with its own Route', set(second.routes()) == {f'<{uris[1]}>'},
              second.routes())
    lab.check_await('the status names its host', lambda:
                    'second.test' in daemon.ctl('status', 'one')[1])
    lab.check('exit status 0', daemon.stop() == 0)


def certificates(it, server):
    """Over TLS each one shows the certificate of its own name."""
    it.ca()
    for host in 'first.test', 'second.test':
        it.certificate(host, 'DNS:' + host)
        server.set(host, 'A', it.host)
    # the first one's certificate is another one's: not to be trusted there
    wrong = sserver.SServer(it, 'wrong', it.path('second.test.pem'),
                            it.path('second.test.key'))
    right = sserver.SServer(it, 'right', it.path('second.test.pem'),
                            it.path('second.test.key'))
    uris = [f'sip:first.test:{wrong.port};transport=tls',
            f'sip:second.test:{right.port};transport=tls']
    daemon = started(it, server, account(
        'tls', *uris, tls={'ca_file': it.path('ca.pem')}), name='tls')
    lab.check_await('the first one shows the name of the second: it is left '
                    'for that', right.registers)
    lab.check('nothing was said to the first', not wrong.registers(),
              wrong.log())
    lab.check('the second has its own Route',
              route(right.registers()[0]) == f'<{uris[1]};lr>',
              right.registers())
    right.answer()
    lab.check_await('and is trusted by its own name', daemon.registered)
    daemon.stop()

    wrong.stop()
    good = sserver.SServer(it, 'good', it.path('first.test.pem'),
                           it.path('first.test.key'), port=wrong.port)
    daemon = started(it, server, account(
        'tls', *uris, tls={'ca_file': it.path('ca.pem')}), name='tls-2')
    lab.check_await('with the right certificate the first one is used',
                    good.registers)
    lab.check('with its Route',
              route(good.registers()[0]) == f'<{uris[0]};lr>',
              good.registers())
    good.answer()
    lab.check_await('registered', daemon.registered)
    daemon.stop()


def slow_names(it, server):
    """One name is not answered: the others are not kept waiting."""
    edge = Edge(it)
    server.set('mute.test', 'A', it.host)
    server.set('quick.test', 'A', it.host)
    server.faults['mute.test'] = 'drop'
    began = time.monotonic()
    daemon = started(it, server, account(
        'slow', f'sip:mute.test:{edge.port}',
        f'sip:quick.test:{edge.port};transport=udp'), name='slow')
    lab.check_await('DNS is silent about the first proxy: registered by way '
                    'of the second', daemon.registered)
    took = time.monotonic() - began
    lab.check('a second later at most, and a moment', took < WAIT + 1.5, took)
    lab.check('with its Route', route(edge.requests[0]) ==
              f'<sip:quick.test:{edge.port};transport=udp;lr>',
              edge.requests[0])

    # DNS knows it again: the next time it is the first one
    del server.faults['mute.test']
    lab.check_await('asked for again once DNS answers', lambda: (
        daemon.ctl('reconnect', 'slow', '--timeout', '10'),
        'mute.test' in (route(edge.requests[-1]) or ''))[1], 30)
    lab.check('exit status 0', daemon.stop() == 0)


def test(it):
    server = names.Names(it)
    dead_at_start(it, server)
    own_route(it, server)
    certificates(it, server)
    slow_names(it, server)


lab.run(test)
