#!/usr/bin/python3
"""Hooks: the operator's programs are told what has happened to an account, once
it has settled, and can hold up nobody."""

import glob
import json
import os
import subprocess
import time

import lab

AFTER = 1               # [s] hooks' `after`
ACCOUNTS = 12           # more than may run at once
AT_ONCE = 4             # HOOKS_AT_ONCE

# Tells all that it was given in a file of its own, whole when it has its name.
TELL = '''#!/usr/bin/python3
import json, os, sys
out = {out!r} + '/%d.%s' % (os.getpid(), sys.argv[1])
fds = sorted(int(f) for f in os.listdir('/proc/self/fd'))
# the last one is that of the listing itself
told = {{'argv': sys.argv[1:], 'env': dict(os.environ), 'fds': fds[:-1],
        'input': json.load(sys.stdin), 'pgid': os.getpgrp() == os.getpid(),
        'blocked': [l.split()[1] for l in open('/proc/self/status')
                    if l.startswith('SigBlk')][0]}}
with open(out + '.new', 'w') as f:
    json.dump(told, f)
os.rename(out + '.new', out)
'''

# How many of these ran at the same time at most?
CROWD = '''#!/bin/sh
mkdir {out}/here.$$
ls {out} | grep -c here >>{out}/counts
sleep 0.3
rmdir {out}/here.$$
'''

STUCK = '''#!/bin/sh
trap '' TERM
sleep 1000 &
echo $! $$ >{out}/pids.new
mv {out}/pids.new {out}/pids
while :; do sleep 1; done
'''


class Scene:
    def __init__(self, it):
        self.it = it
        self.programs = {}
        for name, text in ('tell', TELL), ('crowd', CROWD), ('stuck', STUCK):
            os.mkdir(it.path('out.' + name))
            self.programs[name] = it.write(
                name, text.format(out=it.path('out.' + name)), 0o700)
        self.programs['bad'] = it.write('bad', '#!/bin/sh\nexit 3\n', 0o700)

    def hook(self, program, *args, on, **keys):
        return {'on': on, 'exec': [self.programs[program], *args],
                'after': AFTER, **keys}

    def told(self, tag):
        """What the program was told in each run with that argument."""
        told = []
        for f in glob.glob(self.it.path('out.tell') + f'/*.{tag}'):
            with open(f) as file:
                told.append(json.load(file))
        return told


def tells(s, registrar, names):
    r = [t for t in s.told('state')]
    lab.check('that accounts came up was not told, they had not been lost',
              not r, r)
    registrar.stop()
    lab.await_that('each account was told of', lambda: {
        t['env']['SIPREGD_ACCOUNT'] for t in s.told('state')} == set(names))
    t = next(t for t in s.told('state')
             if t['env']['SIPREGD_ACCOUNT'] == 'user1')
    given = t['input']
    lab.check('each of them once', len(s.told('state')) == len(names))
    lab.check('by its environment', {
        k: v for k, v in t['env'].items() if k in (
            'SIPREGD_ON', 'SIPREGD_REACHABLE', 'SIPREGD_EVENT')} == {
        'SIPREGD_ON': 'unreachable', 'SIPREGD_REACHABLE': 'no',
        'SIPREGD_EVENT': 'verdict'}, t['env'])
    lab.check('and by JSON on its standard input',
              given['on'] == ['unreachable']
              and given['event']['account'] == 'user1'
              and given['event']['reachable'] == 'no'
              and given['account']['name'] == 'user1'
              and given['account']['reachable'] == 'no', given)
    lab.check('its arguments are those of the configuration',
              t['argv'] == ['state', 'one argument; $(touch no)'], t['argv'])
    lab.check('it has no descriptor but 0, 1 and 2', t['fds'] == [0, 1, 2],
              t['fds'])
    lab.check('no signal is blocked, and it is in a process group of its own',
              int(t['blocked'], 16) == 0 and t['pgid'], t)
    lab.check('of our environment it has the path only', {
        k for k in t['env'] if not k.startswith('SIPREGD_')}
        <= {'PATH', 'LC_ALL', 'LC_CTYPE'}, t['env'])
    lab.check('no password is in what it was told',
              'secret-' not in json.dumps(s.told('state')))
    lab.check('who is for one account is told of no other', {
        t['env']['SIPREGD_ACCOUNT'] for t in s.told('one')} <= {'user2'},
        s.told('one'))
    lab.check_await('an event is told as well', lambda: [
        t for t in s.told('one') if 'flow-down' in t['input']['on']])
    registrar.start()
    lab.check_await('that they are back is told', lambda: len(
        [t for t in s.told('state') if t['input']['on'] == ['reachable']])
        == len(names))
    lab.check('when it was so', all(
        t['input']['account']['reachable'] == 'yes'
        for t in s.told('state') if t['input']['on'] == ['reachable']))


def bounded(it, s, d):
    pids = lab.await_that('the one that does not end runs',
                          lambda: os.path.exists(it.path('out.stuck/pids')))
    with open(it.path('out.stuck/pids')) as f:
        pids = f.read().split()
    before = time.monotonic()
    lab.check('while programs run, sipregd answers',
              d.ctl('ping')[0] == 0 and time.monotonic() - before < 5)
    lab.check_await('one that takes too long, and ignores SIGTERM, is ended '
                    'with what it has started', lambda: not any(
                        os.path.exists(f'/proc/{p}') for p in pids))
    lab.check_await('the log says so', lambda: 'out of time' in
                    it.log('sipregd'))
    lab.check('and that another one failed', 'exit status 3' in
              it.log('sipregd'))
    lab.check('once in a minute', it.log('sipregd').count('exit status 3')
              == 1, it.log('sipregd').count('exit status 3'))
    with open(it.path('out.crowd/counts')) as f:
        most = max(map(int, f))
    lab.check(f'{AT_ONCE} run at the same time at most, here {most}',
              1 < most <= AT_ONCE)


def replaced(it, s, d, hooks):
    """A reload takes a hook away whose program runs, and ignores SIGTERM."""
    f = it.path('out.stuck/pids')
    lab.await_that('that all are back was told', lambda: len(
        [t for t in s.told('state') if t['input']['on'] == ['reachable']])
        == len(s.told('state')) / 2)
    os.unlink(f)
    s.registrar.stop()
    lab.await_that('it runs again', lambda: os.path.exists(f))
    with open(f) as file:
        pids = file.read().split()
    with open(d.config) as file:
        lines = file.readlines()
    with open(d.config, 'w') as file:
        file.writelines(f'hooks = {lab.libconfig(hooks[:-1])};\n'
                        if line.startswith('hooks =') else line
                        for line in lines)
    lab.check('a reload without its hook', d.ctl('reload')[0] == 0)
    lab.check_await('ends it all the same, by force', lambda: not any(
        os.path.exists(f'/proc/{p}') for p in pids), 10)
    s.registrar.start()
    lab.await_that('all are reachable again', lambda: all(
        a['reachable'] == 'yes' for a in d.list()), 60)


def alone(it, s):
    """sipregd ends while a program runs that ignores SIGTERM."""
    f = it.path('out.stuck/pids')
    os.unlink(f)
    d = lab.Sipregd(it, [s.registrar.k.account('user3')], 'alone', hooks=[
        s.hook('stuck', on=['response'])])
    lab.await_that('it runs', lambda: os.path.exists(f))
    with open(f) as file:
        pids = file.read().split()
    lab.check('sipregd does not wait for it', d.stop() == 0)
    lab.check_await('and leaves nothing behind', lambda: not any(
        os.path.exists(f'/proc/{p}') for p in pids), 5)


def quiet(s, d):
    count = len(s.told('state'))
    lab.check('a pause', d.ctl('pause', 'user1')[0] == 0)
    lab.check('and its end', d.ctl('resume', 'user1')[0] == 0)
    lab.check('a reload', d.ctl('reload')[0] == 0)
    # what would be told of them would be told before this one
    s.registrar.stop()
    lab.await_that('the next loss is told',
                   lambda: len(s.told('state')) >= count + ACCOUNTS)
    news = [t['input'] for t in s.told('state')]
    lab.check('neither are told, and a reload forgets nothing',
              len(news) == count + ACCOUNTS, len(news) - count)
    s.registrar.start()
    lab.await_that('all are back', lambda: all(
        a['reachable'] == 'yes' for a in d.list()), 60)


def configured(it):
    def check(text):
        f = it.write('hook.conf', 'accounts = ( { name = "a"; '
                     'aor = "sip:a@example.com"; password = "x"; } );\n'
                     + text)
        r = subprocess.run([lab.SIPREGD, '-t', '-c', f], text=True,
                           capture_output=True)
        return r.returncode, r.stderr

    for what, text, said in (
            ('no list', 'hooks = { };', ':2: hooks: wants a list'),
            ('no group', 'hooks = ( "x" );', ':2: hooks: wants groups'),
            ('no program', 'hooks = ( { on = "reachable"; } );',
             ':2: exec is missing'),
            ('no word', 'hooks = ( { exec = "/bin/true"; } );',
             ':2: on is missing'),
            ('another word', 'hooks = ( { on = "down"; '
             'exec = "/bin/true"; } );', ':2: on: wants "reachable"'),
            ('a relative path', 'hooks = ( { on = "reachable"; '
             'exec = "true"; } );', ':2: exec: "true" is not an absolute'),
            ('an unknown key', 'hooks = ( { on = "reachable"; '
             'exec = "/bin/true"; aftr = 5; } );',
             'did you mean "after"')):
        status, err = check(text)
        lab.check(f'{what}: an error that says where and what',
                  status == 1 and said in err, err)
    status, err = check('hooks = ( { on = "reachable"; exec = "/bin/nil"; '
                        'accounts = [ "a", "nob*" ]; } );')
    lab.check('a program that is not there and a name of nobody: warnings',
              status == 0 and '/bin/nil cannot be run' in err
              and '"nob*"' in err, err)
    r = subprocess.run([lab.SIPREGD, '-n', '-c', it.path('hook.conf')],
                       text=True, capture_output=True)
    again = it.write('again.conf', r.stdout.replace('****', 'x'))
    lab.check('what -n prints can be loaded again',
              'hooks = (' in r.stdout and subprocess.run(
                  [lab.SIPREGD, '-t', '-c', again],
                  capture_output=True).returncode == 0, r.stdout)


class Registrar:
    """A Kamailio that comes and goes."""

    def __init__(self, it):
        self.it, self.k = it, lab.Kamailio(it)

    def stop(self):
        self.it.stop(self.k.process)

    def start(self):
        self.k.process = self.it.start('kamailio', self.k.process.args)
        lab.await_that('the registrar is back', self.k.alive)


def test(it):
    configured(it)
    s = Scene(it)
    s.registrar = r = Registrar(it)
    names = [f'user{i}' for i in range(1, ACCOUNTS + 1)]
    states = ['unreachable', 'reachable']
    hooks = [
        s.hook('tell', 'state', 'one argument; $(touch no)', on=states),
        s.hook('tell', 'one', on=['verdict', 'flow-down'],
               accounts=['user2', 'nobody*']),
        s.hook('crowd', on=['unreachable']),
        s.hook('bad', on=['unreachable']),
        s.hook('stuck', on=['unreachable'], accounts='user3', timeout=2)]
    d = lab.Sipregd(it, [r.k.account(n, 'tcp') for n in names], hooks=hooks)
    lab.await_that('all are reachable', lambda: all(
        a['reachable'] == 'yes' for a in d.list()))
    tells(s, r, names)
    bounded(it, s, d)
    quiet(s, d)
    replaced(it, s, d, hooks)
    count = len(s.told('state'))
    lab.check('sipregd stops', d.stop() == 0)
    lab.check('and nobody is told of that', len(s.told('state')) == count)
    alone(it, s)
    lab.check('no shell saw the arguments', not glob.glob('/no')
              and not os.path.exists(it.path('no')))


lab.run(test)
