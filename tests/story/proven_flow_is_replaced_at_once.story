# SCENARIOS T6: but not in a loop: at most once in 10 s.
account tcp
come-up 300s
pass 60ms
lost flow-lost
expect registered yes
expect reachable no
expect reason flow-lost
expect resolve within 1ms..250ms
resolved 1
expect open
connected
expect register
reply 200 lease 300
pong
lost flow-lost
expect resolve within 4s..8s
