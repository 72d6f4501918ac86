#!/usr/bin/python3
"""A hundred accounts and a new configuration with one added, one removed and
one changed: seen from the registrar, 98 of them do nothing at all
(SCENARIOS T13)."""

import os
import signal
import time

import lab

COUNT = 100
GRANT = 3600        # [s] nobody refreshes while this runs
QUIET = 5           # [s] in which the others must stay silent
RELOADS = 20
LEAVE_MAX = 10      # [s] an account un-registers for 5 at most
RSS_MAX = 2048      # [kB] that these may cost: malloc's own untidiness
TRANSPORTS = 'udp', 'tcp', 'tls'


def name(i):
    return f'user{i}'


def accounts(registrar, numbers, **changed):
    """`changed`: further keys by name."""
    return [registrar.account(name(i), TRANSPORTS[i % 3],
                              **changed.get(name(i), {})) for i in numbers]


class Daemon(lab.Sipregd):
    def rewrite(self, accounts, **settings):
        """Another configuration in the same file; nobody is told."""
        config = {'control_socket': self.socket,
                  'state_dir': self.lab.path(self.name + '.state'),
                  'log_level': 'debug', **settings, 'accounts': accounts}
        self.lab.write(self.name + '.conf', ''.join(
            f'{k} = {lab.libconfig(v)};\n' for k, v in config.items()))

    def said(self, text):
        return self.lab.log(self.name).count(text)

    def reload(self, accounts, good=True, **settings):
        """By SIGHUP, until the log says that it is over."""
        text = ('configuration reloaded: ' if good
                else 'the running configuration stays')
        before = self.said(text)
        self.rewrite(accounts, **settings)
        self.process.send_signal(signal.SIGHUP)
        lab.await_that('the reload is over',
                       lambda: self.said(text) > before)

    def open_files(self):
        return len(os.listdir(f'/proc/{self.process.pid}/fd'))

    def rss(self):
        with open(f'/proc/{self.process.pid}/status') as f:
            return next(int(line.split()[1]) for line in f
                        if line.startswith('VmRSS'))

    def checked(self):
        """A sanitizer keeps freed memory."""
        with open(f'/proc/{self.process.pid}/maps') as f:
            return 'asan' in f.read()


def last(registrar):
    """{user: (how many REGISTERs, the last one)}"""
    seen = {}
    for r in registrar.registers():
        n, _ = seen.get(r['user'], (0, None))
        seen[r['user']] = n + 1, r
    return seen


def moved(before, after, users):
    """Whose number of REGISTERs is another one."""
    return [u for u in users if before[u][0] != after[u][0]]


def one_of_each(it, registrar, daemon):
    """Adds one, removes one, changes one."""
    before = last(registrar)
    removed, changed, added = name(0), name(1), name(COUNT)
    others = [name(i) for i in range(2, COUNT)]
    daemon.reload(accounts(registrar, range(1, COUNT + 1),
                           **{changed: {'expires': 7200}}))
    lab.check('the log counts them', daemon.said(
        'configuration reloaded: 1 added, 1 removed, 1 changed, 98 '
        'unchanged') == 1)

    lab.check_await('the added one is registered',
                    lambda: daemon.registered(added))
    lab.check_await('the removed one has no binding left',
                    lambda: removed not in registrar.bindings())
    lab.check_await('the changed one is registered again', lambda:
                    last(registrar)[changed][1]['port'] !=
                    before[changed][1]['port'] and daemon.registered(changed))
    time.sleep(QUIET)
    after = last(registrar)

    lab.check('the 98 others sent nothing',
              not moved(before, after, others),
              moved(before, after, others))
    lab.check('the removed one un-registered',
              'expires=0' in after[removed][1]['contact'], after[removed])
    lab.check('the removed one is no account any more',
              daemon.ctl('status', removed)[0] == 4)
    old, new = before[changed][1], after[changed][1]
    lab.check('the changed one kept its Call-ID, its CSeq grew',
              old['callid'] == new['callid'] and old['cseq'] < new['cseq'],
              (old, new))
    lab.check('the changed one has exactly one binding',
              len(registrar.bindings()[changed]) == 1,
              registrar.bindings()[changed])
    lab.check('and its history says why', any(
        e['event'] == 'config' for e in daemon.status(changed)['events']),
        daemon.status(changed))
    lab.check('the list is in the order of the file',
              [a['name'] for a in daemon.list()] ==
              [name(i) for i in range(1, COUNT + 1)])

    wrong = []
    for u in others:
        daemon.ctl('register', u)
    for u, (_, r) in last(registrar).items():
        if u in others and (
                r['port'] != after[u][1]['port']
                or r['callid'] != after[u][1]['callid']
                or r['cseq'] != after[u][1]['cseq'] + 1):
            wrong.append((after[u][1], r))
    lab.check('the 98 others refresh over the same connection, with the same '
              'Call-ID and the next CSeq', not wrong, wrong)


def bad(it, registrar, daemon):
    before = last(registrar)
    broken = accounts(registrar, range(1, COUNT + 1),
                      **{name(3): {'expires': 'long'},
                         name(4): {'colour': 'red'},
                         name(5): {'aor': 'nobody'}})
    daemon.reload(broken, good=False, user_agent='never seen')
    log = it.log('sipregd')
    at = log.rindex('reading the configuration again')
    for key in 'expires', 'colour', 'aor':
        lab.check(f'a bad file: the mistake in {key} is said with its place',
                  any(key in line and 'sipregd.conf:' in line
                      for line in log[at:].splitlines()), log[at:])
    lab.check('a bad file: the log says that the running one stays',
              '3 errors, the running configuration stays' in log[at:],
              log[at:])
    lab.check('a bad file: everybody is registered as before',
              daemon.registered())
    daemon.reload(accounts(registrar, range(1, COUNT + 1),
                           **{name(1): {'expires': 7200}}))
    time.sleep(1)
    after = last(registrar)
    lab.check('a bad file, and a good one after it: nobody sent anything',
              not moved(before, after, after), moved(before, after, after))


def asked(registrar, daemon):
    """The same by `sipregctl reload`."""
    good = accounts(registrar, range(1, COUNT + 1),
                    **{name(1): {'expires': 7200}})
    daemon.rewrite(good + [{'name': 'x', 'colour': 'red'}])
    status, out, err = daemon.ctl('reload')
    lab.check('sipregctl reload: a bad file is exit status 1, and told with '
              'every mistake and its place', status == 1 and all(
                  word in out + err for word in
                  ('colour', 'aor', 'sipregd.conf:')), (status, out, err))
    before = last(registrar)
    daemon.rewrite(good, control_socket=daemon.socket + '2')
    status, out, err = daemon.ctl('reload')
    lab.check('sipregctl reload: what needs a restart is told, the rest done',
              status == 0 and 'control_socket' in out + err and
              '100 unchanged' in out, (status, out, err))
    lab.check('sipregctl reload: the socket stays where it is',
              daemon.alive() and not os.path.exists(daemon.socket + '2'))
    after = last(registrar)
    lab.check('sipregctl reload: nobody sent anything',
              not moved(before, after, after), moved(before, after, after))


def many(registrar, daemon):
    """Each time one is changed and one goes or comes."""
    def once(i):
        numbers = range(1, COUNT + 1 - i % 2)
        daemon.reload(accounts(registrar, numbers,
                               **{name(1): {'expires': 600 + i}}))
        lab.await_that('all are registered', daemon.registered)

    once(1)
    once(2)
    time.sleep(6)               # memory is given back after 5 s of quiet
    files, rss = daemon.open_files(), daemon.rss()
    for i in range(RELOADS):
        once(i + 1)
    lab.check_await(f'{RELOADS} reloads leave no file open',
                    lambda: daemon.open_files() == files,
                    LEAVE_MAX)
    if daemon.checked():
        print('# a sanitizer keeps freed memory: its size says nothing')
    else:
        lab.check_await(
            f'{RELOADS} reloads leave no memory behind',
            lambda: daemon.rss() < rss + RSS_MAX, 10)
        print(f'# {rss} kB before, {daemon.rss()} kB after')


def credentials(it, registrar, daemon):
    wrong = registrar.account('late', 'tcp', password='wrong')
    all_of_them = accounts(registrar, range(1, COUNT + 1))
    daemon.reload(all_of_them + [wrong])
    lab.check_await('a wrong password is held', lambda:
                    daemon.status('late')['next'] == 'held')
    n = len(registrar.registers('late'))
    daemon.reload(all_of_them + [wrong])
    time.sleep(1)
    lab.check('a reload without another password sends nothing',
              len(registrar.registers('late')) == n)
    daemon.reload(all_of_them + [registrar.account('late', 'tcp')])
    lab.check_await('the right one acts at once',
                    lambda: daemon.registered('late'), 3)


def test(it):
    registrar = lab.Kamailio(it, grant=GRANT)
    daemon = Daemon(it, accounts(registrar, range(COUNT)))
    if not lab.check_await(f'{COUNT} accounts are registered',
                           daemon.registered, 60):
        return

    one_of_each(it, registrar, daemon)
    bad(it, registrar, daemon)
    asked(registrar, daemon)
    many(registrar, daemon)
    credentials(it, registrar, daemon)
    lab.check('SIGTERM ends it with exit status 0', daemon.stop() == 0)
    lab.check_await('no binding is left behind',
                    lambda: not registrar.bindings())


lab.run(test)
