"""sipregd under a manager that keeps its sockets (systemd's part), and what can
be asked of it without waiting."""

import asyncio
import json
import os
import signal
import subprocess

import lab
import manager


class Daemon:
    def __init__(self, it, conf, wrap):
        self.it, self.lab = it, it.lab
        self.keeper = manager.Manager(it.lab)
        self.socket = it.lab.path('control')
        self.argv = [*wrap, lab.SIPREGD, '-c', conf]
        self.busy = asyncio.Lock()
        self.unasked = 0            # it ended by itself
        self.begin()

    def begin(self):
        self.began = self.it.now()
        self.process = self.keeper.start(self.lab, 'sipregd', self.argv)

    async def end(self, name='TERM'):
        """Its exit status."""
        self.process.send_signal(getattr(signal, 'SIG' + name))
        while self.process.poll() is None:
            await asyncio.sleep(0.02)
        return self.process.returncode

    async def restart(self, name, away):
        """Ends it with that signal, and starts it that much later."""
        async with self.busy:
            self.it.alive = False
            status = await self.end(name)
            if name == 'USR2' and status:
                self.it.tell(f'exit status {status}')
                self.unasked += 1
            self.lab.processes = [(n, p) for n, p in self.lab.processes
                                  if p is not self.process]
            await asyncio.sleep(away)
            self.begin()
            self.it.alive = True

    async def reload(self):
        async with self.busy:
            p = await asyncio.create_subprocess_exec(
                lab.SIPREGCTL, '-s', self.socket, 'reload',
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            out, _ = await p.communicate()
            if p.returncode:
                self.it.tell(f'reload: {out.decode()}')
                self.unasked += 1

    async def ask(self, method):
        """A reply of the control socket; None: there is none."""
        try:
            reader, writer = await asyncio.open_unix_connection(
                self.socket, limit=1 << 24)
            try:
                writer.write(json.dumps(
                    {'method': f'io.sipregd.{method}'}).encode() + b'\0')
                data = await asyncio.wait_for(reader.readuntil(b'\0'), 10)
            finally:
                writer.close()
            return json.loads(data[:-1])['parameters']
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            return None

    def size(self):
        """(kB resident, descriptors)"""
        pid = self.process.pid
        with open(f'/proc/{pid}/statm') as f:
            pages = int(f.read().split()[1])
        return pages * 4, len(os.listdir(f'/proc/{pid}/fd'))
