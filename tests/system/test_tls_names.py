#!/usr/bin/python3
"""Two names at one address, and a server that will not begin without one
(SCENARIOS T18): each account has a connection of its own, asks for its own
name and speaks with nobody who shows another."""

import ssl
import threading

import lab
import peers

NAMES = 'a.example.org', 'b.example.org'


class Host(peers.TlsServer):
    """Chooses its certificate by the name that is asked for; without one it
    ends the handshake. What each connection brought stands by its name."""

    def __init__(self, it, certificates):
        self.contexts = {}
        for name, (pem, key) in certificates.items():
            self.contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.contexts[name].load_cert_chain(pem, key)
        self.connections = []       # (name, what came over it)
        self.lock = threading.Lock()
        super().__init__(it, *next(iter(certificates.values())))

    def _sni(self, tls, name, _context):
        self.names.append(name)
        if name not in self.contexts:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        tls.context = self.contexts[name]
        tls.asked = name
        return None

    def _serve(self, plain):
        try:
            with self.context.wrap_socket(plain, server_side=True) as tls:
                self.handshakes += 1
                mine = [tls.asked, b'']
                with self.lock:
                    self.connections.append(mine)
                while data := tls.recv(65536):
                    mine[1] += data
        except OSError:
            pass

    def brought(self, name):
        with self.lock:
            return b''.join(data for n, data in self.connections
                            if n == name)


def account(it, user, host, port, name=None):
    return {'name': user, 'aor': f'sip:{user}@{host}', 'password': 'x',
            'registrar': f'sip:{it.host}:{port}', 'transport': 'tls',
            'tls': {'ca_file': it.path('ca.pem'),
                    **({'name': name} if name else {})}}


def test(it):
    it.ca()
    certificates = {n: it.certificate(n, san='DNS:' + n) for n in NAMES}
    server = Host(it, certificates)
    # This one has only b's certificate, whatever it is asked for.
    one = peers.TlsServer(it, *certificates[NAMES[1]])
    daemon = lab.Sipregd(it, [
        account(it, 'a', NAMES[0], server.port, NAMES[0]),
        account(it, 'b', NAMES[1], server.port, NAMES[1]),
        account(it, 'nameless', NAMES[0], server.port),
        account(it, 'good', NAMES[1], one.port, NAMES[1]),
        account(it, 'wrong', NAMES[0], one.port, NAMES[0])])

    for user, name in zip('ab', NAMES):
        lab.check_await(f'{name} is asked for and has its REGISTER', lambda:
                        f'sip:{user}@{name}'.encode() in server.brought(name))
    lab.check('two names at one address: never over one connection',
              not [data for name, data in server.connections if any(
                  f'@{n}'.encode() in data for n in NAMES if n != name)],
              server.connections)
    lab.check_await('without a name the server ends it: refused, and said so',
                    lambda: daemon.status('nameless')['reason'].startswith(
                        ('tls-', 'connect-')))
    lab.check('nothing was sent for that account', not [
        data for _, data in server.connections if b'nameless@' in data],
        server.connections)

    lab.check_await('one certificate for one of two names: that one is used',
                    lambda: b'sip:good@' in one.data)
    lab.check_await('the other one is refused, for its name', lambda:
                    daemon.status('wrong')['reason'] == 'tls-name')
    lab.check('though the address and port are known to be good for the '
              'first', b'sip:wrong@' not in one.data, one.data)
    lab.check('exit status 0 after SIGTERM', daemon.stop() == 0)


lab.run(test)
