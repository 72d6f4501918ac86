"""A scripted daemon on a control socket, and sipregctl before it: piped or on
a terminal."""

import ast
import fcntl
import json
import os
import pty
import re
import socket
import struct
import subprocess
import termios
import threading

import lab

ESC = '\x1b'

FLOW = {
    'id': 1, 'reg_id': 1, 'state': 'up', 'reason': 'ok',
    'reason_text': 'calls arrive', 'remedy': None, 'next': 'refresh',
    'next_in': 2950, 'transport': 'tls', 'edge': '192.0.2.10:5061',
    'edge_host': 'sip.example.com', 'local': '10.0.0.2:41822',
    'mapped': '203.0.113.7:40112', 'up_since_usec': 1700000000000000,
    'pongs': 12, 'pong_rtt_usec': 23456, 'keepalive': 'crlf',
    'keepalive_interval': 55, 'registered': True,
    'contact': 'sip:alice@203.0.113.7:40112;transport=tls',
    'matched_by': 'instance', 'outbound': True, 'failures': 0,
    'keepalive_reason': 'default', 'idle_death': None,
    'idle_death_usec': None, 'witnesses': {'via': {
        'addr': '203.0.113.7:40112', 'at_usec': 1700000000000000},
                                           'stun': None},
    'notes': [], 'note_texts': [],
    'probe': {'result': 'proven', 'at_usec': 1700000000000000, 'code': 200},
    'detail': None, 'path': None, 'service_route': None,
    'associated_uris': None, 'pub_gruu': None, 'temp_gruu': None,
    'tls': {'version': 'TLSv1.3', 'cipher': 'TLS_AES_256_GCM_SHA384',
            'resumed': False, 'verified': True,
            'not_after_usec': 1705000000000000}}

ACCOUNT = {
    'name': 'trunk', 'aor': 'sip:alice@example.com', 'enabled': True,
    'paused': False, 'registered': True,
    'registered_since_usec': 1700000000000000, 'lease_left': 3492,
    'expires_granted': 3600, 'reachable': 'yes',
    'reachable_since_usec': 1700000001500000, 'evidence': 'flow',
    'reason': 'ok', 'reason_text': 'calls arrive', 'remedy': None,
    'next': 'refresh', 'next_in': 2950, 'flows': [FLOW],
    'bindings': {'own': 1, 'ghost': 0, 'foreign': 2},
    'site': {'server': 'stun.example.net:3478', 'addr': '203.0.113.7:1234',
             'at_usec': 1700000000000000, 'error': None},
    'network': {'text': 'address 192.0.2.5 added',
                'at_usec': 1700000000000000},
    'last_response': {'code': 200, 'reason': 'OK',
                      'at_usec': 1700000000000000},
    'counters': {'registers_sent': 12, 'responses_2xx': 11,
                 'flow_failures': 3, 'mapping_changes': 4,
                 'inbound_requests': 5, 'requests_dropped': 0}}

# What is not known is null.
UNKNOWN = {
    'name': 'office', 'aor': 'sip:bob@example.com', 'enabled': False,
    'paused': False, 'registered': False, 'registered_since_usec': None,
    'lease_left': None, 'expires_granted': None,
    'reachable': 'unknown', 'reachable_since_usec': None,
    'evidence': 'none', 'reason': 'starting',
    'reason_text': None, 'remedy': None, 'next': None, 'next_in': None,
    'flows': [], 'site': None, 'network': None, 'bindings': None,
    'last_response': None, 'counters': None, 'events': []}

EVENTS = [
    {'at_usec': 1700000000000000, 'seq': 1, 'account': 'trunk',
     'event': 'response', 'registered': True, 'reachable': 'unknown',
     'reason': 'unproven', 'text': '200 OK, lease 3600 s', 'code': 200},
    {'at_usec': 1700000001500000, 'seq': 2, 'account': 'trunk',
     'event': 'verdict', 'registered': True, 'reachable': 'no',
     'reason': 'binding-private', 'text': 'the Contact is private'}]


class Daemon:
    """Answers each connection's request with what the test laid down."""

    def __init__(self, path):
        self.path = path
        self.replies = []       # bytes to send; None: hang up
        self.requests = []
        self.hold = False       # keep the connection, and say nothing
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(8)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        held = []
        while True:
            c, _ = self.socket.accept()
            request = b''
            while not request.endswith(b'\0'):
                part = c.recv(65536)
                if not part:
                    break
                request += part
            self.requests.append(request)
            try:
                for reply in self.replies:
                    c.sendall(reply)
            except OSError:
                pass
            if self.hold:
                held.append(c)
            else:
                c.close()

    def says(self, *parameters, hold=False):
        """Replies, of which all but the last are continued."""
        last = len(parameters) - 1
        self.raw(*[json.dumps({'parameters': p, **({'continues': True}
                                                   if i < last else {})}
                              ).encode() + b'\0'
                   for i, p in enumerate(parameters)], hold=hold)

    def fails(self, error, **parameters):
        self.raw(json.dumps({'error': error,
                             'parameters': parameters}).encode() + b'\0')

    def raw(self, *replies, hold=False):
        self.replies = replies
        self.hold = hold


VERDICT = os.path.join(lab.ROOT, 'src', 'core', 'verdict.c')


def reasons():
    """{code: (text, remedy)} of the daemon's table."""
    with open(VERDICT) as f:
        table = f.read().partition('reasonv[REASON_COUNT] = {')[2]
    table = table.partition('\n};')[0]
    found = {}
    for row in re.findall(r'\[REASON_\w+\] = \{(.*?)\}', table, re.S):
        # strings beside each other are one, as in C
        name, text, remedy = ast.literal_eval(
            '(' + row.replace('NULL', 'None').replace('\n', ' ') + ')')
        found[name] = text, remedy
    return found


ENV = {'PATH': '/usr/bin:/bin', 'TZ': 'CET-1', 'TERM': 'xterm'}


def ctl(daemon, *argv, **kwargs):
    """(exit status, stdout, stderr), piped."""
    r = subprocess.run([lab.SIPREGCTL, '-s', daemon.path, *argv],
                       capture_output=True, text=True,
                       timeout=4 * lab.PATIENCE,
                       env={**ENV, **kwargs})
    return r.returncode, r.stdout, r.stderr


def on_terminal(daemon, *argv, columns=80, **env):
    """What a terminal gets to see."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ,
                struct.pack('HHHH', 24, columns, 0, 0))
    p = subprocess.Popen([lab.SIPREGCTL, '-s', daemon.path, *argv],
                         stdin=slave, stdout=slave, stderr=slave,
                         env={**ENV, **env})
    os.close(slave)
    out = b''
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:         # EIO: nobody has it open any more
            break
        if not part:
            break
        out += part
    os.close(master)
    p.wait()
    return out.decode().replace('\r\n', '\n')


def plain(text):
    """Without its colours."""
    for code in '32', '31', '33', '1', '0':
        text = text.replace(f'{ESC}[{code}m', '')
    return text
