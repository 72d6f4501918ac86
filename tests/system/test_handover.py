#!/usr/bin/python3
"""A restart that nobody outside notices: plain flows go on in the next process,
over the same sockets, without a REGISTER."""

import os
import signal
import subprocess

import lab
import manager

GRANT = 600         # [s] nobody refreshes while this runs
PLAIN = 'udp', 'tcp'


class Service(lab.Sipregd):
    """sipregd under a manager: restarts with what that keeps."""

    def __init__(self, it, keeper, accounts, **settings):
        super().__init__(it, accounts, start=keeper.start_in(it), **settings)

    def begin(self):
        self.process = self.start(self.name, self.argv)
        lab.await_that('it answers on its socket', self.alive)

    def end(self, sig=signal.SIGUSR2):
        self.process.send_signal(sig)
        return self.process.wait(10)

    def restart(self):
        status = self.end()
        self.begin()
        return status


def flow(daemon, name):
    return daemon.status(name)['flows'][0]


def facts(daemon, name):
    """What a restart must not change."""
    a = daemon.status(name)
    f = a['flows'][0]
    return {'local': f['local'], 'edge': f['edge'], 'mapped': f['mapped'],
            'contact': f['contact'], 'up': f['up_since_usec'] // 10**6,
            'since': a['registered_since_usec'] // 10**6,
            'registered': a['registered'], 'reachable': a['reachable'],
            'reason': a['reason'], 'granted': a['expires_granted']}


def near(a, b):
    """The same but for a second of rounding and drift in the times."""
    times = 'up', 'since'
    return all(abs(a[k] - b[k]) <= 1 if k in times else a[k] == b[k]
               for k in a)


def nobody_notices(it, keeper, registrar, daemon, names):
    before = {n: facts(daemon, n) for n in names}
    sent = [r for r in registrar.registers() if r['user'] in names]
    status = daemon.end()
    lab.check('it ends without an error', status == 0, status)
    lab.check('sockets and a note of them are kept', keeper.names(),
              it.log(daemon.name)[-2000:])
    caller = subprocess.Popen(
        ['sipsak', '-H', it.host, '-s',
         f'sip:tcp@{it.host}:{registrar.port}'],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    daemon.begin()
    for n in names:
        after = facts(daemon, n)
        lab.check(f'{n}: nothing is different after it',
                  near(before[n], after), (before[n], after))
        lab.check(f'{n}: calls arrive', registrar.reaches(n))
    lab.check('who called in between is answered', caller.wait(40) == 0)
    now = [r for r in registrar.registers() if r['user'] in names]
    lab.check('no REGISTER was sent', now == sent, now[len(sent):])
    lab.check('nothing is left with the manager', not keeper.names(),
              keeper.names())
    _, out, _ = daemon.ctl('history', names[0])
    lab.check('the history says it', 'goes on after a restart' in out, out)


def refreshes(registrar, daemon, names):
    for n in names:
        old = [r for r in registrar.registers() if r['user'] == n][-1]
        status, out, err = daemon.ctl('register', n)
        lab.check(f'{n}: a REGISTER over it is accepted', status == 0,
                  out + err)
        new = [r for r in registrar.registers() if r['user'] == n][-1]
        lab.check(f'{n}: with the same Call-ID and a larger CSeq',
                  new['callid'] == old['callid'] and
                  new['cseq'] > old['cseq'], (old, new))
        held = registrar.bindings()[n]
        lab.check(f'{n}: there is one binding', len(held) == 1, held)


def tls_comes_back(registrar, daemon):
    lab.check_await('tls: it comes back over a new connection',
                    lambda: daemon.registered('tls'))
    lab.check('tls: its old binding is gone',
              len(registrar.bindings()['tls']) == 1, registrar.bindings())


def changed(it, keeper, registrar, daemon, accounts):
    """Who has other settings after it does not go on."""
    other = [dict(a, keepalive={'interval': 12}) if a['name'] == 'tcp' else a
             for a in accounts]
    before = {n: flow(daemon, n)['local'] for n in PLAIN}
    daemon.end()
    settings = ''.join(
        line for line in open(daemon.config) if not line.startswith('accounts')
    ) + f'accounts = {lab.libconfig(other)};\n'
    it.write(os.path.basename(daemon.config), settings)
    daemon.begin()
    lab.check_await('changed settings: registered',
                    lambda: daemon.registered())
    lab.check('changed settings: over another connection',
              flow(daemon, 'tcp')['local'] != before['tcp'])
    lab.check('the same settings: over the same one',
              flow(daemon, 'udp')['local'] == before['udp'])
    lab.check('changed settings: one binding',
              len(registrar.bindings()['tcp']) == 1, registrar.bindings())


def killed(it, keeper, registrar, daemon):
    """Who crashes leaves nothing; the store is empty then."""
    daemon.restart()
    daemon.end(signal.SIGKILL)
    lab.check('after a crash there is nothing to go on with',
              not keeper.names(), keeper.names())
    daemon.begin()
    lab.check_await('after a crash: registered anew',
                    lambda: daemon.registered())
    for n in PLAIN:
        lab.check_await(f'{n}: one binding', lambda: len(
            registrar.bindings().get(n, [])) == 1)


def second_thoughts(keeper, registrar, daemon):
    """SIGTERM while it waits for an answer: un-registers after all."""
    silent = registrar.processes()
    for pid in silent:
        os.kill(pid, signal.SIGSTOP)
    asked = subprocess.Popen(
        [lab.SIPREGCTL, '-s', daemon.socket, 'register', 'udp'],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lab.await_that('a REGISTER is in flight', lambda: daemon.status('udp')[
        'next'] == 'register')
    daemon.process.send_signal(signal.SIGUSR2)
    daemon.process.send_signal(signal.SIGUSR2)
    daemon.process.send_signal(signal.SIGTERM)
    for pid in silent:
        os.kill(pid, signal.SIGCONT)
    lab.check('SIGUSR2 and then SIGTERM: it ends well',
              daemon.process.wait(10) == 0)
    asked.wait()
    lab.check_await('SIGUSR2 and then SIGTERM: no binding is left',
                    lambda: not any(registrar.bindings().values()))
    lab.check('SIGUSR2 and then SIGTERM: nothing is kept',
              not keeper.names(), keeper.names())
    daemon.begin()
    lab.check_await('and it is registered again', daemon.registered)


def stopped(keeper, registrar, daemon):
    lab.check('SIGTERM: it ends well', daemon.end(signal.SIGTERM) == 0)
    lab.check('SIGTERM: nothing is kept', not keeper.names(), keeper.names())
    lab.check_await('SIGTERM: no binding is left',
                    lambda: not any(registrar.bindings().values()))


def test(it):
    registrar = lab.Kamailio(it, grant=GRANT)
    keeper = manager.Manager(it)
    accounts = [registrar.account(t, t) for t in (*PLAIN, 'tls')]
    daemon = Service(it, keeper, accounts)
    lab.check_await('registered', lambda: daemon.registered())
    for n in PLAIN:
        lab.check_await(f'{n}: reachable', lambda: daemon.status(n)[
            'reachable'] == 'yes')

    nobody_notices(it, keeper, registrar, daemon, PLAIN)
    tls_comes_back(registrar, daemon)
    refreshes(registrar, daemon, PLAIN)
    nobody_notices(it, keeper, registrar, daemon, PLAIN)
    changed(it, keeper, registrar, daemon, accounts)
    killed(it, keeper, registrar, daemon)
    second_thoughts(keeper, registrar, daemon)
    stopped(keeper, registrar, daemon)


if __name__ == '__main__':
    lab.run(test)
