#!/usr/bin/python3
"""Five hundred accounts and the end: un-registered within seconds, whether the
registrar answers or not, and left alone where a restart is meant. And an end
before the beginning (SCENARIOS O5)."""

import os
import re
import signal
import time

import lab
import manager

COUNT = 250         # accounts per transport
ALL = 2 * COUNT
GRANT = 3600        # [s] nobody refreshes while this runs
STOP_MAX = 8        # [s] from SIGTERM to the exit: 5, and a busy machine
STAY_MAX = 3        # [s] from SIGUSR2: there is nobody to wait for
TOLD_MAX = 30       # lines of the log for a stop, whatever the number
FAST = {'edge_registers': 0, 'registers': 0, 'edge_connects': 0,
        'connects': 0}


def statuses(keeper):
    """Every STATUS= so far."""
    return [words['STATUS'] for words in list(keeper.said)
            if 'STATUS' in words]


def bound(registrar):
    """How many bindings it holds: a list of so many is too long for it."""
    text = registrar.rpc('stats.get_statistics', 'usrloc:')
    return int(re.search(r'location_contacts = (\d+)', text)[1])


def groups(registrar):
    return [registrar.account(
        t + '%d', t, count=COUNT, first=1,
        aor=f'sip:{t}%d@{registrar.host}', password=f'secret-{t}%d')
        for t in ('udp', 'tcp')]


def start(it, registrar, wrap=''):
    daemon = lab.Sipregd(it, groups(registrar), wrap=wrap, log_level='info',
                         pace=FAST, defaults={'probe': {'mode': 'off'}})
    lab.await_that('all are registered', daemon.registered, 60)
    lab.await_that('and bound', lambda: bound(registrar) == ALL)
    return daemon


def end(it, daemon, sig):
    """Sends it; (exit status, how long that took [s], what the log said)."""
    before = len(it.log('sipregd'))
    began = time.monotonic()
    daemon.process.send_signal(sig)
    status = daemon.process.wait(20)
    took = time.monotonic() - began
    return status, took, it.log('sipregd')[before:].splitlines()


def in_time(what, status, took, allowed):
    lab.check(f'{what}: exit status 0', status == 0, status)
    # a sanitizer frees everything at the end
    allowed *= lab.PATIENCE / 15
    lab.check(f'{what}: within {allowed:g} s', took < allowed,
              f'{took:.1f} s')
    print(f'# {what}: {took:.2f} s', flush=True)


def has(lines, text):
    return [line for line in lines if text in line]


def refused(it, keeper):
    bad = it.write('bad.conf', 'accounts = (\n  { name = "a"; } );\n'
                   'colour = 7;\n')
    process = it.start('bad', [
        'env', f'NOTIFY_SOCKET={keeper.path}', lab.SIPREGD, '-c', bad])
    lab.check('a configuration that cannot be used: exit status 78',
              process.wait(20) == os.EX_CONFIG, process.returncode)
    lab.check_await('STATUS= says what is wrong with it', lambda: any(
        s.startswith(f'configuration refused: {bad}:') and
        s.endswith(' (+1 more)') for s in statuses(keeper)))


def answered(it, registrar, keeper):
    daemon = start(it, registrar, f'env NOTIFY_SOCKET={keeper.path}')
    lab.check_await('STATUS= says that all is well', lambda:
                    f'{ALL}/{ALL} reachable, {ALL} registered'
                    in statuses(keeper))
    status, took, lines = end(it, daemon, signal.SIGTERM)
    in_time('the registrar answers', status, took, STOP_MAX)
    lab.check('the registrar answers: no binding is left',
              bound(registrar) == 0, bound(registrar))
    lab.check('the registrar answers: the log tells it in one line',
              len(has(lines, f'un-registered {ALL} accounts')) == 1 and
              len(lines) < TOLD_MAX, '\n'.join(lines[:50]))
    lab.check('STATUS= says who has not left yet',
              any(s.startswith('un-registering ') and s.endswith(' accounts')
                  for s in statuses(keeper)), statuses(keeper)[-5:])


def restarted(it, registrar):
    daemon = start(it, registrar)
    status, took, _ = end(it, daemon, signal.SIGUSR2)
    in_time('SIGUSR2', status, took, STAY_MAX)
    lab.check('SIGUSR2: all bindings stay',
              bound(registrar) == ALL, bound(registrar))


def unanswered(it, registrar):
    daemon = start(it, registrar)
    stopped = registrar.processes()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        status, took, lines = end(it, daemon, signal.SIGTERM)
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    in_time('the registrar is silent', status, took, STOP_MAX)
    lab.check('the registrar is silent: the log says what was left behind, '
              'once', len(has(lines, f'could not un-register {ALL} accounts'))
              == 1, '\n'.join(lines[-5:]))
    lab.check('the registrar is silent: some are named, in few lines',
              has(lines, 'the binding stays until its lease ends') and
              len(lines) < TOLD_MAX, '\n'.join(lines[:50]))


def test(it):
    registrar = lab.Kamailio(it, grant=GRANT)
    keeper = manager.Manager(it)
    refused(it, keeper)
    answered(it, registrar, keeper)
    restarted(it, registrar)
    unanswered(it, registrar)


lab.run(test)
