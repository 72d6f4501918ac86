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
expect register none within 30s..60s
reply 401 other-realm
expect reason rejected
expect state wait
