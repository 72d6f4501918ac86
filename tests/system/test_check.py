#!/usr/bin/python3
"""sipregctl check and check_sipregd: what a monitoring system gets to see, by
the conventions of the Monitoring Plugins."""

import json
import os
import re
import resource
import subprocess
import time

import lab
from control import ACCOUNT, ENV, FLOW, UNKNOWN, Daemon, ctl

OK, WARNING, CRITICAL, UNKNOWN_STATE = range(4)
WORDS = 'OK', 'WARNING', 'CRITICAL', 'UNKNOWN'
DAY = 86400

# 'label'=value[unit];[warning];[critical];[minimum];[maximum]
NUMBER = re.compile(r"[a-z_]+=\d+[s]?(;[\d:]*){0,4}")


def flow(days=None, **other):
    """With a certificate that lasts so long."""
    usec = None if days is None else int((time.time() + days * DAY) * 1e6)
    return {**FLOW, 'tls': {**FLOW['tls'], 'not_after_usec': usec}, **other}


GOOD = {**ACCOUNT, 'flows': [flow(90.5)]}


def account(name='trunk', **other):
    return {**GOOD, 'name': name, **other}


DOWN = {'registered': False, 'reachable': 'no', 'reason': 'forbidden',
        'reason_text': 'It is forbidden | really.', 'lease_left': None}
UNPROVEN = {'reachable': 'unknown', 'reason': 'unproven', 'evidence': 'none'}
GHOSTS = {'bindings': {'own': 1, 'ghost': 2, 'foreign': 0}}


# [s] of CPU for ten thousand accounts; a sanitizer takes longer
TOOK = 5 * lab.PATIENCE / 15


class Plugin:
    """What it printed and how it ended."""

    def __init__(self, d, *argv, verb=('check',), **kwargs):
        self.status, self.out, self.err = ctl(d, *verb, *argv, **kwargs)
        first, _, self.long = self.out.partition('\n')
        self.text, _, numbers = first.partition(' | ')
        self.numbers = dict(n.split('=', 1) for n in numbers.split())
        self.good = (self.out.startswith(f'SIPREGD {WORDS[self.status]} - ')
                     and not self.err and self.out.count('|') <= 1
                     and all(NUMBER.fullmatch(n) for n in numbers.split()))

    def __str__(self):
        return f'{self.status}\n{self.out}{self.err}'


def is_(sentence, p, status, *parts):
    lab.check(f'{status}: {sentence}', p.status == status and p.good
              and all(part in p.out for part in parts), p)


def states(d):
    def said(sentence, status, *parts, argv=(), **other):
        d.says({'accounts': [account('home')]},
               {'accounts': [account(**other)]})
        p = Plugin(d, *argv)
        is_(sentence, p, status, *parts)
        return p

    p = said('all can be called', OK, 'SIPREGD OK - 2/2 reachable | ')
    lab.check('its numbers are for graphs', p.numbers['reachable']
              == '2;;;0;2' and p.numbers['registered'] == '2;;;0;2'
              and p.numbers['lease'] == '3492s;;;0'
              and p.numbers['certificate'].endswith('s;1209600:;;0'), p)
    lab.check('and no more is said', not p.long, p)
    p = said('one cannot', CRITICAL, 'SIPREGD CRITICAL - 1/2 reachable, 1 not '
             '(forbidden): trunk | ', 'CRITICAL trunk: not reachable since '
             '2023-11-14T23:13:21+01:00 (', ', forbidden: It is forbidden / '
             'really.\n', **DOWN)
    lab.check('with its numbers', p.numbers['reachable'] == '1;;;0;2'
              and p.numbers['critical'] == '1;;0;0;2', p)
    said('the lease is gone', CRITICAL, 'CRITICAL trunk: not reachable',
         **{**DOWN, 'reason': 'lease-expired'})
    said('the registrar does not list us', CRITICAL,
         'CRITICAL trunk: not registered', registered=False,
         reachable='unknown', reason='binding-absent')
    said('it has just begun', WARNING, 'WARNING trunk: not registered',
         registered=False, reachable='unknown', reason='connecting')
    said('registered, but not proven', WARNING, '1/2 reachable, 1 unknown: '
         'trunk', 'WARNING trunk: registered, but not proven', **UNPROVEN)
    said('a refresh was refused, the lease still holds', WARNING,
         'WARNING trunk: reachable, but the last attempt failed, rejected',
         reason='rejected')
    p = said('ghosts', WARNING, 'WARNING trunk: ghosts at the registrar (2)\n',
             **GHOSTS)
    lab.check('and how many', p.numbers['ghosts'] == '2;;;0', p)
    said('a certificate ends soon', WARNING, 'certificate ends soon (13d',
         flows=[flow(90), flow(13.5)])
    said('a certificate has ended', WARNING, 'certificate has ended\n',
         flows=[flow(-1)])
    said('--cert-days says how soon is soon', OK, argv=['--cert-days', '7'],
         flows=[flow(13.5)])
    said('paused: somebody has to remember that', WARNING,
         '1/2 reachable, 1 paused: trunk', 'WARNING trunk: paused',
         **{**DOWN, 'paused': True, 'reason': 'paused'})
    said('disabled: not missed', OK, '1/1 reachable, 1 disabled | ',
         **{**DOWN, 'enabled': False, 'reason': 'paused'})
    said('--critical: one is not yet critical', WARNING, argv=['-c', '1'],
         **DOWN)
    p = said('--warning: nor worth a warning', OK, '1/2 reachable',
             argv=['-c', '1', '-w', '1'], **DOWN)
    lab.check('the thresholds are in the numbers', p.numbers['trouble']
              == '1;1;;0;2' and p.numbers['critical'] == '1;;1;0;2', p)
    said('no certificate, nothing known', WARNING, flows=[], bindings=None,
         **UNPROVEN)

    d.says({'accounts': []})
    is_('no accounts', Plugin(d), UNKNOWN_STATE, 'no accounts')
    d.says({'accounts': [UNKNOWN]})
    is_('none that is wanted', Plugin(d), UNKNOWN_STATE,
        'no accounts, 1 disabled')
    for odd in b'2', b'{}', b'null', b'[7]', b'[{}]', b'[{"flows":[7]}]':
        d.raw(b'{"parameters":{"accounts":' + odd + b'}}\0')
        p = Plugin(d)
        lab.check(f'survives accounts that are {odd.decode()}', p.good
                  and p.status != OK, p)


def by_name(d):
    d.says(account())
    p = Plugin(d, 'trunk')
    is_('one account, by its name', p, OK, '1/1 reachable | reachable=1;')
    lab.check('asks for that one', json.loads(d.requests[-1][:-1]) == {
        'method': 'io.sipregd.Status', 'parameters': {'name': 'trunk'}},
        d.requests[-1])
    d.says(account(**DOWN))
    is_('it cannot be called', Plugin(d, 'trunk'), CRITICAL, ': trunk | ')
    d.says({**account(**DOWN), 'enabled': False, 'reason': 'paused'})
    is_('asked for by name, disabled counts', Plugin(d, 'trunk'), WARNING,
        'WARNING trunk: disabled')


def cpu():
    """[s] of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def many(d):
    count = 10000
    d.says(*[{'accounts': [account(f'account{i}', **(DOWN if i % 2 else {}))]}
             for i in range(count)])
    # The daemon of this test is a script, so its own time is what counts.
    begin = cpu()
    p = Plugin(d)
    took = cpu() - begin
    is_('half of ten thousand', p, CRITICAL, '5000/10000 reachable, 5000 not '
        '(forbidden): account1, account3, account5 and 4997 more | ')
    lab.check('the text has an end', len(p.long.splitlines()) == 101
              and p.long.endswith('and 4900 more\n')
              and len(p.out) < 64 << 10, len(p.out))
    lab.check('far within the plugin\'s ten seconds', took < TOOK, took)


def unknown(it, d):
    d.fails('io.sipregd.NoSuchAccount', name='x')
    is_('no such account', Plugin(d, 'x'), UNKNOWN_STATE,
        'SIPREGD UNKNOWN - x: no such account')
    d.fails('io.sipregd.PermissionDenied')
    is_('not permitted', Plugin(d), UNKNOWN_STATE, 'not permitted')
    d.raw(b'')
    is_('a daemon that hangs up', Plugin(d), UNKNOWN_STATE, 'closed')
    d.raw(hold=True)
    is_('a daemon that says nothing', Plugin(d, '-t', '1'), UNKNOWN_STATE,
        'no answer in 1 s')
    nobody = ['-s', it.path('nobody')]
    is_('no daemon', Plugin(d, *nobody), UNKNOWN_STATE, 'is not running here')
    for argv in ['--nonsense'], ['a', 'b'], ['-c', 'x'], ['--watch'], \
            ['--cert-days', '-1']:
        status, out, err = ctl(d, 'check', *argv)
        lab.check('3: wrong usage: ' + ' '.join(argv), status == 3
                  and out.startswith('SIPREGD UNKNOWN - ') and err,
                  (status, out, err))


def formats(it, d):
    d.says({'accounts': [account(**DOWN)]})
    status, out, err = ctl(d, '--json', 'check')
    told = json.loads(out)
    lab.check('--json: one document', status == CRITICAL and told['state']
              == 'CRITICAL' and told['accounts'] == 1 == told['critical']
              and told['text'].startswith('CRITICAL trunk: '), out)
    status, out, err = ctl(d, '--json', 'check', '-s', it.path('nobody'))
    lab.check('--json: without a daemon too', status == 3
              and json.loads(out)['state'] == 'UNKNOWN', out)

    plugin = it.path('check_sipregd')
    os.symlink(lab.SIPREGCTL, plugin)
    for argv in [], ['trunk'], ['-t', '5']:
        d.says(account(accounts=[account()]))
        r = subprocess.run([plugin, '-s', d.path, *argv], env=ENV, text=True,
                           capture_output=True)
        lab.check('check_sipregd ' + ' '.join(argv), r.returncode == 0
                  and r.stdout.startswith('SIPREGD OK - 1/1 reachable | '), r)
    r = subprocess.run([plugin, '--nonsense'], env=ENV, capture_output=True)
    lab.check('check_sipregd: wrong usage is UNKNOWN', r.returncode == 3, r)
    r = subprocess.run([plugin, '--help'], env=ENV, capture_output=True)
    lab.check('check_sipregd --help', r.returncode == 0
              and b'--cert-days' in r.stdout, r)


def icinga(d):
    """The CheckCommand that is installed knows this program's options."""
    with open(os.path.join(lab.ROOT, 'etc', 'icinga2', 'sipregd.conf')) as f:
        used = set(re.findall(r'^\s+"(--[a-z-]+)"', f.read(), re.M))
    known = {line.split()[1] for line in ctl(d, 'complete')[1].splitlines()
             if line.split()[3] in ('-', 'check') and line.endswith('=')}
    lab.check('Icinga\'s command has the options that take a value',
              used == known, used ^ known)


def test(it):
    d = Daemon(it.path('control'))
    states(d)
    by_name(d)
    many(d)
    unknown(it, d)
    formats(it, d)
    icinga(d)


lab.run(test)
