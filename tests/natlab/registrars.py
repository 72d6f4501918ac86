"""The servers on the far side: Kamailio in three manners, coturn."""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'system'))

import lab                                          # noqa: E402

MANNERS = ('lenient', 'strict', 'edge')
FLOW_TIMER = 60     # [s] that the edge asks for: longer than any interval here


class Registrar(lab.Kamailio):
    """What each manner is stands at the top of kamailio.cfg.in."""

    def __init__(self, it, net, manner, host):
        self.lab, self.net, self.name, self.host = it, net, manner, host
        self.port, self.tls_port = 5060, 5061
        self.dir = it.path(manner)
        os.mkdir(self.dir)
        if not os.path.exists(it.path('ca.pem')):
            it.ca()
            it.certificate('registrar')
        with open(os.path.join(HERE, 'kamailio.cfg.in')) as f:
            text = f.read()
        machine = os.uname().machine + '-linux-gnu'
        for key, value in {
                'HOST': host, 'DIR': self.dir, 'MARK': self.MARK,
                'MODULES': self.MODULES.format(machine),
                'FLOW_TIMER': FLOW_TIMER,
                'CERTIFICATE': it.path('registrar.pem'),
                'KEY': it.path('registrar.key')}.items():
            text = text.replace(f'@{key}@', str(value))
        self.config = it.write(manner + '.cfg', text)
        self.start()

    def start(self):
        """It listens when this returns, and remembers nothing."""
        self.process = self.lab.start(self.name, self.net.wan.argv(
            'kamailio', '-f', self.config, '-DD', '-E', '-m', '32', '-M', '8',
            '-Y', self.dir, '-w', self.dir, '-P', self.dir + '/pid',
            '-A', self.name.upper()))

    def ready(self):
        lab.await_that(f'{self.name} answers', self.alive, 30)

    def kill(self):
        """It is gone at once, and says goodbye to nobody."""
        self.lab.stop(self.process)

    def account(self, transport, user=None, **keys):
        user = user or f'{self.name}-{transport}'
        return super().account(user, transport, **keys)

    def contacts(self, user):
        """The (host, port) of each binding it holds."""
        return [address(uri) for uri in self.bindings().get(user, [])]


def address(uri):
    """(host, port) of a Contact of ours, in whatever it is wrapped."""
    m = re.search(r'sips?:(?:[^@;>\s]*@)?([\d.]+)(?::(\d+))?', uri)
    return (m[1], int(m[2] or 5060)) if m else (uri, 0)


def stun_server(it, net, hosts, name='coturn'):
    """coturn as RFC 5780 server on two addresses of `wan`, or as a plain one
    on one: HOST:PORT."""
    it.start(name, net.wan.argv(
        'turnserver', '-n', '-S', '--no-cli', '--no-tls', '--no-dtls',
        *(part for host in hosts for part in ('-L', host)),
        '--log-file=stdout', '--pidfile=' + it.path(name + '.pid'),
        '--userdb=' + it.path(name + '.db')))
    return f'{hosts[0]}:3478'
