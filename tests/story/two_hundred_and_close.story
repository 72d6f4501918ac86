# SCENARIOS T8: a 200 and a close, again and again. Not proven, so it counts as
# a failure.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register
reply 200 lease 300
lost flow-lost
expect reason flow-lost
expect reachable no
expect resolve within 4s..8s
resolved 1
expect open
connected
expect register
reply 200 lease 300
lost flow-lost
expect resolve within 8s..16s
