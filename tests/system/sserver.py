"""openssl s_server: a TLS server that nobody can say we wrote to fit."""

import base64
import hashlib
import os
import re
import subprocess

import lab


class SServer:
    """Says on stdout what each handshake was and what came after it; what is
    given to it on stdin it sends. One connection at a time."""

    def __init__(self, it, name, pem, key, *options, port=None):
        self.it, self.name = it, name
        self.port = port or it.port()
        self.log_path = it.path(name + '.log')
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(
                ['openssl', 's_server', '-accept', f'{it.host}:{self.port}',
                 '-cert', pem, '-key', key, *options],
                stdin=subprocess.PIPE, stdout=log, stderr=log)
        it.processes.append((name, self.process))
        lab.await_that(f'{name} accepts', lambda: 'ACCEPT' in self.log())

    def log(self):
        with open(self.log_path, errors='replace') as f:
            return f.read()

    def registers(self):
        """Every REGISTER that arrived, oldest first, as text."""
        return re.findall(r'^REGISTER sip:.*?\r?\n\r?\n', self.log(),
                          re.S | re.M)

    def resumed(self):
        """Of each connection, oldest first: was its handshake shortened?"""
        parts = self.log().split('-----BEGIN SSL SESSION PARAMETERS-----')
        return ['Reused session-id' in p for p in parts[1:]]

    def answer(self):
        """200 to the last REGISTER."""
        request = self.registers()[-1]
        lines = ['', 'SIP/2.0 200 OK']      # s_server obeys some letters
        for line in request.splitlines():
            if line.startswith('To:'):
                line += ';tag=s'
            if re.match('(Via|From|To|Call-ID|CSeq|Contact):', line):
                lines.append(line)
        lines += ['Expires: 600', 'Content-Length: 0', '', '']
        self.send('\r\n'.join(lines))

    def send(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def proves(self, daemon, name):
        """Answers pings until the flow counts as proven."""
        self.send('\r\n')
        return daemon.status(name)['flows'][0]['state'] == 'proven'

    def stop(self):
        self.process.kill()
        self.process.wait()


def account(it, name, server, tls, port=None):
    return {'name': name, 'aor': 'sip:alice@' + lab.NAME, 'password': 'x',
            'registrar': f'sip:{it.host}:{port or server.port}',
            'transport': 'tls',
            'tls': {'ca_file': it.path('ca.pem'), 'name': lab.NAME, **tls}}


def pin(pem):
    """As an operator computes it."""
    key = subprocess.run(['openssl', 'x509', '-in', pem, '-noout', '-pubkey'],
                         capture_output=True, check=True).stdout
    der = subprocess.run(['openssl', 'pkey', '-pubin', '-outform', 'DER'],
                         input=key, capture_output=True, check=True).stdout
    return 'sha256/' + base64.b64encode(hashlib.sha256(der).digest()).decode()


def reason(daemon, name):
    """The code, and the detail of the last failure."""
    status = daemon.status(name)
    details = [f.get('detail') or '' for f in status['flows']]
    return status['reason'], ' '.join(details)


def check_reason(daemon, name, sentence, code, words):
    """The account fails for this reason, with these words in the detail."""
    good = lab.check_await(f'{name}: {sentence}', lambda: (
        reason(daemon, name)[0] == code and words in reason(daemon, name)[1]))
    if not good:
        print('#', *reason(daemon, name))


def replace(path, source):
    """As tools that renew certificates do it."""
    with open(source) as f, open(path + '.new', 'w') as g:
        g.write(f.read())
    os.chmod(path + '.new', 0o600)
    os.rename(path + '.new', path)
