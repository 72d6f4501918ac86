#!/usr/bin/python3
"""systemd's own varlinkctl talks to the control socket, where there is one
(Debian 13)."""

import json
import re

import scene
from scene import lab

ADDRESS = 'unix:/run/sipregd/control'
IDL = '/usr/share/varlink/io.sipregd.varlink'


def methods_of(text):
    return set(re.findall(r'method (\w+)', text))


def described(s):
    info = s.box.must('varlinkctl', 'info', ADDRESS)
    lab.check('varlinkctl info: who we are', 'sipregd' in info
              and 'io.sipregd' in info, info)
    text = s.box.must('varlinkctl', 'introspect', ADDRESS, 'io.sipregd')
    installed = s.box.must('cat', IDL)
    lab.check('varlinkctl introspect: it understands the description, which '
              'has all methods of the installed file',
              methods_of(text) == methods_of(installed)
              and len(methods_of(text)) > 10, text)
    r = s.box.run('varlinkctl', 'validate-idl', IDL)
    lab.check('varlinkctl validate-idl takes the installed file',
              r.returncode == 0, r.stdout + r.stderr)


def call(s, method, parameters, *options):
    r = s.box.run('varlinkctl', '--json=short', *options, 'call', ADDRESS,
                  f'io.sipregd.{method}', json.dumps(parameters))
    lines = [json.loads(line) for line in r.stdout.splitlines()
             if line.startswith('{')]
    return lines, r.stdout + r.stderr


def called(s):
    found, said = call(s, 'Ping', {})
    lab.check('varlinkctl call: Ping', found and found[0]['version'], said)
    found, said = call(s, 'Status', {'name': 'tcp'})
    lab.check('Status of an account', found and found[0]['registered'], said)
    _, said = call(s, 'Status', {'name': 'nobody'})
    lab.check('an error is told by its name',
              'io.sipregd.NoSuchAccount' in said, said)
    found, said = call(s, 'List', {}, '--more')
    lab.check('--more: an account in each reply', [
        a['name'] for r in found for a in r['accounts']
        if a['enabled']] == ['tcp'], said)
    found, said = call(s, 'Register', {'name': 'tcp'})
    lab.check('what has an outcome is waited for', found and found[0]['ok'],
              said)


def test(s):
    s.begin(s.registrar.account('tcp'))
    if s.box.run('test', '-x', '/usr/bin/varlinkctl').returncode:
        lab.check('systemd 252 has no varlinkctl', s.suite == 'bookworm')
        return
    described(s)
    called(s)


scene.run(test)
