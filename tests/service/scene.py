"""What every test has: a machine with the package installed as a user would,
and beside it, in the next network, a registrar.

    box   203.0.113.10 eth0 --- 203.0.113.1   wan; 198.51.100.10 the registrar

usage of a test: test_NAME.py bookworm|trixie
"""

import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), 'natlab'))
sys.path.insert(2, os.path.join(os.path.dirname(HERE), 'system'))

import debs                                         # noqa: E402
import enclosure                                    # noqa: E402
import machine                                      # noqa: E402
import names                                        # noqa: E402, F401
import nets                                         # noqa: E402
import prober                                       # noqa: E402
import registrars                                   # noqa: E402
from registrars import lab                          # noqa: E402

BOX = '203.0.113.10'
REGISTRAR = nets.SERVERS[0]
CONF = '/etc/sipregd/accounts.d/{}.conf'
CA = '/etc/sipregd/ca.pem'
UNIT = 'sipregd.service'
TRANSPORTS = ('udp', 'tcp', 'tls')

# Several machines share a core.
lab.PATIENCE = max(lab.PATIENCE, 30)


class Net:
    def __init__(self):
        self.wan, self.box = nets.Namespace(), nets.Namespace()
        self.wan.ip(f'link add name box type veth peer name eth0 '
                    f'netns {self.box.path}',
                    f'addr add {nets.WAN}/24 dev box', 'link set box up',
                    f'addr add {REGISTRAR}/32 dev lo')
        self.up()

    def up(self):
        """The machine has a network."""
        self.box.ip(f'addr replace {BOX}/24 dev eth0', 'link set eth0 up',
                    f'route replace default via {nets.WAN}')

    def down(self):
        self.box.ip(f'addr flush dev eth0', 'link set eth0 down')

    def swallow(self):
        """Whatever the machine sends from now on is lost without a word."""
        self.wan.run('nft', '-f', '-', text='''
            table ip swallow {
                chain input {
                    type filter hook input priority filter
                    iifname "box" drop
                }
            }''')


class Registrar(registrars.Registrar):
    """It routes to where a REGISTER came from."""

    def __init__(self, it, net):
        super().__init__(it, net, 'lenient', REGISTRAR)

    def account(self, transport, user=None, **keys):
        a = super().account(transport, user or transport, **keys)
        if transport == 'tls':
            a['tls']['ca_file'] = CA
        return a

    def held(self):
        """How many bindings it has, of all users."""
        return int(self.rpc('stats.fetchn', 'usrloc.location_contacts')
                   .split(':')[1].strip(' }\n'))

    def sent(self, seen, user=None):
        """What was REGISTERed after the first `seen`, of that user."""
        return [r for r in self.registers()[seen:]
                if user in (None, r['user'])]


class Service(lab.Sipregd):
    """The installed one; commands are run in its machine."""

    def __init__(self, box):
        self.box = box

    def alive(self):
        return self.ctl('ping')[0] == 0

    def ctl(self, *args, user=None):
        r = self.box.run('sipregctl', *args, user=user)
        return r.returncode, r.stdout, r.stderr

    def enabled(self):
        """The accounts that are wanted; the package has an example too."""
        return [a for a in self.list() if a['enabled']]

    def registered(self, *names):
        """Are all of them (or all there are) registered?"""
        listed = {a['name']: a['registered'] for a in self.enabled()}
        return bool(listed) and all(listed[n] for n in names or listed)

    def reachable(self, *names):
        """Does it say so of all of them (or all there are)?"""
        listed = {a['name']: a['reachable'] for a in self.enabled()}
        return all(listed[n] == 'yes' for n in names or listed)

    def systemctl(self, *args):
        """(exit status, all it said)"""
        r = self.box.run('systemctl', *args)
        return r.returncode, r.stdout + r.stderr

    def show(self, name):
        """A property of the unit."""
        return self.box.must('systemctl', 'show', '-P', name, UNIT).strip()

    def state(self):
        return self.show('ActiveState')

    def pid(self):
        return int(self.show('MainPID'))

    def journal(self, *args):
        return self.box.must('journalctl', '--no-pager', '-o', 'cat', *args)

    def port(self, name):
        """The local port of the account's flow."""
        flows = self.status(name)['flows']
        return int(flows[0]['local'].rpartition(':')[2]) if flows else 0


class Scene:
    def __init__(self, it, suite):
        self.it, self.suite = it, suite
        self.net = Net()
        self.registrar = Registrar(it, self.net)
        self.box = machine.Machine(suite, self.net.box)
        self.service = Service(self.box)
        self.boot()
        self.registrar.ready()

    def boot(self):
        self.box.boot()
        # Shown when something fails.
        self.follower = self.it.start('journal', self.box.argv(
            'journalctl', '--follow', '--lines=all', '-o', 'short-monotonic',
            '-u', UNIT))

    def off(self):
        """Powers the machine off; what is written stays."""
        # Its init would wait for what is ours to reap, and we for its end.
        os.kill(machine.child(self.follower.pid), signal.SIGTERM)
        self.follower.wait()
        self.box.off()

    def install(self, deb=None):
        """As a user would; what apt said."""
        self.box.copy(deb or debs.find(self.suite), '/srv/sipregd.deb')
        return self.box.must('apt-get', '-qy', 'install', '/srv/sipregd.deb')

    def account(self, *accounts, file=None):
        """A file with these accounts, as root's editor would write it."""
        self.box.copy(self.it.path('ca.pem'), CA)
        return self.box.write(CONF.format(file or accounts[0]['name']),
                              f'accounts = {lab.libconfig(accounts)};\n')

    def begin(self, *accounts):
        """Installed, and these accounts are registered; or Failed."""
        self.install()
        self.account(*accounts)
        self.box.must('systemctl', 'reload', 'sipregd')
        lab.await_that('all registered', self.service.registered)

    def reaches(self, user):
        """Does a request to the user arrive there and is answered?"""
        r = subprocess.run(self.net.wan.argv(
            'sipsak', '-s', f'sip:{user}@{REGISTRAR}:5060'),
            capture_output=True, timeout=60)
        return r.returncode == 0

    def prober(self, period):
        return prober.Prober(self.net, period)

    def one_binding(self, user):
        """Does the registrar hold just that of its present flow?"""
        held = self.registrar.contacts(user)
        return len(held) == 1 and held[0][1] == self.service.port(user)


def run(test):
    """Runs test(scene) in a fresh machine, and ends the program."""
    enclosure.enter()
    if sys.argv[1:2] == [] or sys.argv[1] not in debs.SUITES:
        enclosure.die('which suite? ' + ' '.join(debs.SUITES))

    lab.run(lambda it: test(Scene(it, sys.argv[1])))
