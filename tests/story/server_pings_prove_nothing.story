# SCENARIOS T20. A CRLF that answers no ping of ours is the server's own
# keepalive: life, but neither the proof that RFC 5626 4.5 wants nor a promise
# to answer ours.
account tcp interval 30
start
expect resolve
resolved 1
expect open
connected
expect register
reply 200 lease 600
pong
pong
expect flow up
expect crlf within 0..1s
expect options within 1s..1s
options-answer
expect flow proven
