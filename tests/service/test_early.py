#!/usr/bin/python3
"""The machine boots without a network and without a name server: the service
is there, and registers as soon as it can
(SCENARIOS O6)."""

import scene
from scene import lab, names

WITHIN = 40                 # [s] after the network is there


def name_server(s):
    """In the registrar's network, where nobody gets at it yet."""
    s.it.host, port, s.it.port = scene.REGISTRAR, s.it.port, lambda: 53
    with s.net.wan.inside():
        server = names.Names(s.it)
    s.it.port = port
    server.set(lab.NAME, 'A', scene.REGISTRAR)


def test(s):
    s.install()
    named = s.registrar.account('tls', aor=f'sip:tls@{lab.NAME}',
                                registrar=f'sip:{lab.NAME}:5061')
    s.account(named, s.registrar.account('udp'), s.registrar.account('tcp'),
              file='all')
    name_server(s)
    s.off()
    s.box.write('/etc/resolv.conf', f'nameserver {scene.REGISTRAR}\n')
    s.net.down()

    s.boot()
    lab.check('booted without a network: the service is active',
              s.service.state() == 'active', s.service.state())
    lab.check('the machine did not wait for it', s.box.must(
        'systemctl', 'is-system-running').strip() == 'running')
    lab.check_await('each account says what is missing', lambda: all(
        not a['registered'] and a['reason'] not in ('starting', 'resolving')
        for a in s.service.enabled()))
    text = s.service.show('StatusText')
    lab.check('`systemctl status` says it of each', text.startswith(
        '0/3 reachable') and all(f'{t}: ' in text for t in scene.TRANSPORTS),
        text)

    s.net.up()
    lab.check_await('the network is there: all are registered',
                    s.service.registered, WITHIN)
    for t in scene.TRANSPORTS:
        lab.check_await(f'a request to {t} arrives', lambda: s.reaches(t))
    lab.check('nothing was restarted', s.service.show('NRestarts') == '0')
    lab.check_await('`systemctl status` says so too', lambda:
                    s.service.show('StatusText').startswith('3/3 reachable'))

    s.off()
    lab.check('powered off: the registrar has forgotten all of them',
              not s.registrar.bindings(), s.registrar.bindings())


scene.run(test)
