#!/usr/bin/python3
"""Pins: a wrong one is refused and the right one named, so that it can be
copied; then it is enough."""

import re

import lab
import sserver

STRANGER = 'sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='


def test(it):
    it.ca()
    it.ca('other-ca')
    ours = it.certificate('server')
    foreign = it.certificate('foreign', ca='other-ca', san='DNS:a.example')
    accounts, servers = [], {}

    def case(name, certificate, pins, **tls):
        servers[name] = sserver.SServer(it, 'for-' + name, *certificate)
        accounts.append(sserver.account(it, name, servers[name],
                                        {'pins': pins, **tls}))

    case('right', ours, [sserver.pin(ours[0])])
    case('backup', ours, [STRANGER, sserver.pin(ours[0])], verify='strict')
    case('authority', ours, [sserver.pin(it.path('ca.pem'))])
    case('alone', foreign, [sserver.pin(foreign[0])], verify='none')
    good = list(servers)

    case('wrong', ours, [STRANGER])
    case('wrong-alone', ours, [STRANGER], verify='none')
    # its key is pinned, but nobody vouches for it
    case('untrusted', foreign, [sserver.pin(foreign[0])])
    # anybody could send this authority's certificate along
    case('authority-alone', ours, [sserver.pin(it.path('ca.pem'))],
         verify='none')
    bad = [n for n in servers if n not in good]

    daemon = lab.Sipregd(it, accounts)

    for name in good:
        lab.check_await(f'{name}: a REGISTER arrives',
                        servers[name].registers)
        servers[name].answer()
        lab.check_await(f'{name}: registered',
                        lambda: daemon.registered(name))

    for name in bad:
        sserver.check_reason(daemon, name, 'refused as tls-untrusted',
                             'tls-untrusted', '')
    for name in 'wrong', 'wrong-alone', 'authority-alone':
        text = sserver.reason(daemon, name)[1]
        lab.check(f'{name}: the text names the key as openssl does',
                  'no pin matches' in text
                  and re.search(r'sha256/[A-Za-z0-9+/]{43}=', text)[0]
                  == sserver.pin(ours[0]), text)
    lab.check('the log names it too', 'no pin matches' in it.log('sipregd')
              and sserver.pin(ours[0]) in it.log('sipregd'),
              it.log('sipregd'))
    lab.check('untrusted: a pin is no substitute for the chain',
              'no pin' not in sserver.reason(daemon, 'untrusted')[1])

    for name in bad:
        lab.check(f'{name}: no byte of SIP was sent',
                  'REGISTER' not in servers[name].log(), servers[name].log())
    lab.check('no warning says that pins are not acted on',
              'not acted on' not in it.log('sipregd'), it.log('sipregd'))
    lab.check('exit status 0 after SIGTERM', daemon.stop() == 0)


lab.run(test)
