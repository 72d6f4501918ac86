#!/usr/bin/python3
"""Completion in a real bash and a real zsh on a terminal: what a Tab makes of a
line."""

import os
import pty
import re
import select
import subprocess
import time

import lab
from control import ACCOUNT, ENV, Daemon, ctl

COMPLETION = os.path.join(lab.ROOT, 'completion')
NAMES = 'trunk', 'alice@example.com', 'alice@example.org', 'back-office'

PROMPT = 'ready> '


class Shell:
    """A shell at its prompt; Tab is pressed and the line comes back."""

    def __init__(self, name, argv, setup, path):
        self.name = name
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            argv, stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True, env={
                **ENV, 'TERM': 'dumb', 'PATH': f'{lab.BUILD}:{ENV["PATH"]}',
                'SIPREGD_SOCKET': path, 'PS1': PROMPT, 'HISTFILE': '',
                'HOME': '/nonexistent'})
        os.close(slave)
        self.run(setup + f"; PS1='{PROMPT}'; echo set\" \"up")
        self.until('set up')

    def read(self, wait):
        out = ''
        while select.select([self.master], [], [], wait)[0]:
            try:
                out += os.read(self.master, 65536).decode(errors='replace')
            except OSError:
                break
        return out

    def until(self, text):
        out = ''
        def there():
            nonlocal out
            out += self.read(0.05)
            return text in out
        lab.await_that(f'{self.name} says {text}', there)

    def run(self, line):
        os.write(self.master, line.encode() + b'\n')

    def completes(self, line):
        """All that the terminal shows after a Tab, and the line itself once
        the shell has taken it."""
        self.read(0.1)
        os.write(self.master, line.encode() + b'\t\t')
        # the mark tells what the line is without running it
        os.write(self.master, b'\x01echo "<\x05>"\n')
        out = ''
        def there():
            nonlocal out
            out += self.read(0.05)
            return re.search(r'^<(.*)>\r?$', out, re.M)
        made = lab.await_that(f'{self.name} takes the line', there)[1]
        return made.rstrip(), out

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def bash(path):
    return Shell('bash', ['bash', '--norc', '--noprofile', '-i'],
                 f'source {COMPLETION}/sipregctl.bash', path)


def zsh(path):
    return Shell('zsh', ['zsh', '-f', '-i'],
                 f'fpath=({COMPLETION} $fpath); autoload -Uz compinit; '
                 'compinit -u -D; unsetopt beep zle_bracketed_paste '
                 'prompt_sp; bindkey -e', path)


def tabs(it, d, make):
    shell = make(d.path)

    def becomes(line, made, sentence):
        got = shell.completes(line)
        lab.check(f'{shell.name}: {sentence}', got[0] == made, got)

    def offers(line, *words, without=()):
        made, out = shell.completes(line)
        lab.check(f'{shell.name}: "{line}" offers {" ".join(words)}', all(
            word in out for word in words) and not any(
                word in out for word in without), (made, out))

    becomes('sipregctl st', 'sipregctl status', 'a verb')
    becomes('sipregctl --js', 'sipregctl --json', 'an option')
    becomes('sipregctl list --wat', 'sipregctl list --watch',
            'an option of that verb')
    becomes('sipregctl status --wat', 'sipregctl status --wat',
            'not one of another verb')
    becomes('sipregctl status tr', 'sipregctl status trunk',
            'the name of an account')
    becomes('sipregctl check ba', 'sipregctl check back-office',
            'where the name may be left out too')
    becomes('sipregctl status alice@example.o',
            'sipregctl status alice@example.org', 'a name with an @')
    becomes('sipregctl -t 5 --json status tr',
            'sipregctl -t 5 --json status trunk', 'after options')
    becomes(f'sipregctl -s {d.path} status tr',
            f'sipregctl -s {d.path} status trunk', 'with a socket')
    becomes('sipregctl ping tr', 'sipregctl ping tr',
            'no name where none belongs')
    becomes('sipregctl status trunk tr', 'sipregctl status trunk tr',
            'nor a second one')
    becomes('sipregctl -t tr', 'sipregctl -t tr', 'nor as a number')
    offers('sipregctl status ', *NAMES)
    offers('sipregctl re', 'register', 'reconnect', 'resume', 'reload')
    offers('sipregctl check --c', '--critical', '--cert-days')

    shell.run(f'export SIPREGD_SOCKET={it.path("nobody")}')
    made, out = shell.completes('sipregctl status tr')
    lab.check(f'{shell.name}: without a daemon nothing, silently',
              made == 'sipregctl status tr' and 'running' not in out,
              (made, out))
    d.raw(hold=True)
    shell.run(f'export SIPREGD_SOCKET={d.path}')
    begin = time.monotonic()
    made, out = shell.completes('sipregctl status tr')
    lab.check(f'{shell.name}: nor is a daemon waited for that does not answer',
              made == 'sipregctl status tr'
              and time.monotonic() - begin < 8, (made, out))
    shell.close()


def test(it):
    d = Daemon(it.path('control'))
    for make in bash, zsh:
        d.says(*[{'accounts': [{**ACCOUNT, 'name': name}]} for name in NAMES])
        tabs(it, d, make)
    known = ctl(d, 'complete')[1].splitlines()
    verbs = {line.split()[1] for line in known if line.startswith('verb ')}
    told = set(re.findall(r'^  ([a-z-]+) ', ctl(d, 'help')[1], re.M))
    lab.check('it knows the verbs that help names', verbs == told,
              verbs ^ told)


lab.run(test)
