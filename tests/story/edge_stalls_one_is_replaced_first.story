# DESIGN §4: per edge one suspect is replaced first. This one has to wait for
# its turn: a late pong ends that, and without one it is dead at ten seconds.
account tcp interval 30 wait-replace
come-up 3600s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect replace within 1s..1s
expect state bound
expect flow suspect
expect nothing for 5s
pong
expect flow proven
replace-turn
expect state bound
expect crlf within 10s..30s
# the late pong counts as a round trip: it is given more time now
expect replace within 2s..5s
expect nothing for 3s
replace-turn
expect aside
expect resolve
resolved 1
expect open
connected
expect register reused
reply 200 lease 3600
expect retire

account tcp interval 30 wait-replace
come-up 3600s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect replace within 1s..1s
expect resolve within 9s..9.3s
expect reason flow-lost
resolved 1
expect open
connected
expect register reused
reply 200 lease 3600
expect registered yes

# it drives no loop: who was never proven is not replaced twice in 10 s
account tcp interval 30
start
expect resolve
resolved 1
expect open
connected
expect register none
promise 30
reply 200 lease 3600
expect crlf within 0..1s
expect aside within 1s..1s
expect resolve
resolved 1
expect open
connected
expect register none
promise 30
reply 200 lease 3600
expect retire
expect crlf within 0..1s
expect aside within 8s..10s
expect resolve
