# SCENARIOS T9: bounded, though `stale` is no refusal.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 401
expect register fresh
reply 401 stale
expect register fresh
reply 401 stale
expect register fresh
reply 401 stale
expect state wait
expect reason rejected
expect registers 4
expect resolve within 30s..60s
resolved 1
expect open
connected
expect register
