#!/usr/bin/python3
"""Metrics as others read them: promtool, the OpenMetrics parser of Prometheus'
own client library, and a Prometheus that scrapes a running sipregd."""

import http.client
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), 'system'))
import lab      # noqa: E402

SCRAPE = 1              # [s]
LEASE = 15              # [s] that the registrar grants, lab.Kamailio
OPEN = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
TEXT = 'text/plain; version=0.0.4; charset=utf-8'

# INTERFACE, and what dashboards and alerts of ours need: type and labels
PROMISED = {
    'sipregd_build': ('info', {'version'}),
    'sipregd_accounts': ('gauge', set()),
    'sipregd_accounts_by_state': ('gauge', {'state'}),
    'sipregd_config_last_reload_successful': ('gauge', set()),
    'sipregd_config_last_reload_success_timestamp_seconds': ('gauge', set()),
    'sipregd_edge_up': ('gauge', {'edge', 'transport'}),
    'sipregd_register_duration_seconds': ('histogram', set()),
    'sipregd_account': ('info', {'account', 'aor', 'transport'}),
    'sipregd_account_enabled': ('gauge', {'account'}),
    'sipregd_account_paused': ('gauge', {'account'}),
    'sipregd_account_registered': ('gauge', {'account'}),
    'sipregd_account_reachable': ('gauge', {'account'}),
    'sipregd_account_reason': ('gauge', {'account', 'reason'}),
    'sipregd_unreachable_seconds': ('counter', {'account'}),
    'sipregd_lease_expiry_timestamp_seconds': ('gauge', {'account'}),
    'sipregd_register_requests': ('counter', {'account'}),
    'sipregd_register_responses': ('counter', {'account', 'code'}),
    'sipregd_flow_failures': ('counter', {'account', 'reason'}),
    'sipregd_mapping_changes': ('counter', {'account'}),
    'sipregd_bindings': ('gauge', {'account', 'kind'}),
    'sipregd_inbound_requests': ('counter', {'account', 'method', 'result'}),
    'sipregd_inbound_dropped': ('counter', {'account'}),
    'sipregd_flow_up': ('gauge', {'account', 'flow'}),
    'sipregd_flow': ('info', {'account', 'flow', 'transport', 'edge',
                              'edge_host'}),
    'sipregd_pong_rtt_seconds': ('gauge', {'account', 'flow'}),
    'sipregd_tls_peer_not_after_timestamp_seconds':
        ('gauge', {'account', 'flow'}),
    'process_start_time_seconds': ('gauge', set()),
    'process_cpu_seconds': ('counter', set()),
    'process_resident_memory_bytes': ('gauge', set()),
    'process_virtual_memory_bytes': ('gauge', set()),
    'process_open_fds': ('gauge', set()),
    'process_max_fds': ('gauge', set()),
}


def get(url, **headers):
    """(status, Content-Type, text)"""
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as r:
            return r.status, r.headers['Content-Type'], r.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.headers['Content-Type'], e.read().decode()


def families(text):
    return {f.name: f for f in text_string_to_metric_families(text)}


def value(all_of, name, **labels):
    """Of that sample; None: there is none."""
    for f in all_of.values():
        for s in f.samples:
            if s.name == name and s.labels == labels:
                return s.value
    return None


# --- the text ----------------------------------------------------------------

def promtool(text):
    return subprocess.run(['promtool', 'check', 'metrics'], input=text,
                          capture_output=True, text=True, timeout=60)


def check_text(what, text):
    r = promtool(text)
    lab.check(f'{what}: promtool has no complaint',
              r.returncode == 0 and not r.stdout + r.stderr,
              r.stdout + r.stderr)


def check_families(what, text):
    try:
        found = families(text)
    except ValueError as e:
        lab.check(f'{what}: it is OpenMetrics', False, e)
        return {}
    lab.check(f'{what}: it is OpenMetrics', True)
    wrong = {n: (found.get(n) and found[n].type, t)
             for n, (t, _) in PROMISED.items()
             if n not in found or found[n].type != t}
    lab.check(f'{what}: every metric is there, of its type', not wrong, wrong)
    lab.check(f'{what}: and no other', set(found) == set(PROMISED),
              set(found) ^ set(PROMISED))
    wrong = {s.name: sorted(s.labels) for n, f in found.items()
             for s in f.samples
             if set(s.labels) - {'le'} != PROMISED[n][1]}
    lab.check(f'{what}: with its labels', not wrong, wrong)
    wrong = [n for n, f in found.items() if not f.documentation or
             f.unit != next((u for u in ('seconds', 'bytes')
                             if n.endswith('_' + u)), '')]
    lab.check(f'{what}: with its unit and help', not wrong, wrong)
    return found


def same_samples(text):
    """But for those that change from one time to the next."""
    return [line for line in text.splitlines() if line[:1] not in ('#', '') and
            not re.match('process_|sipregd_(unreachable|pong|lease)', line)]


def check_formats(it, daemon, url, file):
    status, kind, text = get(url)
    lab.check('without wishes a scrape is text of version 0.0.4',
              (status, kind) == (200, TEXT), (status, kind))
    check_text('HTTP', text)
    status, kind, opened = get(url, Accept=f'{OPEN};q=0.75,text/plain;q=0.5')
    lab.check('who prefers OpenMetrics gets that',
              (status, kind) == (200, OPEN), (status, kind))
    found = check_families('HTTP', opened)

    _, out, err = daemon.ctl('metrics')
    check_families('sipregctl metrics', out)
    _, out_json, _ = daemon.ctl('--json', 'metrics')
    lab.check('sipregctl --json metrics is one document with the same',
              same_samples(json.loads(out_json)['text']) == same_samples(out))
    lab.check('all ways have the same samples', same_samples(text) ==
              same_samples(opened) == same_samples(out))

    def written():
        with open(file) as f:
            return same_samples(f.read()) == same_samples(get(url)[2])
    lab.check_await('the text file says what HTTP says, before a new one is '
                    'due', written)
    with open(file) as f:
        check_text('text file', f.read())
    lab.check('everybody may read it', os.stat(file).st_mode & 0o777 == 0o644)

    for secret in 'secret-', 'wrong':
        lab.check(f'no password in it ({secret}...)', secret not in opened)
    return found


def check_values(daemon, found):
    now = time.time()
    lease = value(found, 'sipregd_lease_expiry_timestamp_seconds',
                  account='tina')
    lab.check('the lease ends within what was granted',
              lease and now - 1 <= lease <= now + LEASE + 1, (now, lease))
    end = value(found, 'sipregd_tls_peer_not_after_timestamp_seconds',
                account='tina', flow='1')
    lab.check('the certificate ends in two days',
              end and now + 86400 < end < now + 2.1 * 86400, (now, end))
    lab.check('who is refused: 401 counted, no 200, unreachable for as long',
              value(found, 'sipregd_register_responses_total', account='bad',
                    code='401') >= 2 and
              value(found, 'sipregd_register_responses_total', account='bad',
                    code='200') == 0 and
              value(found, 'sipregd_unreachable_seconds_total',
                    account='bad') > 0 and
              value(found, 'sipregd_account_reason', account='bad',
                    reason='credentials') == 1)
    lab.check('who is disabled is neither up nor missed',
              value(found, 'sipregd_account_enabled', account='off') == 0 and
              value(found, 'sipregd_flow_up', account='off', flow='1') is None
              and value(found, 'sipregd_unreachable_seconds_total',
                        account='off') == 0)
    count = value(found, 'sipregd_register_duration_seconds_count')
    answers = sum(s.value for s in found['sipregd_register_responses'].samples)
    lab.check('each answer has its duration', count == answers,
              (count, answers))
    listed = daemon.list()
    lab.check('the accounts are those of list, each in one state',
              value(found, 'sipregd_accounts') == len(listed) ==
              sum(s.value for s in found['sipregd_accounts_by_state'].samples))


# --- a caller ----------------------------------------------------------------

def check_inbound(registrar, url):
    before = families(get(url, Accept=OPEN)[2])
    labels = {'account': 'udo', 'method': 'OPTIONS', 'result': 'answered'}
    name = 'sipregd_inbound_requests_total'
    lab.check('an OPTIONS to udo is answered', registrar.reaches('udo'))
    lab.check_await('and counted', lambda: value(
        families(get(url, Accept=OPEN)[2]), name, **labels) ==
        (value(before, name, **labels) or 0) + 1)


# --- Prometheus --------------------------------------------------------------

class Prometheus:
    def __init__(self, it, target):
        self.host, self.port = it.host, it.port()
        config = it.write('prometheus.yml', f"""
global: {{ scrape_interval: {SCRAPE}s, scrape_timeout: {SCRAPE}s }}
scrape_configs:
  - job_name: sipregd
    static_configs: [ {{ targets: [ "{target}" ] }} ]
""")
        it.start('prometheus', [
            'prometheus', f'--config.file={config}',
            f'--storage.tsdb.path={it.path("tsdb")}',
            f'--web.listen-address={self.host}:{self.port}'])
        lab.await_that('Prometheus is ready', self.ready, 60, 0.2)

    def ready(self):
        try:
            return get(f'http://{self.host}:{self.port}/-/ready')[0] == 200
        except OSError:
            return False

    def api(self, path, **query):
        url = f'http://{self.host}:{self.port}/api/v1/{path}?' + \
            urllib.parse.urlencode(query)
        return json.loads(get(url)[2])['data']

    def target(self):
        return next(iter(self.api('targets')['activeTargets']), {})

    def query(self, expression):
        """{labels without job and instance: value}"""
        return {tuple(sorted((k, v) for k, v in r['metric'].items()
                             if k not in ('job', 'instance', '__name__'))):
                float(r['value'][1])
                for r in self.api('query', query=expression)['result']}

    def one(self, expression):
        return next(iter(self.query(expression).values()), None)

    def kind(self, metric):
        found = self.api('metadata', metric=metric)
        return found[metric][0]['type'] if metric in found else None


def check_prometheus(it, daemon, listen):
    p = Prometheus(it, listen)
    lab.check_await('Prometheus has its target up',
                    lambda: p.target().get('health') == 'up', 30)
    lab.check('and read it without an error', not p.target().get('lastError'),
              p.target().get('lastError'))
    lab.check_await('it knows who is reachable', lambda: p.query(
        'sipregd_account_reachable') == {
            (('account', 'udo'),): 1, (('account', 'tina'),): 1,
            (('account', 'off'),): 0, (('account', 'bad'),): 0})
    lab.check('and counts accounts', p.one('sipregd_accounts') == 4)
    lab.check('types are known', [p.kind(n) for n in (
        'sipregd_register_responses', 'sipregd_register_duration_seconds',
        'sipregd_flow_up', 'sipregd_account')] ==
        ['counter', 'histogram', 'gauge', 'info'])
    lab.check_await('a quantile can be had of the durations', lambda: 0 < (
        p.one('histogram_quantile(0.9, '
              'sipregd_register_duration_seconds_bucket)') or 0) < 10)
    lab.check('a join gives the reason', p.one(
        'sipregd_account_reachable{account="bad"} + on(account) '
        'group_left(reason) sipregd_account_reason') == 1)

    status, _, err = daemon.ctl('pause', 'udo')
    lab.check('udo is paused', status == 0, err)
    lab.check_await('Prometheus sees it', lambda: p.one(
        'sipregd_account_paused{account="udo"}') == 1 and p.one(
        'sipregd_account_registered{account="udo"}') == 0)
    daemon.ctl('resume', 'udo')
    lab.check_await('and back', lambda: p.one(
        'sipregd_account_registered{account="udo"}') == 1)

    daemon.stop()
    lab.check_await('the target is down when sipregd is', lambda: p.target()
                    .get('health') == 'down' and p.one('up') == 0)


# --- all of it ---------------------------------------------------------------

def check_service(it, daemon, listen):
    """What needs no parser: paths and methods."""
    base = f'http://{listen}'
    lab.check_await('ready once each account has had an outcome',
                    lambda: get(base + '/readyz')[0] == 200)
    lab.check('readyz says how many', get(base + '/readyz')[2] ==
              '2/3 reachable\n', get(base + '/readyz'))
    lab.check('healthz says ok', get(base + '/healthz')[::2] == (200, 'ok\n'))
    c = http.client.HTTPConnection(listen)
    c.request('POST', '/metrics', 'x' * 100000)
    r = c.getresponse()
    lab.check('POST is not allowed, and told so', (r.status, r.read()) ==
              (405, b'Method Not Allowed\n'))


def test(it):
    registrar = lab.Kamailio(it, grant=LEASE)
    listen, file = f'{it.host}:{it.port()}', it.path('sipregd.prom')
    daemon = lab.Sipregd(it, [
        registrar.account('udo'), registrar.account('tina', 'tls'),
        {**registrar.account('off'), 'enabled': False},
        {**registrar.account('bad'), 'password': 'wrong'}],
        metrics={'listen': listen, 'textfile': file})
    lab.await_that('two are registered and one is refused', lambda: [
        a['reason'] for a in daemon.list()] ==
        ['ok', 'ok', 'paused', 'credentials'])

    url = f'http://{listen}/metrics'
    lab.await_that('keepalives are answered', lambda: get(url)[2].count(
        '\nsipregd_pong_rtt_seconds{') == 2)
    check_service(it, daemon, listen)
    found = check_formats(it, daemon, url, file)
    if found:
        check_values(daemon, found)
    check_inbound(registrar, url)
    check_prometheus(it, daemon, listen)
    lab.check('the text file went with the daemon', not os.path.exists(file))


lab.run(test)
