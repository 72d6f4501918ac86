# SCENARIOS T16, O6: asked every 30 s at least, and back within 30 s.
account tcp ponging
come-up 1h
lost flow-lost
expect resolve within 1ms..250ms
dns-away 1d
expect reason dns-failure
expect registered no
resolve-failed
expect resolve within 1ms..30s
resolved 1
expect open
connected
expect register
# what goes wrong now is the first failure, not the three thousandth
reply 500
expect resolve within 30s..60s
resolved 1
expect open
connected
expect register
reply 200 lease 3600
expect registered yes

# and the operator, or the network, need not wait for those 30 s
account tcp
start
expect resolve
dns-away 1h
resolve-failed
local-event
expect resolve within 1ms..250ms
resolved 1
expect open
