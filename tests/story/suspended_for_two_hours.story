# SCENARIOS T12: the lease has ended in our sleep. Pinged and refreshed at
# once; the connection is dead, which the ping tells before Timer F does.
account tcp expires 600
come-up 600s
expect crlf within 0..1s
pong
suspend 2h
expect registered no
expect register reused within 0..1ms
expect crlf
expect reason lease-expired
pass 2s
expect flow suspect
expect resolve within 7.9s..8.3s
resolved 1
expect open
connected
expect register reused
reply 200 lease 600
expect registered yes
# asleep for a minute only: the first ping after it is answered, all is well
expect crlf within 0..1s
pong
suspend 1m
expect registered yes
expect crlf within 0..1ms
pong
expect flow proven
expect nothing for 20s
