#!/usr/bin/python3
"""A restart: plain flows are handed over, so that nobody notices; and a stop:
nothing is left at the registrar."""

import time

import scene
from scene import lab

PLAIN = ('udp', 'tcp')
PERIOD = 0.1                # [s] between two requests to an account


def restarted(s, what, command):
    """That command restarts it; each fact that a user would notice."""
    ports = {t: s.service.port(t) for t in scene.TRANSPORTS}
    watches = {t: s.asker.watch(s.registrar, t) for t in PLAIN}
    lab.await_that('they are reached', lambda: all(
        w.unreachable(0) is not None for w in watches.values()))
    pid, seen = s.service.pid(), len(s.registrar.registers())
    began = time.monotonic()
    command()
    lab.check(f'{what}: another process runs',
              s.service.pid() not in (0, pid))
    for t in PLAIN:
        lab.check(f'{what}: {t} is registered from the first moment',
                  s.service.registered(t), s.service.status(t))
        lab.check(f'{what}: {t} has its old port',
                  s.service.port(t) == ports[t],
                  (ports[t], s.service.port(t)))
    lab.check_await(f'{what}: tls is registered again, anew', lambda:
                    s.registrar.sent(seen, 'tls') and
                    s.service.registered('tls'))
    lab.check_await(f'{what}: tls has one binding, the present one',
                    lambda: s.one_binding('tls'))
    lab.check_await(f'{what}: a request to tls arrives',
                    lambda: s.reaches('tls'))
    for t in PLAIN:
        lab.await_that(f'{t} is reached', lambda:
                       watches[t].unreachable(began) is not None)
        good, asked = watches[t].answered(began)
        lab.check(f'{what}: no request to {t} was lost', good == asked,
                  f'{good} of {asked}, away for '
                  f'{watches[t].unreachable(began)} s')
        s.asker.unwatch(t)
        lab.check(f'{what}: {t} sent no REGISTER',
                  not s.registrar.sent(seen, t), s.registrar.sent(seen, t))
    return ports


def refreshed(s, ports):
    """The flow that was handed over is good for more."""
    for t in PLAIN:
        seen = len(s.registrar.registers())
        status, out, err = s.service.ctl('register', t)
        lab.check(f'{t} refreshes over the flow that it was given',
                  status == 0 and {r['port'] for r in
                                   s.registrar.sent(seen, t)} ==
                  {str(ports[t])}, (out, err, s.registrar.sent(seen, t)))
        lab.check(f'{t} has one binding', s.one_binding(t),
                  s.registrar.bindings())


def stopped(s):
    s.box.must('systemctl', 'stop', 'sipregd')
    lab.check('stopped: the registrar has forgotten all of them',
              not s.registrar.bindings(), s.registrar.bindings())
    lab.check('stopped: it ended well', s.service.show('Result') ==
              'success' and s.service.show('ExecMainStatus') == '0')
    lab.check('stopped: no descriptor is kept for later',
              s.service.show('NFileDescriptorStore') == '0',
              s.service.show('NFileDescriptorStore'))


def test(s):
    s.begin(*map(s.registrar.account, scene.TRANSPORTS))
    s.asker = s.prober(PERIOD)

    def restart():
        s.box.must('systemctl', 'restart', 'sipregd')

    restarted(s, 'restart', restart)
    refreshed(s, restarted(s, 'once more', restart))
    stopped(s)


scene.run(test)
