#!/usr/bin/python3
"""A life in short, under valgrind: start, three refreshes, a lost connection,
stop. WRAP replaces the command in front of the daemon, WRAP= is none."""

import os

import lab
import peers

VALGRIND = ('valgrind -q --error-exitcode=99 --leak-check=full '
            '--show-leak-kinds=definite,possible '
            '--errors-for-leak-kinds=definite,possible')
GRANT = 11          # [s] refreshed every 5 to 6
REFRESHES = 3


def test(it):
    registrar = lab.Kamailio(it, grant=GRANT)
    proxy = peers.Proxy(it, (it.host, registrar.tls_port))
    transports = {'udp': registrar.port, 'tcp': registrar.port,
                  'tls': proxy.port}
    daemon = lab.Sipregd(it, [
        registrar.account(t, t, port=port, keepalive={'interval': 2})
        for t, port in transports.items()],
        wrap=os.environ.get('WRAP', VALGRIND))

    lab.check_await('all are registered', daemon.registered, 60)
    # each of them sends one more for the challenge
    lab.check_await(f'{REFRESHES} refreshes each', lambda: all(
        len([r for r in registrar.registers(t) if r['auth']]) > REFRESHES
        for t in transports), (REFRESHES + 3) * GRANT)
    lab.check('the companion is answered', daemon.ctl('list')[0] == 0
              and daemon.ctl('status', 'tls')[0] == 0
              and daemon.ctl('status', 'nobody')[0] == 4
              and daemon.ctl('register', 'udp')[0] == 0)
    proxy.cut()
    lab.check_await('a second connection after the first was cut',
                    lambda: proxy.accepted == 2 and
                    daemon.status('tls')['counters']['flow_failures'] == 1
                    and daemon.registered(), 60)
    status = daemon.stop()
    log = it.log('sipregd')
    lab.check('nothing to complain of until its end, exit status 0',
              status == 0, f'exit status {status}\n' + '\n'.join(
                  line for line in log.splitlines() if line[:2] == '=='))
    lab.check_await('no binding is left behind',
                    lambda: not registrar.bindings())


lab.run(test)
