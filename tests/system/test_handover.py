#!/usr/bin/python3
"""A restart that nobody outside notices: plain flows go on in the next process,
over the same sockets, without a REGISTER; those over TLS come back by a
shortened handshake, as the server sees it."""

import os
import signal
import subprocess

import lab
import manager
import sserver

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


def write_accounts(it, daemon, accounts):
    settings = ''.join(
        line for line in open(daemon.config) if not line.startswith('accounts')
    ) + f'accounts = {lab.libconfig(accounts)};\n'
    it.write(os.path.basename(daemon.config), settings)


def changed(it, keeper, registrar, daemon, accounts):
    """Who has other settings after it does not go on."""
    other = [dict(a, keepalive={'interval': 12}) if a['name'] == 'tcp' else a
             for a in accounts]
    before = {n: flow(daemon, n)['local'] for n in PLAIN}
    daemon.end()
    write_accounts(it, daemon, other)
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


TLS_KINDS = {'v1.2': ['-tls1_2'], 'v1.3': ['-tls1_3'],
             'v1.2-without-tickets': ['-tls1_2', '-no_ticket'],
             'other-ca': [], 'other-name': []}
CHANGED = 'other-ca', 'other-name'


def registers_over_tls(daemon, servers, count, sentence):
    for n, s in servers.items():
        lab.check_await(f'{n}: {sentence}',
                        lambda: len(s.registers()) >= count)
        s.answer()
        lab.check_await(f'{n}: proven', lambda: s.proves(daemon, n))


def tls_resumes(it, keeper):
    """Each server has one account; two of them change in between."""
    # each has a name of its own: sessions are kept by name
    names = {n: {'name': f'edge{i}.example.org'}
             for i, n in enumerate(TLS_KINDS)}
    servers = {n: sserver.SServer(it, n, *it.certificate(
                   n, san=f'DNS:{names[n]["name"]},DNS:other.example'),
                   *options)
               for n, options in TLS_KINDS.items()}
    accounts = [sserver.account(it, n, s, names[n])
                for n, s in servers.items()]
    daemon = Service(it, keeper, accounts, name='tls-restarts')
    registers_over_tls(daemon, servers, 1, 'a REGISTER arrives')
    for times in 2, 3:
        lab.check('tls: it ends without an error', daemon.end() == 0)
        lab.check('tls: a file of it is kept, with no flow',
                  keeper.names() == ['sipregd-tls'], keeper.names())
        daemon.begin()
        registers_over_tls(daemon, servers, times, 'back after a restart')
        lab.check('tls: nothing is left with the manager',
                  not keeper.names(), keeper.names())
        for n, s in servers.items():
            lab.check(f'{n}: the server resumed it',
                      s.resumed() == [False] + [True] * (times - 1), s.log())

    copy = it.path('ca-copy.pem')
    sserver.replace(copy, it.path('ca.pem'))
    other = {'other-ca': {'ca_file': copy},
             'other-name': {'name': 'other.example'}}
    accounts = [sserver.account(it, n, s, {**names[n], **other.get(n, {})})
                for n, s in servers.items()]
    daemon.end()
    write_accounts(it, daemon, accounts)
    daemon.begin()
    registers_over_tls(daemon, servers, 4, 'back after a change')
    for n, s in servers.items():
        full = n in CHANGED
        lab.check(f'{n}: the server ' + ('verified anew, under other rules'
                                         if full else 'resumed it again'),
                  s.resumed()[-1] != full, s.log())

    daemon.end(signal.SIGKILL)
    lab.check('tls: a crash leaves nothing', not keeper.names())
    daemon.begin()
    registers_over_tls(daemon, servers, 5, 'back after a crash')
    for n, s in servers.items():
        lab.check(f'{n}: by a full handshake', not s.resumed()[-1], s.log())
    with open(it.path('tls-restarts.state/state')) as f:
        state = f.read()
    lab.check('tls: no session is in the state file', 'SREGTLS' not in state
              and 'ession' not in state, state)
    daemon.end(signal.SIGKILL)


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
    tls_resumes(it, keeper)


if __name__ == '__main__':
    lab.run(test)
