# A restart with hand-over: same flow, same binding, nothing sent before its
# time.
account tcp ponging policy auto local 10.0.0.2:40000
pass 1s
come-up 1h mapped 203.0.113.7:61000
expect cseq 2
expect registered yes
expect reachable yes
pass 10m
hand-over
expect registered yes
expect reachable yes
expect reason ok
pass 10m
# the refresh, when it was due all along, over the same flow
expect register within 25m..40m
expect cseq 3
expect flow proven
reply 200 lease 3600
expect registered yes

# the flow dies after it: found as ever, and replaced
hand-over
lost flow-lost
expect resolve within 0s..1s
resolved 1
expect open
connected
expect register
reply 200 lease 3600
expect registered yes

# on UDP as well
account udp
come-up 1h
expect registered yes
hand-over
expect registered yes

# with two addresses the other one is next, as without the restart
account tcp ponging
come-up 1h
hand-over
learned 2
kick
expect register
reply 503
expect open
connected
expect address 1
expect register
reply 200 lease 3600
expect registered yes

# with one it waits, and keeps the flow that calls come in by
account tcp ponging
come-up 1h
hand-over
learned 1
kick
expect register
reply 503 retry-after 60
expect flow proven
expect register within 60s..72s
reply 200 lease 3600
