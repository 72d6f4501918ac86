# DESIGN §4: a late pong ends the suspicion only while the REGISTER of the
# replacement is unsent.
account tcp interval 30
come-up 3600s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
resolved 1
expect open
elder-pong
expect take-back
expect flow proven
expect state bound
expect registered yes
expect evidence none
expect cseq 2
expect crlf within 20s..30s
pong
expect nothing for 20s

# after the REGISTER was sent the new flow wins
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
elder-pong
expect elder proven
expect state sent
reply 200 lease 3600
expect retire
expect elder draining
expect flow up
expect state bound
expect elder-gone within 10s..10s

# the refresh was due while the machine slept: it goes at once
account tcp interval 30
come-up 3600s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
resolved 1
expect open
suspend 3100s
elder-pong
expect take-back
expect register within 0..0
reply 200 lease 3600
expect state bound
expect registered yes
