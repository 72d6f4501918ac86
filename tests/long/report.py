"""What a soak comes to: tables, and what must be true of it."""

import compare
import faults
import lab

WAIT_MAX = 240          # [s] after three refusals in a row (reg.h)
AGREE = 99              # [%]
ENOUGH = 30             # [%]
RSS_GROWTH = 10         # [%] first to last quarter
RSS_SLACK = 1024        # [kB] more than that is a growth at all
FD_SLACK = 8            # descriptors
LINES = 12              # of log (info) for each account that a fault hits
STORM = 24              # REGISTERs of one account within 10 s


def middle(values):
    return sorted(values)[len(values) // 2] if values else 0


def quarters(values):
    n = max(1, len(values) // 4)
    return middle(values[:n]), middle(values[-n:])


def busiest(times):
    """REGISTERs within 10 s, at most."""
    most = first = 0
    for i, at in enumerate(times):
        while times[first] < at - 10:
            first += 1
        most = max(most, i - first + 1)
    return most


def table(rows):
    widths = [max(len(str(r[i])) for r in rows) for i in range(len(rows[0]))]
    for r in rows:
        print('  '.join(str(c).ljust(w) for c, w in zip(r, widths)).rstrip())


def bindings_lost(soak):
    """The windows that compare.py names last: while REGISTERs are refused,
    until the first one that is not."""
    for w in soak.watches:
        for at in w.lost:
            end = at + w.verify + compare.DETECT
            for when, refused in soak.registrar.users[w.name].registers:
                if at - WAIT_MAX < when <= end:
                    if refused:
                        end = when + WAIT_MAX
                    elif when > at:
                        end = min(end, when + compare.DETECT)
            w.excuse(at, end, 'bindings lost')


class Figures:
    """What is to be told and judged."""

    def __init__(self, soak):
        bindings_lost(soak)
        self.compared = compare.Comparison(soak.watches, soak.readings,
                                           soak.slow)
        self.lines = soak.lab.log('sipregd').count('\n')
        self.hits = sum(n for _, n in soak.counts.values()) \
            + len(soak.watches)
        last = [s for s in soak.sizes if s[0] == soak.sizes[-1][0]]
        self.lived = last[-1][1] - last[0][1]
        self.rss = quarters([s[2] for s in last])
        self.fds = quarters([s[3] for s in last])
        users = soak.registrar.users.values()
        self.most = max((busiest([at for at, _ in u.registers]), u.name)
                        for u in users)
        self.sent = sum(len(u.registers) for u in users)


def tell(soak, f):
    c = f.compared
    print(f'--- {len(soak.watches)} accounts, {soak.time:.0f} s of faults, '
          f'SOAK_SEED={soak.seed}')
    table([('fault', 'times', 'accounts'),
           *((k, *n) for k, n in sorted(soak.counts.items()))])
    print()
    table([('account-seconds', ''), ('compared', c.compared),
           ('  of these reachable', c.reachable), ('agree', c.agree),
           ('share', f'{c.share():.3f} %'),
           ('in detection windows', c.excused),
           ('without a verdict', c.away),
           ('while this machine was too slow', c.slow)])
    for (kind, fault), n in c.kinds().most_common():
        print(f'differ: {kind}, after {fault}: {n} s')
    print()
    table([('REGISTERs', f.sent), ('answers', ', '.join(
        f'{n} x {s}' for s, n in sorted(soak.registrar.answers.items()))),
        ('most within 10 s', f'{f.most[0]} ({f.most[1]})'),
        ('log lines', f'{f.lines} for {f.hits} accounts hit'),
        ('RSS of the last process',
         f'{f.rss[0]} -> {f.rss[1]} kB in {f.lived:.0f} s'),
        ('its descriptors', f'{f.fds[0]} -> {f.fds[1]}, at the end '
         f'{soak.end_fds} of {soak.descriptors}'),
        ('all well after', f'{soak.took:.1f} s, longest wait named '
         f'{soak.longest:.0f} s')])
    for d in sorted(c.differences, key=lambda d: -d.count):
        for line in compare.timeline(d, soak.readings, soak.since):
            print(line, file=soak.story)


def judge(soak):
    f, check = Figures(soak), lab.check
    tell(soak, f)
    c, share = f.compared, f.compared.share()
    asked = c.compared + c.excused + c.away + c.slow
    check(f'{ENOUGH} % of the account-seconds could be compared',
          c.compared * 100 >= asked * ENOUGH, (c.compared, asked))
    check(f'verdicts agree with callers in {AGREE} % of the account-seconds',
          share >= AGREE, f'{share:.3f} %, see {soak.story.name}')
    check('every account is back within the wait that it names',
          not soak.stuck, ' '.join(sorted(soak.stuck)))
    check(f'no account waits for more than {WAIT_MAX} s',
          soak.longest <= WAIT_MAX, soak.longest)
    check('each account has one binding',
          set(soak.bindings.values()) == {1},
          {n: b for n, b in soak.bindings.items() if b != 1})
    check('memory is flat', f.rss[1] - f.rss[0] <= max(
        RSS_SLACK, f.rss[0] * RSS_GROWTH / 100), f.rss)
    check('descriptors are flat', max(f.fds[1], soak.end_fds)
          <= soak.descriptors + FD_SLACK, (f.fds, soak.end_fds))
    check('the log is no flood', f.lines <= LINES * f.hits,
          (f.lines, f.hits))
    check('nobody is hammered', f.most[0] <= STORM, f.most)
    check('restarts and reloads work', not soak.daemon.unasked)
    check('it always answers when asked for its list', soak.misses <= 3 +
          sum(soak.counts.get(k, [0])[0] for k in faults.Faults.ENDS),
          soak.misses)
    check('it ends well and leaves no binding', soak.status == 0 and
          not soak.left, (soak.status, soak.left))
