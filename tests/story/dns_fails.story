# Without DNS the waits grow from 4 s, and a local event ends one.
account tcp
start
expect resolve
resolve-failed
expect reason dns-failure
expect reachable no
expect resolve within 4s..8s
resolve-failed
expect resolve within 8s..16s
# a resolver that never answers
expect nothing for 29s
expect resolve within 1s..40s
# a local event ends the wait, at most once in 10 s
resolve-failed
local-event
expect resolve within 1ms..250ms
resolve-failed
local-event
expect nothing for 3s
