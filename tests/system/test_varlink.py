#!/usr/bin/python3
"""The description of the control socket's interface is what is really said."""

import json
import os
import re
import shutil
import socket
import subprocess

import lab

TOKEN = re.compile(r'\s*(?:#[^\n]*\n\s*)*(->|\[\]|[?():,]|[A-Za-z][\w.]*|$)')


class Interface:
    """A varlink interface definition, https://varlink.org/Interface-Definition.

    A type is a string for a simple or named one, ('?', type), ('[]', type),
    a dict of fields, or a tuple of words."""

    def __init__(self, text):
        self.tokens = []
        at = 0
        while at < len(text):
            m = TOKEN.match(text, at)
            if not m:
                raise lab.Failed('not varlink: ' + text[at:at + 40])
            self.tokens.append(m[1])
            at = m.end()
        self.types, self.methods, self.errors = {}, {}, {}
        self.expect('interface')
        self.name = self.take()
        while self.tokens and self.tokens[0]:
            kind, name = self.take(), self.take()
            first = self.type()
            if kind == 'method':
                self.expect('->')
                self.methods[name] = first, self.type()
            else:
                {'type': self.types, 'error': self.errors}[kind][name] = first

    def take(self):
        return self.tokens.pop(0)

    def expect(self, token):
        got = self.take()
        if got != token:
            raise lab.Failed(f'{token} expected, not {got}')

    def type(self):
        token = self.take()
        if token in ('?', '[]'):
            return token, self.type()
        if token != '(':
            return token
        fields, words = {}, []
        while self.tokens[0] != ')':
            name = self.take()
            if self.tokens[0] == ':':
                self.take()
                fields[name] = self.type()
            else:
                words.append(name)
            if self.tokens[0] != ')':
                self.expect(',')
        self.take()
        return tuple(words) if words else fields

    def wrong(self, value, type, where=''):
        """What of the value is not as described; '' if all is."""
        if isinstance(type, tuple) and type[0] == '?':
            return '' if value is None else self.wrong(value, type[1], where)
        if isinstance(type, tuple) and type[0] == '[]':
            if not isinstance(value, list):
                return f'{where} is no array'
            return ''.join(self.wrong(v, type[1], f'{where}[{i}]')
                           for i, v in enumerate(value))
        if isinstance(type, tuple):
            return '' if value in type else f'{where}: {value!r}; '
        if isinstance(type, dict):
            return self.wrong_fields(value, type, where)
        if type in self.types:
            return self.wrong(value, self.types[type], where)
        simple = {'bool': bool, 'int': int, 'float': float, 'string': str}
        good = value.__class__ is simple[type]
        return '' if good else f'{where}: {value!r} is no {type}; '

    def wrong_fields(self, value, type, where):
        if not isinstance(value, dict):
            return f'{where} is no object; '
        wrong = [f'{where}.{name} is not described; '
                 for name in value if name not in type]
        for name, t in type.items():
            if name in value:
                wrong.append(self.wrong(value[name], t, f'{where}.{name}'))
            elif t[0] != '?':
                wrong.append(f'{where}.{name} is missing; ')
        return ''.join(wrong)


def ask(d, method, /, **parameters):
    """Its whole answer."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(d.socket)
        s.sendall(json.dumps({'method': method, 'parameters': parameters})
                  .encode() + b'\0')
        answer = b''
        while not answer.endswith(b'\0'):
            part = s.recv(65536)
            if not part:
                raise lab.Failed(f'{method}: no answer')
            answer += part
    return json.loads(answer[:-1])


def as_described(sentence, d, i, method, /, **parameters):
    """Asks, and checks what comes; the reply's or error's parameters."""
    answer = ask(d, f'{i.name}.{method}', **parameters)
    if 'error' in answer:
        name = answer['error'].rpartition('.')[2]
        type = i.errors.get(name, 'error')
    else:
        type = i.methods[method][1]
    wrong = 'not described' if type == 'error' else \
        i.wrong(answer.get('parameters'), type, method)
    lab.check(f'{sentence}, as described', not wrong, f'{wrong}\n{answer}')
    return answer.get('error', '').rpartition('.')[2], answer['parameters']


def descriptions(d):
    """Both interfaces, as the daemon describes them."""
    answer = ask(d, 'org.varlink.service.GetInfo')
    names = answer['parameters']['interfaces']
    found = {}
    for name in names:
        text = ask(d, 'org.varlink.service.GetInterfaceDescription',
                   interface=name)['parameters']['description']
        found[name] = Interface(text)
        lab.check(f'{name} is what its description says',
                  found[name].name == name)
        with open(os.path.join(lab.ROOT, 'src', 'wire',
                               name + '.varlink')) as f:
            lab.check(f'{name} is described by the file', text == f.read())
    service = found['org.varlink.service']
    as_described('GetInfo', d, service, 'GetInfo')
    as_described('GetInterfaceDescription', d, service,
                 'GetInterfaceDescription', interface='io.sipregd')
    error, _ = as_described('an unknown interface', d, service,
                            'GetInterfaceDescription', interface='io.x')
    lab.check('an unknown interface is an error',
              error == 'InterfaceNotFound', error)
    return found['io.sipregd']


def itself(i):
    """The description, without asking anybody."""
    def check_names(type, where):
        if isinstance(type, str):
            lab.check(f'{where}: {type} is a type', type in i.types or
                      type in ('bool', 'int', 'float', 'string'))
        elif isinstance(type, dict):
            for name, t in type.items():
                lab.check(f'{where}.{name} is a name that varlink allows',
                          re.fullmatch(r'[A-Za-z](_?[A-Za-z0-9])*', name))
                check_names(t, f'{where}.{name}')
        elif type and type[0] in ('?', '[]'):
            check_names(type[1], where)

    for name, type in [*i.types.items(), *i.errors.items()]:
        check_names(type, name)
    for name, (given, back) in i.methods.items():
        check_names(given, name)
        check_names(back, name)
    status = dict(i.methods['Status'][1])
    status.pop('events')
    lab.check('Status says what List says of an account, and its events',
              status == i.types['Account'])
    for name in 'Reconnect', 'Resume':
        lab.check(f'{name} answers as Register does',
                  i.methods[name] == i.methods['Register'])


def traced(d, i):
    """The first of its messages that are kept."""
    as_described('whether messages are kept', d, i, 'Trace', name='alice')
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(d.socket)
        s.sendall(b'{"method":"io.sipregd.Trace","more":true,"parameters":'
                  b'{"name":"alice","past":true}}\0')
        answer = b''
        while b'\0' not in answer:
            answer += s.recv(65536)
    reply = json.loads(answer.split(b'\0')[0])['parameters']
    wrong = i.wrong(reply, i.methods['Trace'][1], 'Trace')
    lab.check('a message, as described', reply['message'] and not wrong,
              (wrong, reply))


def accounts(d, i):
    for name in 'alice', 'tls', 'refused', 'silent', 'off':
        error, a = as_described(f'the status of {name}', d, i, 'Status',
                                name=name)
        lab.check(f'{name} has a history or is off',
                  not error and (a['events'] or not a['enabled']), a)
        error, history = as_described(f'the history of {name}', d, i,
                                      'History', name=name)
        lab.check('that is the events of the status, or more',
                  history['events'][:len(a['events'])] == a['events'],
                  (history, a))
    error, reply = as_described('the list', d, i, 'List')
    lab.check('the list has them all', len(reply['accounts']) == 5, reply)
    as_described('a ping', d, i, 'Ping')
    as_described('a monitor of nothing to come', d, i, 'Monitor')
    as_described('a monitor of one', d, i, 'Monitor', name='alice')
    error, _ = as_described('a monitor of one that is not there', d, i,
                            'Monitor', name='nobody')
    lab.check('that is an error', error == 'NoSuchAccount', error)
    traced(d, i)


def acts(it, d, i):
    for method in ('Register', 'Bindings', 'PurgeGhosts', 'Probe', 'Diagnose',
                   'Reconnect', 'Pause', 'Resume', 'Status', 'History'):
        error, reply = as_described(f'{method} of one that is there', d, i,
                                    method, name='alice')
        lab.check(f'{method} is done', not error and reply.get('ok', True),
                  (error, reply))
        error, _ = as_described(f'{method} of one that is not there', d, i,
                                method, name='nobody')
        lab.check('that is an error', error == 'NoSuchAccount', error)
    for method, name, expected in (('Resume', 'alice', 'NotPaused'),
                                   ('Register', 'off', 'NotRunning'),
                                   ('Bindings', 'off', 'NotRunning'),
                                   ('Bindings', 'silent', 'NotConnected'),
                                   ('PurgeGhosts', 'silent', 'NotConnected'),
                                   ('Probe', 'refused', 'NotConnected')):
        error, _ = as_described(f'{method} of {name}', d, i, method, name=name)
        lab.check(f'that is {expected}', error == expected, error)
    as_described('a REGISTER that is refused', d, i, 'Register', name='refused')
    as_described('a pause without a binding', d, i, 'Pause', name='refused')
    as_described('the status of one that is paused', d, i, 'Status',
                 name='refused')

    error, reply = as_described('a reload', d, i, 'Reload')
    lab.check('a reload is done', not error, (error, reply))
    with open(d.config, 'a') as f:
        f.write('nonsense = 1;\n')
    error, reply = as_described('a reload of nonsense', d, i, 'Reload')
    lab.check('that is an error', error == 'BadConfiguration'
              and reply['errors'], reply)


def varlinkctl(d):
    """systemd's own client, where there is one."""
    if not shutil.which('varlinkctl'):
        print('# no varlinkctl here')
        return
    for argv, part in ((['info', d.socket], 'io.sipregd'),
                       (['list-interfaces', d.socket], 'io.sipregd'),
                       (['introspect', d.socket, 'io.sipregd'],
                        'method Status'),
                       (['call', d.socket, 'io.sipregd.Ping', '{}'],
                        'version'),
                       (['call', '--more', d.socket, 'io.sipregd.List', '{}'],
                        'alice'),
                       (['call', d.socket, 'io.sipregd.Status',
                         '{"name":"alice"}'], 'sip:alice@')):
        r = subprocess.run(['varlinkctl', *argv], capture_output=True,
                           text=True, timeout=30)
        lab.check('varlinkctl ' + argv[0], r.returncode == 0
                  and part in r.stdout, r)


def test(it):
    registrar = lab.Kamailio(it, grant=60)
    silent = socket.socket(type=socket.SOCK_DGRAM)
    silent.bind((it.host, 0))
    d = lab.Sipregd(it, [
        registrar.account('alice', 'tcp'), registrar.account('tls', 'tls'),
        registrar.account('refused', 'tcp', port=it.port()),
        registrar.account('silent', 'udp', port=silent.getsockname()[1]),
        registrar.account('off', 'tcp', enabled=False)])
    i = descriptions(d)
    itself(i)
    as_described('the list before anything is known', d, i, 'List')
    lab.check_await('two are registered', lambda: d.registered('alice', 'tls'))
    accounts(d, i)
    varlinkctl(d)
    acts(it, d, i)


lab.run(test)
