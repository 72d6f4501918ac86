#!/usr/bin/python3
"""The demo: the story that sipregd was written for, played in a minute.

    usage: demo.py BUILD

A client is behind a NAT, and its registrar sends calls to the stored Contact
and nowhere else. The NAT forgets, the public address changes, the registrar
forgets; each time a caller measures how long nobody could get through, and
`sipregctl history` tells why. Exit status 0: all happened as it is told here.
"""

import json
import os
import re
import subprocess
import sys
import textwrap
import time
from datetime import datetime

sys.dont_write_bytecode = True
import stage                                            # noqa: E402
from stage import DIR, HERE, WIDTH, Failed, Program     # noqa: E402
from stage import await_that, check, explain            # noqa: E402
from stage import nets, say, table, tell                # noqa: E402

INTERVAL, PROBE = 3, 10                 # [s] as sipregd.conf says
MARGIN = 5                              # [s] to be back, once it is known
SILENT = INTERVAL + MARGIN              # [s] away at most: the keepalive tells
CLOSED = MARGIN                         # the end of the connection tells
FORGOTTEN = PROBE * 1.1 + MARGIN        # only the probe tells
ABSENCE = 1                             # [s] of the registrar: a restart
NAMES = 'trunk', 'home'                 # that must be reachable
NAIVE = 'naive'                         # that cannot be
CALLS = 8                               # that tell how it is in the beginning


class Demo:
    def __init__(self, build):
        self.build = build
        self.rows = []                  # of the table at the end

    # --- what sipregd says ---

    def ctl(self, *args):
        self.daemon.check_alive()
        r = subprocess.run([f'{self.build}/sipregctl', '-s', DIR + '/control',
                            *args], capture_output=True, text=True)
        check(r.returncode == 0, f'sipregctl {" ".join(args)}: {r.stderr}')
        return r.stdout

    def status(self, name):
        return json.loads(self.ctl('--json', 'status', name))

    def listens(self):
        self.daemon.check_alive()
        return os.path.exists(DIR + '/control')

    def well(self):
        """Are all of them reachable, over flows that have proven themselves
        (those are replaced without any back-off)?"""
        for a in map(self.status, NAMES):
            flow = a['flows'][0]
            if not (a['registered'] and a['reachable'] == 'yes' and
                    flow['state'] == 'proven' and flow['pongs']):
                return False
        return True

    def await_pong(self, name):
        pongs = self.status(name)['flows'][0]['pongs']
        await_that(f'a keepalive of {name} is answered', lambda:
                   self.status(name)['flows'][0]['pongs'] > pongs)

    def show_history(self, name, since):
        """What has happened since then, without the date and within the
        width."""
        tell('', f'$ sipregctl history {name}')
        lines = []
        for line in self.ctl('history', name).splitlines():
            m = re.match(r'(\s*)(\S+T(\S+?)[+-]\d\d:\d\d)(\s+\S+\s+)(.*)',
                         line)
            if m and datetime.fromisoformat(m[2]).timestamp() >= since:
                head = f'  {m[3]}{m[4]}'
                lines += textwrap.wrap(m[5], WIDTH, initial_indent=head,
                                       subsequent_indent=' ' * len(head))
        check(lines, f'history of {name} does not tell what happened')
        tell(*lines)

    # --- what the registrar says ---

    def held(self, name):
        """host:port of the one Contact that it has stored."""
        contacts = self.registrar.held().get(name, [])
        check(len(contacts) == 1, f'the registrar holds for {name}: '
              + (', '.join(contacts) or 'nothing'))
        return re.match(r'sips?:[^@]*@([^;>]+)', contacts[0])[1]

    def held_well(self):
        """Is it all of them at the public address, and where the flows are?"""
        return all(
            held.rpartition(':')[0] == self.net.nat.address and
            held in (f['mapped'] for f in self.status(name)['flows'])
            for name, held in ((name, self.held(name)) for name in NAMES))

    # --- the acts ---

    def build_up(self):
        say('A client behind a NAT; a registrar that takes a Contact at its'
            ' word.')
        os.mkdir(DIR + '/state', 0o700)
        try:
            self.net = nets.Net()
        except OSError as e:
            raise Failed(f'no NAT can be made here: {e}') from None
        self.registrar = stage.Registrar(self.net.wan)
        await_that('Kamailio starts', self.registrar.listens)
        tell('', f'  client {nets.LAN} -- NAT {self.net.nat.address} --'
             f' registrar {stage.REGISTRAR}')
        explain(f'Kamailio {self.registrar.version()} sends calls to the'
                ' stored Contact and nowhere else, and grants ten minutes.'
                ' All of this is in network namespaces of its own; your'
                ' network is not touched. The client runs sipregd with:')
        tell('')
        with open(HERE + '/sipregd.conf') as f:
            text = f.read()
        tell(*('  ' + line for line in text[text.index('defaults'):]
               .splitlines()))

    def register(self):
        config = DIR + '/sipregd.conf'
        with open(HERE + '/sipregd.conf') as f, open(config, 'w') as copy:
            copy.write(f.read())
        os.chmod(config, 0o600)
        self.daemon = Program('sipregd', self.net.lan,
                              self.build + '/sipregd', '-c', config)
        await_that('sipregd listens', self.listens)
        await_that('both registered, reachable and proven', self.well)
        self.caller = stage.Caller(self.net.wan, (*NAMES, NAIVE, ''))
        self.caller.start()

        say('All three are registered. Two of them can be called.')
        tell('', '$ sipregctl list | cut -f 1-4,7-8')
        table([[line.split('\t')[i] for i in (0, 1, 2, 3, 6, 7)]
               for line in self.ctl('list').splitlines()])
        tell('', 'The registrar has stored:')
        for name in *NAMES, NAIVE:
            tell(f'  {name:<7}{self.held(name)}')
        check(self.held_well(), 'that is not where they are')
        naive = self.status(NAIVE)
        check(naive['registered'] and naive['reachable'] == 'no' and
              naive['reason'] == 'binding-private',
              f'{NAIVE} is {naive["reason"]}')
        self.call()
        tell('', '$ sipregctl status home | head -n 8')
        tell(*self.ctl('status', 'home').splitlines()[:8])

    def call(self):
        """Does a caller find what sipregd says?"""
        names = *NAMES, NAIVE
        began = time.monotonic()
        await_that('the caller has called', lambda: all(
            len(self.caller.known(name, began)) >= CALLS for name in names))
        explain('A caller at the registrar sends an OPTIONS to each, every'
                f' {stage.PERIOD} s (x: lost):')
        for name in names:
            calls = self.caller.known(name, began)
            tell(f'  {name:<7}{stage.strip(calls)}')
            check(all(good is (name != NAIVE) for _, good in calls),
                  f'{name}: the caller finds something else')

    def forget(self):
        say('The NAT forgets all its mappings, and tells nobody.')
        left = min(self.status(name)['next_in'] for name in NAMES)
        self.away('the NAT forgot all mappings', self.net.nat.rebind,
                  SILENT, SILENT)
        explain('The packets of the old connection vanished without an'
                f' answer. The next refresh was due in {left} s: so long is a'
                ' client away that trusts its 200 OK.')

    def move(self):
        before = self.net.nat.address
        say('The public address changes.')
        self.away('another public address', self.net.nat.new_address,
                  SILENT, SILENT)
        explain(f'It was {before} and is {self.net.nat.address}. Nothing is'
                ' left of the old one at the registrar.')

    def restart(self):
        say('The registrar is restarted, and has forgotten everybody.')
        # Not to be asked just while it is away.
        await_that('home is proven by a probe', lambda: self.status('home')
                   ['flows'][0]['probe']['result'] == 'proven')
        self.away('the registrar forgot', self.restart_registrar,
                  CLOSED, FORGOTTEN)
        probed = f'404 for home, asked from {self.net.nat.address}'
        check(self.registrar.said(probed), 'home was not told by its probe')
        explain('trunk lost its connection, and came back with the registrar.'
                ' Nothing told home: its keepalive was answered as ever. It'
                ' found out by asking for itself: every'
                f' {PROBE} s sipregd sends an OPTIONS to home through the'
                ' registrar. The registrar\'s log:')
        tell('', '  ' + probed)

    def restart_registrar(self):
        """When it answered again."""
        self.registrar.program.stop()
        gone = time.monotonic()
        time.sleep(ABSENCE)
        self.registrar.start()
        return await_that('the registrar answers again',
                          lambda: self.caller.returned('', gone))

    def away(self, what, happen, *bounds):
        """Lets it happen, and measures how long who could not be called; each
        of NAMES at most its bound."""
        self.await_pong('home')         # the worst moment: it just asked
        wall, before = time.time(), time.monotonic() - 1
        began = happen() or time.monotonic()
        back = {name: await_that(
                    f'{name} can be called again',
                    lambda: self.caller.returned(name, began))
                for name in NAMES}
        seconds = {name: max(back[name] - began, 0) for name in NAMES}
        self.rows.append((what, *(f'{s:.1f} s' for s in seconds.values())))

        tell('', 'Could not be called for')
        for name, bound in zip(NAMES, bounds):
            calls = self.caller.known(name, before, max(back.values()) + 1)
            head = f'  {name:<7}{seconds[name]:4.1f} s  '
            tell(*textwrap.wrap(stage.strip(calls), WIDTH,
                                initial_indent=head,
                                subsequent_indent=' ' * len(head)))
            check(seconds[name] <= bound,
                  f'{name} was away for more than {bound:g} s')
            check(not all(good for _, good in calls),
                  f'{name} was not away at all')
        await_that('both reachable again', self.well)
        check(self.held_well(), f'the registrar holds {self.registrar.held()}')
        for name in NAMES:
            self.show_history(name, wall)

    def end(self):
        say('SIGTERM: sipregd takes its bindings away before it goes.')
        code = self.daemon.stop()
        left = sum(map(len, self.registrar.held().values()))
        tell('', f'sipregd ended with {code}; bindings left at the registrar:'
             f' {left}')
        check(code == 0 and left == 0, 'both should be 0')

    def sum_up(self):
        say('How long nobody could get through')
        tell('')
        table([('', 'trunk (TLS)', 'home (UDP)'), *self.rows])
        explain(f'That is with a keepalive every {INTERVAL} s and a probe'
                f' every {PROBE} s. The defaults are 30 s on TLS, 25 s on'
                ' UDP, and 300 s: with them it takes up to ten times as long,'
                ' and thirty times where only the probe can find out.')


def play(build):
    began = time.monotonic()
    demo = Demo(build)
    try:
        stage.prepare()
        for act in (demo.build_up, demo.register, demo.forget, demo.move,
                    demo.restart, demo.end, demo.sum_up):
            act()
    except BrokenPipeError:             # nobody watches any more
        os._exit(1)
    except (Failed, OSError, subprocess.SubprocessError) as e:
        sys.stdout.flush()
        print(f'demo: {e}', *stage.last_words(), sep='\n', file=sys.stderr)
        return 1
    say(f'All as it should be, in {time.monotonic() - began:.0f} s.')
    return 0


def main():
    if sys.argv[1:2] == ['--inside']:
        return play(sys.argv[2])
    build = os.path.abspath(sys.argv[1] if sys.argv[1:] else 'build')
    try:
        stage.check_tools(f'{build}/sipregd', f'{build}/sipregctl')
        return stage.enter(sys.executable, __file__, '--inside', build)
    except Failed as e:
        print(f'demo: {e}', file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main())
