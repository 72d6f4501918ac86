"""What of a service manager a restart needs: it keeps descriptors (FDSTORE of
sd_notify(3)) and passes them to the next process (LISTEN_FDS), as systemd
does. The real one is in tests/service."""

import array
import fcntl
import os
import socket
import threading

FIRST = 3           # SD_LISTEN_FDS_START
MOST = 253          # descriptors of one message, SCM_MAX_FD of the kernel
ROOM = 64           # numbers above those that are passed: out of their way


class Manager:
    def __init__(self, it):
        self.path = it.path('notify')
        self.store = []             # (name, descriptor)
        self.said = []              # every other assignment
        self.lock = threading.Lock()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o666)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        room = socket.CMSG_SPACE(MOST * array.array('i').itemsize)
        while True:
            data, control, _, _ = self.socket.recvmsg(65536, room)
            fds = array.array('i')
            for level, kind, part in control:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    fds.frombytes(part)
            with self.lock:
                self._take(dict(line.partition('=')[::2] for line in
                                data.decode().splitlines()), list(fds))

    def _take(self, words, fds):
        name = words.get('FDNAME', 'stored')
        if words.get('FDSTORE') == '1':
            self.store += [(name, fd) for fd in fds]
            fds = []
        if words.get('FDSTOREREMOVE') == '1':
            for n, fd in self.store:
                if n == name:
                    os.close(fd)
            self.store = [(n, fd) for n, fd in self.store if n != name]
        for fd in fds:              # a barrier, among others
            os.close(fd)
        self.said.append(words)

    def names(self):
        with self.lock:
            return sorted(name for name, _ in self.store)

    def files(self):
        """{name: content} of the files in memory among what is kept: each lies
        in the queue of a socket (src/daemon/fdstore.h)."""
        found = {}
        room = socket.CMSG_SPACE(MOST * array.array('i').itemsize)
        for name, fd in self.store:
            if name not in ('sipregd-handover', 'sipregd-tls'):
                continue
            with socket.socket(fileno=os.dup(fd)) as bundle:
                _, control, _, _ = bundle.recvmsg(
                    1, room, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            fds = array.array('i')
            for _, _, part in control:
                fds.frombytes(part)
            for f in fds:
                found[name] = found.get(name, b'') + os.pread(
                    f, os.fstat(f).st_size, 0)
                os.close(f)
        return found

    def start_in(self, it):
        """For lab.Sipregd: it is started by us."""
        return lambda name, argv: self.start(it, name, argv)

    def start(self, it, name, argv):
        """A process that gets all that is kept, which stays in the store."""
        with self.lock:
            kept = list(self.store)
        above = [fcntl.fcntl(fd, fcntl.F_DUPFD, FIRST + len(kept) + ROOM)
                 for _, fd in kept]
        moves = ' '.join(f'{FIRST + i}<&{fd} {fd}<&-'
                         for i, fd in enumerate(above))
        script = f'exec {moves}; export LISTEN_PID=$$; exec "$@"'
        env = {**os.environ, 'NOTIFY_SOCKET': self.path}
        if kept:
            env['LISTEN_FDS'] = str(len(kept))
            env['LISTEN_FDNAMES'] = ':'.join(n for n, _ in kept)
        else:
            script = 'exec "$@"'
        try:
            return it.start(name, ['bash', '-c', script, 'bash', *argv],
                            pass_fds=above, env=env)
        finally:
            for fd in above:
                os.close(fd)
