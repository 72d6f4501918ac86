"""What sipregd said of each account and what its callers found, and where the
two differ.

Each second an account is called (registrar.py), and sipregd is asked for its
list. A call agrees with the verdicts if one of the two that were read around it
says the same: there is a second between them. What begins and ends within that
second counts as a difference. Calls without one on either side from the same
process are not compared: sipregd was not there.

A difference is excused only within a detection window, the time that DESIGN §4
allows for finding out what nobody is told:

  W = keepalive interval + 5 s     an answer is overdue, on streams and on UDP
                                   (interval, at most 1 s of patience on a
                                   stream and 3.5 s on UDP; a server that never
                                   ponged is asked by OPTIONS, for which
                                   pong_timeout is set to 5 s here)
      + 1 s                        of the two readings

and opens when packets begin to vanish (black hole, a registrar that stalls or,
on UDP, is away), and again when they cease to, for a life that nobody announces
either. A registrar that loses the bindings of UDP accounts while it is away is
found out by the next REGISTER that it answers rightly, which `verify` promises:
that window lasts for verify + 6 s or, while REGISTERs are refused, until the
end of the wait after that.
All else (resets, restarts on streams, refusals, delayed and doubled datagrams,
reloads, restarts of sipregd, steps of the clock) has no window at all.
"""

import bisect
from collections import Counter

NEAR = 1.5              # [s] a reading from a call; one may be late
DETECT = 5 + 1          # [s] beyond the interval


class Watch:
    """One account."""

    def __init__(self, name, kind, edge, interval, verify, probe):
        self.name, self.kind, self.edge = name, kind, edge
        self.interval, self.verify, self.probe = interval, verify, probe
        self.calls = []         # (when, answered)
        self.windows = []       # (from, to, why)
        self.lost = []          # when its bindings were lost, on UDP
        self.faults = []        # (when, what)

    @property
    def detect(self):
        return self.interval + DETECT

    def excuse(self, begin, end, why):
        self.windows.append((begin, end, why))

    def fault(self, at, what):
        self.faults.append((at, what))

    def excused(self, at):
        return any(a <= at <= b for a, b, _ in self.windows)


class Readings:
    """The verdicts of all, as they were read."""

    def __init__(self):
        self.asked, self.times = [], []         # when; answered when
        self.lists, self.lives = [], []

    def add(self, asked, at, life, verdicts):
        """{name: (reachable, reason)}; `life` tells one process from
        another."""
        self.asked.append(asked)
        self.times.append(at)
        self.lists.append(verdicts)
        self.lives.append(life)

    def around(self, name, at):
        """What was said before and after, and at that very moment; None: not
        both are known."""
        a = bisect.bisect_right(self.times, at) - 1
        b = bisect.bisect_left(self.asked, at)
        if a < 0 or b >= len(self.times) or self.lives[a] != self.lives[b] \
                or self.asked[b] - at > NEAR or at - self.times[a] > NEAR:
            return None
        said = [self.lists[i].get(name) for i in range(a, b + 1)]
        return [v for v, _ in said] if all(said) else None

    def reasons(self, name, begin, end):
        """What was said, when it changed."""
        said, last = [], None
        for at, verdicts in zip(self.times, self.lists):
            if begin <= at <= end and (v := verdicts.get(name)) != last:
                said.append((at, v))
                last = v
        return said


class Difference:
    """Calls in a row of one account that differ from what was said."""

    def __init__(self, watch, at, said, answered):
        self.watch, self.begin, self.end = watch, at, at
        self.said, self.answered, self.count = said, answered, 0

    def takes(self, watch, at, said, answered):
        return (watch is self.watch and at - self.end < NEAR and
                (said, answered) == (self.said, self.answered))

    def kind(self):
        return f'said {self.said}, was {"yes" if self.answered else "no"}'


class Comparison:
    """`slow`: [(from, to)] when the registrar itself did not get to run, so
    that what it measured says nothing."""

    def __init__(self, watches, readings, slow):
        self.slow_times = slow
        self.compared = self.agree = self.excused = self.away = self.slow = 0
        self.reachable = 0
        self.differences = []
        for watch in watches:
            self._account(watch, readings)

    def _account(self, watch, readings):
        for at, answered in sorted(watch.calls):
            said = readings.around(watch.name, at)
            if not said:
                self.away += 1
            elif any(a <= at <= b for a, b in self.slow_times):
                self.slow += 1
            elif watch.excused(at):
                self.excused += 1
            else:
                self.compared += 1
                self.reachable += answered
                agree = any((v == 'yes') == answered for v in said)
                self.agree += agree
                if not agree:
                    self._differ(watch, at, said[0], answered)

    def _differ(self, *what):
        if not (self.differences and self.differences[-1].takes(*what)):
            self.differences.append(Difference(*what))
        self.differences[-1].end = what[1]
        self.differences[-1].count += 1

    def share(self):
        """[%]"""
        return 100 * self.agree / self.compared if self.compared else 0

    def kinds(self):
        """{(kind, reason of the last fault): seconds}"""
        kinds = Counter()
        for d in self.differences:
            kinds[d.kind(), last_fault(d)] += d.count
        return kinds


def last_fault(d):
    before = [what for at, what in d.watch.faults if at <= d.begin]
    return before[-1].split()[0] if before else 'none'


def timeline(d, readings, since):
    """What happened around a difference, as lines."""
    begin, end = d.begin - 30, d.end + 5
    lines = [(at, f'fault: {what}') for at, what in d.watch.faults
             if begin <= at <= end]
    lines += [(at, 'sipregd: ' + ('nothing' if v is None else ', '.join(v)))
              for at, v in readings.reasons(d.watch.name, begin, end)]
    last = None
    for at, answered in sorted(d.watch.calls):
        if begin <= at <= end and answered != last:
            lines.append((at, 'a call is ' + ('answered' if answered
                                              else 'lost')))
            last = answered
    w = d.watch
    head = (f'{w.name} ({w.kind}, edge {w.edge}, interval {w.interval}, '
            f'probe {"on" if w.probe else "off"}): {d.kind()} for {d.count} s '
            f'from {d.begin - since:.1f}')
    return [head, *(f'  {at - since:8.1f}  {text}'
                    for at, text in sorted(lines))]
