# SCENARIOS T2: once more at once, then back off; not registered, unknown.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register
reply 200 absent
expect register
expect registered no
reply 200 absent
expect reason binding-absent
expect registered no
expect reachable unknown
expect state wait
expect resolve within 30s..60s
resolved 1
expect open
connected
expect register
reply 200 absent
expect state wait
expect resolve within 60s..120s
resolved 1
expect open
connected
expect register
reply 200 lease 300
expect registered yes
