# SCENARIOS T14, T24: some registrars refuse a REGISTER that removes bindings of
# other Call-IDs. Ours counts: once more without them.
account tcp ponging
restored 52 worked
old 2
start
expect resolve
resolved 1
expect open
connected
expect register none
expect named 2
reply 401
expect register fresh
expect named 2
reply 403
expect register
expect named 0
reply 200 lease 3600
expect registered yes
# not over this flow again
expect register within 45m..55m
expect named 0
reply 200 lease 3600
# over the next one they are, and what was bound over this one
lost flow-lost
expect resolve within 1ms..250ms
resolved 1
expect open
connected
expect register
expect named 3
reply 200 lease 3600
expect registered yes

# nor is it their fault for ever: refused alone as well
account tcp
old 1
start
expect resolve
resolved 1
expect open
connected
expect register none
expect named 1
reply 480
expect register none
expect named 0
reply 480
expect reason rejected
expect resolve within 30s..60s
