#!/usr/bin/python3
"""Alert rules, the scrape job and the dashboard of etc/: each alert comes when it
should and not otherwise, and each expression is understood by Prometheus and
asks only for what a running sipregd has."""

import json
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), 'system'))
import lab      # noqa: E402

ETC = os.path.join(lab.ROOT, 'etc')
RULES = os.path.join(ETC, 'prometheus', 'sipregd.rules.yml')
SCRAPE = os.path.join(ETC, 'prometheus', 'scrape.yml')
DASHBOARD = os.path.join(ETC, 'grafana', 'sipregd.json')
CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     'rules_test.yml')

SCHEMA = 39             # of Grafana 11
FAST = '1s'             # scraped and evaluated so often
OF_PROMETHEUS = {'up': set()}
TARGET = {'job', 'instance'}
SEVERITIES = {'critical', 'warning', 'info'}
# What Grafana puts there.
VARIABLES = {'$__rate_interval': '10s', '$__range': '5m', '$job': '.*',
             '$instance': '.*', '$account': '.*', '${datasource}': ''}
# Has nothing where all is well, or for the accounts of this test.
MAY_BE_EMPTY = {'Flows that are down'}


def read(path):
    with open(path) as f:
        return f.read()


def promtool(*args):
    r = subprocess.run(['promtool', *args], capture_output=True, text=True,
                       timeout=300)
    return r.returncode == 0, r.stdout + r.stderr


def get(url):
    with urllib.request.urlopen(url, timeout=20) as r:
        return r.read().decode()


# --- what an expression asks for ---------------------------------------------

WORDS = {'and', 'or', 'unless', 'by', 'without', 'on', 'ignoring', 'bool',
         'group_left', 'group_right', 'offset', 'inf', 'nan'}
GROUPING = r'\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)\)'
SELECTOR = r'([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\})?'


def names_of(labels):
    return {n.strip() for n in labels.split(',') if n.strip()}


def asked(expr):
    """[(metric, its labels in a matcher)], labels in groupings"""
    expr = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expr)
    grouped = set()
    for m in re.finditer(GROUPING, expr):
        grouped |= names_of(m.group(1))
    expr = re.sub(GROUPING, ' ', expr)
    expr = re.sub(r'\[[^]]*\]|\boffset\s+\w+|\b\d[\w.]*', ' ', expr)
    found = []
    for m in re.finditer(SELECTOR, expr):
        called = expr[m.end():].lstrip().startswith('(')
        if m.group(1).lower() not in WORDS and not called:
            found.append((m.group(1), set(re.findall(
                r'(\w+)\s*(?:=~|!~|!=|=)', m.group(2) or ''))))
    return found, grouped


def samples_of(page):
    """{name of a sample: its labels} of a page of metrics"""
    found = {}
    for line in page.splitlines():
        m = re.match(r'([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ', line)
        if m:
            found.setdefault(m.group(1), set()).update(
                re.findall(r'(\w+)="', m.group(2) or ''))
    return found


def strangers(expr, known):
    """What it asks for that is not there."""
    metrics, grouped = asked(expr)
    labels = set().union(TARGET, *(known.get(n, ()) for n, _ in metrics))
    wrong = [n for n, _ in metrics if n not in known]
    wrong += [f'{n}{{{one}}}' for n, matched in metrics if n in known
              for one in matched - known[n] - TARGET]
    wrong += [f'by {one}' for one in grouped - labels]
    return wrong or ([] if metrics else ['nothing'])


def check_asking():
    """Of this very check."""
    known = {'a_total': {'x'}, 'b': {'y'}}
    lab.check('a metric and a label that are not there are found out',
              strangers('sum by (z) (rate(a_total{x="c d",y!="1"}[5m])) / '
                        'on (y) group_left (x) b > q', known) ==
              ['q', 'a_total{y}', 'by z'] and
              not strangers('b{y="a{b"} offset 5m < bool 14 * 86400 and '
                            'on (instance) a_total', known))


# --- the dashboard -----------------------------------------------------------

def panels_of(dashboard):
    for p in dashboard['panels']:
        yield p
        yield from p.get('panels', [])


def filled(expr):
    for name, value in VARIABLES.items():
        expr = expr.replace(name, value)
    return expr


def expressions(dashboard):
    """[(title of the panel, expression)]"""
    return [(p['title'], filled(t['expr'])) for p in panels_of(dashboard)
            for t in p.get('targets', [])]


def overlap(a, b):
    a, b = a['gridPos'], b['gridPos']
    return (a['x'] < b['x'] + b['w'] and b['x'] < a['x'] + a['w'] and
            a['y'] < b['y'] + b['h'] and b['y'] < a['y'] + a['h'])


def check_dashboard(dashboard):
    panels = list(panels_of(dashboard))
    lab.check('the dashboard has a schema, a name and an id of its own',
              dashboard['schemaVersion'] == SCHEMA and
              dashboard['uid'] == 'sipregd' and not dashboard.get('id'))
    variables = {v['name']: v for v in dashboard['templating']['list']}
    lab.check('one chooses source, job, instance and account',
              list(variables) == ['datasource', 'job', 'instance', 'account'])
    lab.check('no other variable is used',
              all('$' not in e for _, e in expressions(dashboard)),
              [e for _, e in expressions(dashboard) if '$' in e])
    ids = [p['id'] for p in panels]
    lab.check('each panel has an id', len(set(ids)) == len(ids))
    lab.check('each panel asks the chosen source', all(
        d['datasource']['uid'] == '${datasource}' for p in panels
        if p['type'] != 'row' for d in [p, *p['targets']]))
    wrong = [(p['title'], q['title']) for i, p in enumerate(panels)
             for q in panels[:i] if overlap(p, q)]
    wrong += [p['title'] for p in panels
              if p['gridPos']['x'] + p['gridPos']['w'] > 24]
    lab.check('no panel is upon another one', not wrong, wrong)


def check_variables(dashboard, known):
    asked_for = [m for v in dashboard['templating']['list']
                 if v['type'] == 'query'
                 for m in [re.fullmatch(r'label_values\((.*), (\w+)\)',
                                        v['definition'])]]
    wrong = [m.group(0) for m in asked_for
             if strangers(filled(m.group(1)), known) or
             m.group(2) not in known[asked(m.group(1))[0][0][0]] | TARGET]
    lab.check('its choices are labels that are there', not wrong, wrong)


# --- what needs no sipregd ---------------------------------------------------

def alerts_in(text):
    return re.findall(r'^ *- alert: (\w+)$', text, re.M)


def check_cases():
    good, said = promtool('check', 'rules', RULES)
    lab.check('promtool understands the rules', good, said)
    good, said = promtool('test', 'rules', CASES)
    lab.check('each alert comes when it should, with its words', good, said)
    cases = read(CASES)
    comes, stays_away = set(), set()
    for m in re.finditer(r'alertname: (\w+)(.*(?:\n {8}\w.*)*)', cases):
        (comes if 'exp_alerts' in m.group(2) else stays_away).add(m.group(1))
    every = set(alerts_in(read(RULES)))
    lab.check('there is a case for each, and one in which it does not come',
              comes == stays_away == every and every,
              (every - comes, every - stays_away, comes - every))


# --- what needs one ----------------------------------------------------------

class Prometheus:
    """With the job and the rules of etc/, faster, and the dashboard's
    expressions as rules."""

    def __init__(self, it, target, dashboard):
        self.url = f'http://{it.host}:{it.port()}'
        job = re.sub(r'"127[^"]*"', f'"{target}"', read(SCRAPE))
        job = re.sub(r'scrape_interval: \w+', f'scrape_interval: {FAST}', job)
        self.panels = it.write('dashboard.yml', json.dumps({'groups': [{
            'name': 'dashboard', 'rules': [
                {'record': f'panel:{i}', 'expr': e} for i, (_, e)
                in enumerate(expressions(dashboard))]}]}))
        self.config = it.write('prometheus.yml', f"""
global: {{ evaluation_interval: {FAST}, scrape_timeout: {FAST} }}
rule_files: [ "{RULES}", "{self.panels}" ]
{job}""")
        self.it = it

    def start(self):
        self.it.start('prometheus', [
            'prometheus', f'--config.file={self.config}',
            f'--storage.tsdb.path={self.it.path("tsdb")}',
            f'--web.listen-address={self.url[len("http://"):]}'])
        lab.await_that('Prometheus is ready', self.ready, 60)

    def ready(self):
        try:
            return 'Ready' in get(self.url + '/-/ready')
        except OSError:
            return False

    def api(self, path, **query):
        return json.loads(get(f'{self.url}/api/v1/{path}?' +
                              urllib.parse.urlencode(query)))['data']

    def rules(self):
        return [r for g in self.api('rules')['groups'] for r in g['rules']]

    def alerts(self):
        """{(alert, account): its state}"""
        return {(a['labels']['alertname'], a['labels'].get('account')):
                a['state'] for a in self.api('alerts')['alerts']}

    def has(self, expr):
        return bool(self.api('query', query=expr)['result'])


def check_rules(rules, known):
    """As Prometheus prints them."""
    known = dict(known)
    for r in rules:
        known.setdefault(r['name'], set().union(
            *(known.get(n, ()) for n, _ in asked(r['query'])[0])))
    wrong = {r['name']: strangers(r['query'], known) for r in rules}
    wrong = {n: w for n, w in wrong.items() if w}
    lab.check('rules and panels ask only for what there is', not wrong, wrong)
    bad = [(r['name'], r.get('lastError')) for r in rules
           if r['health'] == 'err']
    lab.check('none of them fails', not bad, bad)
    alerts = [r for r in rules if r['type'] == 'alerting']
    wrong = [r['name'] for r in alerts
             if r['labels'].get('severity') not in SEVERITIES or
             set(r['annotations']) != {'summary', 'description'} or
             'sipregd-reasons(7)' not in r['annotations']['description']]
    lab.check('each alert says how bad it is and what to do', not wrong, wrong)


def check_panels(p, dashboard):
    def empty():
        return [t for t, e in expressions(dashboard)
                if t not in MAY_BE_EMPTY and not p.has(e)]
    lab.check_await('each panel has something to show', lambda: not empty(), 60)
    left = empty()
    if left:
        print('# nothing to show:', *left, sep='\n#   ')


def test(it):
    check_asking()
    check_cases()
    dashboard = json.loads(read(DASHBOARD))
    check_dashboard(dashboard)

    registrar = lab.Kamailio(it)
    listen = f'{it.host}:{it.port()}'
    daemon = lab.Sipregd(it, [
        registrar.account('udo'), registrar.account('tina', 'tls'),
        {**registrar.account('bad'), 'password': 'wrong'}],
        metrics={'listen': listen})
    lab.await_that('two are registered and one is refused', lambda: [
        a['reason'] for a in daemon.list()] == ['ok', 'ok', 'credentials'])
    registrar.reaches('udo')

    p = Prometheus(it, listen, dashboard)
    good, said = promtool('check', 'config', p.config)
    lab.check('promtool understands the job, and the panels', good, said)
    p.start()

    def evaluated():
        return all(r['health'] != 'unknown' for r in p.rules())
    lab.check_await('all rules are evaluated', evaluated, 30)
    check_panels(p, dashboard)
    known = {**samples_of(get(f'http://{listen}/metrics')), **OF_PROMETHEUS}
    check_rules(p.rules(), known)
    check_variables(dashboard, known)
    lab.check_await('who is refused has one alert, the certificate of two days '
                    'another, and nobody else has any', lambda: sorted(
                        p.alerts(), key=str) == [
                        ('SipregdCertificateEndsSoon', None),
                        ('SipregdCredentialsRefused', 'bad')])

    daemon.stop()
    lab.check_await('that sipregd is down is another', lambda: (
        'SipregdDown', None) in p.alerts())


lab.run(test)
