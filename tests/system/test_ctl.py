#!/usr/bin/python3
"""sipregctl and sipregd from the shell: what they print, how they exit
(SCENARIOS O1)."""

import json
import os
import shutil
import socket
import subprocess

import control
import lab


def tool(*argv, **env):
    r = subprocess.run(argv, capture_output=True, text=True, timeout=30,
                       env={'PATH': '/usr/bin:/bin', **env})
    return r.returncode, r.stdout, r.stderr


def programs(it):
    """Without a daemon."""
    for program in lab.SIPREGD, lab.SIPREGCTL:
        name = program.rsplit('/', 1)[1]
        option = '-V' if name == 'sipregd' else 'version'
        status, out, _ = tool(program, option)
        lab.check(f'{name} {option} prints a version', status == 0
                  and any(c.isdigit() for c in out), (status, out))
    nobody = it.path('nobody')
    lab.check('3: no daemon at the socket',
              tool(lab.SIPREGCTL, '-s', nobody, 'list')[0] == 3)
    lab.check('3: nor at $SIPREGD_SOCKET',
              tool(lab.SIPREGCTL, 'list', SIPREGD_SOCKET=nobody)[0] == 3)
    lab.check('3: it says what to do', 'start it' in tool(
        lab.SIPREGCTL, '-s', nobody, 'list')[2])
    lab.check('2: no such verb',
              tool(lab.SIPREGCTL, '-s', nobody, 'frobnicate')[0] == 2)
    lab.check('0: help', tool(lab.SIPREGCTL, 'help')[0] == 0)


def configuration(it):
    bad = it.write('bad.conf', '''accounts = (
  { name = "a"; aor = "nonsense"; },
  { name = "a"; aor = "sip:a@example.com"; pasword = "x"; }
);
''')
    status, _, err = tool(lab.SIPREGD, '-t', '-c', bad)
    lab.check('-t exits 1 for a bad configuration', status == 1, status)
    lab.check('-t names every error with file and line',
              f'{bad}:2: ' in err and f'{bad}:3: ' in err, err)
    lab.check('-t knows what was meant', 'password' in err, err)
    good = it.write('good.conf', 'accounts = ( { name = "a"; '
                    'aor = "sip:a@example.com"; password = "hush"; } );\n')
    status, out, err = tool(lab.SIPREGD, '-t', '-c', good)
    lab.check('-t exits 0 for a good one', status == 0, (status, err))
    status, out, err = tool(lab.SIPREGD, '-n', '-c', good)
    lab.check('-n prints it without the secret', status == 0
              and 'sip:a@example.com' in out and 'hush' not in out + err,
              (status, out, err))
    status, _, err = tool(lab.SIPREGD, '-c', bad)
    lab.check('a bad configuration does not start, which no restart mends: '
              '78', status == os.EX_CONFIG, status)
    status, _, err = tool(lab.SIPREGD, '-c', it.path('absent.conf'))
    lab.check('nor does an absent one', status == os.EX_CONFIG
              and 'absent.conf' in err, (status, err))
    it.write('taken', '')
    status, _, err = tool(lab.SIPREGD, '-c', it.write(
        'taken.conf', f'control_socket = "{it.path("taken")}";\n'
        f'state_dir = "{it.dir}";\n'))
    lab.check('1: it is good, but the socket is somebody else\'s file',
              status == 1 and 'control socket' in err, (status, err))
    lab.check('2: a wrong option', tool(lab.SIPREGD, '-x')[0] == 2)


def daemon(it):
    registrar = lab.Kamailio(it, grant=60)
    silent = socket.socket(type=socket.SOCK_DGRAM)
    silent.bind((it.host, 0))
    d = lab.Sipregd(it, [
        registrar.account('alice', 'tcp'),
        registrar.account('silent', 'udp', port=silent.getsockname()[1])])
    lab.check_await('alice is registered', lambda: d.registered('alice'))

    status, out, err = d.ctl('list')
    lab.check('list: a line for each account, tab-separated when piped',
              status == 0 and len([line for line in out.splitlines()
                                   if line.split('\t')[0]
                                   in ('alice', 'silent')]) == 2,
              (status, out, err))
    lab.check('without a verb: the list', d.ctl()[1].split('\t')[0]
              == out.split('\t')[0])
    status, out, err = d.ctl('--json', 'list')
    lab.check('--json list: one document',
              [a['name'] for a in json.loads(out)['accounts']]
              == ['alice', 'silent'], out)
    status, out, err = d.ctl('status', 'alice')
    lab.check('status tells the AOR and the edge', status == 0
              and f'sip:alice@{it.host}' in out
              and f'{it.host}:{registrar.port}' in out, (status, out, err))
    a = d.status('alice')
    lab.check('what other tests script is what it tells', (
        {*a}, {*a['flows'][0]}) == ({*control.ACCOUNT, 'events'},
                                    {*control.FLOW}), a)
    lab.check('no secret in any answer', 'secret-' not in out
              + d.ctl('--json', 'status', 'alice')[1], out)
    lab.check('4: no such account', d.ctl('status', 'nobody')[0] == 4)
    for verb in ('register', 'reconnect', 'pause', 'resume', 'history',
                 'bindings', 'purge-ghosts', 'probe'):
        lab.check(f'4: for {verb} too', d.ctl(verb, 'nobody')[0] == 4)
    lab.check('2: status of what?', d.ctl('status')[0] == 2)
    lab.check('ping', d.ctl('ping')[0] == 0)

    before = len(registrar.registers('alice'))
    status, out, err = d.ctl('register', 'alice')
    lab.check('register: sent, answered, told', status == 0 and out
              and len(registrar.registers('alice')) > before,
              (status, out, err))
    seen = registrar.registers('alice')
    lab.check('register: over the same flow, with the same Call-ID',
              len({(r['port'], r['callid']) for r in seen}) == 1, seen)
    status, out, err = d.ctl('register', '--timeout', '2', 'silent')
    lab.check('6: register gives up waiting where nobody answers',
              status == 6, (status, out, err))

    closed(it, registrar, d)
    asking(registrar, d)
    acting(registrar, d)
    remembering(d)
    reloading(it, d)
    strangers(it, d)

    # Any program can ask: NUL or newline ends a request.
    for end in b'\0', b'\n':
        r = subprocess.run(
            ['/usr/bin/python3', '-c', '''
import socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(10); s.connect(sys.argv[1])
end = bytes([int(sys.argv[2])])
s.sendall(b'{"method":"io.sipregd.Ping"}' + end)
b = b""
while not b.endswith(end): b += s.recv(4096)
sys.stdout.buffer.write(b)''', d.socket, str(end[0])], capture_output=True)
        lab.check(f'a request ended by {end!r} is answered likewise',
                  r.stdout.endswith(end) and b'"parameters"' in r.stdout,
                  (r.stdout, r.stderr))
    lab.check('no secret in the log', 'secret-alice' not in it.log('sipregd'))
    lab.check('exit status 0 after SIGTERM', d.stop() == 0)
    lab.check('3: once the daemon is gone', d.ctl('list')[0] == 3)


def closed(it, registrar, d):
    """Without standard input, output, error: nothing else takes their place."""
    for verb in 'list', 'metrics':
        r = subprocess.run(['sh', '-c', 'exec "$@" >&-', 'sh', lab.SIPREGCTL,
                            '-s', d.socket, verb], stderr=subprocess.PIPE,
                           text=True)
        lab.check(f'{verb} with its output closed: an error, and not to the '
                  'daemon', (r.returncode, r.stderr) ==
                  (1, 'sipregctl: cannot write the output\n'), r)
    other = lab.Sipregd(it, [registrar.account('bob', 'tcp')], 'closed',
                        wrap='sh -c \'exec "$@" <&- >&- 2>&-\' sh')
    lab.check_await('bob is registered', lambda: other.registered('bob'))
    fds = [os.readlink(f'/proc/{other.process.pid}/fd/{n}') for n in range(3)]
    lab.check('the log of a daemon without them goes to nobody',
              fds == ['/dev/null'] * 3, fds)
    other.stop()


def strangers(it, d):
    """Somebody who may not open the socket; only root can become one."""
    if os.geteuid():
        return
    directory = os.stat(it.dir).st_mode
    owner, mode = os.stat(d.socket), 0o660
    os.chmod(it.dir, 0o711)
    try:
        for group, told in (('games', 'be root or in the group games'),
                            ('root', 'be root')):
            shutil.chown(d.socket, group=group)
            os.chmod(d.socket, mode)
            status, _, err = as_nobody(d.socket)
            lab.check(f'5: the socket is for the group {group}, it says '
                      'what to do', (status, err) == (
                          5, f'sipregctl: {d.socket}: permission denied; '
                          f'{told}\n'), (status, err))
        os.chmod(it.dir, 0o700)
        status, _, err = as_nobody(d.socket)
        lab.check('5: nor may one look there', status == 5
                  and err.endswith(': permission denied; be root\n'),
                  (status, err))
    finally:
        os.chmod(it.dir, directory)
        os.chown(d.socket, owner.st_uid, owner.st_gid)


def as_nobody(path):
    # the way to the program may be closed to them, its file is not
    fd = os.open(lab.SIPREGCTL, os.O_RDONLY)
    try:
        r = subprocess.run([f'/proc/self/fd/{fd}', '-s', path, 'list'],
                           capture_output=True, text=True, pass_fds=[fd],
                           user='nobody', group='nogroup', extra_groups=[])
        return r.returncode, r.stdout, r.stderr
    finally:
        os.close(fd)


def asking(registrar, d):
    """What the registrar holds, and whether calls arrive."""
    status, out, err = d.ctl('bindings', 'alice')
    rows = [line.split('\t') for line in out.splitlines()]
    lab.check('bindings: a table with our own', status == 0 and rows[0] == [
        'KIND', 'CONTACT', 'EXPIRES', 'MATCHED-BY'] and len(rows) == 2
        and rows[1][0] == 'own' and rows[1][1].startswith('sip:alice@')
        and rows[1][2].endswith('s'), (status, out, err))
    lab.check('bindings: asking changes nothing', d.registered('alice')
              and 'alice' in registrar.bindings())
    status, out, err = d.ctl('purge-ghosts', 'alice')
    lab.check('purge-ghosts: there is none', (status, out)
              == (0, 'alice: no old binding removed, there is none\n'),
              (status, out, err))
    status, out, err = d.ctl('probe', 'alice')
    lab.check('probe: it comes back', status == 0 and out.startswith(
        'alice: proven (answer 200): ') and 'Reachable: yes (ok)' in out,
        (status, out, err))
    a = d.status('alice')
    lab.check('probe: status has it', a['evidence'] == 'probe'
              and a['flows'][0]['probe']['result'] == 'proven', a)
    for verb in 'bindings', 'purge-ghosts', 'probe':
        status, out, err = d.ctl(verb, 'silent')
        lab.check(f'1: {verb} of what is not registered', status == 1
                  and not out and 'not connected' in err, (status, out, err))


def remembering(d):
    """After a reconnect and a pause."""
    status, out, err = d.ctl('history', 'alice')
    lines = out.splitlines()
    lab.check('history: in order of time', status == 0
              and len(lines) > 5 and lines == sorted(
                  lines, key=lambda line: line.split()[0]),
              (status, out, err))
    lab.check('history: says how long nobody could call, and why',
              'Before that nobody could call it for ' in lines[-1]
              and '(paused)' in lines[-1], lines[-1])
    lab.check('history -n: the newest', d.ctl('history', 'alice', '-n', '2')[1]
              .splitlines() == lines[-2:])
    events = json.loads(d.ctl('--json', 'history', 'alice')[1])['events']
    lab.check('history --json: the same', len(events) == len(lines)
              and events[-1]['unreachable_usec'] > 0
              and all(e['text'] in line for e, line in zip(events, lines)),
              events)


def acting(registrar, d):
    """Other verbs that wait for an outcome."""
    port = registrar.registers('alice')[-1]['port']
    status, out, err = d.ctl('reconnect', 'alice')
    lab.check('reconnect: registered', status == 0
              and out.startswith('alice: registered'), (status, out, err))
    lab.check('reconnect: over a new flow',
              registrar.registers('alice')[-1]['port'] != port)
    lab.check('1: resume of what is not paused', d.ctl('resume', 'alice')
              == (1, '', 'sipregctl: alice: not paused\n'))

    status, out, err = d.ctl('pause', 'alice')
    lab.check('pause: done, and told', (status, out, err)
              == (0, 'alice: paused\n', ''), (status, out, err))
    lab.check('pause: the binding is gone',
              'alice' not in registrar.bindings(), registrar.bindings())
    a = d.status('alice')
    lab.check('pause: status says so', a['paused'] is True
              and a['registered'] is False and a['reason'] == 'paused', a)
    lab.check('pause: again is no error', d.ctl('pause', 'alice')[0] == 0)
    status, out, err = d.ctl('register', 'alice')
    lab.check('1: register of what is paused', status == 1 and not out
              and 'paused' in err, (status, out, err))
    status, out, err = d.ctl('pause', 'silent')
    # What had no answer may have been taken all the same.
    lab.check('pause: of what was never answered', status == 1
              and 'silent: paused, but maybe' in out, (status, out, err))

    status, out, err = d.ctl('--json', 'resume', 'alice')
    reply = json.loads(out)
    lab.check('resume: registered', status == 0 and reply['ok']
              and reply['registered'] and reply['code'] == 200,
              (status, out, err))
    lab.check('resume: the binding is back', 'alice' in registrar.bindings())
    lab.check('resume: not paused any more',
              d.status('alice')['paused'] is False)


def reloading(it, d):
    with open(d.config) as f:
        good = f.read()
    status, out, err = d.ctl('reload')
    lab.check('reload: nothing has changed', (status, out)
              == (0, 'reloaded: 0 added, 0 removed, 0 changed, 2 unchanged\n'),
              (status, out, err))
    it.write('sipregd.conf', good + 'colour = "red";\nflavour = 7;\n')
    status, out, err = d.ctl('reload')
    lines = good.count('\n')
    lab.check('1: reload of a bad configuration says all that is wrong',
              status == 1 and not out and f'{d.config}:{lines + 1}: ' in err
              and f'{d.config}:{lines + 2}: ' in err
              and 'secret-' not in err, (status, out, err))
    lab.check('reload: the good one stays', d.registered('alice'))
    it.write('sipregd.conf', good)
    lab.check('reload: --json', json.loads(d.ctl('--json', 'reload')[1])
              ['unchanged'] == 2)


def test(it):
    programs(it)
    configuration(it)
    daemon(it)


lab.run(test)
