#!/usr/bin/python3
"""Passwords are in memory only where no core dump would find them, an old one
nowhere, and no core is dumped. What is told and written is the matter of
test_secrets_shown.py."""

import os
import random
import re
import shutil
import signal

import lab

NOBODY = 65534
CHUNK = 1 << 20     # bytes of another process' memory read at a time
SHADOW = 1 << 34    # bytes; only a sanitizer has so much address space
WAYS = ('text', 'file', 'credential')
WRONG = 'mistyped-%08x' % random.getrandbits(32)


def mappings(pid):
    """[(first, end, what it is, flags)] of a process' memory."""
    found = []
    with open(f'/proc/{pid}/smaps') as f:
        for line in f:
            m = re.match(r'([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)',
                         line)
            if m:
                what = (int(m[1], 16), int(m[2], 16), f'{m[4] or "-"} {m[3]}')
            elif line.startswith('VmFlags:'):
                found.append((*what, line.split()[1:]))
    return found


def places(pid, words):
    """Where in its memory the words are: {word: {(what, dumped), ...}}."""
    found = {w: set() for w in words}
    longest = max(map(len, words))
    with open(f'/proc/{pid}/mem', 'rb', 0) as mem:
        for first, end, what, flags in mappings(pid):
            if 'rd' not in flags or 'io' in flags or \
                    what.startswith('[v') or end - first > SHADOW:
                continue
            at, tail = first, b''
            while at < end:
                try:
                    mem.seek(at)
                    part = mem.read(min(CHUNK, end - at))
                except OSError:
                    break       # a guard page
                if not part:
                    break
                at += len(part)
                part = tail + part
                for w in words:
                    if w.encode() in part:
                        found[w].add((what, 'dd' not in flags))
                tail = part[1 - longest:]
    return found


def check_memory(daemon, when, present, absent=()):
    found = places(daemon.process.pid, [*present, *absent])
    for w in present:
        lab.check(f'{when}: {name_of(w)} is in memory that is never dumped',
                  any(not dumped for _, dumped in found[w]), found[w])
        lab.check(f'{when}: {name_of(w)} is nowhere else',
                  not any(dumped for _, dumped in found[w]), found[w])
    for w in absent:
        lab.check(f'{when}: {name_of(w)} is nowhere at all', not found[w],
                  found[w])


def name_of(password):
    return 'the old password' if password == WRONG else \
        'the password by ' + password.split('-')[1]


# --- no core dump ----------------------------------------------------------

def nobodys(paths):
    """Gives it to another user; not in a namespace that has no other."""
    try:
        for path in paths:
            os.chown(path, NOBODY, NOBODY)
    except OSError:
        return False
    return True


def check_closed(it):
    """As another program of the same user sees it."""
    program = it.path('sipregd')        # the user may not pass to ours
    shutil.copy(lab.SIPREGD, program)
    os.makedirs(it.path('closed.state'))
    other = os.getuid() == 0 and nobodys(
        [it.dir, it.path('closed.state'), program])
    wrap = ''
    if other:
        wrap = (f"sh -c 'chown {NOBODY} {it.path('closed.conf')} && exec "
                f'setpriv --reuid={NOBODY} --regid={NOBODY} '
                "--clear-groups \"$@\"' sh")
    before, lab.SIPREGD = lab.SIPREGD, program
    try:
        daemon = lab.Sipregd(it, [], 'closed', wrap)
    finally:
        lab.SIPREGD = before
    pid = daemon.process.pid
    with open(f'/proc/{pid}/limits') as f:
        limit = re.search(r'Max core file size\s+(\S+)\s+(\S+)', f.read())
    lab.check('the limit of core files is 0', limit.groups() == ('0', '0'),
              limit[0])
    user = os.stat(program).st_uid
    if user:
        lab.check('it is not dumpable: its memory is not its user\'s in /proc',
                  os.stat(f'/proc/{pid}/mem').st_uid != user)
    os.kill(pid, signal.SIGABRT)
    _, status = os.waitpid(pid, 0)
    lab.check('it dumps no core when it is aborted', os.WIFSIGNALED(status)
              and not os.WCOREDUMP(status), hex(status))
    daemon.process.returncode = -signal.SIGABRT


# --- all -------------------------------------------------------------------

def accounts(registrar, users, it):
    """One by each way; the `text` is the right one."""
    found = [registrar.account(users[way], transport)
             for way, transport in zip(WAYS, ('tls', 'udp', 'tcp'))]
    for a in found[1:]:
        del a['password']
    found[1]['password_file'] = it.path('password')
    found[2]['credential'] = 'trunk'
    return found


def test(it):
    registrar = lab.Kamailio(it)
    users = {w: f'{w}-{random.getrandbits(32):08x}' for w in WAYS}
    words = {w: 'secret-' + users[w] for w in WAYS}
    os.mkdir(it.path('credentials'), 0o700)
    it.write('credentials/sipregd_trunk', words['credential'] + '\n')
    it.write('password', WRONG + '\n')
    wrong = accounts(registrar, users, it)
    wrong[0]['password'] = WRONG
    wrap = 'env CREDENTIALS_DIRECTORY=' + it.path('credentials')
    daemon = lab.Sipregd(it, wrong, wrap=wrap)

    lab.check_await('the credential is found in the directory\'s form', lambda:
                    daemon.registered(users['credential']))
    for way in ('text', 'file'):
        lab.check_await(f'a wrong password by {way} is held', lambda:
                        daemon.status(users[way])['next'] == 'held')
    if os.getuid() == 0:
        check_memory(daemon, 'at first', [words['credential'], WRONG])

    it.write('password', words['file'] + '\n')
    good = accounts(registrar, users, it)
    with open(daemon.config) as f:
        text = f.read()
    it.write('sipregd.conf', text.replace(WRONG, good[0]['password']))
    lab.check('a reload takes the right ones', daemon.ctl('reload')[0] == 0)
    lab.check_await('all are registered', daemon.registered)
    if os.getuid() == 0:
        check_memory(daemon, 'after a reload', words.values(), [WRONG])

    # a mistake in the file: read, and refused
    it.write('sipregd.conf', text.replace('accounts = (', 'accounts = ( ! '))
    lab.check('a reload with a mistake is refused',
              daemon.ctl('reload')[0] != 0)
    if os.getuid() == 0:
        check_memory(daemon, 'after a refused reload', words.values(), [WRONG])
    else:
        print('# the memory of a process is for root to read')

    lab.check('it ends with exit status 0', daemon.stop() == 0)
    check_closed(it)


lab.run(test)
