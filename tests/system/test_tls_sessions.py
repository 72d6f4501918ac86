#!/usr/bin/python3
"""A connection that was cut comes back by a shortened handshake, as the server
sees it; a server that has forgotten us is verified again."""

import lab
import peers
import sserver


class Case:
    def __init__(self, it, name, *options):
        self.it, self.name, self.options = it, name, options
        self.starts = 0
        self.certificate = it.certificate(name)
        self.start()
        self.proxy = peers.Proxy(it, (it.host, self.server.port))

    def start(self):
        """Another process at the same address: it knows none of us."""
        port = None
        if self.starts:
            self.server.stop()
            port = self.server.port
        self.starts += 1
        self.server = sserver.SServer(
            self.it, f'{self.name}-{self.starts}', *self.certificate,
            *self.options, port=port)

    def cut(self):
        """A server's own store keeps no session of a connection that broke;
        its tickets do."""
        if '-no_ticket' in self.options:
            self.server.send('q\n')        # s_server: ends this connection
        else:
            self.proxy.cut()

    def account(self):
        return sserver.account(self.it, self.name, None, {}, self.proxy.port)

    def check_registers(self, daemon, count, sentence):
        """The count-th REGISTER to this server arrives and is answered."""
        lab.check_await(f'{self.name}: {sentence}', lambda: len(
            self.server.registers()) >= count)
        self.server.answer()
        # a flow that was proven is replaced at once
        lab.check_await(f'{self.name}: proven', lambda: self.server.proves(
            daemon, self.name))


def test(it):
    it.ca()
    cases = [Case(it, 'v1.2', '-tls1_2'), Case(it, 'v1.3', '-tls1_3'),
             Case(it, 'v1.2-without-tickets', '-tls1_2', '-no_ticket')]
    daemon = lab.Sipregd(it, [c.account() for c in cases])

    for c in cases:
        c.check_registers(daemon, 1, 'a REGISTER arrives')
        lab.check(f'{c.name}: the first handshake is a full one',
                  c.server.resumed() == [False], c.server.log())

    for n in 2, 3, 4:
        for c in cases:
            c.cut()
        for c in cases:
            c.check_registers(daemon, n, 'back after a cut')
    for c in cases:
        lab.check(f'{c.name}: the server resumed each of them',
                  c.server.resumed() == [False, True, True, True],
                  c.server.log())

    for c in cases:
        c.start()
    for c in cases:
        c.check_registers(daemon, 1, 'back after a restart of the server')
        lab.check(f'{c.name}: the handshake was a full one',
                  c.server.resumed() == [False], c.server.log())

    for c in cases:
        c.certificate = it.certificate(c.name + '-new', san='DNS:a.example')
        c.start()
    for c in cases:
        sserver.check_reason(daemon, c.name, 'who has another name is refused',
                             'tls-name', 'certificate is for a.example, not '
                             + lab.NAME)
        lab.check(f'{c.name}: and is told nothing',
                  not c.server.registers(), c.server.log())
    log = it.log('sipregd')
    lab.check('no session is in the log', 'ession' not in log, log)
    lab.check('exit status 0 after SIGTERM', daemon.stop() == 0)


lab.run(test)
