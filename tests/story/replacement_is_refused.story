# The replacement is not accepted: the elder is the flow again, whatever it is
# worth, and keeps its binding; the try after the wait is over it.
account tcp interval 30
come-up 3600s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
resolved 1
expect open
connected
expect register reused
expect named 1
reply 500
expect register reused
expect named 0
reply 500
expect take-back
expect flow suspect
expect state wait
expect registered yes
expect reachable no
expect reason rejected
# it answers after all
pong
expect flow proven
expect reachable unknown
expect reason rejected
expect crlf within 20s..30s
pong
expect register within 1ms..60s
reply 200 lease 3600
expect reason unproven

# it does not: dead 10 s after the ping, and then there is nothing to keep
account tcp interval 30
come-up 3600s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
resolved 1
expect open
refused connect-refused down 1
expect park
expect elder suspect
expect elder-gone within 8.9s..9.1s
expect state connect
expect reason connect-refused
knock
expect open
connected
expect register reused
reply 200 lease 3600
expect registered yes

# no name, no way: taken back at once
account tcp interval 30
come-up 3600s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
resolve-failed
expect take-back
expect state wait
expect reason dns-failure
# the elder has said nothing since: the next try is beside it, too
expect aside within 4s..8.1s
expect resolve
