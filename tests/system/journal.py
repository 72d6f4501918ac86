"""The journal's own socket as one daemon sees it, with every line's fields. The
real journal is in tests/service."""

import os
import shlex
import socket
import threading

SOCKET = '/run/systemd/journal/socket'


class Journal:
    """`wrap` in front of a daemon makes this its journal."""

    def __init__(self, it, name='journal'):
        self.path = it.path(name)
        self.lines = []             # {field: value} of each, oldest first
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        threading.Thread(target=self._run, daemon=True).start()
        # A mount of its own: /run is as it was to everybody else. What stderr
        # is tells the daemon that it has a journal.
        script = (f'mount -t tmpfs none /run && '
                  f'mkdir -p {os.path.dirname(SOCKET)} && '
                  f'ln -s {self.path} {SOCKET} && '
                  'export JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2) && '
                  'exec "$@"')
        options = '-m' if os.geteuid() == 0 else '-Urm'
        self.wrap = f'unshare {options} sh -c {shlex.quote(script)} sh'

    def _run(self):
        while True:
            data = self.socket.recv(65536).decode()
            self.lines.append(dict(line.partition('=')[::2]
                                   for line in data.splitlines()))

    def of(self, **fields):
        """Those with these fields, by their names without SIPREGD_."""
        return [line for line in list(self.lines) if all(
            line.get('SIPREGD_' + k.upper()) == v for k, v in fields.items())]

    def text(self):
        return '\n'.join(f'{k}={v}' for line in list(self.lines)
                         for k, v in line.items())

    def stop(self):
        """From now on lines go to stderr."""
        os.unlink(self.path)
