#!/usr/bin/python3
"""Servers that ask for a certificate of ours, and those of another TLS."""

import shutil
import subprocess

import lab
import sserver

REFUSED = 'the server does not accept our certificate'
NONE = 'the server demands a certificate of ours (tls.certificate)'


def test(it):
    it.ca()
    it.ca('other-ca')
    pem, key = it.certificate('server')
    good = it.certificate('good')
    wrong = it.certificate('wrong', ca='other-ca')
    expired = it.certificate('expired', days=-1)
    renewed = it.path('renewed.pem'), it.path('renewed.key')
    for a, b in zip(wrong, renewed):
        shutil.copy(a, b)

    accounts, servers = [], {}

    def server(name, tls, *options):
        servers[name] = sserver.SServer(it, 'for-' + name, pem, key, *options)
        accounts.append(sserver.account(it, name, servers[name], tls))

    def pair(certificate):
        return {'certificate': certificate[0], 'key': certificate[1]}

    demand = '-Verify', '1', '-verify_return_error', '-CAfile', \
        it.path('ca.pem')
    for version in '-tls1_2', '-tls1_3':
        def case(name, tls):
            server(name + version, tls, version, *demand)

        case('good', pair(good))
        case('none', {})
        case('wrong', pair(wrong))
        case('expired', pair(expired))
    server('renewed', pair(renewed), *demand)
    server('only-1.2', {}, '-tls1_2')
    server('too-old', {'min_version': '1.3'}, '-tls1_2')
    daemon = lab.Sipregd(it, accounts)

    for version in '-tls1_2', '-tls1_3':
        name = 'good' + version
        lab.check_await(f'{name}: a REGISTER arrives',
                        servers[name].registers)
        lab.check(f'{name}: the server saw our certificate',
                  'CN = good' in servers[name].log()
                  or 'CN=good' in servers[name].log(), servers[name].log())
        servers[name].answer()
        lab.check_await(f'{name}: registered',
                        lambda: daemon.registered(name))
        sserver.check_reason(daemon, 'none' + version,
                             'without one the reason is clear',
                             'tls-failure', NONE)
        sserver.check_reason(daemon, 'wrong' + version,
                             'one of a stranger is refused in words',
                             'tls-failure', REFUSED)
        sserver.check_reason(daemon, 'expired' + version,
                             'one that has ended is refused in words',
                             'tls-failure', 'certificate expired')

    sserver.check_reason(daemon, 'renewed', 'refused with the old certificate',
                         'tls-failure', REFUSED)
    for a, b in zip(good, renewed):
        sserver.replace(b, a)
    # only the answer registers it; the command need not wait for that
    kick = subprocess.Popen([lab.SIPREGCTL, '-s', daemon.socket, 'register',
                             'renewed'], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    it.processes.append(('kick', kick))
    lab.check_await('renewed: a REGISTER arrives with the new certificate',
                    servers['renewed'].registers)
    servers['renewed'].answer()
    lab.check_await('renewed: registered without a restart',
                    lambda: daemon.registered('renewed'))

    lab.check_await('only-1.2: a server of TLS 1.2 gets its REGISTER',
                    servers['only-1.2'].registers)
    sserver.check_reason(daemon, 'too-old', 'min_version is named',
                         'tls-failure', 'no TLS version in common; '
                         'tls.min_version is 1.3')
    lab.check('too-old: nothing was sent', not servers['too-old'].registers())

    it.openssl('ec', '-in', good[1], '-aes128', '-passout', 'pass:secret',
               '-out', 'locked.key')
    bad = lab.Sipregd(it, [sserver.account(
        it, 'locked', servers['good-tls1_3'],
        {'certificate': good[0], 'key': it.path('locked.key')})],
        name='locked', ready=False)
    lab.check('an encrypted key is a mistake in the configuration',
              bad.process.wait(lab.PATIENCE) != 0)
    lab.check('... and the message says so',
              'locked.key: the private key is encrypted' in it.log('locked'),
              it.log('locked'))
    lab.check('exit status 0 after SIGTERM', daemon.stop() == 0)


lab.run(test)
