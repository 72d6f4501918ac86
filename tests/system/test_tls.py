#!/usr/bin/python3
"""A registrar that cannot prove who it is gets nothing to read (SCENARIOS
T18)."""

import re
import subprocess

import lab
import peers


def listening(pid):
    """Lines of ss for the sockets on which the process takes anything."""
    out = subprocess.run(['ss', '-Hlntup'], capture_output=True, text=True,
                         check=True).stdout
    return [line for line in out.splitlines() if f'pid={pid},' in line]


class Case:
    def __init__(self, it, name, reason, words, account=None, **certificate):
        self.name, self.reason, self.words = name, reason, words
        pem, key = it.certificate(name, **certificate)
        self.server = peers.TlsServer(it, pem, key)
        self.account = {
            'name': name, 'aor': 'sip:alice@' + lab.NAME, 'password': 'x',
            'registrar': f'sip:{it.host}:{self.server.port}',
            'transport': 'tls',
            'tls': {'ca_file': it.path('ca.pem'), **(account or {})}}


def test(it):
    it.ca()
    it.ca('other-ca')
    named = {'name': lab.NAME}
    cases = [
        Case(it, 'wrong-name', 'tls-name', 'name', named,
             san='DNS:sip.example.com'),
        Case(it, 'unknown-ca', 'tls-untrusted', 'certificate', named,
             ca='other-ca'),
        Case(it, 'expired', 'tls-untrusted', 'expired', named, days=-1),
        # the certificate is good, for a name; we ask for an address
        Case(it, 'ip-literal', 'tls-name', 'name'),
        Case(it, 'other-ip', 'tls-name', 'name', san='IP:192.0.2.1'),
    ]
    registrar = lab.Kamailio(it)
    literal = peers.TlsServer(it, *it.certificate('address',
                                                  san='IP:' + it.host))
    accounts = [c.account for c in cases] + [
        registrar.account('udp', 'udp'), registrar.account('tcp', 'tcp'),
        registrar.account('tls', 'tls'),
        {**cases[0].account, 'name': 'address', 'tls': {
            'ca_file': it.path('ca.pem')},
         'registrar': f'sip:{it.host}:{literal.port}'}]
    daemon = lab.Sipregd(it, accounts)

    for c in cases:
        lab.check_await(f'{c.name}: refused as {c.reason}', lambda:
                        daemon.status(c.name)['reason'] == c.reason)
        text = daemon.status(c.name)['reason_text']
        lab.check(f'{c.name}: the text says why', c.words in text, text)
    lab.check_await('an address in the certificate is accepted for itself',
                    lambda: b'REGISTER sip:' in literal.data)
    lab.check('no SNI is sent for an address', literal.names[:1] == [None],
              literal.names)
    lab.check_await('the good ones are registered meanwhile', lambda:
                    daemon.registered('udp', 'tcp', 'tls'))

    for c in cases:
        # The second attempt shows that a retry is no weaker than the first.
        lab.check_await(f'{c.name}: it is tried again', lambda:
                        len(c.server.names) > 1, 20)
        lab.check(f'{c.name}: no byte of SIP was sent', not c.server.data,
                  c.server.data)
        name = c.account['tls'].get('name')
        lab.check(f'{c.name}: SNI is ' + (name or 'not sent'),
                  set(c.server.names) == {name}, c.server.names)
        lab.check(f'{c.name}: not registered',
                  not daemon.status(c.name)['registered'])

    sockets = listening(daemon.process.pid)
    lab.check('nothing listens but UDP sockets',
              not [s for s in sockets if not re.match('udp ', s)], sockets)
    lab.check('exit status 0 after SIGTERM', daemon.stop() == 0)


lab.run(test)
