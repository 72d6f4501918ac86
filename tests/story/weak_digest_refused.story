# SCENARIOS T9: neither a weaker digest than allowed nor a foreign realm.
account tcp min-digest-sha-256
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 401 weak
expect state wait
expect reason rejected
expect resolve within 30s..60s
resolved 1
expect open
connected
expect register none
reply 401 other-realm
expect reason rejected
expect state wait
